"""Long runs: hundreds of calls that end in every way must leave a server as it was. `make soak`, figures with -s."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipelines.embedded.recogniser import RecogniserOptions
from rehearsal.caller_script import (
    AfterBot,
    At,
    HangUp,
    IntoBot,
    Press,
    Say,
    ScriptedCaller,
    Step,
    UntilServerHangsUp,
    Wait,
)
from rehearsal.line import Phone, TwilioLine
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, Fault, FaultScript, LatencyProfile, closed, refuse, slow
from tests.calls.counting_serve import ACTION_SECONDS
from tests.calls.serve_process import COUNTING_COMMAND, ServeProcess, Usage, serving
from tests.calls.stage import Vendors, vendors_on_loopback

_FAULTS: tuple[Fault, ...] = (slow(2000.0), HALF_OPEN, refuse(500), refuse(429), MALFORMED, closed(after_messages=4))
_RELEASE_SECONDS = 2.0
_LIMIT_SECONDS = 8.0
"""At most this long is a call of the soak, whatever its script."""


def _scripts(vendors: Vendors) -> list[list[Step]]:
    """Ways of ending a call within five to eight seconds."""
    price, stop, okay = (
        vendors.voice(text) for text in ("How much does it cost?", "Please take me off your list.", "Okay.")
    )
    ask = Say(text="price", audio=price, when=IntoBot(seconds=1.0))
    return [
        [Say(text="stop", audio=stop, when=IntoBot(seconds=1.0)), UntilServerHangsUp()],
        [Press(digits="9", when=IntoBot(seconds=1.5)), UntilServerHangsUp()],
        [HangUp(when=At(seconds=5.0))],
        [HangUp(when=At(seconds=0.15))],  # before the greeting
        [HangUp(when=IntoBot(seconds=1.0))],  # in the greeting
        [ask, Wait(seconds=0.15), HangUp()],  # the answer is held ahead of its time
        [Say(text="okay", audio=okay, when=IntoBot(seconds=1.0)), HangUp()],  # in a pause of the bot
        [Press(digits="9", when=IntoBot(seconds=1.0)), Wait(seconds=ACTION_SECONDS / 2), HangUp()],  # in a tool's work
        [Press(digits="*", when=IntoBot(seconds=1.0)), UntilServerHangsUp()],  # a crash in a turn
        [Press(digits="#", when=IntoBot(seconds=1.0)), UntilServerHangsUp()],  # a crash in a processor
        [ask, HangUp(when=IntoBot(seconds=1.5))],
        [ask, HangUp(when=AfterBot(gap_seconds=0.3))],
        [ask, HangUp(when=At(seconds=5.0))],
    ]


async def _call(server: ServeProcess, steps: list[Step], *, vanish: bool) -> str:
    """One call; returns how it ended. One that vanishes drops its connection without a word."""
    settings = server.line_settings(limit_seconds=_LIMIT_SECONDS)
    line = TwilioLine(settings=settings, webhooks=server.webhooks, phone=Phone(keep_audio=False))
    call = asyncio.create_task(line.call(caller=ScriptedCaller(steps=steps)))
    if vanish:
        await asyncio.sleep(5.0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return "vanished"
    return (await call).ended.by.value


async def _calls(
    server: ServeProcess,
    scripts: list[list[Step]],
    *,
    count: int,
    at_once: int,
    chance: random.Random,
    before: Callable[[int], None] = lambda number: None,
) -> Counter[str]:
    """So many calls, `at_once` of them at a time; all is released soon after each round."""
    endings: Counter[str] = Counter()

    async def ring(number: int, place: int) -> None:
        await asyncio.sleep(0.3 * place)
        before(number)
        endings[await _call(server, scripts[number % len(scripts)], vanish=chance.random() < 0.1)] += 1

    for first in range(0, count, at_once):
        async with asyncio.TaskGroup() as callers:
            for place, number in enumerate(range(first, min(count, first + at_once))):
                callers.create_task(ring(number, place))
        await _released(server)
    return endings


async def _released(server: ServeProcess) -> None:
    """No place of a call is taken any more within the promised time."""
    began = time.monotonic()
    while live := await server.metric("ngx_live_calls"):
        assert time.monotonic() - began <= _RELEASE_SECONDS, f"{live:g} calls are still held"
        await asyncio.sleep(0.05)


async def _at_rest(server: ServeProcess) -> Usage:
    """What the server holds once its calls are over and idle connections have had time to go."""
    async with asyncio.timeout(60):
        while await server.metric("ngx_live_calls"):  # noqa: ASYNC110  another process has no event
            await asyncio.sleep(0.2)
    await asyncio.sleep(8.0)
    return await server.usage()


def _show(title: str, usage: Usage) -> None:
    print(f"\n{title}: {usage}", end="", flush=True)  # noqa: T201


def _assert_no_growth(before: Usage, after: Usage) -> None:
    assert before.tasks is not None and after.tasks is not None
    assert after.tasks <= before.tasks + 2, "asyncio tasks grow"
    # The database's pool and the loop's executor grow with the highest load so far, up to a bound of their own.
    assert after.threads <= before.threads + 6, "threads grow"
    assert after.descriptors <= before.descriptors + 12, "descriptors grow"
    assert after.sockets <= before.sockets + 4, "sockets grow"
    # The backup recogniser's processes start with the first call that needs them, and stay.
    assert after.children <= before.children + RecogniserOptions().workers, "processes grow"
    assert after.memory_mb - before.memory_mb < 20.0, "memory grows"


def _sow_faults(vendors: Vendors, chance: random.Random) -> Callable[[int], None]:
    """Every fourth call meets a vendor that misbehaves."""
    scripts: tuple[FaultScript, ...] = (vendors.deepgram.faults, vendors.openai.faults, vendors.elevenlabs.faults)

    def sow(number: int) -> None:
        if number % 4 == 3:
            chance.choice(scripts).on(1, chance.choice(_FAULTS))

    return sow


@asynccontextmanager
async def _counted(folder: Path, environ: Mapping[str, str]):  # type: ignore[no-untyped-def]
    async with serving(folder, environ, command=COUNTING_COMMAND) as server:
        yield server
        assert await server.stop() == 0, server.log.read_text()[-3000:]


async def _soak(
    server: ServeProcess,
    scripts: list[list[Step]],
    *,
    warm: int,
    count: int,
    at_once: int,
    sow: Callable[[int], None] = lambda number: None,
) -> None:
    chance = random.Random(1)
    began = time.monotonic()
    endings = await _calls(server, scripts, count=warm, at_once=at_once, chance=chance, before=sow)
    before = await _at_rest(server)
    _show(f"after {warm} calls", before)
    endings += await _calls(server, scripts, count=count - warm, at_once=at_once, chance=chance, before=sow)
    after = await _at_rest(server)
    _show(f"after {count} calls", after)
    _show(f"{dict(endings)} in {time.monotonic() - began:.0f} s; then", after)
    assert await server.metric("ngx_calls_total") == count
    assert await server.metric("ngx_calls_total", outcome="failed") > 0, "no call crashed"
    assert endings.total() == count and not endings["refused"] and not endings["unreachable"]
    _assert_no_growth(before, after)


@pytest.mark.soak
async def test_two_hundred_calls_ten_at_a_time(tmp_path: Path) -> None:
    async with vendors_on_loopback(profile=LatencyProfile.named("constant")) as (vendors, addresses):
        scripts = _scripts(vendors)
        # Speech made ahead would be memory that grows with time, not with calls.
        async with _counted(tmp_path, {**addresses, "NGX_VOICE_CACHE_WARM": "0"}) as server:
            await _soak(server, scripts, warm=40, count=200, at_once=10, sow=_sow_faults(vendors, random.Random(2)))
            assert not any(session.is_open for session in vendors.deepgram.sessions)
            assert not any(stream.is_open for stream in vendors.elevenlabs.streams)


@pytest.mark.soak
async def test_the_embedded_engines_four_calls_at_a_time(tmp_path: Path) -> None:
    async with vendors_on_loopback() as (vendors, addresses):
        twilio = {name: value for name, value in addresses.items() if name.startswith("TWILIO_")}
        async with _counted(tmp_path, twilio) as server:
            await _soak(server, _scripts(vendors), warm=8, count=32, at_once=4)
