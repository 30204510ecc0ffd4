"""The mind of one live call: the pure policy, with its actions carried out and its state kept."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from loguru import logger

from bot.actions import Receipt, TransferToPerson, action_name
from bot.analysis import Analyst
from bot.conversation import (
    CallStarted,
    CallState,
    Heard,
    HearingBackup,
    HearingLost,
    Key,
    NotUnderstood,
    Receipts,
    Said,
    Silence,
    TimeLimit,
    TurnPlan,
    final_outcome,
    new_state,
    note_spoken,
    plan_turn,
)
from bot.domain import Call, Emotion, Outcome, Utterance
from bot.metrics import LatencyStage, Metrics
from bot.playbook import Playbook
from bot.prompt import build_messages
from bot.stores.errors import StoreUnavailable
from bot.stores.records.protocol import Records
from bot.stores.sessions import Sessions, VersionConflict
from bot.tools.context import ToolContext
from bot.tools.running import run_actions
from pipelines.events import CallListener, CallOver, SentenceBegun, TurnTaken

_STORE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Considered:
    """An answer in mind: to what, and how. The caller need never hear it."""

    utterance: Utterance
    before: CallState
    plan: TurnPlan
    emotion: Emotion | None = None


class CallMind:
    """What is said next and what is remembered. One task at a time may call it."""

    def __init__(
        self,
        call: Call,
        *,
        playbook: Playbook,
        analyst: Analyst,
        records: Records,
        sessions: Sessions,
        metrics: Metrics,
        listener: CallListener,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.call = call
        self.state: CallState = new_state(playbook, direction=call.direction, language=call.language)
        self.emotion: Emotion | None = None
        self.transfer_to: str | None = None
        self.playbook = playbook
        self._analyst = analyst
        self._records = records
        self._sessions = sessions
        self._metrics = metrics
        self._listener = listener
        self._now = now
        self._version = 0
        self._told = 0
        self._utterance: Utterance | None = None
        self._before: CallState | None = None

    async def start(self) -> TurnPlan:
        """The first words of the call."""
        return await self._plan(CallStarted(direction=self.call.direction))

    def consider(self, utterance: Utterance, *, interrupted: bool) -> Considered:
        """What would be answered if the caller's turn were over with these words; changes nothing.

        `interrupted`: the bot was speaking when the caller began.
        """
        if not utterance.understood:
            plan = plan_turn(self.playbook, self.state, NotUnderstood(), self._now())
            return Considered(utterance=utterance, before=self.state, plan=plan)
        with self._metrics.timed(LatencyStage.PLAN):
            understanding = self._analyst.understand(
                utterance.text, hint=utterance.language, state=self.state, now=self._now()
            )
            said = Said(utterance=utterance, understanding=understanding, interrupted_bot=interrupted)
            plan = plan_turn(self.playbook, self.state, said, self._now())
        return Considered(utterance=utterance, before=self.state, plan=plan, emotion=understanding.emotion)

    def still_holds(self, considered: Considered) -> bool:
        """Whether nothing has happened since that the plan does not know of, such as a key."""
        return self.state is considered.before

    async def hear(self, considered: Considered) -> TurnPlan:
        """The caller's turn is over with the words that were considered: take the plan, with all it asks for."""
        if considered.emotion is not None:
            self.emotion = considered.emotion
            self._metrics.emotion(considered.emotion.label)
        self._utterance = considered.utterance
        self._before = None if considered.plan.actions else self.state
        return await self._adopt(considered.plan)

    def take_back(self) -> Utterance | None:
        """The turn heard last was not over: forget its answer, of which nothing was heard; return its words.

        None where it set something going, or where there was none.
        """
        if self._before is None or self._utterance is None:
            return None
        degraded = self._before.degraded or self.state.degraded
        self.state, self._before = dataclasses.replace(self._before, degraded=degraded), None
        self._told = min(self._told, len(self.state.turns))
        return self._utterance

    async def press(self, digit: str) -> TurnPlan:
        """Answer a key."""
        return await self._plan(Key(digit=digit))

    async def wait(self, seconds: float) -> TurnPlan:
        """The caller has been silent for so long."""
        return await self._plan(Silence(seconds=seconds))

    async def time_is_up(self) -> TurnPlan:
        """The call has lasted as long as one may."""
        return await self._plan(TimeLimit())

    async def hear_poorly(self) -> TurnPlan:
        """A poorer recogniser has taken over."""
        return await self._plan(HearingBackup())

    def note_poor_hearing(self) -> None:
        """The same, while an answer is on its way already: nothing is said about it."""
        self.state = dataclasses.replace(self.state, degraded=True)

    async def lose_hearing(self) -> TurnPlan:
        """Speech recognition has failed for the rest of the call."""
        return await self._plan(HearingLost())

    def messages(
        self, plan: TurnPlan, utterance: Utterance | None, *, opener: str | None = None
    ) -> list[dict[str, str]] | None:
        """What the model is asked for this answer to `utterance`; None where the ready words are to be spoken.

        `opener`: the words with which the answer will have begun.
        """
        if plan.approved or not plan.sentences:
            return None
        return build_messages(self.playbook, self.state, plan, utterance, opener=opener)

    def note_started(self, text: str, *, answer_ms: int | None) -> None:
        """The caller begins to hear a sentence."""
        self._listener(SentenceBegun(call_sid=self.call.sid, text=text, answer_ms=answer_ms))

    def note_spoken(
        self, *, heard: str, full: str, interrupted: bool, began_at: datetime, answer_ms: int | None
    ) -> None:
        """A reply of ours is over: what of it the caller heard goes into memory. `began_at` is aware."""
        before = len(self.state.turns)
        state = note_spoken(self.state, text_heard=heard, full_text=full, interrupted=interrupted, at=began_at)
        if len(state.turns) > before:
            turn = dataclasses.replace(state.turns[-1], answer_ms=answer_ms, tier=state.tier)
            state = dataclasses.replace(state, turns=(*state.turns[:-1], turn))
        self.state = state
        self._tell()

    async def _plan(self, heard: Heard) -> TurnPlan:
        self._before = None
        return await self._adopt(plan_turn(self.playbook, self.state, heard, self._now()))

    async def _adopt(self, plan: TurnPlan) -> TurnPlan:
        """Take a plan's state; where it asks for actions, carry them out and plan again with their receipts."""
        self.state = plan.state
        self._tell()
        while plan.actions:
            receipts = await self._act(plan)
            plan = plan_turn(self.playbook, self.state, Receipts(receipts=receipts), self._now())
            self.state = plan.state
        return plan

    async def _act(self, plan: TurnPlan) -> tuple[Receipt, ...]:
        context = ToolContext(
            records=self._records,
            call=self.call,
            now=self._now(),
            transfer_number=self.playbook.transfer_number,
        )
        with self._metrics.timed(LatencyStage.ACTION):
            receipts = await run_actions(plan.actions, context)
        for receipt in receipts:
            self._metrics.action(action=action_name(receipt.action), fault=receipt.reason)
            if isinstance(receipt.action, TransferToPerson) and receipt.ok:
                self.transfer_to = receipt.reference
        return receipts

    def _tell(self) -> None:
        for turn in self.state.turns[self._told :]:
            self._listener(TurnTaken(call_sid=self.call.sid, turn=turn))
        self._told = len(self.state.turns)

    async def save(self) -> None:
        """Write the session, so that another worker could go on. A store that is away costs a warning, not the call."""
        try:
            with self._metrics.timed(LatencyStage.STORE):
                self._version = await self._sessions.save(
                    self.call.sid, self.state.to_json(), expected_version=self._version
                )
        except VersionConflict as error:
            # Redis came back empty, or an earlier save was done though its answer was lost: ours is the newer state.
            self._version = error.found
            logger.warning("session not saved: another version was there")
        except StoreUnavailable as error:
            logger.warning("session not saved: {}", type(error).__name__)

    def outcome(self) -> Outcome:
        """What the call counts as if it ends now."""
        return final_outcome(self.state)

    async def finish(self, outcome: Outcome) -> None:
        """Store how the call ended; its transcript only if the caller heard that it would be stored."""
        ended_at = self._now()
        turns = self.state.turns if self.state.notices_heard else None
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._records.finish(
                    self.call.sid, outcome=outcome, ended_at=ended_at, language=self.state.language, turns=turns
                )
        except (StoreUnavailable, TimeoutError) as error:
            logger.error("outcome not stored: {}", type(error).__name__)
        self.call = dataclasses.replace(self.call, outcome=outcome, ended_at=ended_at, language=self.state.language)
        self._listener(CallOver(call_sid=self.call.sid, outcome=outcome, at=ended_at))
