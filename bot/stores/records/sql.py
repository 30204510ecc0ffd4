"""Records on SQLite (one file, WAL) and Postgres, through the same statements."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from sqlalchemy import URL, Connection, CursorResult, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from bot.domain import DEFAULT_TENANT, Booking, Call, Direction, Outcome, Prospect, Turn
from bot.stores.errors import CursorError, RecordsUnavailable
from bot.stores.records import migration
from bot.stores.records.engine import database_name
from bot.stores.records.mapping import (
    booking_from,
    call_from,
    call_values,
    callback_from,
    prospect_from,
    turn_from,
    turn_values,
)
from bot.stores.records.protocol import Callback, CallPage
from bot.stores.records.running import Runner, make_runner
from bot.stores.records.statements import Statements
from bot.stores.records.tables import BookingRow, CallbackRow, CallRow, ProspectRow, SuppressionRow, TurnRow

T = TypeVar("T")
MIGRATION_SECONDS: Final = 120
"""How long a start waits for its migration, others' before it included."""
_PAGE_LIMIT: Final = 200


class SqlRecords:
    """`Records` of one tenant over SQLAlchemy; each method is one transaction.

    `timeout_seconds` bounds each, the wait for a connection or for SQLite's other writes included; where Postgres
    hangs so that not even the cancellation is answered, psycopg adds 5 s. A write that was cancelled or ran out of
    time happened as a whole or not at all, on SQLite perhaps a little later: repeat it, a repeat changes nothing.
    """

    def __init__(
        self,
        url: URL,
        *,
        tenant_id: str = DEFAULT_TENANT,
        timeout_seconds: float = 5.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        runner: Runner | None = None,
    ) -> None:
        self._url = url
        self._tenant_id = tenant_id
        self._timeout_seconds = timeout_seconds
        self._now = now
        self._runner = runner or make_runner(url, timeout_seconds=timeout_seconds)
        self._statements = Statements(tenant_id=tenant_id, now=now)

    def for_tenant(self, tenant_id: str) -> SqlRecords:
        """The same database for another tenant; closing either closes both."""
        return SqlRecords(
            self._url,
            tenant_id=tenant_id,
            timeout_seconds=self._timeout_seconds,
            now=self._now,
            runner=self._runner,
        )

    async def migrate(self) -> None:
        """See `Records.migrate`."""
        await self._change(migration.upgrade)

    async def downgrade(self, *, revision: str) -> None:
        """Go back to an earlier version's tables (`base`: none); data that they do not hold is lost."""
        await self._change(lambda connection: migration.downgrade(connection, revision=revision))

    async def is_current(self) -> bool:
        """Whether the database answers with exactly this version's tables; changes nothing."""
        return await self._run(lambda session: migration.is_current(session.connection()), writes=False)

    async def ping(self) -> None:
        """See `Records.ping`."""
        if not await self.is_current():
            where = database_name(self._url)
            raise RecordsUnavailable(f"{where}: expected this version's tables, found others; start once")

    async def open_call(self, call: Call) -> bool:
        """See `Records.open_call`."""
        if call.tenant_id != self._tenant_id:
            raise ValueError(f"call {call.sid}: expected tenant {self._tenant_id}, got {call.tenant_id}")
        person = call.caller if call.direction is Direction.INBOUND else call.callee

        def work(session: Session) -> bool:
            values, key = call_values(call), ("tenant_id", "sid")
            opened = self._statements.insert_once(session, CallRow, values=values, key=key)
            if person is not None:
                self._statements.ensure_prospect(session, person)
            return opened

        return await self._run(work, writes=True)

    async def finish(
        self,
        call_sid: str,
        *,
        outcome: Outcome,
        ended_at: datetime,
        language: str | None,
        turns: Sequence[Turn] | None,
    ) -> bool:
        """See `Records.finish`."""
        ended = (
            update(CallRow)
            .where(CallRow.tenant_id == self._tenant_id, CallRow.sid == call_sid, CallRow.ended_at.is_(None))
            .values(outcome=outcome.value, ended_at=ended_at, language=language, transcript_stored=turns is not None)
        )
        rows = [
            turn_values(turn, tenant_id=self._tenant_id, call_sid=call_sid, position=position)
            for position, turn in enumerate(turns or ())
        ]
        payload = {"call_sid": call_sid, "outcome": outcome.value, "ended_at": ended_at.isoformat()}

        def work(session: Session) -> bool:
            if _count(session.execute(ended)) == 0:
                self._statements.demand_call(session, call_sid)
                return False
            if rows:
                session.execute(insert(TurnRow), rows)
            self._statements.tell(session, "call.finished", subject=call_sid, payload=payload)
            return True

        return await self._run(work, writes=True)

    async def call(self, call_sid: str) -> Call | None:
        """See `Records.call`."""

        def work(session: Session) -> Call | None:
            row = session.scalar(self._statements.call(call_sid))
            return None if row is None else call_from(row)

        return await self._run(work, writes=False)

    async def calls(self, *, after: str | None = None, limit: int = 50) -> CallPage:
        """See `Records.calls`."""
        if not 1 <= limit <= _PAGE_LIMIT:
            raise ValueError(f"limit: expected 1 to {_PAGE_LIMIT}, got {limit}")
        query = select(CallRow).where(CallRow.tenant_id == self._tenant_id).order_by(CallRow.id.desc())
        if after is not None:
            query = query.where(CallRow.id < _cursor(after))

        def work(session: Session) -> CallPage:
            rows = session.scalars(query.limit(limit + 1)).all()
            shown, more = rows[:limit], len(rows) > limit
            return CallPage(calls=tuple(map(call_from, shown)), next_cursor=str(shown[-1].id) if more else None)

        return await self._run(work, writes=False)

    async def transcript(self, call_sid: str) -> tuple[Turn, ...] | None:
        """See `Records.transcript`."""
        query = (
            select(TurnRow)
            .where(TurnRow.tenant_id == self._tenant_id, TurnRow.call_sid == call_sid)
            .order_by(TurnRow.position)
        )

        def work(session: Session) -> tuple[Turn, ...] | None:
            call = session.scalar(self._statements.call(call_sid))
            if call is None or not call.transcript_stored:
                return None
            return tuple(map(turn_from, session.scalars(query).all()))

        return await self._run(work, writes=False)

    async def prospect(self, e164: str) -> Prospect | None:
        """See `Records.prospect`."""
        query = select(ProspectRow).where(ProspectRow.tenant_id == self._tenant_id, ProspectRow.e164 == e164)

        def work(session: Session) -> Prospect | None:
            row = session.scalar(query)
            if row is None:
                return None
            return prospect_from(row, opted_out=self._statements.suppressed(session, e164))

        return await self._run(work, writes=False)

    async def upsert_prospect(self, prospect: Prospect) -> None:
        """See `Records.upsert_prospect`."""
        known = {
            "name": prospect.name,
            "language": prospect.language,
            "zone": prospect.zone,
            "region": prospect.region,
        }
        news = {column: value for column, value in known.items() if value is not None}
        mine = (ProspectRow.tenant_id == self._tenant_id, ProspectRow.e164 == prospect.e164)

        def work(session: Session) -> None:
            self._statements.ensure_prospect(session, prospect.e164)
            if news:
                session.execute(update(ProspectRow).where(*mine).values(**news))

        await self._run(work, writes=True)

    async def suppress(self, e164: str, *, source: str, call_sid: str | None, at: datetime) -> bool:
        """See `Records.suppress`."""
        values = {"tenant_id": self._tenant_id, "e164": e164, "source": source, "call_sid": call_sid, "at": at}
        payload = {"e164": e164, "source": source, "call_sid": call_sid, "at": at.isoformat()}

        def work(session: Session) -> bool:
            key = ("tenant_id", "e164")
            first = self._statements.insert_once(session, SuppressionRow, values=values, key=key)
            if first:
                self._statements.tell(session, "contact.suppressed", subject=e164, payload=payload)
            return first

        return await self._run(work, writes=True)

    async def is_suppressed(self, e164: str) -> bool:
        """See `Records.is_suppressed`."""
        return await self._run(lambda session: self._statements.suppressed(session, e164), writes=False)

    async def book(self, *, call_sid: str, at: datetime, minutes: int, zone: str, name: str | None) -> Booking:
        """See `Records.book`."""
        now = self._now()
        values = {
            "tenant_id": self._tenant_id,
            "reference": _reference("B", self._tenant_id, call_sid, at.astimezone(UTC).isoformat()),
            "call_sid": call_sid,
            "at": at,
            "minutes": minutes,
            "zone": zone,
            "name": name,
            "created_at": now,
        }
        mine = (BookingRow.tenant_id == self._tenant_id, BookingRow.call_sid == call_sid)
        others = (*mine, BookingRow.at != at, BookingRow.replaced_at.is_(None))

        def work(session: Session) -> Booking:
            self._statements.demand_call(session, call_sid, lock=True)
            key = ("tenant_id", "call_sid", "at")
            self._statements.insert_once(session, BookingRow, values=values, key=key)
            session.execute(update(BookingRow).where(*others).values(replaced_at=now))
            session.execute(update(BookingRow).where(*mine, BookingRow.at == at).values(replaced_at=None))
            booking = booking_from(session.scalars(select(BookingRow).where(*mine, BookingRow.at == at)).one())
            payload = {"reference": booking.reference, "call_sid": call_sid, "at": at.isoformat(), "minutes": minutes}
            self._statements.tell(session, "appointment.booked", subject=booking.reference, payload=payload)
            return booking

        return await self._run(work, writes=True)

    async def bookings(self, call_sid: str) -> tuple[Booking, ...]:
        """See `Records.bookings`."""
        query = select(BookingRow).where(
            BookingRow.tenant_id == self._tenant_id,
            BookingRow.call_sid == call_sid,
            BookingRow.replaced_at.is_(None),
        )

        def work(session: Session) -> tuple[Booking, ...]:
            return tuple(map(booking_from, session.scalars(query).all()))

        return await self._run(work, writes=False)

    async def schedule_callback(self, *, call_sid: str, e164: str, at: datetime | None, note: str) -> Callback:
        """See `Records.schedule_callback`."""
        reference = _reference("C", self._tenant_id, call_sid)
        values = {
            "tenant_id": self._tenant_id,
            "reference": reference,
            "call_sid": call_sid,
            "e164": e164,
            "at": at,
            "note": note,
            "created_at": self._now(),
        }
        mine = (CallbackRow.tenant_id == self._tenant_id, CallbackRow.call_sid == call_sid)
        payload = {"reference": reference, "call_sid": call_sid, "e164": e164, "at": at and at.isoformat()}

        def work(session: Session) -> Callback:
            self._statements.demand_call(session, call_sid, lock=True)
            self._statements.insert_once(session, CallbackRow, values=values, key=("tenant_id", "call_sid"))
            session.execute(update(CallbackRow).where(*mine).values(at=at, note=note))
            self._statements.tell(session, "callback.requested", subject=reference, payload=payload)
            return callback_from(session.scalars(select(CallbackRow).where(*mine)).one())

        return await self._run(work, writes=True)

    async def request_information(self, *, call_sid: str, e164: str, topic: str) -> str:
        """See `Records.request_information`."""
        reference = _reference("I", self._tenant_id, call_sid, topic)
        payload = {"reference": reference, "call_sid": call_sid, "e164": e164, "topic": topic}

        def work(session: Session) -> None:
            self._statements.demand_call(session, call_sid)
            self._statements.tell(session, "information.requested", subject=reference, payload=payload)

        await self._run(work, writes=True)
        return reference

    async def aclose(self) -> None:
        """See `Records.aclose`."""
        await self._runner.aclose()

    async def _run(self, work: Callable[[Session], T], *, writes: bool) -> T:
        """What `work` returns from one transaction, committed at its end, rolled back where it raises."""
        where = database_name(self._url)
        try:
            return await self._runner.run(work, writes=writes, timeout_seconds=self._timeout_seconds)
        except (TimeoutError, PoolTimeoutError) as error:
            raise RecordsUnavailable(f"{where}: no answer within {self._timeout_seconds:g} s") from error
        except (DBAPIError, OSError) as error:
            raise RecordsUnavailable(f"{where}: {_kind(error)}; check DATABASE_URL and the database") from error

    async def _change(self, change: Callable[[Connection], None]) -> None:
        try:
            await self._runner.change(change, timeout_seconds=MIGRATION_SECONDS)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            where = database_name(self._url)
            raise RecordsUnavailable(f"{where}: migration failed: {_kind(error)}; check DATABASE_URL") from error


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount  # statements that change rows give this kind


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise CursorError(f"cursor: expected one that a page gave out, got {text[:40]!r}")
    return int(text)


def _reference(letter: str, *parts: str) -> str:
    """A short name that people can read out; the same for the same parts."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return f"{letter}-" + "".join(alphabet[byte % 32] for byte in digest[:8])


def _kind(error: Exception) -> str:
    """The error's class and the driver's; never its text, which can quote rows."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return type(original or error).__name__
