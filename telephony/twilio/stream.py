"""`WS /twilio/stream`: lets a stream in by signature and token, then hands its line to the pipelines."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from loguru import logger
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.domain import Call, Outcome
from bot.metrics import BadFrameCause, RefusalCause
from bot.metrics import Door as Entrance
from bot.stores.errors import StoreUnavailable
from telephony.door import CallEnd, Door
from telephony.twilio.after_stream import hang_up_unless
from telephony.twilio.media_stream import POLICY_VIOLATION, FrameReader, TwilioMediaLine
from telephony.twilio.messages import ConnectedMessage, StartMessage, StopMessage
from telephony.twilio.signature import SIGNATURE_HEADER
from telephony.twilio.voice import finish_without_talk

INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, kw_only=True)
class StreamRefusal:
    """Why a stream was not let in, and the code with which its socket is closed."""

    cause: RefusalCause | None
    """None where it was counted already."""
    close_code: int = POLICY_VIOLATION


_NO_START: Final = StreamRefusal(cause=RefusalCause.LATE_START)
_BAD_FRAMES: Final = StreamRefusal(cause=RefusalCause.TOO_MANY)
_BAD_TOKEN: Final = StreamRefusal(cause=RefusalCause.BAD_TOKEN)
_UNKNOWN_CALL: Final = StreamRefusal(cause=RefusalCause.UNKNOWN_CALL)
_ALREADY_HERE: Final = StreamRefusal(cause=RefusalCause.ALREADY_STREAMING)
_FULL: Final = StreamRefusal(cause=RefusalCause.FULL, close_code=TRY_AGAIN_LATER)
_STORE_AWAY: Final = StreamRefusal(cause=None, close_code=INTERNAL_ERROR)


@dataclass(frozen=True, kw_only=True)
class OpenedStream:
    """A stream that proved to be the one our TwiML asked for."""

    start: StartMessage
    call: Call


async def serve_stream(websocket: WebSocket, *, door: Door) -> None:
    """Serve one Media Streams socket from its upgrade to the end of its call."""
    refusal = _upgrade_refusal(websocket, door)
    if refusal is not None:
        door.metrics.refusal(door=Entrance.STREAM, cause=refusal)
        await websocket.close()  # before `accept`: the server answers the upgrade with 403
        return
    await websocket.accept()
    reader = FrameReader(websocket, count_bad_frame=door.metrics.bad_frame)
    opened = await _open_stream(reader, door)
    if isinstance(opened, StreamRefusal):
        await _refuse(websocket, opened, door)
        return
    with logger.contextualize(call_id=opened.call.sid):
        await _run(websocket, reader, opened, door)


def _upgrade_refusal(websocket: WebSocket, door: Door) -> RefusalCause | None:
    given = websocket.headers.get(SIGNATURE_HEADER)
    if not door.signature.can_accept:
        return RefusalCause.NO_AUTH_TOKEN
    if not given:
        return RefusalCause.NO_SIGNATURE
    return None if door.signature.accepts_upgrade(signature=given) else RefusalCause.BAD_SIGNATURE


async def _open_stream(reader: FrameReader, door: Door) -> OpenedStream | StreamRefusal:
    """Await `start` and use its token up; nothing else is touched before that is done."""
    try:
        async with asyncio.timeout(door.limits.start_seconds):
            start = await _await_start(reader)
            if isinstance(start, StreamRefusal):
                return start
            if not start.token or not await door.sessions.redeem_token(start.token, start.call_sid):
                return _BAD_TOKEN
            call = await door.records.call(start.call_sid)
    except TimeoutError:
        return _NO_START
    except StoreUnavailable as error:
        logger.error("a stream could not be let in: {}", error)
        door.count_store_away(error, entrance=Entrance.STREAM)
        return _STORE_AWAY
    return _UNKNOWN_CALL if call is None else OpenedStream(start=start, call=call)


async def _await_start(reader: FrameReader) -> StartMessage | StreamRefusal:
    while (message := await reader.receive()) is not None:
        if isinstance(message, StartMessage):
            return message
        if isinstance(message, StopMessage):
            return _NO_START
        if not isinstance(message, ConnectedMessage):
            reader.reject(BadFrameCause.BEFORE_START)
    return _BAD_FRAMES if reader.exhausted else _NO_START


async def _run(websocket: WebSocket, reader: FrameReader, opened: OpenedStream, door: Door) -> None:
    """Run the call on its line; then see that Twilio hangs up where we ended the talk."""
    call_sid = opened.call.sid
    with door.gate.stream(call_sid) as mine:
        refusal = _entry_refusal(door, call_sid=call_sid, mine=mine)
        if refusal is not None:
            await _refuse(websocket, refusal, door)
            return
        line = TwilioMediaLine(websocket, start=opened.start, reader=reader, send_seconds=door.limits.send_seconds)
        with door.after_streams.expect(call_sid) as came:
            door.gate.release(call_sid)
            end = await _run_call(line, opened.call, door)
            ours_to_end = end is None or (end.hang_up and end.transfer_to is None)
            if ours_to_end and not line.stopped:
                await hang_up_unless(came, call_sid=call_sid, seconds=door.limits.after_stream_seconds, rest=door.rest)


def _entry_refusal(door: Door, *, call_sid: str, mine: bool) -> StreamRefusal | None:
    if not mine:
        return _ALREADY_HERE
    # A call that this worker's webhook let in has its place; one that another worker let in needs a free one.
    if not door.gate.expects(call_sid) and door.resources.free_call_slots() <= 0:
        return _FULL
    return None


async def _run_call(line: TwilioMediaLine, call: Call, door: Door) -> CallEnd | None:
    try:
        return await door.run_call(line, call)
    except Exception:  # noqa: BLE001  the boundary of a call: no other call may suffer
        logger.exception("the call ended in a fault of ours")
        await _note_failure(call, door)
        return None
    finally:
        await line.close()


async def _note_failure(call: Call, door: Door) -> None:
    """Close what the pipelines left open, so that the call does not count as live for ever."""
    try:
        async with asyncio.timeout(door.limits.store_seconds):
            await finish_without_talk(call, outcome=Outcome.FAILED, door=door)
    except (StoreUnavailable, TimeoutError) as error:
        logger.error("the failed call's outcome is not on record: {}", error or "the stores did not answer in time")


async def _refuse(websocket: WebSocket, refusal: StreamRefusal, door: Door) -> None:
    if refusal.cause is not None:
        door.metrics.refusal(door=Entrance.STREAM, cause=refusal.cause)
    # The other side may have gone meanwhile, and one that reads nothing must not hold us.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        async with asyncio.timeout(door.limits.send_seconds):
            await websocket.close(refusal.close_code)
