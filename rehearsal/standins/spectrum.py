"""The picture of sound by which clips are told apart: band energies each 20 ms, indifferent to loudness.

A frame's vector is the cube root of the power in 20 mel-spaced bands of the telephone band, less their mean.
Scaling the sound only scales the vector, so that the normalised correlation of two stretches of vectors does not
depend on the level; silence is close to the zero vector; and broad noise mostly vanishes with the mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second in which all clips are compared."""

HOP = 160
"""Samples from one observed frame to the next: 20 ms."""

WINDOW = 256
"""Samples under one frame's window: 32 ms."""

BANDS = 20

SILENCE_DB = -58.0
"""Below this level (dB of full scale) nothing counts as sound."""

Samples = NDArray[np.int16]
Floats = NDArray[np.float32]


def _mel_bands() -> Floats:
    """[WINDOW // 2 + 1, BANDS] triangular weights from 200 to 3600 Hz."""
    edges_mel = np.linspace(2595 * np.log10(1 + 200 / 700), 2595 * np.log10(1 + 3600 / 700), BANDS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _weights() -> Floats:
    """[2 * bins, BANDS + 1]: from squared real and imaginary parts, side by side, to the bands and their sum."""
    bands = _mel_bands()
    return np.repeat(np.column_stack([bands, bands.sum(axis=1)]), 2, axis=0).astype(np.float32)


_WEIGHTS = _weights()
_CENTRE = (np.eye(BANDS) - 1 / BANDS).astype(np.float32)
_HANN = (np.hanning(WINDOW) / 32768).astype(np.float32)
_DB_OFFSET = np.float32(10 * np.log10(np.sum(_HANN**2) * 32768**2 * WINDOW / 2))


def pictures(frames: NDArray[np.int16] | Floats) -> tuple[Floats, Floats]:
    """Vectors and levels of windows of sound.

    Args:
        frames: [n, WINDOW] samples on the scale of int16.

    Returns:
        [n, BANDS] vectors and [n] levels in dB of full scale.
    """
    parts = np.fft.rfft(frames * _HANN, axis=-1).view(np.float32)
    power = (parts * parts) @ _WEIGHTS
    roots = np.cbrt(power[:, :BANDS]) @ _CENTRE
    return roots, 10 * np.log10(power[:, BANDS] + 1e-12) - _DB_OFFSET


def windows(samples: Samples, *, hop: int) -> Floats:
    """[n, WINDOW] windows centred at 0, hop, 2 hop, …; zeros surround the sound."""
    padded = np.pad(samples.astype(np.float32), WINDOW // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop]


def active(levels: Floats, *, hop: int) -> NDArray[np.bool_]:
    """Which frames of a clean clip hold speech.

    A frame is speech within 35 dB of the loudest and 8 dB above the quietest tenth; gaps of less than
    120 ms (closures of stops) are filled, blips of less than 40 ms dropped.
    """
    threshold = max(SILENCE_DB, float(levels.max()) - 35, min(float(np.quantile(levels, 0.05)) + 8, levels.max() - 20))
    return _without_short(_without_short(levels > threshold, False, 960 // hop), True, 320 // hop)


def _without_short(flags: NDArray[np.bool_], value: bool, shorter_than: int) -> NDArray[np.bool_]:
    """Turn runs of `value` over that are shorter than so many frames; silence at either end stays."""
    result = flags.copy()
    for start, end in runs(flags == value):
        inside = start > 0 and end < len(flags)
        if end - start < shorter_than and (inside or value):
            result[start:end] = not value
    return result


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[start, end) of each stretch of True."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]
