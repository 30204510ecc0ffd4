"""The telephone's companding, against the published segments of G.711."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.mulaw import ULAW_SILENCE, pcm16_to_ulaw, ulaw_to_pcm16


def test_every_code_survives_the_way_out_and_back() -> None:
    codes = bytes(range(256))
    back = pcm16_to_ulaw(ulaw_to_pcm16(codes))
    # Two codes stand for zero; the positive one comes back.
    assert [a for a, b in zip(codes, back, strict=True) if a != b] == [0x7F]
    assert back[0x7F] == ULAW_SILENCE


def test_known_codes_have_their_published_values() -> None:
    values = np.frombuffer(ulaw_to_pcm16(bytes([0x00, 0x80, 0xFF, 0x7F, 0xF0, 0x70])), dtype=np.int16)
    assert values.tolist() == [-32124, 32124, 0, 0, 120, -120]


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=400))
def test_the_error_stays_within_the_step_of_the_segment(samples: list[int]) -> None:
    pcm = np.array(samples, dtype=np.int16)
    back = np.frombuffer(ulaw_to_pcm16(pcm16_to_ulaw(pcm.tobytes())), dtype=np.int16).astype(int)
    error = np.abs(back - np.clip(pcm.astype(int), -32124, 32124))
    assert (error <= np.abs(pcm.astype(int)) / 16 + 8).all()


def test_an_odd_trailing_byte_is_dropped() -> None:
    assert len(pcm16_to_ulaw(b"\x00\x00\x00")) == 1
