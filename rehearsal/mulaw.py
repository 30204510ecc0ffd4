"""mu-law (G.711), the telephone line's encoding, over numpy tables."""

import numpy as np
from numpy.typing import NDArray

from pipelines.mulaw import TO_LINEAR, TO_ULAW

RATE = 8000
"""Samples a second on the line; one mu-law byte each."""

FRAME_SAMPLES = 160
"""Samples of one 20 ms frame."""

FRAME_SECONDS = FRAME_SAMPLES / RATE

SILENCE = 0xFF
"""The mu-law byte of a zero sample."""

SILENT_FRAME = bytes([SILENCE]) * FRAME_SAMPLES


def decode_table() -> NDArray[np.int16]:
    """The 16-bit sample of each mu-law byte, shape (256,)."""
    return TO_LINEAR


def encode(samples: NDArray[np.int16]) -> bytes:
    """The mu-law bytes of 16-bit samples, one byte each.

    Raises:
        ValueError: the array is not one-dimensional int16.
    """
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise ValueError(f"audio must be one-dimensional int16 at 8 kHz, got {samples.dtype} of shape {samples.shape}")
    return TO_ULAW[np.ascontiguousarray(samples).view(np.uint16)].tobytes()


def decode(data: bytes | bytearray) -> NDArray[np.int16]:
    """The 16-bit samples of mu-law bytes, shape (len(data),)."""
    return TO_LINEAR[np.frombuffer(data, dtype=np.uint8)]
