"""When somebody talks, told from the sound alone: what a caller can know of the bot."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rehearsal.mulaw import FRAME_SAMPLES, RATE, SILENT_FRAME, decode_table


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of speech in seconds on the call's clock: first to last audible sample."""

    start: float
    end: float
    text: str = ""


class Ear:
    """Finds speech in a stream of mu-law frames by energy, with hangover.

    A frame is audible when its RMS reaches `threshold_dbfs` (45 dB below full scale lies well above a line's comfort
    noise and well below speech); its first and last loud samples bound the segment, so that edges are exact to the
    sample within 20 ms. Gaps shorter than `merge_seconds` belong to the talk: pauses between words, stop consonants.
    """

    def __init__(self, *, threshold_dbfs: float = -45.0, merge_seconds: float = 0.3) -> None:
        self._threshold = 32768.0 * 10.0 ** (threshold_dbfs / 20.0)
        self._merge_samples = round(merge_seconds * RATE)
        self._segments: list[tuple[int, int]] = []
        self._start = -1
        self._last_loud = -1
        self._position = 0

    @property
    def talk_start(self) -> float | None:
        """Seconds at which the present talk began, None in silence (a gap below `merge_seconds` is still talk)."""
        return self._start / RATE if self._start >= 0 else None

    @property
    def last_audible(self) -> float | None:
        """Seconds of the last loud sample so far, None when nothing was ever heard."""
        return self._last_loud / RATE if self._last_loud >= 0 else None

    @property
    def silence_seconds(self) -> float:
        """How long nothing has been audible; since the beginning when nothing ever was."""
        return (self._position - max(self._last_loud, 0)) / RATE

    @property
    def latest(self) -> Segment | None:
        """The present or latest talk, None when there was none yet."""
        if self._start >= 0:
            return Segment(self._start / RATE, self._last_loud / RATE)
        return Segment(self._segments[-1][0] / RATE, self._segments[-1][1] / RATE) if self._segments else None

    def hear(self, *, frame: bytes, position: int) -> None:
        """Take in one 160-byte mu-law frame whose first sample is `position` on the call's clock."""
        self._position = position + len(frame)
        if frame is not SILENT_FRAME:
            power, amplitude = _tables()
            data = np.frombuffer(frame, dtype=np.uint8)
            if power[data].mean() >= self._threshold**2:
                loud = np.flatnonzero(amplitude[data] >= self._threshold)
                self._loud(position + int(loud[0]), position + int(loud[-1]) + 1)
        if self._start >= 0 and self._position - self._last_loud >= self._merge_samples:
            self._close()

    def cut(self) -> None:
        """End the present segment at its last loud sample: what comes next is another talk (after a clear)."""
        if self._start >= 0:
            self._close()

    def segments(self) -> tuple[Segment, ...]:
        """All talk so far, the unfinished one included."""
        spans = [*self._segments, (self._start, self._last_loud)] if self._start >= 0 else self._segments
        return tuple(Segment(start / RATE, end / RATE) for start, end in spans)

    def _loud(self, first: int, last: int) -> None:
        if self._start >= 0 and first - self._last_loud >= self._merge_samples:
            self._close()
        if self._start < 0:
            self._start = first
        self._last_loud = last

    def _close(self) -> None:
        self._segments.append((self._start, self._last_loud))
        self._start = -1


def find_speech(data: bytes, *, merge_seconds: float = 0.3, threshold_dbfs: float = -45.0) -> tuple[Segment, ...]:
    """The stretches of speech in mu-law bytes, in seconds from their beginning: what an `Ear` finds, all at once."""
    threshold = 32768.0 * 10.0 ** (threshold_dbfs / 20.0)
    codes = np.frombuffer(data, dtype=np.uint8)
    if not len(codes):
        return ()
    power, amplitude = _tables()
    starts = np.arange(0, len(codes), FRAME_SAMPLES)
    sizes = np.minimum(FRAME_SAMPLES, len(codes) - starts)
    audible = np.add.reduceat(power[codes], starts) / sizes >= threshold**2
    loud = np.flatnonzero((amplitude[codes] >= threshold) & np.repeat(audible, sizes))
    if not len(loud):
        return ()
    # Samples of one frame belong together, however short the merge.
    apart = (np.diff(loud) > round(merge_seconds * RATE)) & (np.diff(loud // FRAME_SAMPLES) > 0)
    firsts = loud[np.concatenate(([True], apart))]
    lasts = loud[np.concatenate((apart, [True]))]
    return tuple(Segment(int(a) / RATE, (int(b) + 1) / RATE) for a, b in zip(firsts, lasts, strict=True))


@functools.cache
def _tables() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared and absolute value of each mu-law byte's sample, shape (256,) each."""
    samples = decode_table().astype(np.float64)
    return samples**2, np.abs(samples)
