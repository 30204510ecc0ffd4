"""What calls share: models, warm clients, stores; opened once, frozen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.analysis import Analyst
from bot.guard import Guard
from bot.metrics import Metrics
from bot.playbook import Playbook
from bot.settings import Settings
from bot.stores.records.protocol import Records
from bot.stores.sessions import Sessions
from pipelines.embedded.voice import EmbeddedVoice
from pipelines.embedded.voices import open_embedded_voice
from pipelines.events import CallListener
from pipelines.provider import Model, ProviderKind, Recogniser, Voice
from pipelines.provider_choice import EMBEDDED, choose_provider, load_provider
from pipelines.voice_activity import SileroModel

_DEGRADED_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class ProviderNames:
    """Who does what, for logs and metric labels."""

    stt: str
    llm: str
    tts: str


class Occupancy:
    """Calls in progress, and which providers failed lately."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.live = 0
        self._failed_at: dict[str, float] = {}

    def note_failure(self, provider: str) -> None:
        """`provider` has just failed a call."""
        self._failed_at[provider] = time.monotonic()

    def degraded(self) -> tuple[str, ...]:
        """The providers that failed within the last minute."""
        now = time.monotonic()
        return tuple(sorted(name for name, at in self._failed_at.items() if now - at < _DEGRADED_SECONDS))


def _nobody(_: object) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Everything a call needs beside its line."""

    settings: Settings
    playbook: Playbook
    records: Records
    sessions: Sessions
    metrics: Metrics
    analyst: Analyst
    guard: Guard
    silero: SileroModel
    recogniser: Recogniser
    model: Model | None
    voice: Voice
    fallback_voice: EmbeddedVoice | None
    names: ProviderNames
    occupancy: Occupancy
    listener: CallListener = field(default=_nobody)

    @property
    def live_calls(self) -> int:
        """Calls in progress in this process."""
        return self.occupancy.live

    def free_call_slots(self) -> int:
        """How many more calls this process can take."""
        return max(0, self.occupancy.limit - self.occupancy.live)

    def degraded(self) -> tuple[str, ...]:
        """The names of what does not work as it should."""
        return self.occupancy.degraded()


@asynccontextmanager
async def open_resources(
    settings: Settings,
    *,
    playbook: Playbook,
    records: Records,
    sessions: Sessions,
    metrics: Metrics,
    listener: CallListener | None = None,
) -> AsyncIterator[Resources]:
    """Open what calls share and close it at the end.

    Raises:
        ProviderError: a provider that settings name does not exist or cannot be opened.
        SettingsError: a provider's settings are malformed.
    """
    chosen = {kind: choose_provider(settings, kind) for kind in ProviderKind}
    async with AsyncExitStack() as stack:
        stt = load_provider(chosen[ProviderKind.STT].name).stt
        llm = load_provider(chosen[ProviderKind.LLM].name).llm
        tts = load_provider(chosen[ProviderKind.TTS].name).tts
        assert stt is not None and llm is not None and tts is not None  # noqa: S101 - choose_provider saw to it
        recogniser = await stack.enter_async_context(stt(settings, playbook))
        fallback = chosen[ProviderKind.TTS].name != EMBEDDED
        yield Resources(
            settings=settings,
            playbook=playbook,
            records=records,
            sessions=sessions,
            metrics=metrics,
            analyst=Analyst(playbook),
            guard=Guard(playbook),
            silero=SileroModel(),
            recogniser=recogniser,
            model=await stack.enter_async_context(llm(settings, playbook)),
            voice=await stack.enter_async_context(tts(settings, playbook)),
            fallback_voice=await stack.enter_async_context(open_embedded_voice()) if fallback else None,
            names=ProviderNames(
                stt=chosen[ProviderKind.STT].name,
                llm=chosen[ProviderKind.LLM].name,
                tts=chosen[ProviderKind.TTS].name,
            ),
            occupancy=Occupancy(min(settings.ngx_max_calls, recogniser.call_limit or settings.ngx_max_calls)),
            listener=listener or _nobody,
        )
