"""Runs a stand-in on a free loopback port: inside an event loop, or in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

_START_SECONDS = 10.0


class Standin(Protocol):
    """What the server needs of a stand-in: its name and its ASGI application."""

    name: str

    @property
    def app(self) -> ASGIApp:
        """The application that answers."""
        ...


@dataclass(frozen=True)
class Address:
    """Where a stand-in listens."""

    host: str
    port: int

    @property
    def http(self) -> str:
        """The origin for HTTP, with no path."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws(self) -> str:
        """The origin for WebSockets, with no path."""
        return f"ws://{self.host}:{self.port}"


class _QuietServer(uvicorn.Server):
    """A uvicorn that leaves the process's signals alone: it lives inside another program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _loopback_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def serve(standin: Standin, *, port: int = 0) -> AsyncIterator[Address]:
    """Run a stand-in on loopback for the length of the `async with` block.

    Args:
        standin: one of this package's stand-ins.
        port: 0 takes any free port.

    Raises:
        OSError: the port is taken.
        RuntimeError: the server did not come up within 10 s.
    """
    listener = _loopback_socket(port)
    server = _QuietServer(
        uvicorn.Config(
            standin.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            timeout_graceful_shutdown=1,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.serve(sockets=[listener]), name=f"standin-{standin.name}")
        try:
            await _until_started(server, running, standin.name)
            yield Address(*listener.getsockname())
        finally:
            server.should_exit = True
    listener.close()


async def _until_started(server: uvicorn.Server, running: asyncio.Task[None], name: str) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_SECONDS):
            while not server.started and not running.done():  # noqa: ASYNC110 (uvicorn offers no event for it)
                await asyncio.sleep(0.005)
    if not server.started:
        raise RuntimeError(f"the stand-in {name} did not start within {_START_SECONDS:g} s")


class StandinThread:
    """A stand-in in a thread with a loop of its own, for synchronous clients and tests.

    Use it as a context manager; `address` is known once it is entered.
    """

    def __init__(self, standin: Standin, *, port: int = 0) -> None:
        self._standin = standin
        self._port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"standin-{standin.name}", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._address: Address | None = None

    @property
    def address(self) -> Address:
        """Where it listens.

        Raises:
            RuntimeError: it is not running.
        """
        if self._address is None:
            raise RuntimeError(f"the stand-in {self._standin.name} is not running")
        return self._address

    def start(self) -> Address:
        """Start it and wait until it listens."""
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        return self.address

    def stop(self) -> None:
        """End it and wait for its thread; harmless when it has ended."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_START_SECONDS)
        self._address = None

    def __enter__(self) -> StandinThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with serve(self._standin, port=self._port) as address:
            self._address = address
            self._ready.set()
            await self._stop.wait()
