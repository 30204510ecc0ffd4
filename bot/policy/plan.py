"""What the policy decides for one turn."""

from __future__ import annotations

from dataclasses import dataclass

from bot.actions import Action
from bot.domain import Expected, Outcome, Stage, Tone
from bot.policy.state import CallState


@dataclass(frozen=True, kw_only=True)
class TurnPlan:
    """The next turn.

    With `actions`, nothing is said yet: carry them out and call `plan_turn` again with their receipts. Else speak
    `sentences` where `approved`, or let the model word the turn along `goal`, `facts` and `hint`, with `sentences` to
    fall back on. `opener` are a few words that may be spoken at once while the model still words the rest (give them to
    `build_messages` then); None where none fits. With `ends_call` hang up once the words were heard (there may be
    none). `state` is the state to keep.
    """

    state: CallState
    stage: Stage
    goal: str
    sentences: tuple[str, ...]
    approved: bool
    facts: tuple[str, ...]
    tools: tuple[str, ...]
    tone: Tone
    hint: str
    expects: Expected
    actions: tuple[Action, ...]
    ends_call: bool
    outcome: Outcome | None
    interruptible: bool
    opener: str | None = None

    @property
    def text(self) -> str:
        """The ready words as one text."""
        return " ".join(self.sentences)
