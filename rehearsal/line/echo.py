"""The bot's own voice coming back from a caller's loudspeaker: quieter, later, and with the room around it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rehearsal.mulaw import FRAME_SAMPLES, RATE, SILENT_FRAME, decode, encode

_ROOM_SECONDS = 0.06
_DECAY_SECONDS = 0.015
_VOICE_CORRELATION = 0.85  # between neighbouring samples of speech: its low tones make an echo louder than noise's


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoSettings:
    """How the echo comes back: `gain_db` against the bot's voice, `delay_seconds` in all; `seed` makes the room.

    Raises:
        ValueError: a gain above 0 dB, or a delay below one frame or above two seconds.
    """

    gain_db: float
    delay_seconds: float
    seed: int = 0

    def __post_init__(self) -> None:
        if self.gain_db > 0:
            raise ValueError(f"an echo is no louder than its voice: gain_db must not be above 0, got {self.gain_db}")
        if not FRAME_SAMPLES / RATE <= self.delay_seconds <= 2.0:
            raise ValueError(f"an echo's delay_seconds must be within 0.02..2, got {self.delay_seconds}")


class EchoPath:
    """One call's echo: hears the bot frame by frame, adds what comes back to the caller's frames."""

    def __init__(self, settings: EchoSettings) -> None:
        delay = round(settings.delay_seconds * RATE)
        self._frames_back, self._offset = divmod(delay, FRAME_SAMPLES)
        self._taps = _room(settings.gain_db, settings.seed)
        needed = 2 + -(-len(self._taps) // FRAME_SAMPLES)
        self._past: deque[bytes] = deque([SILENT_FRAME] * (self._frames_back + needed), self._frames_back + needed)
        self._needed = needed

    def hear(self, *, frame: bytes) -> None:
        """Take in the 160 mu-law bytes that play now."""
        self._past.append(frame)

    def mix(self, *, frame: bytes) -> bytes:
        """The caller's 160 mu-law bytes of this tick with the echo of what was heard added."""
        past = list(self._past)
        window = past[len(past) - self._frames_back - self._needed : len(past) - self._frames_back]
        if all(part is SILENT_FRAME for part in window):
            return frame
        heard = decode(b"".join(window)).astype(np.float64)
        end = len(heard) - self._offset
        start = end - FRAME_SAMPLES - len(self._taps) + 1
        echoed = np.convolve(heard[start:end], self._taps, mode="valid")
        return encode(np.clip(decode(frame) + echoed, -32768, 32767).astype(np.int16))


def _room(gain_db: float, seed: int) -> NDArray[np.float64]:
    """An impulse response: the direct sound and a decaying tail, together at the gain."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(_ROOM_SECONDS * RATE)) / RATE
    taps = rng.normal(0.0, 0.25, len(time)) * np.exp(-time / _DECAY_SECONDS)
    taps[0] = 1.0
    lags = np.abs(np.subtract.outer(np.arange(len(taps)), np.arange(len(taps))))
    loudness = np.sqrt(taps @ _VOICE_CORRELATION**lags @ taps)
    return np.asarray(taps * 10.0 ** (gain_db / 20.0) / loudness, np.float64)
