"""What the floor is told by a recogniser, and what it decides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class WordsEvent(StrEnum):
    """What the recogniser says with its words."""

    UPDATE = "update"
    """The turn so far; may change."""
    EAGER = "eager"
    """The turn may be over; these are all its words."""
    RESUMED = "resumed"
    """It was not over."""
    END = "end"
    """It is over (a recogniser that tells turns apart), or these words will not change any more (one that does not)."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Fall silent, lose nothing."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on where it paused."""


@dataclass(frozen=True, slots=True)
class GiveWay:
    """The caller has the floor: throw away what was not said."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """The turn will probably end with these words: begin the answer, unheard."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """It did not: forget the answer that was begun."""


@dataclass(frozen=True, slots=True)
class AskMelody:
    """The words leave open whether the turn is over: judge how they were said, and tell by `melody`."""


@dataclass(frozen=True, slots=True)
class TurnOver:
    """The caller's turn is over. `continues`: it carries on a turn that was taken for over too early."""

    text: str
    language: str | None
    understood: bool = True
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Overheard:
    """Words that did not take the floor."""

    text: str


Act: TypeAlias = Pause | Resume | GiveWay | Prepare | Withdraw | AskMelody | TurnOver | Overheard
