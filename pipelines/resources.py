"""What calls share: models, warm clients, stores; opened once, frozen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from bot.analysis import Analyst
from bot.analysis.floor import FloorJudge, LexicalFloorJudge
from bot.guard import Guard
from bot.metrics import Metrics
from bot.playbook import Playbook
from bot.settings import Flag, Section, Settings, setting
from bot.stores.records.protocol import Records
from bot.stores.sessions import Sessions
from pipelines.backup_hearing import HEARS, BackupHearing, open_backup_hearing
from pipelines.embedded.voice import EmbeddedVoice
from pipelines.embedded.voices import open_embedded_voice
from pipelines.events import CallListener
from pipelines.melody import TurnMelody, open_turn_melody
from pipelines.mouth import Speech
from pipelines.mulaw import without_tail
from pipelines.provider import Model, ProviderKind, Recogniser, Voice
from pipelines.provider_choice import EMBEDDED, ProviderStatus, choose_provider, load_provider
from pipelines.speech_cache import SpeechCache, playbook_sentences
from pipelines.speech_files import SpeechFiles
from pipelines.speech_warming import open_speech_cache
from pipelines.start_up import warm_imports
from pipelines.voice_activity import SileroModel

_DEGRADED_SECONDS = 60.0
_MEGABYTE = 1024 * 1024


class VoiceCacheSection(Section):
    """Speech that is synthesised ahead of calls and kept."""

    prefix: ClassVar[str] = "NGX_VOICE_CACHE_"
    warm: Flag = setting(True, means="synthesise the playbook's sentences ahead of calls", expects="0 or 1")
    disk_mb: Annotated[int, Field(ge=1, le=100_000)] = setting(
        256, means="megabytes of speech kept on disk", expects="a whole number from 1 to 100000"
    )


class BackupHearingSection(Section):
    """The embedded recogniser behind a provider's."""

    prefix: ClassVar[str] = "NGX_BACKUP_"
    hearing: Flag = setting(
        True, means="hear English callers with the embedded recogniser when the provider's fails", expects="0 or 1"
    )


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
    floor_judge: FloorJudge
    guard: Guard
    silero: SileroModel
    recogniser: Recogniser
    model: Model | None
    voice: Voice
    speech_cache: SpeechCache
    fallback_voice: EmbeddedVoice | None
    backup_hearing: BackupHearing | None
    melody: TurnMelody | None
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

    def find_opener(self, text: str, language: str, pace: float) -> Speech | None:
        """The sound of an opener that was synthesised ahead, up to its last sound; None where it was not."""
        found = self.speech_cache.get(text, language=language, pace=pace)
        return None if found is None else Speech(text=text, ulaw=without_tail(found.ulaw), words=found.words)

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
        await asyncio.to_thread(warm_imports)
        recogniser = await stack.enter_async_context(stt(settings, playbook))
        voice = await stack.enter_async_context(tts(settings, playbook))
        occupancy = Occupancy(min(settings.ngx_max_calls, recogniser.call_limit or settings.ngx_max_calls))
        fallback = chosen[ProviderKind.TTS].name != EMBEDDED
        yield Resources(
            settings=settings,
            playbook=playbook,
            records=records,
            sessions=sessions,
            metrics=metrics,
            analyst=Analyst(playbook),
            floor_judge=LexicalFloorJudge(),
            guard=Guard(playbook),
            silero=SileroModel(),
            recogniser=recogniser,
            model=await stack.enter_async_context(llm(settings, playbook)),
            voice=voice,
            speech_cache=await stack.enter_async_context(_open_speech_cache(settings, playbook, voice, occupancy)),
            fallback_voice=await stack.enter_async_context(open_embedded_voice()) if fallback else None,
            backup_hearing=await stack.enter_async_context(open_backup_hearing(playbook, data_dir=settings.data_dir))
            if _wants_backup(settings, playbook, chosen[ProviderKind.STT])
            else None,
            # A recogniser that tells turns apart hears melody itself.
            melody=None if recogniser.tells_turns else await stack.enter_async_context(open_turn_melody()),
            names=ProviderNames(
                stt=chosen[ProviderKind.STT].name,
                llm=chosen[ProviderKind.LLM].name,
                tts=chosen[ProviderKind.TTS].name,
            ),
            occupancy=occupancy,
            listener=listener or _nobody,
        )


def _wants_backup(settings: Settings, playbook: Playbook, recogniser: ProviderStatus) -> bool:
    wanted = settings.section(BackupHearingSection).hearing
    return wanted and not recogniser.embedded and HEARS in playbook.languages


def _open_speech_cache(
    settings: Settings, playbook: Playbook, voice: Voice, occupancy: Occupancy
) -> AbstractAsyncContextManager[SpeechCache]:
    section = settings.section(VoiceCacheSection)
    return open_speech_cache(
        SpeechCache(identity=voice.identity, sentences=playbook_sentences(playbook)),
        voice=voice,
        files=SpeechFiles(settings.data_dir / "voice-cache", limit_bytes=section.disk_mb * _MEGABYTE),
        live_calls=lambda: occupancy.live,
        synthesise=section.warm,
    )
