"""What a provider's file offers: a recogniser, a model, a voice, and a check of each.

A file under `providers/` declares one `PROVIDER`; its name is the key by which settings choose it. What is opened once
serves all calls; `service` makes the pipecat service of one call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from bot.playbook import Playbook
from bot.settings import Settings


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

    def turn_strategies(self) -> UserTurnStrategies:
        """How turns are told apart with this recogniser."""
        ...


class Model(Protocol):
    """A language model, opened for all calls."""

    def service(self) -> LLMService[Any]:
        """The model of one call. It takes `PlanFrame`s that carry messages."""
        ...


class Voice(Protocol):
    """Speech synthesis, opened for all calls."""

    def service(self, *, language: str) -> TTSService:
        """The voice of one call that begins in `language`."""
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
