"""The Media Streams socket under uvicorn: what is made cheap must stay right."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from telephony.media_socket import MAX_WAITING
from telephony.server import SideServer, server_config
from telephony.twilio.messages import MAX_FRAME_BYTES

_MEDIA = '{"event":"media","media":{"payload":"' + "A" * 216 + '"}}'


@dataclass
class _Echo:
    """An ASGI app that keeps and echoes what it receives; reads nothing while `reads` is unset."""

    reads: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[str | bytes] = field(default_factory=list[str | bytes])
    closed_with: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while True:
            await self.reads.wait()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.closed_with = message.get("code")
                return
            data = message.get("text") or message.get("bytes")
            assert data is not None
            self.got.append(data)
            await send({"type": "websocket.send", "text": str(len(data))})


@asynccontextmanager
async def _served(echo: _Echo) -> AsyncIterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = SideServer(server_config(echo))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag only
            await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def echo() -> _Echo:
    app = _Echo()
    app.reads.set()
    return app


def _frame(payload: bytes, *, opcode: int = 1, final: bool = True, masked: bool = True) -> bytes:
    mask = b"\x11\x22\x33\x44"
    first, flag = (0x80 if final else 0) | opcode, 0x80 if masked else 0
    size = len(payload)
    header = struct.pack("!BB", first, flag | size) if size < 126 else struct.pack("!BBH", first, flag | 126, size)
    if not masked:
        return header + payload
    return header + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


@asynccontextmanager
async def _raw(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A socket after its handshake, for bytes of our choice."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        f"GET /s HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    writer.write(request.encode())
    async with asyncio.timeout(5):
        await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()


async def _until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def test_messages_of_all_sizes_arrive_in_order(echo: _Echo) -> None:
    sent = ["a", "x" * 125, "y" * 126, _MEDIA, "ñ" * 200, "z" * 65535, "z" * MAX_FRAME_BYTES, "end"]
    async with _served(echo) as port, connect(f"ws://127.0.0.1:{port}/s", compression=None) as client:
        for text in sent:
            await client.send(text)
            assert await client.recv() == str(len(text))
    assert echo.got == sent


async def test_frames_may_be_cut_anywhere_on_their_way(echo: _Echo) -> None:
    stream = b"".join(_frame(f"{number}{_MEDIA}".encode()) for number in range(6))
    stream += _frame(b"short") + _frame(b"ping", opcode=9) + _frame(b"last")
    for step in (1, 7, 131, len(stream)):
        echo.got.clear()
        async with _served(echo) as port, _raw(port) as (_, writer):
            for start in range(0, len(stream), step):
                writer.write(stream[start : start + step])
                await writer.drain()
                if step > 1:
                    await asyncio.sleep(0.001)
            await _until(lambda: len(echo.got) == 8)
        assert echo.got == [f"{number}{_MEDIA}" for number in range(6)] + ["short", "last"]


async def test_a_message_in_fragments_with_a_ping_between_is_one_message(echo: _Echo) -> None:
    async with _served(echo) as port, _raw(port) as (reader, writer):
        writer.write(
            _frame(b"one ", final=False) + _frame(b"?", opcode=9) + _frame(b"two", opcode=0) + _frame(b"three")
        )
        await _until(lambda: len(echo.got) == 2)
        pong = await reader.readexactly(3)
    assert echo.got == ["one two", "three"]
    assert pong == b"\x8a\x01?"


async def test_bytes_are_told_apart_from_text(echo: _Echo) -> None:
    async with _served(echo) as port, connect(f"ws://127.0.0.1:{port}/s", compression=None) as client:
        await client.send(b"\x00\x01")
        await client.send("text")
        await client.recv()
        await client.recv()
    assert echo.got == [b"\x00\x01", "text"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_frame(b"x" * 200, masked=False), 1002),
        (_frame(b"\xff\xfe" * 100), 1007),
        (_frame(b"x", opcode=0), 1002),
        (struct.pack("!BBQ", 0x81, 0xFF, MAX_FRAME_BYTES + 1) + b"mask", 1009),
    ],
    ids=["unmasked", "not UTF-8", "a fragment of nothing", "too large"],
)
async def test_what_breaks_the_protocol_closes_the_socket_with_its_code(echo: _Echo, data: bytes, code: int) -> None:
    async with _served(echo) as port, _raw(port) as (reader, writer):
        writer.write(_frame(_MEDIA.encode()) + data + _frame(b"never heard"))
        async with asyncio.timeout(5):
            answer = await reader.read()
    close = answer.index(b"\x88")
    assert struct.unpack("!H", answer[close + 2 : close + 4]) == (code,)
    assert echo.got == [_MEDIA]


async def test_a_reader_that_is_slow_stops_the_sender_and_loses_nothing() -> None:
    echo = _Echo()
    async with _served(echo) as port, connect(f"ws://127.0.0.1:{port}/s", compression=None) as client:
        count = 40_000
        blocked = False

        async def send() -> None:
            for number in range(count):
                await client.send(f"{number}{_MEDIA}")

        async def drain() -> None:
            for _ in range(count):
                await client.recv()

        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(send())
            await asyncio.sleep(1.0)
            blocked = not sending.done()
            tasks.create_task(drain())
            echo.reads.set()
    assert blocked, f"more than {MAX_WAITING} messages were read ahead"
    assert echo.got == [f"{number}{_MEDIA}" for number in range(count)]


async def test_a_close_is_answered_and_told(echo: _Echo) -> None:
    async with _served(echo) as port, connect(f"ws://127.0.0.1:{port}/s", compression=None) as client:
        await client.send(_MEDIA)
        await client.recv()
        await client.close(1000)
        await _until(lambda: echo.closed_with is not None)
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert echo.closed_with == 1000
