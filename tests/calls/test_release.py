"""However a call ends, nothing of it stays: tasks, threads, sockets to the vendors, places."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from pathlib import Path

from rehearsal.caller_script import AfterBot, At, HangUp, IntoBot, Press, Say, ScriptedCaller, Step, UntilServerHangsUp
from rehearsal.line import CallIdentity, CallResult, LineSettings, TwilioLine, WebhookClient
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, closed, refuse
from tests.calls.stage import Service, open_service, until

_WELL_KNOWN_SECONDS = 2.0
"""Within this everything of a call is gone."""


def _tasks() -> Counter[str]:
    return Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())


def _scripts(service: Service) -> dict[str, list[Step]]:
    price, stop = (service.vendors.voice(text) for text in ("How much does it cost?", "Please take me off your list."))
    ask = Say(text="price", audio=price, when=IntoBot(seconds=1.0))
    return {
        "the server hangs up": [Say(text="stop", audio=stop, when=IntoBot(seconds=1.0)), UntilServerHangsUp()],
        "key 9": [Press(digits="9", when=IntoBot(seconds=0.5)), UntilServerHangsUp()],
        "many keys": [Press(digits="1399", when=IntoBot(seconds=0.5)), UntilServerHangsUp()],
        "hung up at once": [HangUp()],
        "hung up before the greeting": [HangUp(when=At(seconds=0.15))],
        "hung up in the greeting": [HangUp(when=IntoBot(seconds=1.0))],
        "hung up while speaking": [ask, HangUp()],
        "hung up while we think": [ask, HangUp(when=At(seconds=3.6))],
        "hung up in the answer": [ask, HangUp(when=IntoBot(seconds=0.6))],
        "hung up after the answer": [ask, HangUp(when=AfterBot(gap_seconds=0.3))],
    }


async def _vanish(service: Service, *, seconds: float) -> None:
    """A caller whose connection breaks without a word."""
    settings = LineSettings(public_url=service.stage.public_url, auth_token=service.stage.auth_token)
    async with WebhookClient(settings=settings) as webhooks:
        line = TwilioLine(settings=settings, webhooks=webhooks, identity=CallIdentity())
        call = asyncio.create_task(line.call(caller=ScriptedCaller(steps=[UntilServerHangsUp()])))
        await asyncio.sleep(seconds)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


async def _ring(service: Service, steps: list[Step], place: int) -> CallResult:
    await asyncio.sleep(0.25 * place)
    return await service.ring(steps)


async def _nothing_left(service: Service, baseline: Counter[str], threads: set[str]) -> None:
    vendors = service.vendors

    def clean() -> bool:
        return (
            not any(session.is_open for session in vendors.deepgram.sessions)
            and not any(stream.is_open for stream in vendors.elevenlabs.streams)
            and not (_tasks() - baseline)
        )

    assert await until(clean, seconds=_WELL_KNOWN_SECONDS), _tasks() - baseline
    left = {thread.name for thread in threading.enumerate()} - threads
    # Pools that several calls share, bounded by themselves: the loop's executor, the database's.
    shared = ("asyncio_", "records-")
    assert not {name for name in left if not name.startswith(shared) and "_connection_worker" not in name}, left


async def test_every_way_of_ending_leaves_nothing(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        scripts = _scripts(service)
        await service.ring([HangUp(when=IntoBot(seconds=0.5))])
        await until(lambda: len(service.told.outcomes) == 1)
        await asyncio.sleep(1.0)
        baseline, threads = _tasks(), {thread.name for thread in threading.enumerate()}
        async with asyncio.TaskGroup() as calls:
            running = [calls.create_task(_ring(service, steps, place)) for place, steps in enumerate(scripts.values())]
            calls.create_task(_vanish(service, seconds=0.6))
            calls.create_task(_vanish(service, seconds=2.5))
        await _nothing_left(service, baseline, threads)
        ended = {name: call.result() for name, call in zip(scripts, running, strict=True)}
        begun = {name: result for name, result in ended.items() if result.streams}
        assert len(begun) == len(ended), {name: ended[name].ended for name in ended.keys() - begun.keys()}
        await until(lambda: all(result.call_sid in service.told.outcomes for result in begun.values()))
        assert not [name for name, result in begun.items() if result.call_sid not in service.told.outcomes]


async def test_calls_whose_vendors_fail_leave_nothing(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        scripts = _scripts(service)
        ask, leave = scripts["hung up after the answer"], scripts["hung up in the greeting"]
        vendors = service.vendors
        await service.ring(leave)
        await asyncio.sleep(1.0)
        baseline, threads = _tasks(), {thread.name for thread in threading.enumerate()}
        for number, fault in enumerate((closed(after_messages=3), refuse(500), HALF_OPEN, MALFORMED), start=1):
            vendors.deepgram.faults.on(number, fault)
            vendors.elevenlabs.faults.on(number + 2, fault)
        for number, fault in enumerate((refuse(429), HALF_OPEN, MALFORMED, closed(after_messages=2)), start=1):
            vendors.openai.faults.on(number, fault)
        await asyncio.gather(*(service.ring(steps) for steps in (ask, leave, ask, ask, leave, ask)))
        await _nothing_left(service, baseline, threads)
