"""uvicorn with a stop that lets calls finish: its own stop closes every WebSocket within 0.1 s, whatever it is told."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
from loguru import logger
from starlette.types import ASGIApp

from pipelines.start_up import settle_heap
from telephony.gate import Gate
from telephony.media_socket import MediaSocketProtocol
from telephony.twilio.messages import MAX_FRAME_BYTES

PING_SECONDS: Final = 20.0
"""Between pings on a WebSocket; a caller's side that answers none is cut after as long again."""

CLOSING_SECONDS: Final = 10
"""For requests and sockets that are open when the calls are over."""


class BindError(Exception):
    """An address cannot be listened on; says which, why and what to do."""


class DrainingServer(uvicorn.Server):
    """Stops on a signal in two steps: no new calls, then, once the last call is over or time is up, the end.

    A second signal ends at once.
    """

    def __init__(self, config: uvicorn.Config, *, gate: Gate, drain_seconds: float) -> None:
        super().__init__(config)
        self._gate = gate
        self._drain_seconds = drain_seconds
        self._deadline: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; by then everything that lives as long as the process is there."""
        settle_heap()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; at the second signal stop. Both end with status 0."""
        if self._deadline is None:
            self._gate.drain()
            self._deadline = time.monotonic() + self._drain_seconds
            return
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """uvicorn's heartbeat, every 0.1 s: look whether draining is done."""
        if self._deadline is not None and not self.should_exit:
            late = time.monotonic() >= self._deadline
            if late and self._gate.busy:
                logger.warning("stopping with {} calls still open after NGX_DRAIN_SECONDS", self._gate.streaming)
            self.should_exit = late or not self._gate.busy
        return await super().on_tick(counter)


class SideServer(uvicorn.Server):
    """A second listener in the same process; signals are the main server's."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


def server_config(app: ASGIApp, *, lifespan: bool = False) -> uvicorn.Config:
    """uvicorn as the door needs it: no compression (Twilio breaks on it), small frames, forwarded headers ignored."""
    options: dict[str, Any] = {
        "http": "httptools",
        "ws": MediaSocketProtocol,
        "ws_max_size": MAX_FRAME_BYTES,
        "ws_per_message_deflate": False,
        "ws_ping_interval": PING_SECONDS,
        "ws_ping_timeout": PING_SECONDS,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "timeout_graceful_shutdown": CLOSING_SECONDS,
    }
    return uvicorn.Config(app, lifespan="on" if lifespan else "off", **options)


def bind(host: str, port: int, *, setting: str) -> socket.socket:
    """A socket bound to an address, not yet listening; `setting` names the port's setting in errors.

    Raises:
        BindError: taken, not ours, or no such host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        # With the protocol named asyncio switches Nagle's algorithm off: without, each answer waits 40 ms.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise BindError(f"HOST={host}: expected an address of this machine: {error.strerror or error}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1)  # two sockets may share a bound address until one listens
    except OSError as error:
        listener.close()
        raise BindError(
            f"{setting}={port}: cannot listen on {host}:{port}: {error.strerror or error}; "
            f"stop what listens there or set another {setting}"
        ) from error
    listener.setblocking(False)
    return listener
