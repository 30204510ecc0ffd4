"""The embedded voice of a process: flite for English where it is installed, espeak-ng for the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipelines.embedded import flite
from pipelines.embedded.espeak import EspeakVoice
from pipelines.embedded.flite import FliteVoice
from pipelines.embedded.voice import EmbeddedVoice, SpeechChunk


class LocalVoice:
    """Chooses the engine by language."""

    def __init__(self, english: EmbeddedVoice, other: EmbeddedVoice) -> None:
        self._english = english
        self._other = other

    def stream(self, text: str, *, lang: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """See `EmbeddedVoice.stream`."""
        engine = self._english if lang.startswith("en") else self._other
        return engine.stream(text, lang=lang, pace=pace)

    async def aclose(self) -> None:
        """Release both engines."""
        await self._english.aclose()
        await self._other.aclose()


@asynccontextmanager
async def open_embedded_voice() -> AsyncIterator[LocalVoice]:
    """The voice, its processes started at first use and ended with the block."""
    espeak = EspeakVoice()
    voice = LocalVoice(FliteVoice() if flite.is_available() else espeak, espeak)
    try:
        yield voice
    finally:
        await voice.aclose()
