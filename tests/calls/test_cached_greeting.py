"""Whole calls whose first words were synthesised before anybody rang."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bot.domain import Outcome, Speaker
from bot.playbook import load_playbook
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Say, UntilServerHangsUp
from rehearsal.demo.stage import open_stage
from rehearsal.standins.profile import refuse
from tests.calls.stage import Service, Told, Vendors, until, vendors_on_loopback

PLAYBOOK = load_playbook("ngx")
GREETING = [
    sentence
    for key in ("notice.disclosure_inbound", "notice.storage", "open.inbound")
    for sentence in PLAYBOOK.sentences("en", key)
]
COLD = {"NGX_VOICE_CACHE_WARM": "0"}


@asynccontextmanager
async def started(
    vendors: Vendors, addresses: Mapping[str, str], data_dir: Path, environ: Mapping[str, str]
) -> AsyncIterator[Service]:
    """One start of a service; the vendors outlive it, as they do in life."""
    told = Told()
    async with open_stage(data_dir=data_dir, listener=told, environ={**addresses, **environ}) as stage:
        yield Service(stage=stage, vendors=vendors, told=told, data_dir=data_dir)


def requests_for(vendors: Vendors, sentences: list[str]) -> list[str]:
    """What the voice was asked to say over all its sockets, of `sentences`."""
    asked = [text.strip() for stream in vendors.elevenlabs.streams for text in stream.texts.values()]
    return [sentence for sentence in sentences if sentence in asked]


async def warm(vendors: Vendors, addresses: Mapping[str, str], data_dir: Path) -> None:
    """Start once, until the greetings of both languages are on disk."""
    async with started(vendors, addresses, data_dir, {}):
        assert await until(lambda: len(list((data_dir / "voice-cache").glob("*.speech"))) >= 14, seconds=30)
    assert requests_for(vendors, GREETING) == GREETING
    vendors.elevenlabs.streams.clear()


async def hits(service: Service) -> float:
    async with httpx.AsyncClient() as http:
        page = (await http.get(f"{service.stage.public_url}/metrics")).text
    (line,) = [line for line in page.splitlines() if line.startswith('ngx_voice_cache_total{result="hit"}')]
    return float(line.split()[-1])


async def test_after_a_restart_the_greeting_comes_from_the_cache(tmp_path: Path) -> None:
    async with vendors_on_loopback() as (vendors, addresses):
        await warm(vendors, addresses, tmp_path)
        async with started(vendors, addresses, tmp_path, COLD) as service:
            result = await service.ring(
                [Say(text="How much does it cost?", when=AfterBot(gap_seconds=0.3)), HangUp(when=IntoBot(seconds=1.5))]
            )
            assert await hits(service) >= len(GREETING)
            said = service.told.said_by(result.call_sid, Speaker.BOT)
            assert service.told.sentences[result.call_sid][: len(GREETING)] == GREETING
            assert said[0] == " ".join(GREETING)
        assert requests_for(vendors, GREETING) == []
        assert vendors.elevenlabs.streams, "the answer was not synthesised"


async def test_with_the_voice_away_the_greeting_sounds_and_the_call_goes_on(tmp_path: Path) -> None:
    async with vendors_on_loopback() as (vendors, addresses):
        await warm(vendors, addresses, tmp_path)
        vendors.elevenlabs.faults.set(refuse(503))
        async with started(vendors, addresses, tmp_path, {}) as service:
            result = await service.ring(
                [Say(text="Please take me off your list.", when=AfterBot(gap_seconds=0.4)), UntilServerHangsUp()]
            )
            assert service.told.said_by(result.call_sid, Speaker.BOT)[0] == " ".join(GREETING)
            assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT
            assert result.greeting_seconds is not None and result.greeting_seconds < 1.2


async def test_without_a_key_the_embedded_voice_is_kept_as_well(tmp_path: Path) -> None:
    async with vendors_on_loopback() as (vendors, addresses):
        addresses = {name: value for name, value in addresses.items() if not name.startswith("ELEVENLABS")}
        async with started(vendors, addresses, tmp_path, {}):
            assert await until(lambda: len(list((tmp_path / "voice-cache").glob("*.speech"))) >= 14, seconds=30)
        async with started(vendors, addresses, tmp_path, COLD) as service:
            result = await service.ring([HangUp(when=IntoBot(seconds=2.0))])
            assert await hits(service) >= len(GREETING)
            assert service.told.sentences[result.call_sid]
