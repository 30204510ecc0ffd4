"""A WebSocket client without tasks: an asyncio protocol over websockets' sans-I/O core.

Sending is a plain call and receiving a callback, so that a call costs one task in all. Twilio's side of the handshake:
its User-Agent and signature, no Origin, no subprotocol, no extensions.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Self, cast
from urllib.parse import urlsplit, urlunsplit

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

USER_AGENT = "Twilio.TmeWs/1.0"

Receiver = Callable[[bytes, bool], None]
"""Called with each message's payload and whether it was text."""


_MASKED = 0x80
_ZERO_MASK = bytes(4)


@functools.lru_cache(maxsize=1024)
def _frame_head(size: int, text: bool) -> bytes:
    """What goes before a whole message of `size` bytes: one final frame with a mask of zeros (RFC 6455, 5.2)."""
    opcode = bytes([0x80 | (Opcode.TEXT if text else Opcode.BINARY)])
    if size < 126:
        length = bytes([_MASKED | size])
    elif size < 1 << 16:
        length = bytes([_MASKED | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([_MASKED | 127]) + size.to_bytes(8, "big")
    return opcode + length + _ZERO_MASK


class UpgradeRefused(RuntimeError):
    """The server did not switch protocols; `status` is its HTTP status, None without a readable one."""

    def __init__(self, message: str, *, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class MediaSocket(asyncio.Protocol):
    """One WebSocket connection. Build it with `open`."""

    def __init__(self, *, url: str, signature: str | None, receiver: Receiver) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=2**22)
        self._signature = signature
        self._receiver = receiver
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost = asyncio.Event()
        self._parts: list[bytes] = []
        self._text = True

    @classmethod
    async def open(
        cls,
        *,
        url: str,
        signature: str | None,
        receiver: Receiver,
        route: tuple[str, int] | None = None,
        timeout_seconds: float = 10.0,
    ) -> Self:
        """Connect and upgrade. With `route` the connection goes there without TLS, whatever the scheme of `url`.

        Safe to cancel: the connection is dropped.

        Raises:
            UpgradeRefused: refused, unreachable, timed out, or no WebSocket server.
        """
        parts = urlsplit(url)
        secure = parts.scheme == "wss" and route is None
        target = urlunsplit(("wss" if secure else "ws", parts.netloc, parts.path, parts.query, ""))
        socket = cls(url=target, signature=signature, receiver=receiver)
        host, port = route or (parts.hostname or "", parts.port or (443 if secure else 80))
        opened = False
        try:
            async with asyncio.timeout(timeout_seconds):
                await asyncio.get_running_loop().create_connection(lambda: socket, host, port, ssl=secure or None)
                await socket._opened
            opened = True
            return socket
        except TimeoutError as error:
            raise UpgradeRefused(f"{url}: no upgrade within {timeout_seconds:g} s", status=None) from error
        except OSError as error:
            raise UpgradeRefused(f"{url}: {error}", status=None) from error
        finally:
            if not opened:
                socket.abort()

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._protocol.state is not State.OPEN

    @property
    def close_code(self) -> int | None:
        """The server's close code, 1006 when it left without one, None while open."""
        return self._protocol.close_code

    def send(self, message: bytes | str, *, text: bool = True) -> None:
        """Send one message; dropped when the socket is closed.

        The frame is written here rather than by the protocol's core, which keeps no count of data frames: fifty of
        them a second and call are most of a load run's work. Its mask is zero, which leaves the payload as it is.
        """
        if self._protocol.state is not State.OPEN or self._transport is None or self._transport.is_closing():
            return
        data = message.encode() if isinstance(message, str) else message
        self._transport.write(_frame_head(len(data), text) + data)

    async def close(self, *, code: int = 1000, timeout_seconds: float = 2.0) -> None:
        """Close and wait for the other side's answer, at most `timeout_seconds`; then drop the connection."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
            self._flush()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._lost.wait()
        except TimeoutError:
            pass
        finally:
            self.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone. Safe to cancel."""
        await self._lost.wait()

    def abort(self) -> None:
        """Drop the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the upgrade request."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        request = self._protocol.connect()
        request.headers["User-Agent"] = USER_AGENT
        if self._signature is not None:
            request.headers["X-Twilio-Signature"] = self._signature
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Feed the core and hand on what came."""
        self._protocol.receive_data(data)
        self._dispatch()
        self._flush()

    def eof_received(self) -> bool:
        """The server is done writing."""
        self._protocol.receive_eof()
        self._dispatch()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
            self._dispatch()
        self._lost.set()
        if not self._opened.done():
            self._opened.set_exception(UpgradeRefused("connection lost during the upgrade", status=None))
            self._opened.exception()

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()

    def _dispatch(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame):
                self._frame(event)
        problem = self._protocol.handshake_exc
        if problem is not None and not self._opened.done():
            self._refuse(f"no WebSocket upgrade: {problem}", None)

    def _answered(self, response: Response) -> None:
        if self._opened.done():
            return
        problem: Exception | None = self._protocol.handshake_exc
        if problem is None:
            self._opened.set_result(None)
        elif isinstance(problem, WebSocketException):
            self._refuse(f"upgrade answered with {response.status_code}", response.status_code)
        else:
            self._refuse(str(problem), response.status_code)

    def _refuse(self, message: str, status: int | None) -> None:
        self._opened.set_exception(UpgradeRefused(message, status=status))
        self._opened.exception()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if frame.fin:
            message = b"".join(self._parts)
            self._parts.clear()
            self._receiver(message, self._text)
