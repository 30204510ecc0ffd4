"""What happens in a call, told to whoever listens: the demo's screen, later a live view. Never logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain import Outcome, Turn


@dataclass(frozen=True, kw_only=True)
class TurnTaken:
    """A turn went into the call's memory."""

    call_sid: str
    turn: Turn


@dataclass(frozen=True, kw_only=True)
class SentenceBegun:
    """The bot begins to say a sentence; `answer_ms` since the caller's last sound, at a reply's first sentence."""

    call_sid: str
    text: str
    answer_ms: int | None


@dataclass(frozen=True, kw_only=True)
class CallOver:
    """A call ended."""

    call_sid: str
    outcome: Outcome
    at: datetime


CallEvent: TypeAlias = TurnTaken | SentenceBegun | CallOver
CallListener: TypeAlias = Callable[[CallEvent], None]
"""Called on the event loop between frames: it must not block and must not raise."""
