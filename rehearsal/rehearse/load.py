"""Makes many calls at once from one event loop, and watches what they cost the server."""

from __future__ import annotations

import asyncio
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rehearsal.line import (
    CallIdentity,
    CallResult,
    EndedBy,
    LineSettings,
    Phone,
    TwilioLine,
    WebhookClient,
)
from rehearsal.rehearse.caller import Deed, RehearsalCaller
from rehearsal.rehearse.cast import CastCall
from rehearsal.rehearse.process_usage import Usage, busy_seconds, usage_of
from rehearsal.rehearse.scenario import Kind

_WATCH_SECONDS = 3.0  # reading a process's memory holds it up for some milliseconds
_RAMP_SECONDS = 6.0
_FULL_SHARE = 0.8
_FAILED = frozenset({EndedBy.UNREACHABLE, EndedBy.REFUSED, EndedBy.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """A call that was made: what was planned, what its caller did, what the line saw."""

    cast: CastCall
    result: CallResult
    deeds: tuple[Deed, ...]
    missed: tuple[Kind, ...]

    @property
    def failure(self) -> str | None:
        """Why the call was no call, None where it was one."""
        ended = self.result.ended
        if ended.by in _FAILED:
            return f"{ended.by}: {ended.reason or ended.status}"
        if self.result.bot:
            return None
        said = re.findall(r"<Say[^>]*>([^<]*)", self.result.twiml[-1]) if self.result.twiml else []
        return f"nothing was heard of the bot: {ended.by} {ended.reason} {said[0] if said else ''}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the calls cost the server: shares of a core and MB, a call; None where it cannot be known."""

    core_per_call: float | None
    mb_per_call: float | None
    call_seconds: float
    most_at_once: int
    others_share: float | None = None
    """How much of the server's core others used, 0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    live: int
    usage: Usage


class LoadRun:
    """One run of calls against one server.

    `calls_at_once` are held until the list is through, or with `duration_seconds` until that long after the start,
    over and over again.
    """

    def __init__(
        self,
        *,
        settings: LineSettings,
        calls: Sequence[CastCall],
        calls_at_once: int,
        duration_seconds: float | None = None,
        server_pid: int | None = None,
        server_core: int | None = None,
        on_call: Callable[[MadeCall], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._at_once = max(1, min(calls_at_once, len(calls) if duration_seconds is None else calls_at_once))
        self._duration = duration_seconds
        self._pid = server_pid
        self._core = server_core
        self._on_call = on_call
        self._live = 0
        self._most = 0
        self._samples: list[_Sample] = []
        self.made: list[MadeCall] = []

    async def run(self) -> Cost:
        """Make all calls. Safe to cancel: the lines are dropped."""
        loop = asyncio.get_running_loop()
        until = None if self._duration is None else loop.time() + self._duration
        supply = self._supply(until)
        before = usage_of(self._pid) if self._pid else None
        began, busy = loop.time(), busy_seconds(self._core) if self._core is not None else None
        async with WebhookClient(settings=self._settings) as webhooks, asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(self._watch())
            async with asyncio.TaskGroup() as lines:
                for number in range(self._at_once):
                    lines.create_task(self._hold_line(number, supply, webhooks))
            watch.cancel()
        after = usage_of(self._pid) if self._pid else None
        cost = self._cost(before, after)
        if before is None or after is None or busy is None:
            return cost
        used = (busy_seconds(self._core) or 0.0) - busy - (after.cpu_seconds - before.cpu_seconds)
        return replace(cost, others_share=max(0.0, used) / (loop.time() - began))

    def _supply(self, until: float | None) -> Iterator[CastCall]:
        loop = asyncio.get_running_loop()
        if until is None:
            yield from self._calls
            return
        while loop.time() < until:
            for call in self._calls:
                if loop.time() >= until:
                    return
                yield call

    async def _hold_line(self, number: int, supply: Iterator[CastCall], webhooks: WebhookClient) -> None:
        """One call after another; the lines begin one by one, so that their callers do not speak in chorus."""
        await asyncio.sleep(number * min(0.37, _RAMP_SECONDS / self._at_once))
        for call in supply:
            self._live += 1
            self._most = max(self._most, self._live)
            try:
                made = await self._make(call, webhooks)
            finally:
                self._live -= 1
            self.made.append(made)
            self._on_call(made)

    async def _make(self, call: CastCall, webhooks: WebhookClient) -> MadeCall:
        caller = RehearsalCaller(call)
        country = "+34915" if call.language == "es" else "+1212"
        line = TwilioLine(
            settings=self._settings,
            webhooks=webhooks,
            identity=CallIdentity(caller=f"{country}555{call.number % 10000:04}"[:12]),
            phone=Phone(echo=call.echo),
        )
        result = await line.call(caller=caller)
        return MadeCall(cast=call, result=result, deeds=tuple(caller.deeds), missed=tuple(caller.missed))

    async def _watch(self) -> None:
        while self._pid is not None:
            await asyncio.sleep(_WATCH_SECONDS)
            live = self._live
            self._samples.append(_Sample(live=live, usage=await asyncio.to_thread(usage_of, self._pid)))

    def _cost(self, before: Usage | None, after: Usage | None) -> Cost:
        seconds = sum(made.result.seconds for made in self.made)
        core = memory = None
        if before is not None and after is not None and seconds > 0 and after.cpu_seconds >= before.cpu_seconds:
            core = (after.cpu_seconds - before.cpu_seconds) / seconds
            full = [sample for sample in self._samples if sample.live >= _FULL_SHARE * self._most and sample.live]
            if full:
                grown = [(sample.usage.memory_mb - before.memory_mb) / sample.live for sample in full]
                memory = statistics.median(grown)
        return Cost(core_per_call=core, mb_per_call=memory, call_seconds=seconds, most_at_once=self._most)
