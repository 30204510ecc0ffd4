"""Named timers of one processor: each fires once, none outlives its processor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Act = Callable[[], Awaitable[None]]


class Timers:
    """Setting a name again replaces its timer.

    `create_task` is the processor's own, so that pipecat knows the tasks; `run` carries out what is due and answers
    for its faults.
    """

    def __init__(
        self,
        create_task: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        *,
        run: Callable[[Act], Awaitable[None]],
    ) -> None:
        self._create_task = create_task
        self._run = run
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def set(self, name: str, *, seconds: float, act: Act) -> None:
        """Call `act` once in `seconds`."""

        async def fire() -> None:
            await asyncio.sleep(seconds)
            self._tasks.pop(name, None)  # from here on it is no timer any more: cancelling the name leaves it alone
            await self._run(act)

        self.cancel(name)
        self._tasks[name] = self._create_task(fire())

    def cancel(self, name: str) -> None:
        """Drop a timer; harmless where it is not set. One that has fired goes on."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()

    def stop(self) -> None:
        """Drop all."""
        for name in tuple(self._tasks):
            self.cancel(name)
