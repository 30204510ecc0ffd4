"""What the ElevenLabs stand-in says: real speech with the time of each letter, cut into pieces."""

from __future__ import annotations

import asyncio
import collections
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rehearsal.standins.audio import encode, rate_of
from rehearsal.standins.clips import FINE_HOP
from rehearsal.standins.spectrum import RATE, Samples, active, pictures, runs, windows
from rehearsal.voices import ENGLISH_VOICES, SPANISH_VOICES, has_flite, synthesise

FIRST_SECONDS = 0.2
PIECE_SECONDS = 0.4
_KEPT_TEXTS = 256
_SPANISH = re.compile(
    r"[¿¡ñáéíóú]|\b(hola|que|usted|gracias|para|con|por|los|las|una?|est[ea]|el|su|muy|bien|d[ií]as|se|me)\b", re.I
)


@dataclass(frozen=True)
class Piece:
    """Some sound of an utterance, and its letters with their times from the start of the utterance (s)."""

    samples: Samples
    rate: int
    start: float
    letters: tuple[tuple[str, float, float], ...]

    def encoded(self, form: str) -> bytes:
        """The sound in the output format."""
        return encode(self.samples, form)


@dataclass(frozen=True)
class Utterance:
    """A text spoken: its sound and when each letter of the text is heard (start, end; s)."""

    samples: Samples
    rate: int
    letters: tuple[tuple[str, float, float], ...]

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / self.rate

    def pieces(self) -> Iterator[Piece]:
        """The utterance in the pieces in which it is sent: a short one first; every letter is in one of them."""
        start, length, sent = 0.0, FIRST_SECONDS, 0
        while start < self.seconds:
            end = min(start + length, self.seconds)
            if self.seconds - end < 0.1:
                end = self.seconds
            upto = len(self.letters) if end >= self.seconds else sent
            while upto < len(self.letters) and self.letters[upto][1] < end:
                upto += 1
            part = self.samples[round(start * self.rate) : round(end * self.rate)]
            yield Piece(part, self.rate, start, self.letters[sent:upto])
            start, length, sent = end, PIECE_SECONDS, upto


@dataclass(frozen=True)
class Spoken:
    """What was asked of the voice; equal ones sound alike, sample for sample."""

    text: str
    voice: str
    lang: str
    rate: int


class Speaker:
    """Speaks texts; what it has spoken before it remembers, and what several want at once it makes once.

    `log` names all it ever spoke, in order.
    """

    def __init__(self) -> None:
        self.log: dict[Spoken, None] = {}
        self._known: collections.OrderedDict[Spoken, Utterance] = collections.OrderedDict()
        self._making: dict[Spoken, asyncio.Lock] = {}

    async def speak(self, text: str, *, voice: str, language: str | None, form: str) -> Utterance:
        """An utterance at the rate of the output format.

        Args:
            text: what to say; its letters come back with their times, spaces included.
            voice: ElevenLabs' id; equal ids sound alike.
            language: `en`, `es`, …; None: as the text looks.
            form: output format, see `audio.encode`.

        Raises:
            ValueError: unknown output format.
            VoiceUnavailable: nothing can speak here.
        """
        lang = (language or ("es" if _SPANISH.search(text) else "en"))[:2]
        wanted = Spoken(text, voice, "es" if lang == "es" else "en", rate_of(form))
        self.log.setdefault(wanted)
        if wanted not in self._known:
            async with self._making.setdefault(wanted, asyncio.Lock()):
                if wanted not in self._known:
                    self._known[wanted] = await asyncio.to_thread(utter, wanted)
            self._making.pop(wanted, None)
            while len(self._known) > _KEPT_TEXTS:
                self._known.popitem(last=False)
        return self._known[wanted]


def utter(wanted: Spoken) -> Utterance:
    """Make the sound of a text and the times of its letters; deterministic.

    Raises:
        VoiceUnavailable: nothing can speak here.
    """
    return _speak(wanted.text, wanted.voice, wanted.lang, wanted.rate)


def _speak(text: str, voice: str, lang: str, rate: int) -> Utterance:
    if not any(character.isalnum() for character in text):
        return Utterance(np.zeros(rate // 20, np.int16), rate, tuple((letter, 0.0, 0.05) for letter in text))
    names = SPANISH_VOICES if lang == "es" else ENGLISH_VOICES
    name = names[sum(voice.encode()) % 2] if lang == "es" or has_flite() else None
    plain = synthesise(text, lang=lang, voice=name, sample_rate=RATE)
    samples = plain if rate == RATE else synthesise(text, lang=lang, voice=name, sample_rate=rate)
    return Utterance(samples, rate, _letters(text, plain))


def _letters(text: str, samples: Samples) -> tuple[tuple[str, float, float], ...]:
    """Spread the letters evenly over the voiced parts."""
    _, levels = pictures(windows(samples, hop=FINE_HOP))
    spans = runs(active(levels, hop=FINE_HOP)) or [(0, len(levels))]
    voiced = np.concatenate([np.arange(start, end) for start, end in spans]) * FINE_HOP / RATE
    edges = voiced[np.linspace(0, len(voiced) - 1, len(text) + 1).astype(int)]
    return tuple((letter, float(edges[i]), float(edges[i + 1])) for i, letter in enumerate(text))
