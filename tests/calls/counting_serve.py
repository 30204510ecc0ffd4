"""`ngx-voice serve` that tells its asyncio tasks on SIGUSR1: run as `python -m tests.calls.counting_serve`.

It has two faults built in, so that calls can end in a crash: the key * breaks a turn while it is planned, # breaks the
processor that takes keys. And what a plan asks for takes a moment, so that a call can end in the middle of it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pipecat.frames.frames import Frame, InputDTMFFrame
from pipecat.processors.frame_processor import FrameDirection

import pipelines.call_mind
from bot.actions import Action, Receipt
from bot.conversation import TurnPlan
from bot.tools.context import ToolContext
from bot.tools.running import run_actions
from pipelines.call_mind import CallMind
from pipelines.processors.seller import Seller
from telephony.cli import main

ACTION_SECONDS = 0.4


def _tell(*_: object) -> None:
    gc.collect()
    # Signal handlers run in the main thread between two callbacks of its loop.
    tasks = asyncio.all_tasks(asyncio.get_running_loop())
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    Path(os.environ["NGX_TEST_COUNTS"]).write_text(json.dumps({"tasks": len(tasks), "names": names}))


def _build_faults_in() -> None:
    process_frame, press = Seller.process_frame, CallMind.press

    async def crashing_process_frame(self: Seller, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, InputDTMFFrame) and frame.button.value == "#":
            raise RuntimeError("a crash in a processor, asked for by a test")
        await process_frame(self, frame, direction)

    async def crashing_press(self: CallMind, digit: str) -> TurnPlan:
        if digit == "*":
            raise RuntimeError("a crash in a turn, asked for by a test")
        return await press(self, digit)

    async def slow_actions(actions: Sequence[Action], context: ToolContext) -> tuple[Receipt, ...]:
        await asyncio.sleep(ACTION_SECONDS)
        return await run_actions(actions, context)

    Seller.process_frame = crashing_process_frame
    CallMind.press = crashing_press
    pipelines.call_mind.run_actions = slow_actions


if __name__ == "__main__":
    Path(os.environ["NGX_TEST_COUNTS"]).touch()
    signal.signal(signal.SIGUSR1, _tell)
    _build_faults_in()
    sys.argv = ["ngx-voice", "serve"]
    main()
