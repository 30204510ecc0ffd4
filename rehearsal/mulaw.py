"""mu-law (G.711), the telephone line's encoding, over numpy tables."""

import functools

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second on the line; one mu-law byte each."""

FRAME_SAMPLES = 160
"""Samples of one 20 ms frame."""

FRAME_SECONDS = FRAME_SAMPLES / RATE

SILENCE = 0xFF
"""The mu-law byte of a zero sample."""

SILENT_FRAME = bytes([SILENCE]) * FRAME_SAMPLES

_BIAS = 0x84
_CLIP = 32635


@functools.cache
def decode_table() -> NDArray[np.int16]:
    """The 16-bit sample of each mu-law byte, shape (256,)."""
    inverted = ~np.arange(256, dtype=np.uint8)
    magnitude = ((inverted & 0x0F).astype(np.int32) << 3) + _BIAS
    magnitude = (magnitude << ((inverted & 0x70) >> 4)) - _BIAS
    return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)


@functools.cache
def _encode_table() -> NDArray[np.uint8]:
    """The mu-law byte of each 16-bit sample, indexed by the sample read as unsigned; shape (65536,)."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)


def encode(samples: NDArray[np.int16]) -> bytes:
    """The mu-law bytes of 16-bit samples, one byte each.

    Raises:
        ValueError: the array is not one-dimensional int16.
    """
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise ValueError(f"audio must be one-dimensional int16 at 8 kHz, got {samples.dtype} of shape {samples.shape}")
    return _encode_table()[np.ascontiguousarray(samples).view(np.uint16)].tobytes()


def decode(data: bytes | bytearray) -> NDArray[np.int16]:
    """The 16-bit samples of mu-law bytes, shape (len(data),)."""
    return decode_table()[np.frombuffer(data, dtype=np.uint8)]
