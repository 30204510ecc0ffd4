"""The seller in the pipeline: what was heard goes to the call's mind, what it plans goes out to be spoken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputDTMFFrame,
    InterruptionFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from bot.conversation import TurnPlan
from bot.domain import Utterance
from bot.metrics import InterruptionKind, LatencyStage, Metrics
from pipelines.call_mind import CallMind, Considered
from pipelines.floor import Floor, same_words
from pipelines.frames import (
    CallerTurnFrame,
    EmotionFrame,
    HearingBackupFrame,
    HearingLostFrame,
    LineGoneFrame,
    PlanFrame,
    PrepareFrame,
    TierFrame,
    WithdrawFrame,
)
from pipelines.mouth import Mouth, Speech
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

OPENER_FROM_SECONDS = 0.25
"""An answer that will take at least so much longer begins with an opener."""

_LAST_TURN_SECONDS = 2.0
"""How long the end of the line waits for what the caller's last words set going."""

_USUAL_ANSWER_SECONDS = 0.7
"""What a model and a voice take to their first sound, until this call has shown it."""

_SMOOTHING = 0.3
_DISCARDS_FREE = 4
_DISCARDS_A_USE = 2

Think = Callable[[], Awaitable[TurnPlan]]
FindOpener = Callable[[str, str, float], Speech | None]
"""Text, language and pace to the sentence as it was synthesised ahead, if it was."""


@dataclass(frozen=True)
class _Ahead:
    """An answer that was begun before the caller's turn was over."""

    considered: Considered
    reply_id: int
    opener: Speech | None
    prompt_characters: int


class Seller(FrameProcessor):
    """Turns of the caller in, plans out; keeps the ledger of what was heard; ends the call.

    `has_model` says whether plans may be worded by a model; `find_opener` finds openers. `on_over` is called once, when
    nothing is left to say or the line is gone. Only one turn is thought over at a time, by whichever task holds
    `_turn`; the task that handles system frames never waits for it. It is the mouth's listener.
    """

    def __init__(
        self,
        mind: CallMind,
        *,
        floor: Floor,
        mouth: Mouth,
        find_opener: FindOpener,
        has_model: bool,
        metrics: Metrics,
        on_over: Callable[[], None],
    ) -> None:
        super().__init__()
        self._mind = mind
        self._floor = floor
        self._mouth = mouth
        self._find_opener = find_opener
        self._has_model = has_model
        self._measures = metrics
        self._on_over = on_over
        self._reply: Reply | None = None
        self._reply_id = 0
        self._ahead: _Ahead | None = None
        self._used = self._discarded = 0
        self._asked_at: float | None = None
        self._usual_seconds = _USUAL_ANSWER_SECONDS
        self._caller_stopped_at: float | None = None
        self._started_at = time.monotonic()
        self._greeted = False
        self._timers = Timers(self.create_task, run=self._guarded)
        self._asides: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._interruptions = 0
        self._cut_by_caller = False
        self._cut_unheard = False
        self._saving: asyncio.Task[None] | None = None
        self._unsaved = False
        self._over = False
        self.line_gone = False
        mouth.listen(self)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Act on the frames that concern the talk; every frame but those meant for us alone passes."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, CallerTurnFrame | PrepareFrame | WithdrawFrame):
            await self.push_frame(frame, direction)
        match frame:
            case StartFrame():
                self._timers.set("limit", seconds=CALL_SECONDS, act=self._time_is_up)
                self._aside(lambda: self._take_turn(self._mind.start))
            case PrepareFrame():
                await self._prepare(frame.utterance)
            case WithdrawFrame():
                await self._withdraw()
            case CallerTurnFrame():
                await self._answer(frame)
            case InterruptionFrame() if direction is FrameDirection.DOWNSTREAM:
                self._interrupted(InterruptionKind.BARGE_IN)
            case InputDTMFFrame():
                digit = frame.button.value
                self._aside(lambda: self._cut_in(lambda: self._mind.press(digit), kind=InterruptionKind.KEY))
            case HearingBackupFrame(silently=True):
                self._mind.note_poor_hearing()
            case HearingBackupFrame():
                self._aside(lambda: self._cut_in(self._mind.hear_poorly))
            case HearingLostFrame():
                self._aside(lambda: self._cut_in(self._mind.lose_hearing))
            case LineGoneFrame():
                self.line_gone = True
                self._interrupted(None)
                self._aside(lambda: self._leave(frame.last_words))
            case CancelFrame() | EndFrame():
                self._timers.stop()
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

    async def _prepare(self, utterance: Utterance) -> None:
        """Begin the answer before the turn is over; nothing of it is heard until it is."""
        if self._over or self._turn.locked() or self._ahead is not None or self._cut_unheard:
            return
        if self._reply is not None and self._reply.is_open and not self._reply.cut:
            return
        self._close_reply()
        considered = self._mind.consider(utterance, interrupted=self._cut_by_caller)
        plan = considered.plan
        if plan.actions:
            return  # what is to be done waits until the turn is over
        opener, messages = self._wording(plan, utterance)
        if messages is not None and self._discarded >= _DISCARDS_FREE + _DISCARDS_A_USE * self._used:
            return
        prompt = sum(len(message["content"]) for message in messages or ())
        self._reply_id += 1
        self._ahead = _Ahead(considered, self._reply_id, opener, prompt)
        self._asked_at = time.monotonic() if messages is not None else None
        self._mouth.expect(self._reply_id)
        await self.push_frame(PlanFrame(plan=plan, reply_id=self._reply_id, messages=messages))

    async def _withdraw(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return
        speech = self._mouth.drop(ahead.reply_id)
        self._asked_at = None
        if ahead.prompt_characters:
            self._discarded += 1
        self._measures.answer_ahead(
            used=False, prompt_characters=ahead.prompt_characters, speech_characters=len(speech)
        )
        await self.push_frame(InterruptionFrame())

    async def _answer(self, frame: CallerTurnFrame) -> None:
        now = time.monotonic()
        utterance = frame.utterance
        interrupted, self._cut_by_caller = self._cut_by_caller, False
        unheard, self._cut_unheard = self._cut_unheard, False
        self._caller_stopped_at = now - min(self._floor.quiet_seconds(now), SILENCE_SECONDS)
        ahead = self._ahead
        if ahead is not None and not same_words(ahead.considered.utterance.text, utterance.text):
            await self._withdraw()
            ahead = None
        if ahead is not None and await self._say_ahead(ahead):
            return
        if frame.continues and unheard:
            await self._stop_reply()
            self._forget_reply()
            before = self._mind.take_back()
            if before is not None:
                utterance = replace(utterance, text=f"{before.text} {utterance.text}")
        consider = self._mind.consider
        await self._take_turn(
            lambda: self._mind.hear(consider(utterance, interrupted=interrupted)), utterance=utterance
        )

    async def _cut_in(self, think: Think, *, kind: InterruptionKind | None = None) -> None:
        """Take the floor at once, for a key or a matter of our own: what is being said is cut first."""
        if self._over:
            return
        await self._withdraw()
        self._interrupted(kind)
        self._floor.bot_was_cut()
        await self._mouth.cut()
        await self.push_frame(InterruptionFrame())
        await self._take_turn(think)

    async def _leave(self, last_words: Utterance | None) -> None:
        """The line is gone: finish what the caller's last words set going, then end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_TURN_SECONDS):
                while self.has_queued_frame(CallerTurnFrame):  # noqa: ASYNC110  rare: a turn that ended just now
                    await asyncio.sleep(0.01)
                async with self._turn:
                    self._close_reply()
                    if last_words is not None and not self._over:
                        await self._mind.hear(self._mind.consider(last_words, interrupted=False))
        self._finish()

    async def _silent(self) -> None:
        quiet = self._floor.quiet_seconds(time.monotonic())
        if quiet < SILENCE_SECONDS - 1:
            self._timers.set("silence", seconds=SILENCE_SECONDS - quiet, act=self._silent)
            return
        await self._take_turn(lambda: self._mind.wait(SILENCE_SECONDS))

    async def _time_is_up(self) -> None:
        await self._cut_in(self._mind.time_is_up)

    # Our side

    async def _take_turn(self, think: Think, *, utterance: Utterance | None = None) -> None:
        """Close what was being said, plan, and say it, unless the caller took the floor again meanwhile."""
        async with self._turn:
            if self._over:
                return
            await self._withdraw()
            await self._stop_reply()
            self._close_reply()
            interruptions = self._interruptions
            plan = await think()
            await self._begin(plan)
            if self._interruptions != interruptions:
                self._cut(self._reply)
                return  # a caller who spoke up while we were thinking keeps the floor
            opener, messages = self._wording(plan, utterance)
            self._reply_id += 1
            self._asked_at = time.monotonic() if messages is not None else None
            self._mouth.expect(self._reply_id)
            await self.push_frame(PlanFrame(plan=plan, reply_id=self._reply_id, messages=messages))
            await self._release(opener)

    async def _say_ahead(self, ahead: _Ahead) -> bool:
        """The turn ended as expected: what was prepared is the answer, unless something happened that it ignores."""
        async with self._turn:
            if self._over:
                return True
            if self._ahead is not ahead or not self._mind.still_holds(ahead.considered):
                return False
            self._ahead = None
            self._used += 1 if ahead.prompt_characters else 0
            self._measures.answer_ahead(used=True)
            await self._begin(await self._mind.hear(ahead.considered))
            await self._release(ahead.opener)
            return True

    async def _begin(self, plan: TurnPlan) -> None:
        """A plan is ours to say."""
        self._timers.cancel("silence")
        self._reply = Reply(plan=plan, began_at=datetime.now(UTC))
        self._floor.next_reply(expects=plan.expects, language=plan.state.language)
        self._mouth.set_gain(plan.state.delivery.gain_db)
        if self._mind.emotion is not None:
            await self.push_frame(EmotionFrame(emotion=self._mind.emotion))
        await self.push_frame(TierFrame(tier=plan.state.tier))
        self._save()

    async def _release(self, opener: Speech | None) -> None:
        """Let the reply be heard, after an opener where it will take longer than people leave between turns."""
        self._timers.set("stalled", seconds=UNSTARTED_SECONDS, act=self._stalled)
        elapsed = time.monotonic() - self._asked_at if self._asked_at is not None else 0.0
        if self._usual_seconds - elapsed < OPENER_FROM_SECONDS:
            opener = None
        await self._mouth.release(self._reply_id, opener=opener)

    def _wording(
        self, plan: TurnPlan, utterance: Utterance | None
    ) -> tuple[Speech | None, list[dict[str, str]] | None]:
        """The opener and the model's messages for a plan; neither where its ready words are spoken."""
        if not self._has_model or plan.approved:
            return None, None
        state = plan.state
        opener = self._find_opener(plan.opener, state.language, state.delivery.pace) if plan.opener else None
        return opener, self._mind.messages(plan, utterance, opener=opener.text if opener else None)

    def _interrupted(self, kind: InterruptionKind | None) -> None:
        """What is being said is cut."""
        self._interruptions += 1
        self._timers.cancel("stalled")
        reply = self._reply
        if reply is not None and reply.is_open and not reply.cut:
            self._cut(reply)
            if kind is not None:
                self._measures.interruption(kind)
            if kind is InterruptionKind.BARGE_IN:
                self._cut_by_caller = True
                self._cut_unheard = not self._mouth.heard_any

    @staticmethod
    def _cut(reply: Reply | None) -> None:
        if reply is not None:
            reply.cut = True

    async def _stop_reply(self) -> None:
        """What is still under way gives place to what comes now."""
        if self._reply is not None and self._reply.is_open and not self._reply.cut:
            self._cut(self._reply)
            await self._mouth.cut()
            await self.push_frame(InterruptionFrame())

    # What the caller hears: the mouth's listener

    def sentence_started(self, text: str, *, at: float) -> None:
        """A sentence begins; the first of a reply closes the caller's wait."""
        reply = self._reply
        self._timers.set("stalled", seconds=UNFINISHED_SECONDS, act=self._stalled)
        answer_ms = None
        if self._caller_stopped_at is not None:
            seconds = at - self._caller_stopped_at
            self._caller_stopped_at = None
            answer_ms = round(seconds * 1000)
            self._measures.latency(LatencyStage.ANSWER, seconds=seconds)
        elif not self._greeted:
            self._measures.latency(LatencyStage.GREETING, seconds=at - self._started_at)
        self._greeted = True
        if reply is not None:
            reply.answer_ms = answer_ms if answer_ms is not None else reply.answer_ms
            if not reply.started:
                reply.started, reply.began_at = True, datetime.now(UTC)
        self._mind.note_started(text, answer_ms=answer_ms)

    def sentence_played(self, text: str, *, heard: str) -> None:
        """A sentence is over: what of it was heard."""
        if self._reply is not None:
            self._reply.note(text, heard=heard)

    def reply_played(self, reply_id: int) -> None:
        """A whole reply was heard."""
        if reply_id == self._reply_id:
            self._reply_played()

    async def _stalled(self) -> None:
        """Nothing of the reply comes, from whatever fault below: better the next step of the talk than a dead line."""
        reply = self._reply
        logger.error("a reply did not come to its end and is given up")
        self._interrupted(None)
        await self._mouth.cut()
        await self.push_frame(InterruptionFrame())
        async with self._turn:
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
        self._learn_pace()
        if reply.full:
            self._mind.note_spoken(
                heard=reply.heard,
                full=reply.full,
                interrupted=reply.cut,
                began_at=reply.began_at,
                answer_ms=reply.answer_ms,
            )
        self._save()

    def _forget_reply(self) -> None:
        """Nothing was heard of the reply, and its turn is taken back: it never was."""
        if self._reply is not None:
            self._reply.is_open = False

    def _learn_pace(self) -> None:
        first = self._mouth.first_audio_at
        if self._asked_at is not None and first is not None and first > self._asked_at:
            self._usual_seconds += _SMOOTHING * (first - self._asked_at - self._usual_seconds)
        self._asked_at = None

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
