"""The server as people start it: ten calls at once, its health, its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rehearsal.caller_script import AfterBot, IntoBot, Press, Say, Step, UntilServerHangsUp
from rehearsal.line import CallResult, EndedBy
from rehearsal.standins.profile import LatencyProfile
from tests.calls.serve_process import ServeProcess, serving
from tests.calls.stage import Vendors, vendors_on_loopback


def _scripts(vendors: Vendors) -> list[list[Step]]:
    price, leave, stop = (
        vendors.voice(text)
        for text in ("How much does it cost?", "No thanks, goodbye.", "Please take me off your list.")
    )
    asks: list[Step] = [
        Say(text="price", audio=price, when=IntoBot(seconds=1.5)),
        Say(text="leave", audio=leave, when=AfterBot(gap_seconds=0.5)),
        UntilServerHangsUp(),
    ]
    refuses: list[Step] = [Say(text="stop", audio=stop, when=IntoBot(seconds=2.5)), UntilServerHangsUp()]
    presses: list[Step] = [Press(digits="9", when=IntoBot(seconds=2.0)), UntilServerHangsUp()]
    return [asks] * 5 + [refuses] * 3 + [presses] * 2


async def test_ten_calls_at_once_and_a_clean_end(tmp_path: Path) -> None:
    async with vendors_on_loopback(profile=LatencyProfile.named("constant")) as (vendors, addresses):
        scripts = _scripts(vendors)
        # Speech made ahead of calls has a socket of its own, which does not end with them.
        async with serving(tmp_path, {**addresses, "NGX_VOICE_CACHE_WARM": "0"}) as server:
            assert (await server.get("/readyz")).json() == {"ready": True, "degraded": []}
            results = await asyncio.gather(*(_ring(server, steps, number) for number, steps in enumerate(scripts)))
            for result in results:
                _assert_served(result)
            for result in results[:5]:
                asked = result.caller[0].end
                assert any(talk.end > asked + 1.0 for talk in result.bot), "a question went unanswered"
            assert await _settles(server)
            assert await server.metric("ngx_calls_total") == 10
            assert await server.metric("ngx_calls_total", outcome="not_interested") == 5
            assert await server.metric("ngx_calls_total", outcome="opted_out") == 5
            assert await server.metric("ngx_provider_errors_total") == 0
            assert await server.metric("ngx_latency_seconds_count", stage="greeting") == 10
            assert (await server.get("/healthz")).json() == {"alive": True}
            assert (await server.get("/readyz")).status_code == 200
            assert not any(session.is_open for session in vendors.deepgram.sessions)
            assert not any(stream.is_open for stream in vendors.elevenlabs.streams)
            assert await server.stop() == 0, server.log.read_text()


async def _ring(server: ServeProcess, steps: list[Step], number: int) -> CallResult:
    """The calls come in a third of a second apart and then go on side by side."""
    await asyncio.sleep(number * 0.35)
    return await server.ring(steps, caller=f"+121255501{number:02d}")


def _assert_served(result: CallResult) -> None:
    """Greeted soon, hung up by the server with a goodbye heard to its end."""
    assert result.ended.by is EndedBy.SERVER, result.ended
    assert result.ended.reason == "<Hangup/>"
    assert result.greeting_seconds is not None and result.greeting_seconds < 5.0
    assert not result.warnings, result.warnings


async def _settles(server: ServeProcess) -> bool:
    for _ in range(100):
        if await server.metric("ngx_live_calls") == 0:
            return True
        await asyncio.sleep(0.1)
    return False
