"""The heard ledger: what counts as heard is what was played, by marks and the clock between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.line import LINE_SAMPLE_RATE
from pipelines.playout import MARK_SAMPLES, MARK_SECONDS, Playout

TEXT = "one two three four five"
WORDS = tuple((word, 0.4 * index) for index, word in enumerate(TEXT.split()))


def _audio(samples: int, *, first: int = 0) -> bytes:
    """Audio of which each sample can be told apart from its neighbours."""
    return bytes((first + index) % 251 for index in range(samples))


def _send(playout: Playout, *, now: float) -> list[bytes | str]:
    pieces: list[bytes | str] = []
    while (piece := playout.next_piece(now=now)) is not None:
        pieces.append(piece)
    return pieces


def _marks(pieces: list[bytes | str]) -> list[str]:
    return [piece for piece in pieces if isinstance(piece, str)]


def _playing(seconds: float = 2.0) -> tuple[Playout, list[str]]:
    playout = Playout()
    playout.begin(TEXT)
    playout.add_words(WORDS)
    playout.add_audio(_audio(int(seconds * LINE_SAMPLE_RATE)))
    playout.finish()
    return playout, _marks(_send(playout, now=100.0))


def test_a_sentence_is_over_when_its_last_mark_comes_back() -> None:
    playout, marks = _playing(seconds=1.9)
    for mark in marks[:-1]:
        assert playout.reached(mark, now=101.0) == []
    (played,) = playout.reached(marks[-1], now=101.9)
    assert played.text == played.heard == TEXT
    assert playout.idle


def test_what_a_clear_throws_away_was_not_heard() -> None:
    playout, marks = _playing()
    for index, mark in enumerate(marks[:5]):
        playout.reached(mark, now=100.0 + MARK_SECONDS * (index + 1))
    (played,) = playout.clear(now=101.05)
    assert played.heard == "one two three"
    assert playout.idle


def test_echoes_that_follow_a_clear_count_for_nothing() -> None:
    playout, marks = _playing()
    playout.clear(now=100.3)
    playout.begin("after")
    playout.add_audio(_audio(MARK_SAMPLES * 3))
    _send(playout, now=101.0)
    for mark in marks:
        assert playout.reached(mark, now=101.0) == []
    assert playout.pending_seconds > 0.5


def test_the_clock_never_runs_beyond_the_next_mark() -> None:
    playout, marks = _playing()
    playout.reached(marks[0], now=100.2)
    assert playout.position(now=160.0) == 2 * MARK_SAMPLES


def test_a_lost_mark_is_made_up_for_by_the_next() -> None:
    playout, marks = _playing()
    playout.reached(marks[3], now=100.8)
    assert playout.position(now=100.8) == 4 * MARK_SAMPLES
    assert playout.reached(marks[1], now=100.9) == []


def test_without_word_times_the_share_of_the_audio_decides() -> None:
    playout = Playout()
    playout.begin(TEXT)
    playout.add_audio(_audio(2 * LINE_SAMPLE_RATE))
    playout.finish()
    for index, mark in enumerate(_marks(_send(playout, now=0.0))[:5]):
        playout.reached(mark, now=0.2 * (index + 1))
    (played,) = playout.clear(now=1.0)
    assert played.heard == "one two"


def test_two_sentences_are_told_apart() -> None:
    playout = Playout()
    playout.begin("first sentence")
    playout.add_audio(_audio(MARK_SAMPLES))
    playout.finish()
    playout.begin("second sentence")
    playout.add_audio(_audio(MARK_SAMPLES * 2))
    playout.finish()
    mark = _marks(_send(playout, now=0.0))[0]
    assert [p.text for p in playout.reached(mark, now=0.2)] == ["first sentence"]
    assert [(p.text, p.heard) for p in playout.clear(now=0.2)] == [("second sentence", "")]


def test_a_sentence_that_never_had_audio_was_not_heard_and_blocks_nobody() -> None:
    playout = Playout()
    playout.begin("silent")
    playout.finish()
    assert [(played.text, played.heard) for played in playout.over()] == [("silent", "")]
    playout.begin("announced only")
    playout.begin("spoken")
    playout.add_audio(_audio(MARK_SAMPLES))
    playout.finish()
    played = playout.reached(_marks(_send(playout, now=1.0))[-1], now=1.2)
    assert [(sentence.text, sentence.heard) for sentence in played] == [("announced only", ""), ("spoken", "spoken")]


def test_after_a_pause_the_word_under_way_is_said_again_and_nothing_is_lost() -> None:
    playout, marks = _playing()
    for index, mark in enumerate(marks[:5]):
        playout.reached(mark, now=100.0 + MARK_SECONDS * (index + 1))
    playout.pause(now=101.05)
    assert playout.next_piece(now=101.2) is None and not playout.idle
    playout.resume()
    again = b"".join(piece for piece in _send(playout, now=101.5) if isinstance(piece, bytes))
    start = round(0.8 * LINE_SAMPLE_RATE)  # "three" was under way
    assert again == _audio(2 * LINE_SAMPLE_RATE)[start:]


def test_audio_that_comes_in_a_pause_waits_for_its_end() -> None:
    playout = Playout()
    playout.begin(TEXT)
    playout.add_audio(_audio(MARK_SAMPLES))
    _send(playout, now=0.0)
    playout.pause(now=0.1)
    playout.add_audio(_audio(MARK_SAMPLES, first=MARK_SAMPLES))
    playout.finish()
    assert playout.next_piece(now=0.3) is None
    playout.resume()
    sent = b"".join(piece for piece in _send(playout, now=0.5) if isinstance(piece, bytes))
    assert _audio(2 * MARK_SAMPLES).endswith(sent) and len(sent) >= MARK_SAMPLES


def test_what_the_telephone_plays_is_known_for_telling_its_echo() -> None:
    playout, marks = _playing()
    assert playout.playing(256, now=100.0) == b"\xff" * 256
    playout.reached(marks[0], now=100.2)
    assert playout.playing(256, now=100.25) == _audio(2 * LINE_SAMPLE_RATE)[2000 - 256 : 2000]
    playout.pause(now=100.3)
    assert playout.playing(256, now=100.3) == b"\xff" * 256


@dataclass
class Phone:
    """Twilio's end: plays what is queued in real time and echoes marks, `latency` seconds later."""

    latency: float
    played: int = 0
    queue: list[bytes | str] = field(default_factory=list[bytes | str])
    echoes: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    heard: bytearray = field(default_factory=bytearray)

    def play(self, *, until: float, since: float) -> None:
        """What sounds between two moments."""
        samples = round((until - since) * LINE_SAMPLE_RATE)
        at = since
        while self.queue:
            piece = self.queue[0]
            if isinstance(piece, str):
                self.echoes.append((at + self.latency, piece))
                self.queue.pop(0)
                continue
            if samples <= 0:
                return
            now = piece[:samples]
            self.heard += now
            samples -= len(now)
            at += len(now) / LINE_SAMPLE_RATE
            if len(now) == len(piece):
                self.queue.pop(0)
            else:
                self.queue[0] = piece[len(now) :]


@given(
    moment=st.floats(0.05, 2.6),
    chunks=st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    latency=st.floats(0.0, 0.08),
    pauses=st.lists(st.tuples(st.floats(0.05, 2.0), st.floats(0.05, 0.5)), max_size=2),
)
@settings(max_examples=500, deadline=None)
def test_the_ledger_equals_the_audio_played_to_within_a_word(
    moment: float, chunks: list[int], latency: float, pauses: list[tuple[float, float]]
) -> None:
    """Interrupted at any of 500 random moments, whatever the audio was cut into, after up to two pauses."""
    audio = _audio(2 * LINE_SAMPLE_RATE)
    playout, phone = Playout(), Phone(latency)
    playout.begin(TEXT)
    playout.add_words(WORDS)
    sent, count = 0, 0
    while sent < len(audio):
        size = chunks[count % len(chunks)]
        playout.add_audio(audio[sent : sent + size])
        sent, count = sent + size, count + 1
    playout.finish()
    phone.queue += _send(playout, now=0.0)
    pausing = sorted((at, at + length) for at, length in pauses)
    changes = [(at, end) for at, end in pausing if end < moment]
    heard: list[str] = []
    now, step = 0.0, 0.01
    resume_at: float | None = None
    while now < moment:
        until = min(now + step, moment)
        phone.play(since=now, until=until)
        now = until
        for at, mark in [echo for echo in phone.echoes if echo[0] <= now]:
            heard += [p.heard for p in playout.reached(mark, now=at)]
        phone.echoes = [echo for echo in phone.echoes if echo[0] > now]
        if resume_at is None and changes and now >= changes[0][0]:
            playout.pause(now=now)
            phone.queue.clear()
            resume_at = changes.pop(0)[1]
        elif resume_at is not None and now >= resume_at:
            resume_at = None
            playout.resume()
            phone.queue += _send(playout, now=now)
    heard += [p.heard for p in playout.clear(now=moment)]
    reached = _furthest(audio, bytes(phone.heard))
    truth = sum(1 for _, start in WORDS if start < reached / LINE_SAMPLE_RATE)
    assert abs(len(" ".join(heard).split()) - truth) <= 1


def _furthest(audio: bytes, heard: bytes) -> int:
    """How far into `audio` somebody came who heard it with words said again: by counting, sample for sample."""
    position = furthest = 0
    for index, sample in enumerate(heard):
        if position >= len(audio) or audio[position] != sample:
            # A pause went back to a word's beginning: find it by what follows.
            rest = heard[index : index + 120]
            candidates = [
                round(start * LINE_SAMPLE_RATE)
                for _, start in WORDS
                if audio[round(start * LINE_SAMPLE_RATE) :].startswith(rest)
                and round(start * LINE_SAMPLE_RATE) <= position
            ]
            position = candidates[-1] if candidates else furthest
        position += 1
        furthest = max(furthest, position)
    return furthest
