"""One reply of ours while it is being said: what it was to be, and what of it the caller has heard. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation import TurnPlan


@dataclass
class Reply:
    """From the plan to the last word. `began_at` (aware) is when its first sentence began; until then when planned.

    `cut`: the caller, a key or a failure stopped it before its end. `answer_ms`: the wait before it, where one was.
    """

    plan: TurnPlan
    began_at: datetime
    is_open: bool = True
    cut: bool = False
    started: bool = False
    answer_ms: int | None = None
    _over: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def note(self, text: str, *, heard: str) -> None:
        """A sentence is over: what of it was heard. One that broke off cuts the reply."""
        self._over.append((text, heard))
        if heard != text:
            self.cut = True

    @property
    def heard(self) -> str:
        """All that the caller heard of it so far."""
        return " ".join(heard for _, heard in self._over if heard)

    @property
    def full(self) -> str:
        """What it came to, or was to come to where it was cut."""
        ready = " ".join(self.plan.sentences)
        spoken = " ".join(text for text, _ in self._over)
        return ready or spoken if self.cut else spoken
