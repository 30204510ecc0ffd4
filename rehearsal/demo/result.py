"""What a demo call left behind."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from bot.domain import Outcome, Turn
from rehearsal.line import CallResult


@dataclass(frozen=True, kw_only=True)
class HeardSentence:
    """A sentence of the bot's as it began: seconds since the answer, and the wait before it."""

    at: float
    text: str
    answer_ms: int | None


@dataclass(frozen=True, kw_only=True)
class SceneResult:
    """One call: the line's account and the server's."""

    key: str
    title: str
    language: str
    expected: Outcome | None
    call: CallResult
    turns: tuple[tuple[float, Turn], ...]
    sentences: tuple[HeardSentence, ...]
    recorded_outcome: Outcome | None

    @property
    def outcome(self) -> str:
        """How the call ended, in a word."""
        return self.recorded_outcome.value if self.recorded_outcome else self.call.ended.by.value

    @property
    def as_expected(self) -> bool:
        """Whether it ended as its scene wants it."""
        if self.recorded_outcome is None:
            return False
        return self.expected is None or self.recorded_outcome is self.expected

    @property
    def seconds(self) -> float:
        """Length of the call."""
        return self.call.seconds

    @property
    def median_answer_ms(self) -> float | None:
        """Median of the answers as measured at the caller's ear."""
        answers = [answer.seconds * 1000 for answer in self.call.answers]
        return median(answers) if answers else None

    @property
    def interruptions(self) -> int:
        """How often the bot was cut short."""
        return len(self.call.clears)

    @property
    def tier(self) -> str | None:
        """The offer that fitted at the end."""
        tiers = [turn.tier.key for _, turn in self.turns if turn.tier is not None]
        return tiers[-1] if tiers else None
