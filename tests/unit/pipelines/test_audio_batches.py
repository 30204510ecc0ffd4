"""The caller's audio in pieces: prompt around a voice, few in silence, and always whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.audio_batches import AudioBatches

_FRAME = b"\x01\x00" * 160
"""20 ms."""


def test_silence_goes_out_in_pieces_of_a_tenth_of_a_second() -> None:
    batches = AudioBatches()
    sent = [batches.push(_FRAME, silence_seconds=3.0) for _ in range(10)]
    assert [len(piece) // len(_FRAME) for piece in sent] == [0, 0, 0, 0, 5, 0, 0, 0, 0, 5]


def test_a_voice_takes_what_was_held_back_along_at_once() -> None:
    batches = AudioBatches()
    assert batches.push(_FRAME, silence_seconds=3.0) == b""
    assert batches.push(_FRAME, silence_seconds=0.0) == 2 * _FRAME


def test_a_voice_that_goes_on_goes_out_in_pieces_of_40_ms() -> None:
    batches = AudioBatches()
    assert [len(batches.push(_FRAME, silence_seconds=0.0)) // len(_FRAME) for _ in range(4)] == [0, 2, 0, 2]


def test_nothing_is_held_back_shortly_after_a_voice() -> None:
    batches = AudioBatches()
    assert batches.push(_FRAME, silence_seconds=0.48) == _FRAME
    assert batches.push(_FRAME, silence_seconds=0.52) == b""


@given(st.lists(st.tuples(st.binary(max_size=900), st.floats(0, 2)), max_size=40))
def test_every_byte_goes_out_once_and_in_order(pieces: list[tuple[bytes, float]]) -> None:
    batches = AudioBatches()
    sent = b"".join(batches.push(piece, silence_seconds=silence) for piece, silence in pieces)
    assert sent + batches.flush() == b"".join(piece for piece, _ in pieces)
