"""From a plan to sentences: the model's words, each past the guard, or the playbook's ready ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from bot.conversation import TurnPlan
from bot.guard import Guard, Replaced
from bot.metrics import LatencyStage, Metrics
from bot.sentences import SentenceSplitter
from pipelines.caller_wait import CallerWait, Patience
from pipelines.frames import ModelFailedFrame, PlanFrame, ReplyEndFrame

MODEL_PATIENCE = Patience(usual=1.2, by=1.4, least=0.5)
"""What a model may take for its first token before the ready words are spoken in its place.

That comes within 0.85 s at the 95th percentile; a voice that fails next must still have its time.
"""

SENTENCE_SECONDS = 0.5
"""What it may take from there to its first whole sentence; 25 words at 80 tokens a second take 0.4 s."""


class Wording(FrameProcessor):
    """Speaks each plan once. What the model says late, or after an interruption, is dropped."""

    def __init__(self, guard: Guard, metrics: Metrics, *, on_model_late: Callable[[], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._guard = guard
        self._measures = metrics
        self._on_model_late = on_model_late
        self._plan: TurnPlan | None = None
        self._reply_id = 0
        self._splitter = SentenceSplitter()
        self._spoken = 0
        self._asked_at = 0.0
        self._first_token_seen = False
        self._deadline: asyncio.Task[None] | None = None
        self._wait = CallerWait()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Plans and the model's words turn into sentences to speak; other frames pass."""
        await super().process_frame(frame, direction)
        match frame:
            case PlanFrame():
                await self.push_frame(frame, direction)
                await self._begin(frame)
            case LLMTextFrame():
                await self._take(frame.text)
            case LLMFullResponseStartFrame():
                pass
            case LLMFullResponseEndFrame():
                await self._model_done()
            case ModelFailedFrame():
                await self._fall_back()
            case InterruptionFrame():
                await self._forget()
                await self.push_frame(frame, direction)
            case _:
                self._note_voice(frame)
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the deadline, if any."""
        await super().cleanup()
        await self._forget()

    def _note_voice(self, frame: Frame) -> None:
        match frame:
            case VADUserStartedSpeakingFrame():
                self._wait.voice_started()
            case VADUserStoppedSpeakingFrame():
                self._wait.voice_stopped(at=time.monotonic() - frame.stop_secs)
            case _:
                pass

    async def _begin(self, frame: PlanFrame) -> None:
        await self._forget()
        self._reply_id = frame.reply_id
        if frame.messages is None:
            await self._speak_ready(frame.plan.sentences)
            return
        self._plan = frame.plan
        self._asked_at = time.monotonic()
        await self._set_deadline(self._wait.grant(MODEL_PATIENCE, now=self._asked_at))

    async def _take(self, text: str) -> None:
        if self._plan is None:
            return
        if not self._first_token_seen:
            self._first_token_seen = True
            self._measures.latency(LatencyStage.LLM_FIRST_TOKEN, seconds=time.monotonic() - self._asked_at)
            await self._set_deadline(SENTENCE_SECONDS)
        for sentence in self._splitter.push(text):
            await self._check_and_speak(sentence)

    async def _check_and_speak(self, sentence: str) -> None:
        plan = self._plan
        if plan is None:
            return
        await self._cancel_deadline()
        verdict = self._guard.check(sentence, plan=plan, state=plan.state)
        if isinstance(verdict, Replaced):
            self._measures.guard_replacement(verdict.reason)
            # What the model meant to say next may build on what was taken out.
            self._plan = None
            await self._speak_ready(plan.sentences)
            return
        self._spoken += 1
        await self.push_frame(TTSSpeakFrame(text=verdict.text, append_to_context=False))

    async def _model_done(self) -> None:
        for sentence in self._splitter.flush():
            await self._check_and_speak(sentence)
        plan, self._plan = self._plan, None
        if plan is None:
            return
        await self._cancel_deadline()
        if self._spoken:
            await self.push_frame(ReplyEndFrame(reply_id=self._reply_id))
        else:
            await self._speak_ready(plan.sentences)

    async def _fall_back(self) -> None:
        """The model is out for this turn: ready words, or an end to what was already said."""
        plan, self._plan = self._plan, None
        if plan is None:
            return
        await self._cancel_deadline()
        await self._speak_ready(plan.sentences if not self._spoken else ())

    async def _expire(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._deadline = None
        self._on_model_late()
        await self._fall_back()

    async def _speak_ready(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            await self.push_frame(TTSSpeakFrame(text=sentence, append_to_context=False))
        await self.push_frame(ReplyEndFrame(reply_id=self._reply_id))

    async def _forget(self) -> None:
        self._plan = None
        self._splitter = SentenceSplitter()
        self._spoken = 0
        self._first_token_seen = False
        await self._cancel_deadline()

    async def _set_deadline(self, seconds: float) -> None:
        await self._cancel_deadline()
        self._deadline = self.create_task(self._expire(seconds))

    async def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            deadline, self._deadline = self._deadline, None
            await self.cancel_task(deadline)
