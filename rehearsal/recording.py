"""A two-channel recording of a call: caller left, bot as heard at the caller's ear right, one clock."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from rehearsal.mulaw import RATE, SILENCE, decode


@dataclass(frozen=True, slots=True)
class Recording:
    """Both sides of a call as mu-law bytes at 8 kHz, sample 0 at the answer; equally long."""

    caller: bytes
    bot: bytes

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.caller) / RATE

    def stereo(self) -> NDArray[np.int16]:
        """Samples of shape (n, 2): column 0 the caller, column 1 the bot."""
        return np.stack([decode(self.caller), decode(self.bot)], axis=1)

    def save(self, *, path: Path) -> Path:
        """Write an 8 kHz 16-bit two-channel WAV file and return its path.

        Raises:
            OSError: the file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self.stereo().tobytes())
        return path


class Tape:
    """Grows a recording frame by frame; gaps on either side are filled with silence."""

    def __init__(self) -> None:
        self._caller = bytearray()
        self._bot = bytearray()

    def record_caller(self, *, frame: bytes, position: int) -> None:
        """Put the caller's mu-law bytes at sample `position`."""
        _put(self._caller, frame, position)

    def record_bot(self, *, frame: bytes, position: int) -> None:
        """Put the heard mu-law bytes at sample `position`."""
        _put(self._bot, frame, position)

    def finish(self) -> Recording:
        """The recording so far, both channels padded to the longer one."""
        size = max(len(self._caller), len(self._bot))
        pad = bytes([SILENCE])
        return Recording(caller=bytes(self._caller).ljust(size, pad), bot=bytes(self._bot).ljust(size, pad))


def _put(channel: bytearray, frame: bytes, position: int) -> None:
    gap = position - len(channel)
    if gap > 0:
        channel.extend(bytes([SILENCE]) * gap)
    channel[position : position + len(frame)] = frame


def load_speech(*, path: Path) -> NDArray[np.int16]:
    """Read any sound file as 8 kHz mono samples, shape (n,); several channels are averaged.

    Raises:
        ValueError: the file is missing, is no sound file, or is empty.
    """
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ValueError(f"expected a sound file at {path}: {error}") from error
    mono = samples.mean(axis=1)
    if not len(mono):
        raise ValueError(f"the sound file {path} is empty")
    narrow = soxr.resample(mono, rate, RATE) if rate != RATE else mono
    return np.clip(np.round(narrow * 32768.0), -32768, 32767).astype(np.int16)
