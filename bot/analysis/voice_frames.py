"""What single frames of a voice show: level, pitch, spectrum. 40 ms windows every 20 ms at 8 kHz; numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAMPLE_RATE: Final = 8000
WINDOW: Final = 320
HOP: Final = 160
HOP_SECONDS: Final = HOP / SAMPLE_RATE
_FFT: Final = 640  # twice the window: the autocorrelation does not wrap
_SHORTEST: Final = 14  # samples: 571 Hz, a shouting woman or a child
_LONGEST: Final = 133  # samples: 60 Hz
_BAND_EDGES: Final = (100.0, 300.0, 550.0, 850.0, 1200.0, 1650.0, 2200.0, 2800.0, 3500.0)
"""Hz. Up to the end of the telephone band; steps of about a critical band."""
BANDS: Final = len(_BAND_EDGES) - 1
_FLOOR: Final = 1e-9
_OCTAVE_COST: Final = 0.02  # after Boersma (1993): of two equal peaks the higher pitch


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Values of n frames: `level_db` (n,) against full scale, `pitch_hz` (n,), `periodicity` (n,) 0..1,
    `bands_db` (n, BANDS), `centroid_hz` (n,)."""

    level_db: Floats
    pitch_hz: Floats
    periodicity: Floats
    bands_db: Floats
    centroid_hz: Floats

    def __len__(self) -> int:
        return len(self.level_db)

    @staticmethod
    def empty() -> Frames:
        """No frames."""
        none = np.zeros(0)
        return Frames(level_db=none, pitch_hz=none, periodicity=none, bands_db=np.zeros((0, BANDS)), centroid_hz=none)

    @staticmethod
    def joined(parts: list[Frames]) -> Frames:
        """All parts' frames in a row."""
        if not parts:
            return Frames.empty()
        return Frames(
            level_db=np.concatenate([part.level_db for part in parts]),
            pitch_hz=np.concatenate([part.pitch_hz for part in parts]),
            periodicity=np.concatenate([part.periodicity for part in parts]),
            bands_db=np.concatenate([part.bands_db for part in parts]),
            centroid_hz=np.concatenate([part.centroid_hz for part in parts]),
        )

    def last(self, count: int) -> Frames:
        """The last `count` frames."""
        return Frames(
            level_db=self.level_db[-count:],
            pitch_hz=self.pitch_hz[-count:],
            periodicity=self.periodicity[-count:],
            bands_db=self.bands_db[-count:],
            centroid_hz=self.centroid_hz[-count:],
        )


class FrameReader:
    """Cuts samples into frames and measures them. Holds only constants; any number of calls may share one."""

    def __init__(self) -> None:
        self._window = np.hanning(WINDOW)
        own = np.fft.irfft(np.abs(np.fft.rfft(self._window, _FFT)) ** 2)[: _LONGEST + 2]
        self._own = own / own[0]
        lags = np.arange(_SHORTEST, _LONGEST + 1)
        self._cost = _OCTAVE_COST * np.log2(lags / _SHORTEST)
        hertz = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
        self._hertz = hertz
        self._bands = np.stack([(hertz >= low) & (hertz < high) for low, high in pairwise(_BAND_EDGES)], axis=1).astype(
            np.float64
        )
        self._audible = ((hertz >= _BAND_EDGES[0]) & (hertz < _BAND_EDGES[-1])).astype(np.float64)

    def read(self, samples: Floats) -> Frames:
        """Frames of `samples` (floats in −1..1, 8 kHz): one each HOP while a whole WINDOW is left."""
        count = (len(samples) - WINDOW) // HOP + 1
        if count <= 0:
            return Frames.empty()
        cut = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP][:count]
        cut = (cut - cut.mean(axis=1, keepdims=True)) * self._window
        power = np.abs(np.fft.rfft(cut, _FFT, axis=1)) ** 2
        pitch, periodicity = self._pitch(power)
        bands = power @ self._bands
        audible = power @ self._audible
        centroid = (power @ (self._audible * self._hertz)) / (audible + _FLOOR)
        return Frames(
            level_db=10 * np.log10(audible / (WINDOW * _FFT / 4) + _FLOOR),
            pitch_hz=pitch,
            periodicity=periodicity,
            bands_db=10 * np.log10(bands + _FLOOR) - 10 * np.log10(audible + _FLOOR)[:, None],
            centroid_hz=centroid,
        )

    def _pitch(self, power: Floats) -> tuple[Floats, Floats]:
        """Pitch by the autocorrelation's highest peak, divided by the window's own; and how periodic it is."""
        raw = np.fft.irfft(power, _FFT, axis=1)[:, : _LONGEST + 2]
        normal = raw / (raw[:, :1] + _FLOOR) / self._own
        inside = normal[:, _SHORTEST : _LONGEST + 1]
        peak = (inside >= normal[:, _SHORTEST - 1 : _LONGEST]) & (inside >= normal[:, _SHORTEST + 1 :])
        best = np.argmax(np.where(peak, inside - self._cost, -1.0), axis=1)
        rows = np.arange(len(best))
        lag = best + _SHORTEST
        left, middle, right = normal[rows, lag - 1], normal[rows, lag], normal[rows, lag + 1]
        bend = left - 2 * middle + right
        shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
        strength = np.where(peak[rows, best], np.clip(middle, 0.0, 1.0), 0.0)
        return SAMPLE_RATE / (lag + np.clip(shift, -0.5, 0.5)), strength
