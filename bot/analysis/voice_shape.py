"""The shape of a stretch of speech as a few numbers: pitch, its movement, level, spectrum, rate, pauses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.analysis.voice_frames import BANDS, HOP_SECONDS, Floats, Frames

FEATURES: Final = (
    "pitch_median pitch_low pitch_high pitch_spread pitch_step level level_spread level_rise tilt tilt_high centroid "
    "centroid_spread periodicity voiced pauses syllables voiced_run flux"
).split() + [f"band_{index}" for index in range(BANDS)]
LEVEL: Final = FEATURES.index("level")
"""The one value that depends on the telephone's gain: it counts only against the speaker's own."""
LEAST_VOICED: Final = 10
"""Voiced frames (0.2 s) below which a stretch shows nothing."""

_PERIODIC: Final = 0.45
_BELOW_LOUDEST: Final = 30.0  # dB: what is weaker than that is room, not voice
_PAUSE_FRAMES: Final = 5
_SPLIT_BAND: Final = 4  # bands from 1,200 Hz on are "high"


def voiced_mask(frames: Frames) -> NDArray[np.bool_]:
    """Which frames hold a voiced sound: periodic and not far below the loudest tenth."""
    if len(frames) == 0:
        return np.zeros(0, dtype=bool)
    loud = np.percentile(frames.level_db, 95)
    return (frames.periodicity > _PERIODIC) & (frames.level_db > max(loud - _BELOW_LOUDEST, -65.0))


def shape_of(frames: Frames) -> Floats | None:
    """The features (in the order of FEATURES) of a stretch of speech, or None where too little of it is voiced."""
    voiced = voiced_mask(frames)
    if int(voiced.sum()) < LEAST_VOICED:
        return None
    semitones = 12 * np.log2(frames.pitch_hz / 100.0)
    pitch = semitones[voiced]
    low, median, high = np.percentile(pitch, [10, 50, 90])
    level = frames.level_db[voiced]
    bands = frames.bands_db[voiced]
    tilt = _sum_db(bands[:, _SPLIT_BAND:]) - _sum_db(bands[:, :_SPLIT_BAND])
    centroid = frames.centroid_hz[voiced] / 1000.0
    pairs = voiced[1:] & voiced[:-1]
    steps = np.abs(np.diff(semitones))[pairs]
    flux = np.abs(np.diff(frames.bands_db, axis=0)).mean(axis=1)[pairs]
    return np.array(
        [
            median,
            low,
            high,
            float(np.percentile(pitch, 75) - np.percentile(pitch, 25)),
            float(np.minimum(steps, 4.0).mean()) if steps.size else 0.0,
            float(np.percentile(level, 75)),
            float(level.std()),
            float(np.percentile(level, 90) - np.percentile(level, 25)),
            float(tilt.mean()),
            float(np.percentile(tilt, 80)),
            float(centroid.mean()),
            float(centroid.std()),
            float(frames.periodicity[voiced].mean()),
            *_rhythm(frames, voiced),
            float(flux.mean()) if flux.size else 0.0,
            *bands.mean(axis=0),
        ]
    )


def _rhythm(frames: Frames, voiced: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Share of voiced frames and of pauses within the speech, syllables a second, length of voiced runs (s)."""
    where = np.flatnonzero(voiced)
    start, end = int(where[0]), int(where[-1]) + 1
    inside = voiced[start:end]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    gaps = edges[2::2] - edges[1:-1:2]
    level = frames.level_db[start:end]
    smooth = np.convolve(level, np.ones(3) / 3, mode="same")
    inner = smooth[1:-1]
    loud = np.percentile(smooth, 90)
    peaks = (inner > smooth[:-2]) & (inner >= smooth[2:]) & (inner > loud - 20.0)
    seconds = max((end - start) * HOP_SECONDS, HOP_SECONDS)
    return (
        float(inside.mean()),
        float(gaps[gaps >= _PAUSE_FRAMES].sum() / len(inside)),
        float(peaks.sum() / seconds),
        float(runs.mean() * HOP_SECONDS),
    )


def _sum_db(bands: Floats) -> Floats:
    return 10 * np.log10(np.sum(10 ** (bands / 10), axis=1) + 1e-9)
