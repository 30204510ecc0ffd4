"""The routes under `/twilio`: each request is checked for Twilio's signature before anything is done with it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from fastapi import APIRouter
from loguru import logger
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from bot.metrics import Door as Entrance
from bot.metrics import LatencyStage, RefusalCause
from bot.stores.errors import StoreUnavailable
from telephony.door import Door
from telephony.twilio import callbacks, twiml
from telephony.twilio.form import Refused, SignedForm, read_signed_form
from telephony.twilio.stream import serve_stream
from telephony.twilio.voice import answer_call

_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]


class Callback(Protocol):
    """Handles one signed callback about a call."""

    async def __call__(self, form: SignedForm, *, call_sid: str, door: Door) -> None:
        """Take note of the callback; repeatable."""
        ...


def twilio_routes(door: Door) -> APIRouter:
    """Every route that Twilio calls."""
    router = APIRouter(include_in_schema=False)

    async def stream(websocket: WebSocket) -> None:
        await serve_stream(websocket, door=door)

    router.add_api_websocket_route("/twilio/stream", stream)
    router.add_route("/twilio/voice", _voice(door), methods=["POST"])
    router.add_route("/twilio/after-stream", _after_stream(door), methods=["POST"])
    for path, handle in _CALLBACKS.items():
        router.add_route(f"/twilio/{path}", _callback(door, handle), methods=["POST"])
    router.add_route("/twilio/{path:path}", _elsewhere(door), methods=_METHODS)
    return router


_CALLBACKS: Final[dict[str, Callback]] = {
    "status": callbacks.call_status,
    "amd": callbacks.answering_machine,
    "recording": callbacks.recording_status,
    "stream-status": callbacks.stream_status,
}

_Handler = Callable[[Request], Awaitable[Response]]
_Answer = Callable[[SignedForm, str], Awaitable[Response]]


def _voice(door: Door) -> _Handler:
    async def answer(form: SignedForm, call_sid: str) -> Response:
        began = time.perf_counter()
        document = await answer_call(form, call_sid=call_sid, door=door)
        door.metrics.latency(LatencyStage.WEBHOOK, seconds=time.perf_counter() - began)
        return Response(document, media_type=twiml.TWIML_TYPE)

    return _signed(door, Entrance.VOICE, answer)


def _after_stream(door: Door) -> _Handler:
    async def answer(form: SignedForm, call_sid: str) -> Response:
        try:
            document = await callbacks.after_stream(form, call_sid=call_sid, door=door)
        except (StoreUnavailable, TimeoutError) as error:
            logger.error("what comes after the stream is not known: {}", error or "the stores did not answer in time")
            door.count_store_away(error, entrance=Entrance.AFTER_STREAM)
            document = twiml.hang_up()
        return Response(document, media_type=twiml.TWIML_TYPE)

    return _signed(door, Entrance.AFTER_STREAM, answer)


def _callback(door: Door, handle: Callback) -> _Handler:
    async def answer(form: SignedForm, call_sid: str) -> Response:
        try:
            await handle(form, call_sid=call_sid, door=door)
        except (StoreUnavailable, TimeoutError) as error:
            # Twilio does not repeat a callback that was answered, and shows 5xx to the account's owner.
            logger.error("a callback was not taken: {}", error or "the stores did not answer in time")
            door.count_store_away(error, entrance=Entrance.CALLBACK)
            return PlainTextResponse("the stores do not answer; send it again\n", status_code=503)
        return Response(status_code=204)

    return _signed(door, Entrance.CALLBACK, answer)


def _signed(door: Door, entrance: Entrance, answer: _Answer) -> _Handler:
    """A handler that answers only what Twilio signed, and only for a call."""

    async def handle(request: Request) -> Response:
        form = await read_signed_form(request, signature=door.signature)
        if isinstance(form, Refused):
            return _refuse(door, entrance, form)
        call_sid = form.call_sid
        if call_sid is None:
            door.metrics.refusal(door=entrance, cause=RefusalCause.MALFORMED)
            return PlainTextResponse("CallSid: expected Twilio's identifier of the call\n", status_code=400)
        with logger.contextualize(call_id=call_sid):
            return await answer(form, call_sid)

    return handle


def _elsewhere(door: Door) -> _Handler:
    """Requests that no route takes: 403 without a signature, as everywhere here; else what is wrong, for the owner."""

    async def handle(request: Request) -> Response:
        form = await read_signed_form(request, signature=door.signature)
        if isinstance(form, Refused):
            return _refuse(door, Entrance.CALLBACK, form)
        return PlainTextResponse("no such route here: check its path, and that its method is POST\n", status_code=404)

    return handle


def _refuse(door: Door, entrance: Entrance, refused: Refused) -> Response:
    door.metrics.refusal(door=entrance, cause=refused.cause)
    return PlainTextResponse(f"refused: {refused.cause.value}\n", status_code=refused.status)
