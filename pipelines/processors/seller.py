"""The seller in the pipeline: what was heard goes to the call's mind, what it plans goes out to be spoken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from loguru import logger
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InputDTMFFrame,
    InterruptionFrame,
    StartFrame,
    UserStartedSpeakingFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from bot.conversation import TurnPlan
from bot.domain import Utterance
from bot.metrics import InterruptionKind, LatencyStage, Metrics
from pipelines.call_mind import CallMind
from pipelines.frames import (
    CallerTurnFrame,
    EmotionFrame,
    HearingLostFrame,
    LineGoneFrame,
    PlanFrame,
    PlayoutCutFrame,
    ReplyPlayedFrame,
    SentencePlayedFrame,
    SentenceStartedFrame,
    TierFrame,
)
from pipelines.reply import Reply
from pipelines.timers import Timers

SILENCE_SECONDS = 8.0
"""How long a caller may be silent after a reply before being asked again."""

CALL_SECONDS = 900.0
"""How long a call may last."""

UNSTARTED_SECONDS = 8.0
"""How long a reply may take to its first audio, all fallbacks included, before it is given up."""

UNFINISHED_SECONDS = 30.0
"""How long a sentence may take: more than the longest that the guard lets pass."""

_CUT_SECONDS = 1.0
"""How long the line's report of what was heard before an interruption is waited for."""

_LAST_TURN_SECONDS = 2.0
"""How long the end of the line waits for what the caller's last words set going."""

Think = Callable[[], Awaitable[TurnPlan]]


class Seller(FrameProcessor):
    """Turns of the caller in, plans out; keeps the ledger of what was heard; ends the call.

    `has_model` says whether plans may be worded by a model; `silence_seconds` tells how long ago the caller made the
    last sound. `on_over` is called once, when nothing is left to say or the line is gone. Only one turn is thought
    over at a time, by whichever task holds `_turn`; the task that handles system frames never waits for it.
    """

    def __init__(
        self,
        mind: CallMind,
        *,
        has_model: bool,
        metrics: Metrics,
        silence_seconds: Callable[[], float],
        on_over: Callable[[], None],
    ) -> None:
        super().__init__()
        self._mind = mind
        self._has_model = has_model
        self._measures = metrics
        self._silence_seconds = silence_seconds
        self._on_over = on_over
        self._reply: Reply | None = None
        self._reply_id = 0
        self._caller_stopped_at: float | None = None
        self._started_at = time.monotonic()
        self._greeted = False
        self._timers = Timers(self.create_task, run=self._guarded)
        self._asides: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._interruptions = 0
        self._cuts_due = 0
        self._cut_reported = asyncio.Event()
        self._saving: asyncio.Task[None] | None = None
        self._unsaved = False
        self._over = False
        self.line_gone = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Act on the frames that concern the talk; every frame but those meant for us alone passes."""
        await super().process_frame(frame, direction)
        ours = CallerTurnFrame | SentencePlayedFrame | ReplyPlayedFrame | SentenceStartedFrame | PlayoutCutFrame
        if not isinstance(frame, ours):
            await self.push_frame(frame, direction)
        match frame:
            case StartFrame():
                self._timers.set("limit", seconds=CALL_SECONDS, act=self._time_is_up)
                self._aside(lambda: self._take_turn(self._mind.start))
            case CallerTurnFrame():
                await self._answer(frame.utterance)
            case InputDTMFFrame():
                digit = frame.button.value
                self._aside(lambda: self._cut_in(lambda: self._mind.press(digit), kind=InterruptionKind.KEY))
            case HearingLostFrame():
                self._aside(lambda: self._cut_in(self._mind.lose_hearing))
            case LineGoneFrame():
                self.line_gone = True
                self._interrupted(None)
                self._aside(lambda: self._leave(frame.last_words))
            case CancelFrame() | EndFrame():
                self._timers.stop()
            case _:
                await self._follow(frame)

    async def _follow(self, frame: Frame) -> None:
        """Keep track of who is speaking and of what was heard."""
        match frame:
            case UserStartedSpeakingFrame() | VADUserStartedSpeakingFrame() | BotStartedSpeakingFrame():
                self._timers.cancel("silence")
            case InterruptionFrame():
                self._interrupted(InterruptionKind.BARGE_IN)
            case SentenceStartedFrame():
                self._note_start(frame)
            case SentencePlayedFrame():
                if self._reply is not None:
                    self._reply.note(frame.text, heard=frame.heard)
            case PlayoutCutFrame():
                self._cuts_due = max(0, self._cuts_due - 1)
                if not self._cuts_due:
                    self._cut_reported.set()
            case ReplyPlayedFrame() if frame.reply_id == self._reply_id:
                self._reply_played()
            case _:
                pass

    async def cleanup(self) -> None:
        """Release all timers and the save under way."""
        await super().cleanup()
        self._timers.stop()
        for task in (*self._asides, self._saving):
            if task is not None and not task.done():
                await self.cancel_task(task)

    # The caller's side

    async def _answer(self, utterance: Utterance | None) -> None:
        if utterance is None:
            await self._resume()
            return
        interrupted = self._reply is not None and self._reply.is_open and self._reply.cut
        self._caller_stopped_at = time.monotonic() - self._silence_seconds()
        await self._take_turn(lambda: self._mind.hear(utterance, interrupted=interrupted))

    async def _cut_in(self, think: Think, *, kind: InterruptionKind | None = None) -> None:
        """Take the floor at once, for a key or a matter of our own: what is being said is cut first."""
        if self._over:
            return
        self._interrupted(kind)
        await self.broadcast_interruption()
        await self._take_turn(think)

    async def _resume(self) -> None:
        """There was sound but no words: go on from the first sentence that was not heard to its end."""
        async with self._turn:
            if self._over:
                return
            await self._await_cut()
            reply = self._reply
            if reply is None or not reply.is_open:
                self._timers.set("silence", seconds=SILENCE_SECONDS, act=self._silent)
            elif reply.cut:
                self._measures.interruption(InterruptionKind.FALSE_START)
                rest = reply.rest()
                reply.go_on()
                if rest:
                    await self._push_plan(replace(reply.plan, sentences=rest), worded=False)
                else:
                    self._reply_played()

    async def _leave(self, last_words: Utterance | None) -> None:
        """The line is gone: finish what the caller's last words set going, then end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_TURN_SECONDS):
                while self.has_queued_frame(CallerTurnFrame):  # noqa: ASYNC110  rare: a turn that ended just now
                    await asyncio.sleep(0.01)
                async with self._turn:
                    await self._await_cut()
                    self._close_reply()
                    if last_words is not None and not self._over:
                        await self._mind.hear(last_words, interrupted=False)
        self._finish()

    async def _silent(self) -> None:
        await self._take_turn(lambda: self._mind.wait(SILENCE_SECONDS))

    async def _time_is_up(self) -> None:
        await self._cut_in(self._mind.time_is_up)

    # Our side

    async def _take_turn(self, think: Think) -> None:
        """Close what was being said, plan, and say it, unless the caller took the floor again meanwhile."""
        async with self._turn:
            if self._over:
                return
            await self._await_cut()
            self._close_reply()
            interruptions = self._interruptions
            plan = await think()
            self._timers.cancel("silence")
            self._reply = Reply(plan=plan, began_at=datetime.now(UTC))
            if self._mind.emotion is not None:
                await self.push_frame(EmotionFrame(emotion=self._mind.emotion))
            await self.push_frame(TierFrame(tier=plan.state.tier))
            if self._interruptions == interruptions:
                await self._push_plan(plan, worded=self._has_model)
            else:
                # A caller who spoke up while we were thinking keeps the floor; the plan is said if no words follow.
                self._reply.cut = True
            self._save()

    async def _push_plan(self, plan: TurnPlan, *, worded: bool) -> None:
        self._reply_id += 1
        self._timers.set("stalled", seconds=UNSTARTED_SECONDS, act=self._stalled)
        messages = self._mind.messages(plan) if worded else None
        await self.push_frame(PlanFrame(plan=plan, reply_id=self._reply_id, messages=messages))

    def _interrupted(self, kind: InterruptionKind | None) -> None:
        """An interruption is on its way to the line; its report of what was heard is due."""
        self._interruptions += 1
        self._cuts_due += 1
        self._cut_reported.clear()
        self._timers.cancel("stalled")
        if self._reply is not None and self._reply.is_open:
            self._reply.cut = True
            if kind is not None:
                self._measures.interruption(kind)

    async def _await_cut(self) -> None:
        """Until the line has told what was heard before the last interruption."""
        if not self._cuts_due:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_CUT_SECONDS):
                await self._cut_reported.wait()
        self._cuts_due = 0

    def _note_start(self, frame: SentenceStartedFrame) -> None:
        """A sentence begins; the first of a reply closes the caller's wait."""
        reply = self._reply
        self._timers.set("stalled", seconds=UNFINISHED_SECONDS, act=self._stalled)
        answer_ms = None
        if self._caller_stopped_at is not None:
            seconds = frame.at - self._caller_stopped_at
            self._caller_stopped_at = None
            answer_ms = round(seconds * 1000)
            self._measures.latency(LatencyStage.ANSWER, seconds=seconds)
        elif not self._greeted:
            self._measures.latency(LatencyStage.GREETING, seconds=frame.at - self._started_at)
        self._greeted = True
        if reply is not None:
            reply.answer_ms = answer_ms if answer_ms is not None else reply.answer_ms
            if not reply.started:
                reply.started, reply.began_at = True, datetime.now(UTC)
        self._mind.note_started(frame.text, answer_ms=answer_ms)

    async def _stalled(self) -> None:
        """Nothing of the reply comes, from whatever fault below: better the next step of the talk than a dead line."""
        reply = self._reply
        logger.error("a reply did not come to its end and is given up")
        self._interrupted(None)
        await self.broadcast_interruption()
        async with self._turn:
            await self._await_cut()
            if self._reply is reply:
                self._reply_played()

    def _reply_played(self) -> None:
        reply = self._reply
        self._close_reply()
        if reply is not None and reply.plan.ends_call:
            self._finish()
        else:
            self._timers.set("silence", seconds=SILENCE_SECONDS, act=self._silent)

    def _close_reply(self) -> None:
        """The reply under way is over: what was heard of it goes into memory, once."""
        self._timers.cancel("stalled")
        reply = self._reply
        if reply is None or not reply.is_open:
            return
        reply.is_open = False
        if reply.full:
            self._mind.note_spoken(
                heard=reply.heard,
                full=reply.full,
                interrupted=reply.cut,
                began_at=reply.began_at,
                answer_ms=reply.answer_ms,
            )
        self._save()

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self._close_reply()
            self._timers.stop()
            self._on_over()

    # Tasks beside the frames

    def _aside(self, act: Callable[[], Awaitable[None]]) -> None:
        """Act without holding up the frames behind this one."""
        task = self.create_task(self._guarded(act))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _guarded(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Exception as error:  # noqa: BLE001 - the boundary of a task: its fault must end the call, not its sound
            await self.push_error(f"a turn failed: {type(error).__name__}", exception=error)

    def _save(self) -> None:
        self._unsaved = True
        if self._saving is None or self._saving.done():
            self._saving = self.create_task(self._save_all())

    async def _save_all(self) -> None:
        while self._unsaved:
            self._unsaved = False
            await self._mind.save()
