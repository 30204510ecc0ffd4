"""What can happen in a call, as the policy hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bot.actions import Receipt
from bot.domain import Direction, Understanding, Utterance


@dataclass(frozen=True, kw_only=True)
class CallStarted:
    """The line is open and nobody has spoken."""

    direction: Direction


@dataclass(frozen=True, kw_only=True)
class Said:
    """The caller's turn is over. `interrupted_bot`: they spoke while the bot did."""

    utterance: Utterance
    understanding: Understanding
    interrupted_bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Nobody has spoken for that long since the bot's last word."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of the telephone: 0–9, * or #."""

    digit: str


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """The caller spoke, and the recogniser does not vouch for any words."""


@dataclass(frozen=True, kw_only=True)
class HearingLost:
    """Speech recognition has failed, with nothing in its place: the caller can still listen and press keys."""


@dataclass(frozen=True, kw_only=True)
class HearingBackup:
    """Speech recognition has failed and goes on with a poor recogniser: its words no longer commit to anything."""


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """What came of the last plan's actions."""

    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, kw_only=True)
class TimeLimit:
    """The call has lasted as long as one may."""


Heard: TypeAlias = (
    CallStarted | Said | Silence | Key | NotUnderstood | HearingLost | HearingBackup | Receipts | TimeLimit
)
