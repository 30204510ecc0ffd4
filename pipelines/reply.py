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

    def rest(self) -> tuple[str, ...]:
        """The sentences that the caller has not heard to their end, as far as they are known."""
        spoken = tuple(text for text, _ in self._over)
        complete = {text for text, heard in self._over if heard == text}
        ready = self.plan.sentences
        # A model's own words are not the ready ones: what was begun of them is said again, not the ready ones anew.
        known = ready if all(text in ready for text in spoken) else spoken
        return tuple(text for text in known if text not in complete)

    def go_on(self) -> None:
        """Its rest will be said now: sentences that broke off are forgotten, they come again."""
        self._over = [(text, heard) for text, heard in self._over if heard == text]
        self.cut = False
