"""A whole service in one process for tests: the real door and pipelines, with stand-ins for every vendor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families

from bot.domain import Outcome, Speaker, Turn
from pipelines.events import CallEvent, CallOver, SentenceBegun, TurnTaken
from rehearsal.caller_script import ScriptedCaller, Step
from rehearsal.demo.stage import Stage, open_stage
from rehearsal.line import CallIdentity, CallResult, LineSettings, TwilioLine, WebhookClient
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.deepgram import DeepgramStandin
from rehearsal.standins.elevenlabs import ElevenLabsStandin
from rehearsal.standins.openai import OpenAIStandin
from rehearsal.standins.profile import LatencyProfile
from rehearsal.standins.server import serve
from rehearsal.standins.twilio_api import TwilioStandin
from rehearsal.voices import synthesise

KEY = "dummy-key-0123456789"


@dataclass
class Told:
    """What the service told its listener, by call."""

    turns: dict[str, list[Turn]] = field(default_factory=dict[str, list[Turn]])
    sentences: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    def __call__(self, event: CallEvent) -> None:
        match event:
            case TurnTaken(call_sid=sid, turn=turn):
                self.turns.setdefault(sid, []).append(turn)
            case SentenceBegun(call_sid=sid, text=text):
                self.sentences.setdefault(sid, []).append(text)
            case CallOver(call_sid=sid, outcome=outcome):
                self.outcomes[sid] = outcome

    def said_by(self, sid: str, speaker: Speaker) -> list[str]:
        """The texts of one side's turns."""
        return [turn.text for turn in self.turns.get(sid, []) if turn.speaker is speaker]


@dataclass
class Vendors:
    """The stand-ins; clips spoken through `voice` are known to the recogniser."""

    deepgram: DeepgramStandin
    openai: OpenAIStandin
    elevenlabs: ElevenLabsStandin
    twilio: TwilioStandin

    def voice(self, text: str, *, lang: str = "en") -> NDArray[np.int16]:
        """A caller's words as sound that the recogniser stand-in knows."""
        samples = synthesise(text, lang=lang)
        self.deepgram.book.add(np.array(samples), text, language=lang)
        return samples


@dataclass
class Service:
    """A running service and what it said."""

    stage: Stage
    vendors: Vendors
    told: Told
    data_dir: Path

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels."""
        async with httpx.AsyncClient(timeout=10) as client:
            text = (await client.get(f"{self.stage.public_url}/metrics")).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    async def ring(self, steps: Sequence[Step], *, lang: str = "en", caller: str = "+12125550143") -> CallResult:
        """Let a scripted caller ring; `Say` steps without audio are spoken and known to the recogniser."""
        settings = LineSettings(public_url=self.stage.public_url, auth_token=self.stage.auth_token)
        async with WebhookClient(settings=settings) as webhooks:
            line = TwilioLine(settings=settings, webhooks=webhooks, identity=CallIdentity(caller=caller))
            speak = lambda text: self.vendors.voice(text, lang=lang)  # noqa: E731
            return await line.call(caller=ScriptedCaller(steps=steps, speak=speak))


@asynccontextmanager
async def vendors_on_loopback(
    *, profile: LatencyProfile | None = None, keys: frozenset[str] | None = None
) -> AsyncIterator[tuple[Vendors, dict[str, str]]]:
    """The stand-ins, and the settings that point a service at them."""
    profile = profile or LatencyProfile.named("instant")
    vendors = Vendors(
        deepgram=DeepgramStandin(book=ClipBook(), profile=profile, keys=keys),
        openai=OpenAIStandin(profile=profile, keys=keys),
        elevenlabs=ElevenLabsStandin(profile=profile, keys=keys),
        twilio=TwilioStandin(),
    )
    async with AsyncExitStack() as stack:
        deepgram = await stack.enter_async_context(serve(vendors.deepgram))
        openai = await stack.enter_async_context(serve(vendors.openai))
        elevenlabs = await stack.enter_async_context(serve(vendors.elevenlabs))
        twilio = await stack.enter_async_context(serve(vendors.twilio))
        yield (
            vendors,
            {
                "DEEPGRAM_API_KEY": KEY,
                "DEEPGRAM_URL": deepgram.ws,
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": f"{openai.http}/v1",
                "ELEVENLABS_API_KEY": KEY,
                "ELEVENLABS_URL": elevenlabs.http,
                "TWILIO_API_URL": twilio.http,
                "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
            },
        )


@asynccontextmanager
async def open_service(
    data_dir: Path,
    *,
    environ: Mapping[str, str] | None = None,
    profile: LatencyProfile | None = None,
    keys: frozenset[str] | None = None,
) -> AsyncIterator[Service]:
    """A service with stand-ins; `environ` replaces their settings."""
    told = Told()
    async with vendors_on_loopback(profile=profile, keys=keys) as (vendors, addresses):
        # Speech made ahead would take the stand-ins' first connections, which faults count; a backup takes a core.
        quiet = {"NGX_VOICE_CACHE_WARM": "0", "NGX_BACKUP_HEARING": "0"}
        settings = {name: value for name, value in {**addresses, **quiet, **(environ or {})}.items() if value}
        async with open_stage(data_dir=data_dir, listener=told, environ=settings) as stage:
            yield Service(stage=stage, vendors=vendors, told=told, data_dir=data_dir)


async def until(condition, *, seconds: float = 5.0) -> bool:  # type: ignore[no-untyped-def]
    """Whether `condition()` became true in time."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return bool(condition())
