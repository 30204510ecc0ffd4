"""The tools over real records on SQLite, and what becomes of the ones that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.actions import (
    Action,
    ActionError,
    BookAppointment,
    EndCall,
    Receipt,
    RecordOptOut,
    ScheduleCallback,
    SendInformation,
    TransferToPerson,
    action_from_dict,
    action_to_dict,
    receipt_from_dict,
    receipt_to_dict,
)
from bot.domain import Call, Direction
from bot.stores.errors import StoreUnavailable
from bot.stores.records.engine import database_url
from bot.stores.records.protocol import Records
from bot.stores.records.sql import SqlRecords
from bot.tools.book_appointment import book_appointment
from bot.tools.context import ToolContext
from bot.tools.end_call import end_call
from bot.tools.opt_out import record_opt_out
from bot.tools.running import run_actions
from bot.tools.schedule_callback import schedule_callback
from bot.tools.schema import tool_schema
from bot.tools.send_information import send_information
from bot.tools.transfer_to_person import transfer_to_person

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERSON = "+12125550100"
BOOKING = BookAppointment(at=NOW + timedelta(days=3), zone="America/New_York", minutes=30, name="Ana")
EVERY_ACTION: tuple[Action, ...] = (
    BOOKING,
    BookAppointment(at=NOW, zone="UTC", minutes=15),
    RecordOptOut(),
    ScheduleCallback(at=NOW, note="después"),
    ScheduleCallback(),
    TransferToPerson(),
    SendInformation(topic="pro"),
    EndCall(),
)


def a_call(caller: str | None = PERSON) -> Call:
    return Call(
        sid="CA1", direction=Direction.INBOUND, caller=caller, callee="+12125550111", started_at=NOW, playbook="ngx"
    )


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    records = SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=20)
    await records.migrate()
    await records.open_call(a_call())
    yield records
    await records.aclose()


def context(records: object, *, caller: str | None = PERSON, transfer_number: str | None = None) -> ToolContext:
    return ToolContext(records=cast("Records", records), call=a_call(caller), now=NOW, transfer_number=transfer_number)


class Troubled:
    """Records whose every method ends badly."""

    def __init__(self, trouble: Exception | None) -> None:
        self.trouble = trouble
        self.cancelled = False

    def __getattr__(self, name: str) -> Any:
        async def method(*_: object, **__: object) -> None:
            if self.trouble is not None:
                raise self.trouble
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

        return method


async def run_patiently(actions: tuple[Action, ...], given: ToolContext) -> tuple[Receipt, ...]:
    return await run_actions(actions, given, deadline_seconds=30)


async def test_a_booking_gets_a_receipt_with_its_reference(records: SqlRecords) -> None:
    (receipt,) = await run_patiently((BOOKING,), context(records))
    (booking,) = await records.bookings("CA1")
    assert receipt == Receipt(action=BOOKING, ok=True, reference=booking.reference)
    assert (booking.at, booking.minutes, booking.name) == (BOOKING.at, 30, "Ana")


async def test_every_action_done_twice_is_done_once(records: SqlRecords) -> None:
    actions: tuple[Action, ...] = (BOOKING, ScheduleCallback(note="x"), SendInformation(topic="pro"), RecordOptOut())
    first = await run_patiently(actions, context(records))
    assert all(receipt.ok for receipt in first)
    again = await run_patiently((BOOKING, RecordOptOut()), context(records))
    assert again == (first[0], first[3])
    assert len(await records.bookings("CA1")) == 1


async def test_an_opt_out_suppresses_the_person_and_forbids_what_would_contact_them(records: SqlRecords) -> None:
    actions: tuple[Action, ...] = (RecordOptOut(), ScheduleCallback(), SendInformation(topic="pro"))
    receipts = await run_patiently(actions, context(records))
    assert await records.is_suppressed(PERSON)
    assert [(receipt.ok, receipt.reason) for receipt in receipts] == [
        (True, None),
        (False, "opted_out"),
        (False, "opted_out"),
    ]


@pytest.mark.parametrize("action", [RecordOptOut(), ScheduleCallback(), SendInformation(topic="pro")])
async def test_without_a_number_it_is_said_that_it_cannot_be_done(records: SqlRecords, action: Action) -> None:
    (receipt,) = await run_patiently((action,), context(records, caller=None))
    assert receipt == Receipt(action=action, ok=False, reason="number_withheld")


@pytest.mark.parametrize(
    "action", [BookAppointment(at=NOW, zone="UTC", minutes=30), ScheduleCallback(at=NOW - timedelta(hours=1))]
)
async def test_a_moment_that_is_over_is_refused(records: SqlRecords, action: Action) -> None:
    (receipt,) = await run_patiently((action,), context(records))
    assert receipt == Receipt(action=action, ok=False, reason="in_the_past")


async def test_a_transfer_names_the_number_or_is_refused(records: SqlRecords) -> None:
    (willing,) = await run_patiently((TransferToPerson(),), context(records, transfer_number="+12125550199"))
    (refused,) = await run_patiently((TransferToPerson(),), context(records))
    assert willing == Receipt(action=TransferToPerson(), ok=True, reference="+12125550199")
    assert refused == Receipt(action=TransferToPerson(), ok=False, reason="no_transfer_number")


async def test_a_slow_tool_is_given_up_and_the_others_still_run() -> None:
    troubled = Troubled(None)
    receipts = await run_actions((BOOKING, EndCall()), context(troubled), deadline_seconds=0.05)
    assert [(receipt.ok, receipt.reason) for receipt in receipts] == [(False, "timeout"), (True, None)]
    assert troubled.cancelled


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(StoreUnavailable("Postgres at h: away"), "unavailable"), (RuntimeError("broken"), "fault")],
)
async def test_a_failing_tool_gives_a_receipt_that_says_so(trouble: Exception, reason: str) -> None:
    (receipt,) = await run_actions((RecordOptOut(),), context(Troubled(trouble)))
    assert receipt == Receipt(action=RecordOptOut(), ok=False, reason=reason)


async def test_a_cancelled_call_cancels_its_tools() -> None:
    troubled = Troubled(None)
    task = asyncio.create_task(run_actions((BOOKING,), context(troubled), deadline_seconds=60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert troubled.cancelled


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_actions_and_receipts_come_back_from_json_as_they_went(action: Action) -> None:
    assert action_from_dict(action_to_dict(action)) == action
    for receipt in (
        Receipt(action=action, ok=True, reference="B-1"),
        Receipt(action=action, ok=False, reason="timeout"),
    ):
        assert receipt_from_dict(receipt_to_dict(receipt)) == receipt


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "type"),
        ({"type": "launch"}, "type"),
        ({"type": "book_appointment", "at": "soon", "zone": "UTC", "minutes": 30}, "at"),
        ({"type": "book_appointment", "at": None, "zone": "UTC", "minutes": 30}, "at"),
        ({"type": "book_appointment", "at": "2026-11-23T12:00:00", "zone": "UTC", "minutes": 30}, "offset"),
        ({"type": "book_appointment", "at": "2026-11-23T12:00:00Z", "zone": "UTC", "minutes": True}, "minutes"),
        ({"type": "book_appointment", "at": "2026-11-23T12:00:00Z", "zone": "UTC", "minutes": 0}, "minutes"),
        ({"type": "send_information"}, "topic"),
    ],
)
def test_a_stored_action_that_cannot_be_read_is_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ActionError, match=message):
        action_from_dict(values)


def test_a_tools_schema_is_its_signature_and_docstring() -> None:
    schema = tool_schema(schedule_callback)["function"]
    assert schema["name"] == "schedule_callback"
    assert schema["description"].startswith("Note that the caller wants to be called back")
    assert schema["parameters"]["required"] == []
    assert schema["parameters"]["properties"]["at"]["format"] == "date-time"
    assert "context" not in schema["parameters"]["properties"]
    booking = tool_schema(book_appointment)["function"]["parameters"]
    assert booking["required"] == ["at", "zone", "minutes"]
    assert booking["properties"]["minutes"]["type"] == "integer"


@pytest.mark.parametrize("tool", [record_opt_out, transfer_to_person, send_information, end_call])
def test_every_tool_has_a_schema(tool: Any) -> None:
    assert tool_schema(tool)["function"]["description"].endswith(".")


def test_an_undocumented_argument_is_refused() -> None:
    async def pay(context: ToolContext, *, amount: int) -> str:
        """Pay."""
        return str(amount)

    with pytest.raises(ValueError, match="amount"):
        tool_schema(pay)
