"""What a provider's file offers: a recogniser, a model, a voice, and a check of each.

A file under `providers/` declares one `PROVIDER`; its name is the key by which settings choose it. What is opened once
serves all calls; `service` makes the pipecat service of one call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from bot.playbook import Playbook
from bot.settings import Settings
from pipelines.embedded.voice import SpeechChunk


class ProviderKind(StrEnum):
    """What a provider does in a call."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class ProviderError(Exception):
    """A provider cannot be used; says which, why, and what to do."""


class Recogniser(Protocol):
    """Speech recognition, opened for all calls."""

    @property
    def call_limit(self) -> int | None:
        """How many calls at once it can hear; None where it sets no limit."""
        ...

    def service(self, *, language: str) -> STTService:
        """The recogniser of one call that begins in `language`.

        Raises:
            ProviderError: it cannot take one more call.
        """
        ...

    @property
    def tells_turns(self) -> bool:
        """Whether it says itself when a turn is over, by meaning and melody, rather than by silence alone."""
        ...


class Model(Protocol):
    """A language model, opened for all calls."""

    def service(self) -> LLMService[Any]:
        """The model of one call. It takes `PlanFrame`s that carry messages."""
        ...


class Synthesiser(Protocol):
    """Speaks into a buffer, for work ahead of calls."""

    def __call__(self, text: str, *, language: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """Speak `text` as a call would hear it; `pace` 1.2 is a fifth faster. One text at a time.

        Raises:
            VoiceFailed: the voice cannot speak now; what came before is not to be kept.
        """
        ...


class Voice(Protocol):
    """Speech synthesis, opened for all calls."""

    @property
    def identity(self) -> str:
        """All that its sound depends on beside text, language and pace: provider, origin, voice, model; no secret."""
        ...

    def service(self, *, language: str) -> TTSService:
        """The voice of one call that begins in `language`."""
        ...

    def synthesis(self) -> AbstractAsyncContextManager[Synthesiser]:
        """A synthesiser that keeps one connection while the block lasts.

        Raises:
            VoiceFailed: it cannot be reached.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Check:
    """What doctor found: `fix` says what to do where `ok` is False."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


Recognition: TypeAlias = Callable[[Settings, Playbook], AbstractAsyncContextManager[Recogniser]]
Modelling: TypeAlias = Callable[[Settings, Playbook], AbstractAsyncContextManager[Model | None]]
Speaking: TypeAlias = Callable[[Settings, Playbook], AbstractAsyncContextManager[Voice]]
Checking: TypeAlias = Callable[[Settings, Playbook, ProviderKind], Awaitable[Check]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One file's offer. `chosen_by` is the environment name whose presence selects it, None for the embedded one."""

    chosen_by: str | None
    configured: Callable[[Settings], bool]
    check: Checking
    stt: Recognition | None = None
    llm: Modelling | None = None
    tts: Speaking | None = None

    def offers(self, kind: ProviderKind) -> bool:
        """Whether it can do `kind`."""
        return getattr(self, kind.value) is not None
