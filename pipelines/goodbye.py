"""How a vendor's socket ends: soon, and for good."""

from __future__ import annotations

import asyncio

from loguru import logger
from pipecat.services.websocket_service import WebsocketService
from websockets.protocol import State

GOODBYE_SECONDS = 0.7
"""How long a socket's end may take; a peer that is gone says no goodbye, and a call must be released within 2 s."""


class ShortGoodbye(WebsocketService):
    """Put before a pipecat service in the list of bases: closing its socket takes a moment and leaves nothing open.

    pipecat waits 2 s for a vendor's goodbye, and forgets a socket, open as it is, if it is cancelled meanwhile; its
    keepalive then holds it open for as long as the peer answers pings.
    """

    async def _disconnect_websocket(self) -> None:
        """Say goodbye, briefly; whatever becomes of that, a cancellation included, the connection is gone after it."""
        socket = self._websocket
        limit = asyncio.timeout(GOODBYE_SECONDS)
        try:
            async with limit:
                await super()._disconnect_websocket()  # pyright: ignore[reportAbstractUsage]
        except TimeoutError:
            if not limit.expired():
                raise
            logger.debug("{} got no goodbye within {} s", self, GOODBYE_SECONDS)
        finally:
            if socket is not None and socket.state is not State.CLOSED:
                socket.transport.abort()
