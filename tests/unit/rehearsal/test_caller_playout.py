"""The playout buffer against a plain model of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.line import Playout
from rehearsal.mulaw import FRAME_SAMPLES, SILENCE, decode, encode

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("media"), st.integers(0, 700)),
        st.tuples(st.just("mark"), st.just(0)),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("play"), st.just(0)),
    ),
    max_size=80,
)


@given(OPERATIONS)
def test_audio_is_heard_in_order_and_marks_come_exactly_when_it_was(operations: list[tuple[str, int]]) -> None:
    playout = Playout()
    pending: list[object] = []  # bytes of audio as ints, marks as str
    in_ear = 0
    byte = 0
    number = 0
    for operation, size in operations:
        if operation == "media":
            payload = bytes((byte + i) % 251 for i in range(size))  # never 0xFF, the silence
            byte += size
            pending += list(payload)
            assert playout.media(payload=payload) == 0
        elif operation == "mark":
            number += 1
            name = f"m{number}"
            echoed = playout.mark(name=name)
            nothing_left = not in_ear and not any(isinstance(x, int) for x in pending)
            assert echoed == ((name,) if nothing_left else ())
            if not nothing_left:
                pending.append(name)
        elif operation == "clear":
            assert playout.clear() == tuple(x for x in pending if isinstance(x, str))
            pending.clear()
        else:
            expected_marks = []
            while pending and isinstance(pending[0], str):
                expected_marks.append(pending.pop(0))
            audio = []
            rest: list[object] = []
            for item in pending:
                if isinstance(item, int) and len(audio) < FRAME_SAMPLES:
                    audio.append(item)
                else:
                    rest.append(item)
            pending = rest
            played = playout.play()
            assert played.frame == bytes(audio).ljust(FRAME_SAMPLES, bytes([SILENCE]))
            assert played.audio_bytes == len(audio)
            assert list(played.marks) == expected_marks
            in_ear = len(audio)
        assert playout.buffered_bytes == sum(isinstance(x, int) for x in pending)


def test_a_mark_waits_until_the_last_frame_has_left_the_earpiece() -> None:
    playout = Playout()
    playout.media(payload=bytes(FRAME_SAMPLES))
    assert playout.mark(name="end") == ()
    assert playout.play().marks == ()
    assert playout.mark(name="later") == ()
    assert playout.play().marks == ("end", "later")


def test_a_mark_on_an_empty_buffer_is_echoed_at_once() -> None:
    playout = Playout()
    playout.play()
    assert playout.mark(name="now") == ("now",)


def test_clear_echoes_all_marks_and_silences() -> None:
    playout = Playout()
    for name in ("a", "b"):
        playout.media(payload=bytes(1000))
        playout.mark(name=name)
    playout.play()
    assert playout.clear() == ("a", "b")
    assert playout.play().audio_bytes == 0
    assert playout.outstanding_marks == ()


def test_what_exceeds_the_limit_is_discarded_and_counted() -> None:
    playout = Playout(limit_seconds=0.1)
    assert playout.media(payload=bytes(700)) == 0
    assert playout.media(payload=bytes(300)) == 200
    assert playout.buffered_bytes == 800


def test_long_playing_keeps_order_across_compaction() -> None:
    playout = Playout()
    data = np.random.default_rng(0).integers(0, 255, 200_000, dtype=np.uint8).tobytes()
    for start in range(0, len(data), 7000):
        playout.media(payload=data[start : start + 7000])
    heard = b"".join(playout.play().frame for _ in range(len(data) // FRAME_SAMPLES))
    assert heard == data[: len(heard)]


def test_mulaw_survives_a_round_trip() -> None:
    every_byte = bytes(range(256))
    again = encode(decode(every_byte))
    assert [i for i in range(256) if again[i] != i] == [0x7F]  # negative zero becomes zero
    ramp = np.arange(-32768, 32768, 7).astype(np.int16)
    error = np.abs(decode(encode(ramp)).astype(int) - ramp)
    # G.711 compresses 14-bit samples: the two lowest bits are gone before the segment's own step.
    assert (error <= np.abs(ramp.astype(int)) // 16 + 8).all()
