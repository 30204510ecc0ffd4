"""Records on SQLite (one file, WAL) and Postgres, through the same statements."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import URL, Connection, CursorResult, Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.domain import DEFAULT_TENANT, Booking, Call, Direction, Outcome, Prospect, Turn
from bot.stores.errors import CursorError, RecordsUnavailable
from bot.stores.records import migration
from bot.stores.records.engine import WRITES, make_engine
from bot.stores.records.mapping import (
    booking_from,
    call_from,
    call_values,
    callback_from,
    prospect_from,
    turn_from,
    turn_values,
)
from bot.stores.records.protocol import Callback, CallPage, UnknownCall
from bot.stores.records.tables import (
    Base,
    BookingRow,
    CallbackRow,
    CallRow,
    OutboxRow,
    ProspectRow,
    SuppressionRow,
    TurnRow,
)

MIGRATION_SECONDS: Final = 120
"""How long a start waits for its migration, others' before it included."""
_PAGE_LIMIT: Final = 200


class SqlRecords:
    """`Records` of one tenant over SQLAlchemy.

    `timeout_seconds` bounds each transaction, the wait for a connection included; where Postgres hangs so that not
    even the cancellation is answered, psycopg adds 5 s. On SQLite a process's writes queue up, and each takes the lock
    at its beginning.
    """

    def __init__(
        self,
        url: URL,
        *,
        tenant_id: str = DEFAULT_TENANT,
        timeout_seconds: float = 5.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        engine: AsyncEngine | None = None,
        write_lock: asyncio.Lock | None = None,
    ) -> None:
        self._url = url
        self._tenant_id = tenant_id
        self._timeout_seconds = timeout_seconds
        self._now = now
        self._engine = engine or make_engine(url, timeout_seconds=timeout_seconds)
        # SQLite lets one write at a time and makes the others poll: in a queue each begins when the last one ends.
        self._write_lock = write_lock or (asyncio.Lock() if url.get_backend_name() == "sqlite" else None)

    def for_tenant(self, tenant_id: str) -> SqlRecords:
        """The same database for another tenant; closing either closes both."""
        return SqlRecords(
            self._url,
            tenant_id=tenant_id,
            timeout_seconds=self._timeout_seconds,
            now=self._now,
            engine=self._engine,
            write_lock=self._write_lock,
        )

    async def migrate(self) -> None:
        """See `Records.migrate`."""
        await self._migrate(migration.upgrade)

    async def downgrade(self, *, revision: str) -> None:
        """Go back to an earlier version's tables (`base`: none); data that they do not hold is lost."""
        await self._migrate(lambda connection: migration.downgrade(connection, revision=revision))

    async def ping(self) -> None:
        """See `Records.ping`."""
        async with self._transaction() as session:
            connection = await session.connection()
            if not await connection.run_sync(migration.is_current):
                raise RecordsUnavailable(f"{self._where()}: expected this version's tables, found others; start once")

    async def open_call(self, call: Call) -> bool:
        """See `Records.open_call`."""
        if call.tenant_id != self._tenant_id:
            raise ValueError(f"call {call.sid}: expected tenant {self._tenant_id}, got {call.tenant_id}")
        person = call.caller if call.direction is Direction.INBOUND else call.callee
        async with self._transaction(writes=True) as session:
            opened = await self._insert_once(session, CallRow, call_values(call), ("tenant_id", "sid"))
            if person is not None:
                await self._ensure_prospect(session, person)
        return opened

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
        async with self._transaction(writes=True) as session:
            if _count(await session.execute(ended)) == 0:
                await self._known_call(session, call_sid)
                return False
            rows = [
                turn_values(turn, tenant_id=self._tenant_id, call_sid=call_sid, position=position)
                for position, turn in enumerate(turns or ())
            ]
            if rows:
                await session.execute(insert(TurnRow), rows)
            payload = {"call_sid": call_sid, "outcome": outcome.value, "ended_at": ended_at.isoformat()}
            await self._tell(session, "call.finished", call_sid, payload)
        return True

    async def call(self, call_sid: str) -> Call | None:
        """See `Records.call`."""
        async with self._transaction() as session:
            row = await session.scalar(self._call_query(call_sid))
        return None if row is None else call_from(row)

    async def calls(self, *, after: str | None = None, limit: int = 50) -> CallPage:
        """See `Records.calls`."""
        if not 1 <= limit <= _PAGE_LIMIT:
            raise ValueError(f"limit: expected 1 to {_PAGE_LIMIT}, got {limit}")
        query = select(CallRow).where(CallRow.tenant_id == self._tenant_id).order_by(CallRow.id.desc())
        if after is not None:
            query = query.where(CallRow.id < _cursor(after))
        async with self._transaction() as session:
            rows = (await session.scalars(query.limit(limit + 1))).all()
        shown = rows[:limit]
        more = len(rows) > limit
        return CallPage(calls=tuple(map(call_from, shown)), next_cursor=str(shown[-1].id) if more else None)

    async def transcript(self, call_sid: str) -> tuple[Turn, ...] | None:
        """See `Records.transcript`."""
        query = (
            select(TurnRow)
            .where(TurnRow.tenant_id == self._tenant_id, TurnRow.call_sid == call_sid)
            .order_by(TurnRow.position)
        )
        async with self._transaction() as session:
            call = await session.scalar(self._call_query(call_sid))
            if call is None or not call.transcript_stored:
                return None
            rows = (await session.scalars(query)).all()
        return tuple(map(turn_from, rows))

    async def prospect(self, e164: str) -> Prospect | None:
        """See `Records.prospect`."""
        query = select(ProspectRow).where(ProspectRow.tenant_id == self._tenant_id, ProspectRow.e164 == e164)
        async with self._transaction() as session:
            row = await session.scalar(query)
            if row is None:
                return None
            return prospect_from(row, opted_out=await self._suppressed(session, e164))

    async def upsert_prospect(self, prospect: Prospect) -> None:
        """See `Records.upsert_prospect`."""
        known = {
            "name": prospect.name,
            "language": prospect.language,
            "zone": prospect.zone,
            "region": prospect.region,
        }
        news = {column: value for column, value in known.items() if value is not None}
        async with self._transaction(writes=True) as session:
            await self._ensure_prospect(session, prospect.e164)
            if news:
                await session.execute(
                    update(ProspectRow)
                    .where(ProspectRow.tenant_id == self._tenant_id, ProspectRow.e164 == prospect.e164)
                    .values(**news)
                )

    async def suppress(self, e164: str, *, source: str, call_sid: str | None, at: datetime) -> bool:
        """See `Records.suppress`."""
        values = {"tenant_id": self._tenant_id, "e164": e164, "source": source, "call_sid": call_sid, "at": at}
        async with self._transaction(writes=True) as session:
            first = await self._insert_once(session, SuppressionRow, values, ("tenant_id", "e164"))
            if first:
                payload = {"e164": e164, "source": source, "call_sid": call_sid, "at": at.isoformat()}
                await self._tell(session, "contact.suppressed", e164, payload)
        return first

    async def is_suppressed(self, e164: str) -> bool:
        """See `Records.is_suppressed`."""
        async with self._transaction() as session:
            return await self._suppressed(session, e164)

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
        async with self._transaction(writes=True) as session:
            await self._known_call(session, call_sid, lock=True)
            await self._insert_once(session, BookingRow, values, ("tenant_id", "call_sid", "at"))
            await session.execute(
                update(BookingRow)
                .where(*mine, BookingRow.at != at, BookingRow.replaced_at.is_(None))
                .values(replaced_at=now)
            )
            await session.execute(update(BookingRow).where(*mine, BookingRow.at == at).values(replaced_at=None))
            row = (await session.scalars(select(BookingRow).where(*mine, BookingRow.at == at))).one()
            booking = booking_from(row)
            payload = {"reference": booking.reference, "call_sid": call_sid, "at": at.isoformat(), "minutes": minutes}
            await self._tell(session, "appointment.booked", booking.reference, payload)
        return booking

    async def bookings(self, call_sid: str) -> tuple[Booking, ...]:
        """See `Records.bookings`."""
        query = select(BookingRow).where(
            BookingRow.tenant_id == self._tenant_id,
            BookingRow.call_sid == call_sid,
            BookingRow.replaced_at.is_(None),
        )
        async with self._transaction() as session:
            return tuple(map(booking_from, (await session.scalars(query)).all()))

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
        async with self._transaction(writes=True) as session:
            await self._known_call(session, call_sid, lock=True)
            await self._insert_once(session, CallbackRow, values, ("tenant_id", "call_sid"))
            await session.execute(update(CallbackRow).where(*mine).values(at=at, note=note))
            row = (await session.scalars(select(CallbackRow).where(*mine))).one()
            payload = {"reference": reference, "call_sid": call_sid, "e164": e164, "at": at and at.isoformat()}
            await self._tell(session, "callback.requested", reference, payload)
            return callback_from(row)

    async def request_information(self, *, call_sid: str, e164: str, topic: str) -> str:
        """See `Records.request_information`."""
        reference = _reference("I", self._tenant_id, call_sid, topic)
        async with self._transaction(writes=True) as session:
            await self._known_call(session, call_sid)
            payload = {"reference": reference, "call_sid": call_sid, "e164": e164, "topic": topic}
            await self._tell(session, "information.requested", reference, payload)
        return reference

    async def aclose(self) -> None:
        """See `Records.aclose`."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self, *, writes: bool = False) -> AsyncGenerator[AsyncSession, None]:
        """A session in one transaction, committed at the end, rolled back where anything is raised."""
        try:
            async with asyncio.timeout(self._timeout_seconds), self._turn_to_write(writes):
                async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                    await session.connection(execution_options={WRITES: writes})
                    yield session
        except TimeoutError as error:
            raise RecordsUnavailable(f"{self._where()}: no answer within {self._timeout_seconds:g} s") from error
        except (DBAPIError, OSError) as error:
            raise RecordsUnavailable(f"{self._where()}: {_kind(error)}; check DATABASE_URL and the database") from error

    def _turn_to_write(self, writes: bool) -> AbstractAsyncContextManager[object]:
        return self._write_lock if writes and self._write_lock is not None else nullcontext()

    async def _migrate(self, change: Callable[[Connection], None]) -> None:
        try:
            async with asyncio.timeout(MIGRATION_SECONDS):
                async with self._engine.connect() as plain:
                    connection = await plain.execution_options(**{WRITES: True})
                    async with connection.begin():
                        await connection.run_sync(change)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            raise RecordsUnavailable(
                f"{self._where()}: migration failed: {_kind(error)}; check DATABASE_URL"
            ) from error

    async def _insert_once(
        self, session: AsyncSession, kind: type[Base], values: dict[str, Any], key: tuple[str, ...]
    ) -> bool:
        """Insert unless a row with this key is there; True where it was inserted."""
        table = cast("Table[Any]", kind.__table__)
        dialect_insert = sqlite_insert if self._url.get_backend_name() == "sqlite" else postgres_insert
        statement = dialect_insert(table).values(**values).on_conflict_do_nothing(index_elements=list(key))
        # Postgres tells no row count here; what was inserted is what comes back.
        return (await session.execute(statement.returning(table.c.id))).first() is not None

    async def _ensure_prospect(self, session: AsyncSession, e164: str) -> None:
        values = {"tenant_id": self._tenant_id, "e164": e164, "created_at": self._now()}
        await self._insert_once(session, ProspectRow, values, ("tenant_id", "e164"))

    async def _tell(self, session: AsyncSession, kind: str, subject: str, payload: dict[str, Any]) -> None:
        """Put something into the outbox, once for each kind and subject."""
        values = {
            "tenant_id": self._tenant_id,
            "key": f"{kind}:{subject}",
            "kind": kind,
            "payload": payload,
            "created_at": self._now(),
            "attempts": 0,
        }
        await self._insert_once(session, OutboxRow, values, ("tenant_id", "key"))

    async def _known_call(self, session: AsyncSession, call_sid: str, *, lock: bool = False) -> None:
        """Raise `UnknownCall` unless the call is there; `lock` lets one writer at a time change what hangs on it."""
        query = self._call_query(call_sid)
        if await session.scalar(query.with_for_update() if lock else query) is None:
            raise UnknownCall(call_sid)

    def _call_query(self, call_sid: str) -> Any:
        return select(CallRow).where(CallRow.tenant_id == self._tenant_id, CallRow.sid == call_sid)

    async def _suppressed(self, session: AsyncSession, e164: str) -> bool:
        query = select(SuppressionRow.id).where(
            SuppressionRow.tenant_id == self._tenant_id, SuppressionRow.e164 == e164
        )
        return await session.scalar(query) is not None

    def _where(self) -> str:
        if self._url.get_backend_name() == "sqlite":
            return f"SQLite at {self._url.database}"
        return f"Postgres at {self._url.host}:{self._url.port or 5432}/{self._url.database}"


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
