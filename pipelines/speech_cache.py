"""Speech that was synthesised ahead of calls, in memory: what a call looks up, and what is still to be made."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from bot.playbook import Playbook
from bot.playbook.fixed import fixed_sentences
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.mulaw import ulaw_to_pcm16

MEMORY_BYTES = 64 * 1024 * 1024
"""A playbook of 240 sentences in two languages takes about 12 MB."""
_FORMAT = 1
_WORD_BYTES = 120
"""What a word and its time take in memory, roughly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What is to be said and how; `pace` 1.2 is a fifth faster."""

    text: str
    language: str
    pace: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSpeech:
    """A sentence as sound: mu-law at 8 kHz, and when each word starts, in seconds from the first sample."""

    ulaw: bytes
    words: tuple[tuple[str, float], ...] = ()

    @property
    def pcm(self) -> bytes:
        """The sound as 16-bit samples at 8 kHz."""
        return ulaw_to_pcm16(self.ulaw)

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return len(self.ulaw) / LINE_SAMPLE_RATE

    @property
    def size(self) -> int:
        """Bytes it takes in memory, roughly."""
        return len(self.ulaw) + _WORD_BYTES * len(self.words)


class SpeechCache:
    """What calls look up. `identity` is all that the voice's sound depends on; only `sentences` are ever kept.

    Looking up never waits and reads no file. A sentence that may be kept and is not here is made next.
    """

    def __init__(self, *, identity: str, sentences: Iterable[Sentence] = (), memory_bytes: int = MEMORY_BYTES) -> None:
        self._identity = identity
        self._fixed = OrderedDict.fromkeys(sentences)
        self._missing: OrderedDict[Sentence, None] = OrderedDict(self._fixed)
        self._limit = memory_bytes
        self._kept: OrderedDict[str, CachedSpeech] = OrderedDict()
        self._bytes = 0
        self.wanted = asyncio.Event()
        """Set while something is to be made."""
        self._mark()

    def get(self, text: str, *, language: str, pace: float = 1.0) -> CachedSpeech | None:
        """The sound of `text`, or None; then it is made soon, if it is one of the sentences that may be kept."""
        sentence = Sentence(text=text, language=language, pace=pace)
        key = self.key(sentence)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        elif Sentence(text=text, language=language) in self._fixed:
            self._missing[sentence] = None
            self._missing.move_to_end(sentence, last=False)
            self._mark()
        return found

    def put(self, sentence: Sentence, speech: CachedSpeech) -> None:
        """Keep the sound of a sentence; what was not looked up for longest goes where memory is full."""
        self._missing.pop(sentence, None)
        self._mark()
        key = self.key(sentence)
        if speech.size > self._limit:
            return
        before = self._kept.pop(key, None)
        self._bytes += speech.size - (before.size if before is not None else 0)
        self._kept[key] = speech
        while self._bytes > self._limit:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.size

    def next_missing(self) -> Sentence | None:
        """What is to be made next: what calls asked for last, then the most urgent."""
        return next(iter(self._missing), None)

    def missing(self) -> tuple[Sentence, ...]:
        """All that is to be made, in that order."""
        return tuple(self._missing)

    def put_off(self, sentence: Sentence) -> None:
        """Let all others come before `sentence`."""
        if sentence in self._missing:
            self._missing.move_to_end(sentence)

    def key(self, sentence: Sentence) -> str:
        """The name under which its sound is kept: a hash, from which nobody reads the words."""
        parts = [_FORMAT, self._identity, sentence.language, round(sentence.pace, 3), sentence.text]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes_kept(self) -> int:
        """Memory in use, roughly."""
        return self._bytes

    def _mark(self) -> None:
        if self._missing:
            self.wanted.set()
        else:
            self.wanted.clear()


def playbook_sentences(playbook: Playbook) -> tuple[Sentence, ...]:
    """The fixed sentences of all languages, the most urgent of each first."""
    columns = [
        [Sentence(text=text, language=language) for text in fixed_sentences(playbook, language=language)]
        for language in playbook.languages
    ]
    return tuple(sentence for row in zip_longest(*columns) for sentence in row if sentence is not None)
