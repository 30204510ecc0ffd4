"""The heard ledger: what counts as heard is what was played, by marks and the clock between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.line import LINE_SAMPLE_RATE
from pipelines.playout import MARK_SAMPLES, MARK_SECONDS, Playout

TEXT = "one two three four five"
WORDS = tuple((word, 0.4 * index) for index, word in enumerate(TEXT.split()))


def _playing(seconds: float = 2.0) -> tuple[Playout, list[str]]:
    playout = Playout()
    playout.begin(TEXT)
    playout.add_words(WORDS)
    pieces = playout.add_audio(int(seconds * LINE_SAMPLE_RATE), now=100.0)
    marks = [mark for _, mark in pieces if mark is not None]
    last = playout.finish()
    return playout, [*marks, last] if last else marks


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
    playout.add_audio(MARK_SAMPLES * 3, now=101.0)
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
    pieces = playout.add_audio(2 * LINE_SAMPLE_RATE, now=0.0)
    playout.finish()
    for index, (_, mark) in enumerate(pieces[:5]):
        assert mark is not None
        playout.reached(mark, now=0.2 * (index + 1))
    (played,) = playout.clear(now=1.0)
    assert played.heard == "one two"


def test_two_sentences_are_told_apart() -> None:
    playout = Playout()
    playout.begin("first sentence")
    first = playout.add_audio(MARK_SAMPLES, now=0.0)
    playout.finish()
    playout.begin("second sentence")
    playout.add_audio(MARK_SAMPLES * 2, now=0.0)
    playout.finish()
    mark = first[0][1]
    assert mark is not None
    assert [p.text for p in playout.reached(mark, now=0.2)] == ["first sentence"]
    assert [(p.text, p.heard) for p in playout.clear(now=0.2)] == [("second sentence", "")]


@given(
    moment=st.floats(0.0, 2.4),
    chunks=st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    latency=st.floats(0.0, 0.08),
)
def test_the_ledger_equals_the_audio_played_to_within_a_word(moment: float, chunks: list[int], latency: float) -> None:
    """Interrupted at any moment, whatever the audio was cut into, with `latency` seconds on the way of each echo."""
    total = 2 * LINE_SAMPLE_RATE
    playout = Playout()
    playout.begin(TEXT)
    playout.add_words(WORDS)
    marks: list[tuple[float, str]] = []
    sent = 0
    while sent < total:
        for samples, mark in playout.add_audio(min(chunks[sent % len(chunks)], total - sent), now=0.0):
            sent += samples
            if mark is not None:
                marks.append((sent / LINE_SAMPLE_RATE, mark))
    last = playout.finish()
    if last is not None:
        marks.append((total / LINE_SAMPLE_RATE, last))
    heard: list[str] = []
    for at, mark in marks:
        if at + latency <= moment:
            heard += [p.heard for p in playout.reached(mark, now=at + latency)]
    heard += [p.heard for p in playout.clear(now=moment)]
    truth = sum(1 for _, start in WORDS if start < moment)
    assert abs(len(" ".join(heard).split()) - truth) <= 1


def test_a_sentence_that_never_had_audio_was_not_heard_and_blocks_nobody() -> None:
    playout = Playout()
    playout.begin("silent")
    playout.finish()
    assert [(played.text, played.heard) for played in playout.over()] == [("silent", "")]
    playout.begin("announced only")
    playout.begin("spoken")
    pieces = playout.add_audio(MARK_SAMPLES, now=1.0)
    playout.finish()
    played = playout.reached(str(pieces[-1][1]), now=1.2)
    assert [(sentence.text, sentence.heard) for sentence in played] == [("announced only", ""), ("spoken", "spoken")]
