"""A vendor's socket that is closed, or whose closing is cancelled, does not stay open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pipecat.services.websocket_service import WebsocketService
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from pipelines.goodbye import GOODBYE_SECONDS, ShortGoodbye


class Vendor(WebsocketService):
    """Closes as pipecat's services do: it waits for the vendor's goodbye, and forgets its socket in any case."""

    async def _connect_websocket(self) -> None: ...

    async def _receive_messages(self) -> None: ...

    async def _disconnect_websocket(self) -> None:
        try:
            await self._websocket.wait_closed()
        finally:
            self._websocket = None


class Service(ShortGoodbye, Vendor):
    """The same, with the mixin."""


@asynccontextmanager
async def connected(service: WebsocketService) -> AsyncIterator[ClientConnection]:
    async def never_says_goodbye(peer: ServerConnection) -> None:
        await peer.wait_closed()

    async with serve(never_says_goodbye, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", ping_interval=0.05) as socket:
            service._websocket = socket
            yield socket


async def close(service: Any) -> None:
    await service._disconnect_websocket()


async def gone(socket: ClientConnection) -> None:
    """The socket and its keepalive are no more."""
    async with asyncio.timeout(1.0):
        await socket.wait_closed()
    assert socket.keepalive_task is None


async def test_a_vendor_without_a_goodbye_is_left_soon() -> None:
    service = Service()
    async with connected(service) as socket:
        async with asyncio.timeout(GOODBYE_SECONDS + 1.0):
            await close(service)
        await gone(socket)


async def test_a_goodbye_that_is_cancelled_leaves_nothing_open() -> None:
    service = Service()
    async with connected(service) as socket:
        closing = asyncio.create_task(close(service))
        await asyncio.sleep(0.05)
        closing.cancel()
        await asyncio.wait({closing})
        assert closing.cancelled()
        await gone(socket)
