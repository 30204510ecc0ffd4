"""Figures of latency at the caller's ear, with vendors as fast as they publish. Printed, not judged: run with -s."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest

from rehearsal.caller_script import AfterBot, HangUp, Say, Step
from rehearsal.line import CallResult
from rehearsal.standins.profile import LatencyProfile
from tests.calls.serve_process import ServeProcess, serving
from tests.calls.stage import vendors_on_loopback

LINES = ("How much does it cost?", "That is too expensive for me.", "I want to get stronger.")


@pytest.mark.soak
@pytest.mark.parametrize("calls", [1, 10])
async def test_greeting_and_answers(tmp_path: Path, calls: int) -> None:
    async with vendors_on_loopback(profile=LatencyProfile.named("constant")) as (vendors, addresses):
        steps: list[Step] = [
            Say(text=line, audio=vendors.voice(line), when=AfterBot(gap_seconds=0.5)) for line in LINES
        ]
        steps.append(HangUp(when=AfterBot(gap_seconds=0.5)))
        async with serving(tmp_path, addresses) as server:
            await server.ring([HangUp(when=AfterBot(gap_seconds=0.1))])
            results = await asyncio.gather(*(_ring(server, steps, number) for number in range(calls)))
    _report(f"{calls} at once", results)
    assert all(len(result.answers) == len(LINES) for result in results)


async def _ring(server: ServeProcess, steps: Sequence[Step], number: int) -> CallResult:
    await asyncio.sleep(0.35 * number)
    return await server.ring(steps)


def _report(title: str, results: Sequence[CallResult]) -> None:
    figures = {
        "webhook": [result.webhooks[0].seconds for result in results],
        "greeting": [result.greeting_seconds or 99.0 for result in results],
        "answer": [answer.seconds for result in results for answer in result.answers],
    }
    for name, seconds in figures.items():
        ordered = sorted(seconds)
        worst, p95 = ordered[-1], ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        median = statistics.median(ordered)
        print(f"\n{title}: {name} median {median:.2f} s, p95 {p95:.2f} s, worst {worst:.2f} s", end="")  # noqa: T201
    print(f"\n{title}: the lines' own lateness {max(result.lateness_ms for result in results):.0f} ms")  # noqa: T201
