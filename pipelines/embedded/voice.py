"""What an embedded voice is: text in, telephone audio with word times out, the first of it fast."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 8000


class VoiceFailed(RuntimeError):
    """A voice could not speak: not installed, died twice in a row, or too slow."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and its place, in seconds from the first sample of the whole text."""

    word: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A stretch of speech: mono 16-bit little-endian PCM at 8 kHz, and the words that begin in it or just after it.

    Each word comes exactly once and not after its audio.
    """

    pcm: bytes
    words: tuple[SpokenWord, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


class EmbeddedVoice(Protocol):
    """A synthesiser that needs no account. Calls may overlap; each is an independent stream."""

    def stream(self, text: str, *, lang: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """Speaks `text`; `lang` is "en" or "es" (or a tag that begins so), `pace` 1.2 is a fifth faster.

        Cancelling is safe at any point. The event loop is never held for more than a few milliseconds.

        Raises:
            VoiceFailed: nothing more will come; what came before is valid.
            ValueError: a language this voice does not have.
        """
        ...

    async def aclose(self) -> None:
        """Releases processes and threads. Idempotent."""
        ...
