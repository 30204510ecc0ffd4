"""What the voice stand-in said, as it sounds: by it the bot's words are recognised in what a caller heard."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from rehearsal.mulaw import RATE, decode, encode
from rehearsal.standins.speech import Spoken, utter

Floats = NDArray[np.float32]

WINDOW = 1600
"""Samples (0.2 s) by which a place in a sentence is recognised."""

AUDIBLE = 184.0
"""Of 32768: samples below it (45 dB under full scale) count as silence, as for the caller's ear."""

_SURE = 0.85
_TOLERANCE = 12
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and when it is said, in seconds from the sentence's start."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Reference:
    """One sentence of the voice: its sound, first and last audible sample, and its words."""

    text: str
    samples: Floats
    first: int
    last: int
    words: tuple[SpokenWord, ...]

    @classmethod
    def of(cls, text: str, samples: NDArray[np.int16], words: Sequence[SpokenWord]) -> Reference | None:
        """A sentence as it sounds after the telephone line's encoding; None where nothing of it is audible."""
        heard = decode(encode(samples)).astype(np.float32)
        loud = np.flatnonzero(np.abs(heard) >= AUDIBLE)
        if len(loud) == 0 or loud[-1] - loud[0] < WINDOW // 4:
            return None
        return cls(text, heard, int(loud[0]), int(loud[-1]) + 1, tuple(words))

    @property
    def seconds(self) -> float:
        """From its start to its last audible sample."""
        return self.last / RATE

    def words_between(self, start: float, end: float) -> int:
        """How many words have their middle between two moments of the sentence (seconds)."""
        return sum(start < (word.start + word.end) / 2 <= end for word in self.words)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which sentence a window of sound lies: `offset` is the window's first sample there."""

    reference: int
    offset: int
    likeness: float


def references_of(spoken: Iterable[Spoken]) -> list[Reference]:
    """Make the sound of all that was spoken again.

    Raises:
        VoiceUnavailable: nothing can speak here.
    """
    found: list[Reference] = []
    for item in spoken:
        utterance = utter(item)
        samples = utterance.samples
        if utterance.rate != RATE:
            samples = soxr.resample(samples, utterance.rate, RATE).astype(np.int16)
        reference = Reference.of(item.text.strip(), np.ascontiguousarray(samples), _words(utterance.letters))
        if reference is not None:
            found.append(reference)
    return found


def _words(letters: Sequence[tuple[str, float, float]]) -> list[SpokenWord]:
    words: list[SpokenWord] = []
    text, start, end = "", 0.0, 0.0
    for letter, begins, ends in [*letters, (" ", 0.0, 0.0)]:
        if not letter.isspace():
            start = begins if not text else start
            text, end = text + letter, ends
        elif text:
            if any(character.isalnum() for character in text):
                words.append(SpokenWord(text, start, end))
            text = ""
    return words


class ReferenceBank:
    """Finds a window of sound among all sentences: first at their beginnings, then wherever else."""

    def __init__(self, references: Sequence[Reference]) -> None:
        self.references = tuple(references)
        self._lengths = np.array([len(r.samples) + WINDOW for r in self.references], np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths
        padded = [np.pad(r.samples, (0, WINDOW)) for r in self.references]
        self._sound = np.concatenate([*padded, np.zeros(WINDOW, np.float32)])
        self._beginnings = [self._cut(self._starts[i] + r.first) for i, r in enumerate(self.references)]

    def _cut(self, at: int) -> Floats:
        low, high = int(at) - _TOLERANCE, int(at) + WINDOW + _TOLERANCE
        return np.pad(self._sound[max(0, low) : high], (max(0, -low), 0))

    def find(self, window: Floats, *, near: int | None = None, everywhere: bool = True) -> Place | None:
        """The place of `WINDOW` samples, which begin with an audible one; None where nothing is alike enough.

        `near` is the sentence that is looked at first; not `everywhere` leaves it at that and all beginnings.
        """
        if near is not None and (place := self._within(window, near)) is not None:
            return place
        place = self._at_beginnings(window)
        return self._anywhere(window) if place is None and everywhere else place

    def _at_beginnings(self, window: Floats) -> Place | None:
        best = Place(-1, 0, _SURE)
        for index, beginning in enumerate(self._beginnings):
            likeness = _likeness(beginning, window)
            at = int(np.argmax(likeness)) if len(likeness) else 0
            if len(likeness) and likeness[at] > best.likeness:
                best = Place(index, self.references[index].first - _TOLERANCE + at, float(likeness[at]))
        return best if best.reference >= 0 else None

    def _within(self, window: Floats, index: int) -> Place | None:
        start = int(self._starts[index])
        likeness = _likeness(self._sound[start : start + int(self._lengths[index])], window)
        at = int(np.argmax(likeness))
        return Place(index, at, float(likeness[at])) if likeness[at] >= _SURE else None

    def _anywhere(self, window: Floats) -> Place | None:
        spectra, energies = self._blocks
        if not len(spectra):
            return None
        padded = np.zeros(_BLOCK, np.float32)
        padded[:WINDOW] = window
        common = np.fft.irfft(spectra * np.conj(np.fft.rfft(padded)), _BLOCK, axis=1)[:, : _BLOCK - WINDOW + 1]
        likeness = common.ravel() / (energies.ravel() * float(np.linalg.norm(window)) + 1e-6)
        at = int(np.argmax(likeness))
        if likeness[at] < _SURE:
            return None
        row, column = divmod(at, _BLOCK - WINDOW + 1)
        position = row * (_BLOCK - WINDOW + 1) + column
        index = int(np.searchsorted(self._starts, position, side="right")) - 1
        return Place(index, position - int(self._starts[index]), float(likeness[at]))

    @functools.cached_property
    def _blocks(self) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Spectra of overlapping blocks of all sound, and the length of each window in it."""
        step = _BLOCK - WINDOW + 1
        count = -(-max(0, len(self._sound) - WINDOW) // step)
        sound = np.pad(self._sound, (0, count * step + WINDOW))
        blocks = np.array([sound[i * step : i * step + _BLOCK] for i in range(count)]).reshape(count, _BLOCK)
        reached = np.cumsum(np.pad(blocks.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
        energies = np.sqrt(np.maximum(reached[:, WINDOW:] - reached[:, :-WINDOW], 0)) + 50.0
        return np.fft.rfft(blocks, axis=1), energies


def _likeness(sound: Floats, window: Floats) -> NDArray[np.float64]:
    """Normalised correlation of the window with each place in the sound, −1..1."""
    places = len(sound) - len(window) + 1
    if places <= 0:
        return np.zeros(0)
    if places <= 4 * _TOLERANCE:
        common = np.lib.stride_tricks.sliding_window_view(sound, len(window)) @ window
    else:
        size = 1 << (len(sound) - 1).bit_length()
        common = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(window, size)), size)[:places]
    reached = np.cumsum(np.concatenate([[0.0], sound.astype(np.float64) ** 2]))
    energies = np.sqrt(np.maximum(reached[len(window) :] - reached[: -len(window)], 0)) + 50.0
    return common / (energies * float(np.linalg.norm(window)) + 1e-6)
