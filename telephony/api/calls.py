"""`/api/calls`: calls on record, and what was said in them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from bot.domain import Call
from bot.stores.errors import CursorError
from bot.stores.records.protocol import Records
from telephony.api.errors import NOT_FOUND, ApiError
from telephony.api.models import BookingBody, CallBody, CallDetailBody, CallPageBody, TranscriptBody, TurnBody

Limit = Annotated[int, Query(ge=1, le=200, description="Most calls on a page.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")]
CallSid = Annotated[str, Path(max_length=64, description="The call's identifier at the carrier, such as CA….")]


_TAGS: Final[list[str | Enum]] = ["calls"]


def add_call_routes(router: APIRouter, records: Records) -> None:
    """Add the routes that read calls from `records`."""

    @router.get("/calls", tags=_TAGS, summary="Calls, newest first, by pages")
    async def list_calls(limit: Limit = 50, cursor: Cursor = None) -> CallPageBody:  # pyright: ignore[reportUnusedFunction]
        try:
            return CallPageBody.of(await records.calls(after=cursor, limit=limit))
        except CursorError as error:
            raise ApiError(400, str(error)) from error

    @router.get("/calls/{call_sid}", tags=_TAGS, summary="A call and its appointments", responses=NOT_FOUND)
    async def show_call(call_sid: CallSid) -> CallDetailBody:  # pyright: ignore[reportUnusedFunction]
        call = await _known(records, call_sid)
        bookings = await records.bookings(call_sid)
        return CallDetailBody(
            **CallBody.of(call).model_dump(), bookings=tuple(BookingBody.of(booking) for booking in bookings)
        )

    @router.get("/calls/{call_sid}/transcript", tags=_TAGS, summary="What was said in a call", responses=NOT_FOUND)
    async def show_transcript(call_sid: CallSid) -> TranscriptBody:  # pyright: ignore[reportUnusedFunction]
        call = await _known(records, call_sid)
        turns = await records.transcript(call_sid)
        if turns is None:
            why = "the call is not over yet" if call.ended_at is None else "the caller did not hear that it is stored"
            raise ApiError(404, f"call {call_sid}: there is no transcript: {why}")
        return TranscriptBody(call_sid=call_sid, turns=tuple(TurnBody.of(turn) for turn in turns))


async def _known(records: Records, call_sid: str) -> Call:
    call = await records.call(call_sid)
    if call is None:
        raise ApiError(404, f"call {call_sid}: there is none on record")
    return call
