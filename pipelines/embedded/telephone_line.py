"""What a telephone line does to speech, as numbers: for fitting the recogniser and for speaking to it in tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from pipelines.embedded.voice import SAMPLE_RATE

LOW_HZ, HIGH_HZ = 300.0, 3400.0
_MU = 255.0
_PEAK = 0.5


def _through_mu_law(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    code = np.round(np.sign(samples) * np.log1p(_MU * np.abs(samples)) / np.log1p(_MU) * 127) / 127
    return (np.sign(code) * ((1 + _MU) ** np.abs(code) - 1) / _MU * 32767).astype(np.int16)


def telephone_band(samples: npt.NDArray[np.int16], *, sample_rate: int) -> npt.NDArray[np.int16]:
    """`samples` as they leave a telephone line: 8 kHz, 300-3400 Hz, half of full scale, through mu-law and back."""
    narrow = soxr.resample(samples.astype(np.float64), sample_rate, SAMPLE_RATE)
    if not len(narrow) or not np.abs(narrow).max():
        return np.zeros(len(narrow), np.int16)
    frequency = np.fft.rfftfreq(len(narrow), 1 / SAMPLE_RATE)
    gain = 1 / (1 + np.exp(-(frequency - LOW_HZ) / 15)) / (1 + np.exp((frequency - HIGH_HZ) / 40))
    narrow = np.fft.irfft(np.fft.rfft(narrow) * gain, len(narrow))
    narrow *= _PEAK / np.abs(narrow).max()
    return _through_mu_law(narrow)
