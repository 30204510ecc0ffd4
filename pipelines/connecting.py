"""How long a vendor's socket may take to open: pipecat connects before it starts a pipeline, and a greeting waits."""

from __future__ import annotations

from typing import Any

from pipecat.services.websocket_service import WebsocketService

CONNECT_SECONDS = 1.5
"""A vendor's handshake takes a few round trips; one that takes longer is left to the fallback."""


class ShortConnect(WebsocketService):
    """Put before a pipecat service in the list of bases: its sockets open in time or not at all."""

    async def _websocket_connect(self, uri: str, **kwargs: Any) -> Any:
        kwargs.setdefault("open_timeout", CONNECT_SECONDS)
        return await super()._websocket_connect(uri, **kwargs)
