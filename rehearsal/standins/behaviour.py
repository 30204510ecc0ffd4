"""Carries out faults: on HTTP answers and on WebSocket connections, alike for all stand-ins."""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from rehearsal.standins.profile import Fault, FaultKind, FaultScript

_encode = msgspec.json.Encoder().encode
_GARBAGE = '{"type": "TurnInfo", "choices": [{"delta":'


class ConnectionCut(Exception):
    """Raised inside an answer to end its connection in the middle, as the fault `closed` wants it."""


ErrorBody = Callable[[int], Response]
Handler = Callable[[Request], Awaitable[Response]]


def faulty(faults: FaultScript, error: ErrorBody, handler: Handler) -> Handler:
    """Wrap an HTTP handler so that it misbehaves as the script says.

    Args:
        faults: the stand-in's script.
        error: makes the vendor's own error answer for a status.
        handler: answers when all is well.
    """

    async def handle(request: Request) -> Response:
        fault = faults.of(faults.begin())
        if fault is None:
            return await handler(request)
        match fault.kind:
            case FaultKind.SLOW:
                await asyncio.sleep(fault.delay_ms / 1000)
                return await handler(request)
            case FaultKind.HALF_OPEN:
                await _until_disconnected(request)
                return Response(status_code=499)
            case FaultKind.STATUS:
                return error(fault.status)
            case FaultKind.MALFORMED:
                return await _garbled(await handler(request))
            case FaultKind.CLOSED:
                return await _cut(await handler(request), fault.after_messages)

    return handle


async def _until_disconnected(request: Request) -> None:
    await request.body()
    while not await request.is_disconnected():  # noqa: ASYNC110 (ASGI offers no event for it)
        await asyncio.sleep(0.05)


async def _garbled(response: Response) -> Response:
    if isinstance(response, StreamingResponse):
        await _close_body(response)
        body = f"data: {_GARBAGE}\n\ndata: [DONE]\n\n"
        return Response(body, media_type=response.media_type)
    return Response(_GARBAGE, status_code=response.status_code, media_type="application/json")


async def _close_body(response: StreamingResponse) -> None:
    closing = getattr(response.body_iterator, "aclose", None)
    if closing is not None:
        await closing()


async def _cut(response: Response, after_messages: int) -> Response:
    async def partial() -> AsyncIterator[bytes | str]:
        if isinstance(response, StreamingResponse):
            sent = 0
            async for part in response.body_iterator:
                yield bytes(part) if not isinstance(part, str) else part
                sent += 1
                if sent >= after_messages:
                    break
            await _close_body(response)
        else:
            yield bytes(response.body)[: len(response.body) // 2]
        raise ConnectionCut

    return StreamingResponse(partial(), status_code=response.status_code, media_type=response.media_type)


class FaultySocket:
    """A vendor's end of a WebSocket, whose answers obey the script.

    Answers keep their order; a slow one holds nobody up but those behind it. Faults are read at each answer,
    so that a script set in the middle of a call works at once.
    """

    def __init__(self, socket: WebSocket, faults: FaultScript) -> None:
        self.socket = socket
        self._faults = faults
        self._ticket = faults.begin()
        self._sent = 0
        self._closed = False
        self._late: collections.deque[tuple[float, str]] = collections.deque()
        self._late_added = asyncio.Event()

    @property
    def fault(self) -> Fault | None:
        """The misbehaviour of this connection at this moment."""
        return self._faults.of(self._ticket)

    @property
    def refusal(self) -> int | None:
        """The HTTP status with which the handshake is to be refused, if it is."""
        fault = self.fault
        return fault.status if fault is not None and fault.kind is FaultKind.STATUS else None

    @property
    def is_open(self) -> bool:
        """Whether answers still reach the client."""
        return not self._closed and self.socket.application_state is WebSocketState.CONNECTED

    async def send(self, message: dict[str, Any]) -> None:
        """Answer with a JSON message, in the way the script wants it."""
        if not self.is_open:
            return
        fault = self.fault
        text = _encode(message).decode()
        if fault is not None:
            match fault.kind:
                case FaultKind.HALF_OPEN:
                    return
                case FaultKind.MALFORMED:
                    text = _GARBAGE
                case FaultKind.CLOSED if self._sent >= fault.after_messages:
                    await self.close(1011)
                    return
                case FaultKind.SLOW:
                    self._add_late(asyncio.get_running_loop().time() + fault.delay_ms / 1000, text)
                    return
                case _:
                    pass
        if self._late:
            self._add_late(self._late[-1][0], text)
            return
        await self._send_text(text)

    def _add_late(self, due: float, text: str) -> None:
        if self._late:
            due = max(due, self._late[-1][0])
        self._late.append((due, text))
        self._late_added.set()

    async def deliver_late(self) -> None:
        """Send what the fault `slow` holds back; runs beside the connection until it is cancelled."""
        while True:
            await self._late_added.wait()
            self._late_added.clear()
            while self._late:
                due, text = self._late[0]
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                await self._send_text(text)
                self._late.popleft()

    async def drain(self, *, seconds: float = 5.0) -> None:
        """Wait until held-back answers are out, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._late:  # noqa: ASYNC110 (rare: only with the fault `slow`)
                    await asyncio.sleep(0.01)

    async def _send_text(self, text: str) -> None:
        self._sent += 1
        try:
            await self.socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._closed = True  # the client went away: the receiving side ends the connection

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; harmless when it is closed."""
        if self.is_open:
            self._closed = True
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
                await self.socket.close(code, reason)


def control_routes(faults: FaultScript) -> list[Route]:
    """Routes by which another process sets the faults: `PUT` and `DELETE /_standin/faults`."""

    async def put(request: Request) -> Response:
        data = await request.json()
        try:
            number = data.pop("number", None)
            fault = Fault.parse(data)
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        if number is None:
            faults.set(fault)
        else:
            faults.on(int(number), fault)
        return Response(status_code=204)

    async def delete(_: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    return [
        Route("/_standin/faults", put, methods=["PUT"]),
        Route("/_standin/faults", delete, methods=["DELETE"]),
    ]
