"""The callers' clips that the recogniser stand-in knows by their sound."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from rehearsal.standins.spectrum import BANDS, HOP, RATE, Floats, Samples, active, pictures, runs, windows

FINE_HOP = HOP // 2
"""Clips are kept at 10 ms, twice as fine as what is heard: the two grids never meet exactly."""

HEARD = 12
"""Frames of 20 ms that are compared with all beginnings at once: half before the onset, half after."""

_FIRST_PLACE = 8  # fine frames from an anchor to the earliest place where the newest of those frames may lie
_OFFSETS = 17
_SPAN = _OFFSETS + 2 * (HEARD - 1)
_LOUD_DB = 12.0  # below the peak: sound that noise does not hide
_ANCHORS_WITHIN = 150  # fine frames: 1.5 s
_ANCHORS_APART = 8
_RISE_FRAMES = 8
_RISE_DB = 6.0
LEAD_FRAMES = 40
TAIL_FRAMES = 40


@dataclass(frozen=True)
class Word:
    """A word and when it is said, in seconds from the start of the clip or of the stream."""

    text: str
    start: float
    end: float
    language: str = "en"

    def later(self, seconds: float) -> Word:
        """The same word so much later."""
        return Word(self.text, self.start + seconds, self.end + seconds, self.language)


@dataclass(frozen=True)
class Clip:
    """A caller's utterance: its words, and where in it there is speech (seconds from its start)."""

    transcript: str
    language: str
    words: tuple[Word, ...]
    speech: tuple[tuple[float, float], ...]
    seconds: float

    @property
    def speech_start(self) -> float:
        """Where its first sound begins."""
        return self.speech[0][0]

    @property
    def speech_end(self) -> float:
        """Where its last sound ends."""
        return self.speech[-1][1]


@dataclass(frozen=True)
class Matches:
    """How the frames just heard fit each beginning: all [anchors, offsets]; `place` is where the newest one lies."""

    place: NDArray[np.int32]
    common: Floats
    expected: Floats


@dataclass(frozen=True)
class Beginnings:
    """The surroundings of all anchors, side by side, so that one product compares them all with what was heard.

    `vectors` is [anchors, SPAN, BANDS]; `place` and `expected` are those of `Matches`.
    """

    vectors: Floats
    place: NDArray[np.int32]
    expected: Floats

    @classmethod
    def of(cls, vectors: Floats, weights: Floats, anchors: NDArray[np.int32]) -> Beginnings:
        """Cut them out of the clips' pictures."""
        first = anchors + _FIRST_PLACE - 2 * (HEARD - 1)
        inside = np.clip(first[:, None] + np.arange(_SPAN), 0, max(0, len(vectors) - 1))
        place = np.minimum(anchors[:, None] + _FIRST_PLACE + np.arange(_OFFSETS), max(0, len(vectors) - 1))
        expected = np.zeros(place.shape, np.float32)
        for back in range(HEARD):
            expected += weights[inside[:, _behind(back)]]
        return cls(vectors[inside], place.astype(np.int32), expected)

    def match(self, past: Floats) -> Matches:
        """Compare all of them with the frames just heard ([HEARD, BANDS], the newest last)."""
        products = self.vectors @ past.T
        common = np.zeros(self.place.shape, np.float32)
        for back in range(HEARD):
            common += products[:, _behind(back), HEARD - 1 - back]
        return Matches(self.place, common, self.expected)


def _behind(back: int) -> slice:
    """Where in the span the places lie that were heard so many frames ago."""
    start = 2 * (HEARD - 1 - back)
    return slice(start, start + _OFFSETS)


@dataclass(frozen=True)
class Bank:
    """All clips' pictures one after another, each with silence around it.

    `vectors` is [frames, BANDS], `weights` the squared length of each, `speech` says whether the clip speaks there;
    a clip's first sample is at `origins`, its frames end before `ends`. `anchors` are the places near which the
    hearing of a clip may begin: its first speech and the first jumps of its level; `anchored` are their clips.
    """

    vectors: Floats
    weights: Floats
    speech: NDArray[np.bool_]
    loud: NDArray[np.bool_]
    origins: NDArray[np.int32]
    anchors: NDArray[np.int32]
    anchored: NDArray[np.int32]
    ends: NDArray[np.int32]
    beginnings: Beginnings


@dataclass(frozen=True)
class _Entry:
    clip: Clip
    vectors: Floats
    speech: NDArray[np.bool_]
    loud: NDArray[np.bool_]
    anchors: NDArray[np.int32]


class ClipBook:
    """Registers clips; the ears of all calls share it. Clips may be added while calls run."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._keys: set[tuple[str, bytes]] = set()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Clip:
        return self._entries[index].clip

    def add(
        self,
        samples: Samples,
        transcript: str,
        *,
        language: str = "en",
        sample_rate: int = RATE,
        words: Sequence[Word] | None = None,
        pauses: Sequence[tuple[float, float]] | None = None,
    ) -> Clip:
        """Register a clip; the same sound with the same words is kept once.

        Args:
            samples: mono int16.
            transcript: what is said; empty for a noise that the recogniser hears no words in.
            language: `en`, `es`, ….
            sample_rate: of the samples, in Hz.
            words: with their times in seconds; None estimates them by their letters over the voiced parts.
            pauses: (start, end) of silences in seconds; None finds them by their level.

        Raises:
            ValueError: no sound in the samples, or they are not mono int16.
        """
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise ValueError(f"a clip must be mono int16, not {samples.dtype} of {samples.ndim} dimensions")
        if sample_rate != RATE:
            samples = soxr.resample(samples, sample_rate, RATE)
        vectors, levels = pictures(windows(samples, hop=FINE_HOP))
        speech = active(levels, hop=FINE_HOP)
        for start, end in pauses or ():
            speech[round(start * RATE / FINE_HOP) : round(end * RATE / FINE_HOP)] = False
        stretches = tuple((a * FINE_HOP / RATE, b * FINE_HOP / RATE) for a, b in runs(speech))
        if not stretches:
            raise ValueError(f"no speech in the clip {transcript!r}: is it silent?")
        spoken = tuple(words) if words is not None else estimated_words(transcript, stretches, language=language)
        clip = Clip(transcript, language, spoken, stretches, len(samples) / RATE)
        key = (transcript, samples.tobytes())
        if key not in self._keys:
            self._keys.add(key)
            around = ((LEAD_FRAMES, TAIL_FRAMES), (0, 0))
            loud = speech & (levels > levels.max() - _LOUD_DB)
            quiet = np.where(speech[:, None], vectors, 0)
            self._entries.append(
                _Entry(
                    clip,
                    np.pad(quiet, around),
                    np.pad(speech, around[0]),
                    np.pad(loud, around[0]),
                    _anchors(speech, levels) + LEAD_FRAMES,
                ),
            )
            self.__dict__.pop("bank", None)
        return clip

    @functools.cached_property
    def bank(self) -> Bank:
        """The clips' pictures as the ears read them; made anew after a clip was added."""
        lengths = np.array([len(entry.speech) for entry in self._entries], dtype=np.int32)
        starts = (np.cumsum(lengths) - lengths).astype(np.int32)
        empty = np.zeros((0, BANDS), np.float32)
        vectors = np.ascontiguousarray(np.concatenate([empty, *(entry.vectors for entry in self._entries)]))
        none = np.zeros(0, np.bool_)
        anchors = [entry.anchors + start for entry, start in zip(self._entries, starts, strict=True)]
        counts = [len(entry.anchors) for entry in self._entries]
        weights = np.einsum("ij,ij->i", vectors, vectors)
        places = np.concatenate([np.zeros(0, np.int32), *anchors])
        return Bank(
            vectors=vectors,
            weights=weights,
            speech=np.concatenate([none, *(entry.speech for entry in self._entries)]),
            loud=np.concatenate([none, *(entry.loud for entry in self._entries)]),
            origins=starts + LEAD_FRAMES,
            anchors=places,
            anchored=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
            ends=starts + lengths,
            beginnings=Beginnings.of(vectors, weights, places),
        )

    def add_manifest(self, path: Path) -> int:
        """Register the clips that a JSON list names: `path` (relative to it), `transcript`, `language`.

        Returns:
            How many there were.

        Raises:
            ValueError: the manifest or one of its clips cannot be read; says which.
        """
        try:
            items: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            for item in items:
                samples, rate = soundfile.read(path.parent / item["path"], dtype="int16", always_2d=True)
                self.add(
                    np.ascontiguousarray(samples[:, 0], np.int16),
                    item["transcript"],
                    language=item.get("language", "en"),
                    sample_rate=rate,
                )
        except (OSError, KeyError, TypeError, ValueError, soundfile.LibsndfileError) as error:
            raise ValueError(f"clip manifest {path}: {error}") from error
        return len(items)


def _anchors(speech: NDArray[np.bool_], levels: Floats) -> NDArray[np.int32]:
    """Places (fine frames) where an ear may notice that the clip begins: far enough apart, at most three."""
    first = int(np.argmax(speech))
    until = min(len(levels), first + _ANCHORS_WITHIN)
    places = [first]
    for place in range(first, until):
        before = levels[max(0, place - _RISE_FRAMES) : place].max(initial=-99.0)
        if levels[place] > before + _RISE_DB and place - places[-1] >= _ANCHORS_APART:
            places.append(place)
    return np.array(places[:3], dtype=np.int32)


def estimated_words(
    transcript: str, stretches: Iterable[tuple[float, float]], *, language: str = "en"
) -> tuple[Word, ...]:
    """Spread words over the voiced stretches in proportion to their letters."""
    texts = transcript.split()
    if not texts:
        return ()
    spans = list(stretches)
    voiced = np.array([end - start for start, end in spans])
    reached = np.concatenate(([0.0], np.cumsum(voiced)))
    letters = np.array([len(text) + 1 for text in texts], dtype=float)
    marks = np.concatenate(([0.0], np.cumsum(letters) / letters.sum())) * reached[-1]

    def moment(voiced_seconds: float, *, ends: bool) -> float:
        side = "left" if ends else "right"
        index = int(np.clip(np.searchsorted(reached, voiced_seconds, side=side) - 1, 0, len(spans) - 1))
        return float(spans[index][0] + voiced_seconds - reached[index])

    return tuple(
        Word(text, moment(marks[i], ends=False), moment(marks[i + 1], ends=True), language)
        for i, text in enumerate(texts)
    )
