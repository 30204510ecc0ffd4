"""The telephone's band, 300 to 3400 Hz, as a stream: whatever a line lets through, the recogniser hears the same band.

Lines differ (an 8 kHz stream may hold anything up to 4 kHz), and the telephone transform is fitted on one band; feeding
it another costs several words in a hundred.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.embedded.telephone_line import HIGH_HZ, LOW_HZ
from pipelines.embedded.voice import SAMPLE_RATE

TAPS = 161
"""Length of the filter: 20 ms, transitions of about 100 Hz; it delays by half of that."""


def _impulse_response() -> npt.NDArray[np.float32]:
    """A windowed-sinc band-pass filter with unit gain in the band."""
    n = np.arange(TAPS) - (TAPS - 1) / 2
    high, low = 2 * HIGH_HZ / SAMPLE_RATE, 2 * LOW_HZ / SAMPLE_RATE
    return ((high * np.sinc(high * n) - low * np.sinc(low * n)) * np.hamming(TAPS)).astype(np.float32)


class BandFilter:
    """Filters one utterance, piece by piece."""

    def __init__(self) -> None:
        self._response = _impulse_response()
        self._past = np.zeros(TAPS - 1, np.float32)

    def reset(self) -> None:
        """Forget what came before."""
        self._past[:] = 0

    def filter(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """As many samples as came, 10 ms late."""
        wide = np.concatenate((self._past, samples.astype(np.float32)))
        self._past = wide[-(TAPS - 1) :]
        return np.clip(np.convolve(wide, self._response, mode="valid"), -32768, 32767).astype(np.int16)
