"""A child process that speaks the worker protocol over its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from pipelines.embedded.worker_protocol import HEAD, Message, ProtocolError, parse_head

_CLOSE_SECONDS = 2.0


class WorkerLost(RuntimeError):
    """A worker process ended, could not be started, or talks nonsense."""


class WorkerProcess:
    """One child. It leaves when its input ends, so none outlives its parent, not even a killed one."""

    def __init__(self, process: asyncio.subprocess.Process, *, name: str) -> None:
        self._process = process
        self._name = name

    @classmethod
    async def start(cls, *, module: str, arguments: Sequence[str], name: str) -> WorkerProcess:
        """Starts `python -m module arguments…`. Not part of the terminal's group: Ctrl-C reaches the parent only.

        Raises:
            WorkerLost: the operating system refuses.
        """
        # Workers compute in one thread each; libraries' own thread pools would only fight over the cores.
        single: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **single},
            )
        except OSError as error:
            raise WorkerLost(f"{name}: cannot start a process ({error})") from error
        return cls(process, name=name)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Message) -> None:
        """Queues a message; never waits. A worker that is gone is noticed by `receive`."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(message.to_bytes())

    def unsent_bytes(self) -> int:
        """How much is queued and not yet taken by the worker: a sign that it cannot keep up."""
        return self._process.stdin.transport.get_write_buffer_size() if self._process.stdin else 0

    async def receive(self) -> Message:
        """The next message. Cancelling is safe between messages only.

        Raises:
            WorkerLost: the worker ended or broke the protocol.
        """
        if self._process.stdout is None:
            raise WorkerLost(f"{self._name}: has no output")
        try:
            kind, number, length = parse_head(await self._process.stdout.readexactly(HEAD.size))
            return Message(kind, number, await self._process.stdout.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerLost(f"{self._name}: the process ended") from error
        except ProtocolError as error:
            raise WorkerLost(f"{self._name}: {error}") from error

    def kill(self) -> None:
        """Ends it at once; `close` still has to be awaited."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    async def close(self) -> None:
        """Ends its input and waits for it to leave, by force after two seconds. No process stays behind."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            if self._process.returncode is None:
                self.kill()
                await asyncio.shield(self._process.wait())
