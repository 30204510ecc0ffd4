"""The embedded engines: pocketsphinx hears, flite or espeak-ng speaks, ready sentences stand in for a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from bot.playbook import Playbook
from bot.settings import Settings
from pipelines.embedded import flite
from pipelines.embedded.language_model import LanguageModelError
from pipelines.embedded.playbook_model import playbook_language_model
from pipelines.embedded.recogniser import RecogniserLost, RecogniserOptions, RecogniserPool
from pipelines.embedded.voice import EmbeddedVoice, SpeechChunk
from pipelines.embedded.voices import open_embedded_voice
from pipelines.processors.embedded_recogniser import EmbeddedRecogniser
from pipelines.processors.embedded_speech import EmbeddedSpeech
from pipelines.provider import Check, Provider, ProviderError, ProviderKind, Synthesiser

HEARS = "en"
"""The only language the embedded recogniser knows."""


class PooledRecogniser:
    """Places in a pool of recogniser processes."""

    tells_turns = False

    def __init__(self, pool: RecogniserPool) -> None:
        self._pool = pool

    @property
    def call_limit(self) -> int | None:
        """As many calls as the pool has places."""
        return self._pool.options.max_streams

    def service(self, *, language: str) -> EmbeddedRecogniser:
        """The recogniser of one call; it hears English whatever the call's language is."""
        return EmbeddedRecogniser(self._pool)


class PooledVoice:
    """The embedded voice, shared by all calls."""

    def __init__(self, voice: EmbeddedVoice) -> None:
        self._voice = voice

    @property
    def identity(self) -> str:
        """The engines: flite for English where it is installed, espeak-ng else."""
        return f"embedded {'flite' if flite.is_available() else 'espeak-ng'} espeak-ng"

    def service(self, *, language: str) -> EmbeddedSpeech:
        """The voice of one call."""
        return EmbeddedSpeech(self._voice, language=language)

    @asynccontextmanager
    async def synthesis(self) -> AsyncGenerator[Synthesiser]:
        """The same voice; it needs no connection."""

        def speak(text: str, *, language: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
            return self._voice.stream(text, lang=language, pace=pace)

        yield speak


@asynccontextmanager
async def _open_recogniser(settings: Settings, playbook: Playbook) -> AsyncIterator[PooledRecogniser]:
    try:
        model = await asyncio.to_thread(playbook_language_model, playbook, data_dir=settings.data_dir)
        async with RecogniserPool(model, options=RecogniserOptions()) as pool:
            yield PooledRecogniser(pool)
    except (LanguageModelError, RecogniserLost) as error:
        raise ProviderError(f"the embedded recogniser does not start: {error}") from error


@asynccontextmanager
async def _open_no_model(settings: Settings, playbook: Playbook) -> AsyncIterator[None]:
    yield None


@asynccontextmanager
async def _open_voice(settings: Settings, playbook: Playbook) -> AsyncIterator[PooledVoice]:
    async with open_embedded_voice() as voice:
        yield PooledVoice(voice)


async def _check(settings: Settings, playbook: Playbook, kind: ProviderKind) -> Check:
    name = f"{kind} embedded"
    match kind:
        case ProviderKind.STT:
            return Check(
                name=name,
                ok=True,
                detail="embedded: pocketsphinx, English only, 4 to 7 in 10 words of real people wrong",
                fix="set DEEPGRAM_API_KEY before real people call",
            )
        case ProviderKind.LLM:
            return Check(name=name, ok=True, detail="embedded: the playbook's ready sentences, no model")
        case ProviderKind.TTS:
            return await _check_voice(name, playbook)


async def _check_voice(name: str, playbook: Playbook) -> Check:
    async with open_embedded_voice() as voice:
        for language in playbook.languages:
            spoken = 0
            async for chunk in voice.stream("1, 2, 3.", lang=language):
                spoken += len(chunk.pcm)
            if spoken == 0:
                return Check(name=name, ok=False, detail=f"embedded: silent in {language}", fix="reinstall")
    return Check(name=name, ok=True, detail=f"embedded: speaks {', '.join(playbook.languages)}")


PROVIDER = Provider(
    chosen_by=None,
    configured=lambda settings: True,
    check=_check,
    stt=_open_recogniser,
    llm=_open_no_model,
    tts=_open_voice,
)
