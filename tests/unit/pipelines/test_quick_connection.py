"""Sound leaves at once where nothing is in its way, and in order where something is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pipecat.services.websocket_service import WebsocketService
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pipelines.quick_connection import QuickConnection

_PIECE = b"\1\0" * 160


class _Peer:
    """Keeps what it is sent, once `reads` is set."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.got: list[bytes | str] = []

    async def talk(self, connection: ServerConnection) -> None:
        await self.reads.wait()
        async for message in connection:
            self.got.append(message)


@asynccontextmanager
async def _connected(peer: _Peer) -> AsyncGenerator[QuickConnection]:
    async with serve(peer.talk, "127.0.0.1", 0, max_queue=1, write_limit=1024) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", create_connection=QuickConnection, compression=None) as socket:
            assert isinstance(socket, QuickConnection)
            try:
                yield socket
            finally:
                peer.reads.set()


async def test_messages_sent_at_once_and_messages_sent_as_ever_arrive_in_order() -> None:
    peer = _Peer()
    async with _connected(peer) as socket:
        assert socket.send_at_once(b"1")
        await socket.send("2")
        await socket.send(b"3")
        assert socket.send_at_once(b"4")
        await (await socket.ping())
    assert peer.got == [b"1", "2", b"3", b"4"]


async def test_a_peer_that_has_stopped_reading_is_sent_nothing_at_once_and_nothing_is_lost() -> None:
    peer = _Peer()
    peer.reads.clear()
    async with _connected(peer) as socket:
        sent = 0
        while socket.send_at_once(_PIECE * 100):
            sent += 1
            assert sent < 10_000, "the peer's silence was never noticed"
        waiting = asyncio.create_task(socket.send(b"last"))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "a message that has to wait must wait"
        peer.reads.set()
        async with asyncio.timeout(10):
            await waiting
            await (await socket.ping())
    assert peer.got == [_PIECE * 100] * sent + [b"last"]


async def test_a_send_that_stalls_is_still_bounded() -> None:
    peer = _Peer()
    peer.reads.clear()
    async with _connected(peer) as socket:
        socket.send_timeout = 0.1
        while socket.send_at_once(_PIECE * 100):
            pass
        with pytest.raises(ConnectionClosed):
            await socket.send(b"last")


async def test_nothing_is_sent_at_once_on_a_closed_connection() -> None:
    async with _connected(_Peer()) as socket:
        await socket.close()
        assert not socket.send_at_once(b"late")


def test_it_stands_where_pipecat_bounds_sends() -> None:
    names = WebsocketService._websocket_connect.__code__.co_names
    assert QuickConnection.__mro__[1].__name__ in names
