"""A talk without sound: what the caller says goes through the analysis and the policy, actions get receipts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import Action, Receipt
from bot.analysis import Analyst
from bot.conversation import (
    CallStarted,
    Heard,
    Receipts,
    Said,
    TurnPlan,
    new_state,
    note_spoken,
    plan_turn,
)
from bot.domain import Direction, Utterance
from bot.playbook import Playbook

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/New_York"))


@dataclass(repr=False)
class Talk:
    """One talk; `lines` is what was said so far, by whom."""

    playbook: Playbook
    analyst: Analyst
    language: str = "en"
    direction: Direction = Direction.INBOUND
    failing: tuple[type[Action], ...] = ()
    now: datetime = MONDAY
    plans: list[TurnPlan] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = new_state(self.playbook, direction=self.direction, language=self.language)

    def start(self) -> TurnPlan:
        return self.hear(CallStarted(direction=self.direction))

    def say(self, text: str, *, heard_words: int | None = None, hint: str | None = None) -> TurnPlan:
        """The caller speaks; of the answer they hear all, or only so many words before they interrupt."""
        understanding = self.analyst.understand(text, hint=hint, state=self.state, now=self.now)
        self.lines.append(f"caller: {text}    [{understanding.intent}, tier {understanding.tier.key}]")
        return self.hear(Said(utterance=Utterance(text=text), understanding=understanding), heard_words=heard_words)

    def hear(self, heard: Heard, *, heard_words: int | None = None) -> TurnPlan:
        self.now += timedelta(seconds=8)
        plan = plan_turn(self.playbook, self.state, heard, self.now)
        self.plans.append(plan)
        while plan.actions:
            self.actions.extend(plan.actions)
            self.lines.append(f"        ({', '.join(map(str, plan.actions))})")
            receipts = tuple(
                Receipt(action=action, ok=not isinstance(action, self.failing), reference="r-1")
                for action in plan.actions
            )
            plan = plan_turn(self.playbook, plan.state, Receipts(receipts=receipts), self.now)
            self.plans.append(plan)
        words = plan.text.split()
        interrupted = heard_words is not None and heard_words < len(words)
        self.state = note_spoken(
            plan.state,
            text_heard=" ".join(words[:heard_words]),
            full_text=plan.text,
            interrupted=interrupted,
            at=self.now,
        )
        notes = "" if plan.approved else ", may be worded"
        notes += f", ends: {plan.outcome}" if plan.ends_call else ""
        self.lines.append(f"bot:    {plan.text}    [{plan.stage}, expects {plan.expects}{notes}]")
        return plan

    @property
    def script(self) -> str:
        return "\n".join(self.lines)
