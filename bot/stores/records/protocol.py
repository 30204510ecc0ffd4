"""What the rooms above ask of the durable records. Bound to one tenant; no method sees another's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain import Booking, Call, Outcome, Prospect, Turn


class UnknownCall(LookupError):
    """A call was named that was never opened for this tenant."""

    def __init__(self, call_sid: str) -> None:
        super().__init__(f"call {call_sid}: expected one that open_call recorded, found none")


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A wish to be called back: at `at` (aware), or whenever somebody can where it is None."""

    reference: str
    call_sid: str
    e164: str
    at: datetime | None
    note: str


@dataclass(frozen=True, kw_only=True)
class CallPage:
    """Calls, newest first, and the cursor of the next page; None on the last."""

    calls: tuple[Call, ...]
    next_cursor: str | None


class Records(Protocol):
    """Durable records of one tenant.

    Every write can be repeated without changing anything twice. Each method is one transaction: cancelled or out of
    time, it happens as a whole or not at all. It raises `StoreUnavailable` where the database does not answer in time.
    """

    async def migrate(self) -> None:
        """Bring the database to this version's tables; safe when several workers start at once."""
        ...

    async def ping(self) -> None:
        """Prove that the database answers and has this version's tables, for readiness and doctor."""
        ...

    async def open_call(self, call: Call) -> bool:
        """Record a call and the person on it; True the first time, a repeat changes nothing."""
        ...

    async def finish(
        self,
        call_sid: str,
        *,
        outcome: Outcome,
        ended_at: datetime,
        language: str | None,
        turns: Sequence[Turn] | None,
    ) -> bool:
        """Record how a call ended, its transcript and the outbox's row, in one transaction.

        `turns` is None where the transcript may not be stored. True the first time; a repeat changes nothing.

        Raises:
            UnknownCall: `open_call` never saw it.
        """
        ...

    async def call(self, call_sid: str) -> Call | None:
        """A call as recorded."""
        ...

    async def calls(self, *, after: str | None = None, limit: int = 50) -> CallPage:
        """A page of calls, newest first, of 1 to 200.

        Raises:
            CursorError: `after` is no cursor that a page gave out.
        """
        ...

    async def transcript(self, call_sid: str) -> tuple[Turn, ...] | None:
        """A call's turns; None where there is no such call, it is not over, or it was not to be stored."""
        ...

    async def prospect(self, e164: str) -> Prospect | None:
        """A person, with whether they opted out."""
        ...

    async def upsert_prospect(self, prospect: Prospect) -> None:
        """Record a person; what is None here leaves what is known. `opted_out` is read only: see `suppress`."""
        ...

    async def suppress(self, e164: str, *, source: str, call_sid: str | None, at: datetime) -> bool:
        """Never contact this number again; True the first time, and the first source and moment stand."""
        ...

    async def is_suppressed(self, e164: str) -> bool:
        """Whether this number must not be contacted."""
        ...

    async def book(self, *, call_sid: str, at: datetime, minutes: int, zone: str, name: str | None) -> Booking:
        """Book an appointment; a repeat gives the same booking, another moment replaces the call's earlier one.

        Raises:
            UnknownCall: `open_call` never saw the call.
        """
        ...

    async def bookings(self, call_sid: str) -> tuple[Booking, ...]:
        """The appointments of a call that stand."""
        ...

    async def schedule_callback(self, *, call_sid: str, e164: str, at: datetime | None, note: str) -> Callback:
        """Record a wish to be called back; one a call, the last moment and note count.

        Raises:
            UnknownCall: `open_call` never saw the call.
        """
        ...

    async def request_information(self, *, call_sid: str, e164: str, topic: str) -> str:
        """Record that information on `topic` is to be sent; returns its reference, the same for a repeat.

        Raises:
            UnknownCall: `open_call` never saw the call.
        """
        ...

    async def aclose(self) -> None:
        """Let what was begun end, and release connections."""
        ...
