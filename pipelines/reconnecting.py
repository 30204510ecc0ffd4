"""How long a vendor's socket that broke in the middle of a call may take to come back."""

from __future__ import annotations

import asyncio
from typing import Any

from loguru import logger
from pipecat.frames.frames import ErrorFrame
from pipecat.services.websocket_service import ReportErrorCallback

from pipelines.goodbye import ShortGoodbye

RECONNECT_SECONDS = 1.5
"""A caller who has just spoken waits meanwhile; after this the fallback answers."""

_BACKOFF_SECONDS = 0.3
_ATTEMPTS = 4
_QUICK_FAILURES = 2
_PING_SECONDS = 1.0
_PONG_SECONDS = 2.0


class ShortReconnect(ShortGoodbye):
    """Put before a pipecat service in the list of bases: its socket is back in time, or the service says it is lost.

    pipecat's own way takes 12 s and more for three attempts, and TCP minutes to notice a peer that is gone; here a
    peer must answer pings within 2 s. The verdict is pipecat's: a permanent error, and the service unusable.
    """

    _CONNECTION_TIMEOUT = RECONNECT_SECONDS
    """Flux: from the handshake to `Connected`."""

    async def _websocket_connect(self, uri: str, **kwargs: Any) -> Any:
        kwargs.setdefault("ping_interval", _PING_SECONDS)
        kwargs.setdefault("ping_timeout", _PONG_SECONDS)
        return await super()._websocket_connect(uri, **kwargs)

    async def _try_reconnect(
        self, max_retries: int = _ATTEMPTS, report_error: ReportErrorCallback | None = None
    ) -> bool:
        self._reconnect_backoff_min_wait = self._reconnect_backoff_max_wait = _BACKOFF_SECONDS
        self._quick_failure_tracker.max_consecutive_failures = _QUICK_FAILURES
        limit = asyncio.timeout(RECONNECT_SECONDS)
        try:
            async with limit:
                return await super()._try_reconnect(max_retries, report_error)
        except TimeoutError as error:
            if not limit.expired():
                raise
            message = f"{self} unavailable: not connected again within {RECONNECT_SECONDS} s"
            logger.error(message)
            if report_error is not None:
                await report_error(ErrorFrame(message, exception=error), force_treat_as_permanent=True)
            return False
