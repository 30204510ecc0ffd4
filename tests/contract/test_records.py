"""One suite over Records on SQLite and on a real Postgres."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.orm import Session

from bot.domain import (
    Call,
    Direction,
    Emotion,
    EmotionLabel,
    Intent,
    Outcome,
    Prospect,
    Signal,
    Speaker,
    Stage,
    Tier,
    Turn,
)
from bot.stores.errors import CursorError, StoreUnavailable
from bot.stores.records import engine
from bot.stores.records.engine import DatabaseAddressError, database_url
from bot.stores.records.protocol import UnknownCall
from bot.stores.records.sql import SqlRecords
from bot.stores.records.tables import Base

T = TypeVar("T")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW_YORK = timezone(timedelta(hours=-5))
PERSON = "+12125550100"


def a_call(sid: str = "CA1", *, tenant_id: str = "default", caller: str | None = PERSON) -> Call:
    return Call(
        sid=sid,
        direction=Direction.INBOUND,
        caller=caller,
        callee="+12125550111",
        started_at=NOON,
        playbook="ngx",
        tenant_id=tenant_id,
    )


def some_turns() -> tuple[Turn, ...]:
    emotion = Emotion(
        label=EmotionLabel.JOY,
        scores=MappingProxyType({"joy": 0.75, "neutral": 0.25}),
        valence=0.5,
        arousal=0.625,
        signals=MappingProxyType({Signal.INTEREST.value: 0.5}),
    )
    tier = Tier(key="pro", scores=MappingProxyType({"pro": 0.75, "elite": 0.25}), reasons=("wants a coach",))
    return (
        Turn(speaker=Speaker.BOT, text="Hola, ¿cómo está?", at=NOON, language="es", stage=Stage.OPEN, answer_ms=640),
        Turn(
            speaker=Speaker.CALLER,
            text="¡Muy bien! 💪",
            at=NOON.astimezone(NEW_YORK),
            language="es",
            stage=Stage.DISCOVER,
            interrupted=True,
            intent=Intent.AFFIRM,
            emotion=emotion,
            tier=tier,
        ),
    )


async def directly(url: URL, work: Callable[[Connection], T]) -> T:
    """Do something to the database past the records, in one transaction."""

    def transaction() -> T:
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                return work(connection)
        finally:
            engine.dispose()

    return await asyncio.to_thread(transaction)


async def empty(url: URL) -> None:
    """Drop everything in a Postgres database."""

    def drop(connection: Connection) -> None:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))

    await directly(url, drop)


async def add_tenant(records: SqlRecords, tenant_id: str) -> None:
    """Make another business known."""
    tenants = Base.metadata.tables["tenants"]
    added = tenants.insert().values(id=tenant_id, name=tenant_id.title(), created_at=NOON)
    await directly(records._url, lambda connection: connection.execute(added))


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """An empty database."""
    if request.param == "sqlite":
        return database_url(None, data_dir=tmp_path / "made" / "late")
    url = database_url(cast("str", request.getfixturevalue("postgres_address")), data_dir=tmp_path)
    await empty(url)
    return url


@pytest.fixture
async def records(url: URL) -> AsyncIterator[SqlRecords]:
    records = SqlRecords(url, timeout_seconds=20)
    await records.migrate()
    yield records
    await records.aclose()


async def outbox(records: SqlRecords) -> list[tuple[str, dict[str, object]]]:
    """Kind and payload of each outbox row, oldest first."""
    table = Base.metadata.tables["outbox"]

    def read(connection: Connection) -> list[tuple[str, dict[str, object]]]:
        return [(row.kind, row.payload) for row in connection.execute(table.select().order_by(table.c.id))]

    return await directly(records._url, read)


async def test_writes_of_one_process_queue_up_instead_of_polling_for_sqlites_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_SQLITE_BUSY_MS", 0)  # whoever finds the database locked fails at once
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    await add_tenant(records, "other")
    other = records.for_tenant("other")
    opened = [records.open_call(a_call(f"CA{number}")) for number in range(20)]
    suppressed = [other.suppress(f"+1212555{number:04}", source="t", call_sid=None, at=NOON) for number in range(5)]
    assert all(await asyncio.gather(*opened, *suppressed))
    await records.aclose()


async def finish(records: SqlRecords, sid: str = "CA1", turns: tuple[Turn, ...] | None = None) -> bool:
    ended = NOON + timedelta(minutes=3)
    return await records.finish(sid, outcome=Outcome.BOOKED, ended_at=ended, language="es", turns=turns)


async def test_a_call_is_opened_once_and_read_back_with_its_person(records: SqlRecords) -> None:
    assert [await records.open_call(a_call()), await records.open_call(a_call())] == [True, False]
    assert await records.call("CA1") == a_call()
    assert await records.prospect(PERSON) == Prospect(e164=PERSON)
    assert await records.call("CA2") is None


async def test_of_many_openings_at_once_one_is_the_first(records: SqlRecords) -> None:
    opened = await asyncio.gather(*(records.open_call(a_call()) for _ in range(20)))
    assert opened.count(True) == 1
    assert len((await records.calls()).calls) == 1


async def test_an_outbound_calls_person_is_the_callee(records: SqlRecords) -> None:
    call = Call(
        sid="CA1",
        direction=Direction.OUTBOUND,
        caller="+12125550111",
        callee=PERSON,
        started_at=NOON,
        playbook="ngx",
    )
    await records.open_call(call)
    assert await records.prospect(PERSON) is not None
    assert await records.prospect("+12125550111") is None


async def test_a_withheld_number_makes_no_person(records: SqlRecords) -> None:
    assert await records.open_call(a_call(caller=None))
    assert (await records.call("CA1")) == a_call(caller=None)


async def test_a_finished_call_has_outcome_transcript_and_one_outbox_row(records: SqlRecords) -> None:
    await records.open_call(a_call())
    assert await records.transcript("CA1") is None
    assert await finish(records, turns=some_turns())
    call = await records.call("CA1")
    assert call is not None
    assert (call.outcome, call.ended_at, call.language) == (Outcome.BOOKED, NOON + timedelta(minutes=3), "es")
    assert await records.transcript("CA1") == some_turns()
    assert await outbox(records) == [
        ("call.finished", {"call_sid": "CA1", "outcome": "booked", "ended_at": "2026-11-23T12:03:00+00:00"})
    ]


async def test_finishing_again_changes_nothing(records: SqlRecords) -> None:
    await records.open_call(a_call())
    await finish(records, turns=some_turns())
    again = await records.finish("CA1", outcome=Outcome.FAILED, ended_at=NOON, language="en", turns=())
    call = await records.call("CA1")
    assert not again
    assert call is not None and call.outcome is Outcome.BOOKED and call.language == "es"
    assert await records.transcript("CA1") == some_turns()
    assert len(await outbox(records)) == 1


async def test_of_many_finishes_at_once_one_counts(records: SqlRecords) -> None:
    await records.open_call(a_call())
    finished = await asyncio.gather(*(finish(records, turns=some_turns()) for _ in range(10)))
    assert finished.count(True) == 1
    assert await records.transcript("CA1") == some_turns()


async def test_a_transcript_that_may_not_be_stored_is_not(records: SqlRecords) -> None:
    await records.open_call(a_call())
    await finish(records, turns=None)
    assert await records.transcript("CA1") is None


async def test_a_stored_transcript_without_a_word_is_not_a_forbidden_one(records: SqlRecords) -> None:
    await records.open_call(a_call())
    await finish(records, turns=())
    assert await records.transcript("CA1") == ()


async def test_a_finish_that_fails_midway_leaves_the_call_open(records: SqlRecords) -> None:
    await records.open_call(a_call())
    bad = Turn(speaker=Speaker.BOT, text="x", at=NOON.replace(tzinfo=None), language="en", stage=Stage.OPEN)
    with pytest.raises(Exception, match=r"offset|StatementError"):
        await finish(records, turns=(*some_turns(), bad))
    call = await records.call("CA1")
    assert call is not None and call.outcome is None
    assert await outbox(records) == []
    assert await finish(records, turns=some_turns())


async def test_what_hangs_on_an_unknown_call_is_refused(records: SqlRecords) -> None:
    with pytest.raises(UnknownCall, match="CA9"):
        await finish(records, "CA9")
    with pytest.raises(UnknownCall):
        await records.book(call_sid="CA9", at=NOON, minutes=30, zone="UTC", name=None)
    with pytest.raises(UnknownCall):
        await records.schedule_callback(call_sid="CA9", e164=PERSON, at=None, note="")
    with pytest.raises(UnknownCall):
        await records.request_information(call_sid="CA9", e164=PERSON, topic="pro")


async def test_calls_are_paged_newest_first_without_loss_or_repeat(records: SqlRecords) -> None:
    for number in range(7):
        await records.open_call(a_call(f"CA{number}"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await records.calls(after=cursor, limit=3)
        seen += [call.sid for call in page.calls]
        await records.open_call(a_call(f"CA-later-{len(seen)}"))  # what comes in meanwhile shifts nothing
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"CA{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1;--", "٣", "9" * 30])
async def test_a_made_up_cursor_is_refused(records: SqlRecords, cursor: str) -> None:
    with pytest.raises(CursorError):
        await records.calls(after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_page_of_no_size_is_refused(records: SqlRecords, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        await records.calls(limit=limit)


async def test_a_suppression_stands_as_first_said(records: SqlRecords) -> None:
    await records.open_call(a_call())
    assert not await records.is_suppressed(PERSON)
    assert await records.suppress(PERSON, source="voice", call_sid="CA1", at=NOON)
    assert not await records.suppress(PERSON, source="key", call_sid="CA2", at=NOON + timedelta(days=1))
    assert await records.is_suppressed(PERSON)
    assert await records.prospect(PERSON) == Prospect(e164=PERSON, opted_out=True)
    assert await outbox(records) == [
        ("contact.suppressed", {"e164": PERSON, "source": "voice", "call_sid": "CA1", "at": NOON.isoformat()})
    ]


async def test_a_number_never_met_can_be_suppressed(records: SqlRecords) -> None:
    assert await records.suppress("+34600000000", source="import", call_sid=None, at=NOON)
    assert await records.is_suppressed("+34600000000")
    assert await records.prospect("+34600000000") is None


async def test_news_of_a_person_adds_and_never_erases(records: SqlRecords) -> None:
    await records.upsert_prospect(Prospect(e164=PERSON, name="Ana", language="es"))
    await records.upsert_prospect(Prospect(e164=PERSON, zone="America/New_York", opted_out=True))
    await records.upsert_prospect(Prospect(e164=PERSON))
    assert await records.prospect(PERSON) == Prospect(
        e164=PERSON, name="Ana", language="es", zone="America/New_York", opted_out=False
    )


async def test_booking_again_gives_the_same_booking(records: SqlRecords) -> None:
    await records.open_call(a_call())
    at = datetime(2026, 11, 26, 17, tzinfo=NEW_YORK)

    async def book() -> object:
        return await records.book(call_sid="CA1", at=at, minutes=30, zone="America/New_York", name="Ana")

    booked = await asyncio.gather(*(book() for _ in range(8)))
    assert len(set(map(repr, booked))) == 1
    standing = await records.bookings("CA1")
    assert len(standing) == 1
    assert (standing[0].at, standing[0].zone, standing[0].name) == (at, "America/New_York", "Ana")
    assert [kind for kind, _ in await outbox(records)] == ["appointment.booked"]


async def test_another_moment_replaces_the_calls_booking_and_back_again(records: SqlRecords) -> None:
    await records.open_call(a_call())
    thursday, friday = NOON + timedelta(days=3), NOON + timedelta(days=4)
    first = await records.book(call_sid="CA1", at=thursday, minutes=30, zone="UTC", name=None)
    second = await records.book(call_sid="CA1", at=friday, minutes=30, zone="UTC", name=None)
    assert first.reference != second.reference
    assert await records.bookings("CA1") == (second,)
    assert await records.book(call_sid="CA1", at=thursday, minutes=30, zone="UTC", name=None) == first
    assert await records.bookings("CA1") == (first,)


async def test_two_calls_may_book_the_same_moment(records: SqlRecords) -> None:
    """There is no calendar yet: this is the limit that the integrations' issue lifts."""
    await records.open_call(a_call("CA1"))
    await records.open_call(a_call("CA2"))
    one = await records.book(call_sid="CA1", at=NOON, minutes=30, zone="UTC", name=None)
    two = await records.book(call_sid="CA2", at=NOON, minutes=30, zone="UTC", name=None)
    assert one.reference != two.reference


async def test_one_callback_a_call_with_the_last_moment(records: SqlRecords) -> None:
    await records.open_call(a_call())
    first = await records.schedule_callback(call_sid="CA1", e164=PERSON, at=None, note="busy")
    last = await records.schedule_callback(call_sid="CA1", e164=PERSON, at=NOON, note="at noon")
    assert (first.reference, first.at) == (last.reference, None)
    assert (last.at, last.note) == (NOON, "at noon")
    assert [kind for kind, _ in await outbox(records)] == ["callback.requested"]


async def test_information_asked_for_twice_is_one_request(records: SqlRecords) -> None:
    await records.open_call(a_call())
    references = [
        await records.request_information(call_sid="CA1", e164=PERSON, topic=topic) for topic in ("pro", "pro", "prime")
    ]
    assert references[0] == references[1] != references[2]
    assert [kind for kind, _ in await outbox(records)] == ["information.requested"] * 2


async def test_tenants_see_nothing_of_each_other(records: SqlRecords) -> None:
    await records.open_call(a_call())
    await records.suppress(PERSON, source="voice", call_sid="CA1", at=NOON)
    await records.book(call_sid="CA1", at=NOON, minutes=30, zone="UTC", name=None)
    await finish(records, turns=some_turns())
    await add_tenant(records, "other")
    other = records.for_tenant("other")
    assert await other.call("CA1") is None
    assert (await other.calls()).calls == ()
    assert await other.transcript("CA1") is None
    assert await other.prospect(PERSON) is None
    assert not await other.is_suppressed(PERSON)
    assert await other.bookings("CA1") == ()
    with pytest.raises(UnknownCall):
        await finish(other)
    with pytest.raises(ValueError, match="tenant"):
        await other.open_call(a_call())
    assert await other.open_call(a_call(tenant_id="other"))  # the same SID, another business
    assert await other.suppress(PERSON, source="voice", call_sid=None, at=NOON)
    assert await records.transcript("CA1") == some_turns()


async def test_words_that_look_like_code_are_only_words(records: SqlRecords) -> None:
    sid = "CA'; DROP TABLE calls; --"
    await records.open_call(a_call(sid))
    await records.upsert_prospect(Prospect(e164=PERSON, name="Robert'); DROP TABLE turns;--"))
    assert await records.call(sid) == a_call(sid)


async def test_ping_demands_this_versions_tables(url: URL) -> None:
    records = SqlRecords(url, timeout_seconds=20)
    with pytest.raises(StoreUnavailable, match="tables"):
        await records.ping()
    await records.migrate()
    await records.ping()
    await records.aclose()


async def test_workers_that_start_at_once_migrate_once(url: URL) -> None:
    workers = [SqlRecords(url, timeout_seconds=20) for _ in range(5)]
    await asyncio.gather(*(worker.migrate() for worker in workers))
    await asyncio.gather(*(worker.ping() for worker in workers))
    assert [await worker.open_call(a_call()) for worker in workers] == [True, False, False, False, False]
    for worker in workers:
        await worker.aclose()


async def test_migrations_make_the_tables_of_the_code_and_go_down_again(records: SqlRecords) -> None:
    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    def tables(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    assert await directly(records._url, difference) == []
    await records.downgrade(revision="base")
    assert await directly(records._url, tables) <= {"alembic_version"}
    await records.migrate()
    assert await directly(records._url, difference) == []
    await records.ping()


async def test_a_reader_does_not_wait_for_a_writer_in_the_same_file(tmp_path: Path) -> None:
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    await records.open_call(a_call())
    writer = another_writer(records)
    assert await records.call("CA1") == a_call()
    writer.close()
    await records.aclose()


def another_writer(records: SqlRecords) -> sqlite3.Connection:
    """Somebody else who holds the write lock of the SQLite file until they are closed."""
    writer = sqlite3.connect(records._url.database or "", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    return writer


async def test_a_write_that_ran_out_of_time_finishes_by_itself(tmp_path: Path) -> None:
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    impatient = SqlRecords(records._url, timeout_seconds=0.1, runner=records._runner)
    writer = another_writer(records)
    with pytest.raises(StoreUnavailable, match=r"SQLite at .*: no answer within 0\.1 s"):
        await impatient.suppress(PERSON, source="voice", call_sid=None, at=NOON)
    assert not await records.is_suppressed(PERSON)
    writer.close()
    assert not await records.suppress(PERSON, source="key", call_sid=None, at=NOON)  # the first one came through
    await records.aclose()


async def test_closing_lets_what_was_begun_end_and_takes_nothing_more(tmp_path: Path) -> None:
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    opening = asyncio.gather(*(records.open_call(a_call(f"CA{number}")) for number in range(10)))
    await asyncio.sleep(0)
    await records.aclose()
    assert await opening == [True] * 10
    with pytest.raises(StoreUnavailable, match="closed"):
        await records.call("CA1")
    await records.aclose()


async def test_what_is_not_declared_as_a_write_cannot_write_to_sqlite(tmp_path: Path) -> None:
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    with pytest.raises(StoreUnavailable, match="OperationalError"):
        await records._run(lambda session: session.execute(text("DELETE FROM tenants")), writes=False)
    await records.aclose()


async def test_writes_cancelled_at_any_moment_leave_the_store_working(records: SqlRecords) -> None:
    chance = random.Random(7)
    for turn in range(30):
        openings = [asyncio.create_task(records.open_call(a_call(f"CA{turn}-{number}"))) for number in range(10)]
        for opening in openings:
            asyncio.get_running_loop().call_later(chance.uniform(0, 0.03), opening.cancel)
        ended = await asyncio.gather(*openings, return_exceptions=True)
        assert [end for end in ended if end is not True and not isinstance(end, asyncio.CancelledError)] == []
        async with asyncio.timeout(1):
            assert await records.open_call(a_call(f"CA{turn}-after"))
        for number, end in enumerate(ended):
            assert end is not True or await records.call(f"CA{turn}-{number}") is not None


async def test_a_busy_event_loop_makes_no_write_time_out(url: URL) -> None:
    records = SqlRecords(url, timeout_seconds=20)
    await records.migrate()
    usual = SqlRecords(url, runner=records._runner)

    async def hog() -> None:
        while True:
            time.sleep(0.05)  # noqa: ASYNC251  blocks the loop, as slow work in a call would
            await asyncio.sleep(0)

    hogging = asyncio.create_task(hog())
    try:
        opened = await asyncio.gather(*(usual.open_call(a_call(f"CA{number}")) for number in range(10)))
    finally:
        hogging.cancel()
    assert opened == [True] * 10
    await records.aclose()


async def test_a_postgres_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = database_url("postgres://ngx:pass-word@127.0.0.1:1/ngx", data_dir=tmp_path)
    records = SqlRecords(url, timeout_seconds=5)
    with pytest.raises(StoreUnavailable, match=r"Postgres at 127\.0\.0\.1:1/ngx") as caught:
        await records.ping()
    assert "pass-word" not in str(caught.value)
    with pytest.raises(StoreUnavailable, match="migration"):
        await records.migrate()
    await records.aclose()


async def test_a_postgres_that_hangs_is_unavailable_and_serves_again(postgres_address: str, tmp_path: Path) -> None:
    url = database_url(postgres_address, data_dir=tmp_path)
    await empty(url)
    records = SqlRecords(url, timeout_seconds=20)
    await records.migrate()

    def backend(session: Session) -> int:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())

    pid = await records._run(backend, writes=False)
    impatient = SqlRecords(url, timeout_seconds=0.5, runner=records._runner)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match="no answer within"):
            await impatient.call("CA1")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert await records.call("CA1") is None
    await records.aclose()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u@h:5433/d?sslmode=require", "postgresql+psycopg://u@h:5433/d?sslmode=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:///relative.db", "sqlite+pysqlite:///relative.db"),
        ("sqlite:////absolute.db", "sqlite+pysqlite:////absolute.db"),
    ],
)
def test_addresses_are_taken_as_people_write_them(address: str, expected: str, tmp_path: Path) -> None:
    assert database_url(address, data_dir=tmp_path).render_as_string(hide_password=False) == expected


@pytest.mark.parametrize(
    "address",
    ["mysql://u:pass-word@h/d", "nonsense", "postgresql://u:pass-word@h:port/d", "sqlite://", "sqlite:///:memory:"],
)
def test_another_kind_of_database_is_refused_without_its_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseAddressError, match=r"DATABASE_URL: .*expected") as caught:
        database_url(address, data_dir=tmp_path)
    assert "pass-word" not in str(caught.value)
