"""`ngx-voice serve` as a process of its own, rung by simulated lines, and what it holds on to."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from rehearsal.caller_script import ScriptedCaller, Step
from rehearsal.line import CallIdentity, CallResult, LineSettings, Phone, TwilioLine, WebhookClient
from tests.services import free_port

ROOT = Path(__file__).parents[2]
COMMAND = [str(Path(sys.executable).with_name("ngx-voice")), "serve"]
COUNTING_COMMAND = [sys.executable, "-m", "tests.calls.counting_serve"]
_START_SECONDS = 120
_STOP_SECONDS = 30


@dataclass(frozen=True)
class Usage:
    """What a process holds: descriptors, sockets among them, threads, child processes, asyncio tasks, memory in MB."""

    descriptors: int
    sockets: int
    threads: int
    children: int
    tasks: int | None
    memory_mb: float


@dataclass
class ServeProcess:
    """A running server and its log."""

    process: asyncio.subprocess.Process
    port: int
    auth_token: str
    log: Path
    counts: Path
    webhooks: WebhookClient

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.get(f"{self.public_url}{path}")

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels."""
        text = (await self.get("/metrics")).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    async def ring(self, steps: Sequence[Step], *, caller: str = "+12125550143", keep_audio: bool = True) -> CallResult:
        """Let a scripted caller ring; every `Say` brings its audio."""
        line = TwilioLine(
            settings=self.line_settings(),
            webhooks=self.webhooks,
            identity=CallIdentity(caller=caller),
            phone=Phone(keep_audio=keep_audio),
        )
        return await line.call(caller=ScriptedCaller(steps=steps))

    def line_settings(self, *, limit_seconds: float = 120.0) -> LineSettings:
        """A Twilio number that leads here."""
        return LineSettings(public_url=self.public_url, auth_token=self.auth_token, limit_seconds=limit_seconds)

    async def usage(self) -> Usage:
        """What it holds now; tasks are known of a counting server only."""
        folder = Path(f"/proc/{self.process.pid}")
        links = [_link(entry) for entry in (folder / "fd").iterdir()]
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        return Usage(
            descriptors=len(links),
            sockets=sum(link.startswith("socket:") for link in links),
            threads=int(status["Threads"]),
            children=len((folder / "task" / str(self.process.pid) / "children").read_text().split()),
            tasks=await self._tasks(),
            memory_mb=int(status["VmRSS"].split()[0]) / 1024,
        )

    async def _tasks(self) -> int | None:
        """Ask the server for its unfinished tasks, if it is one that counts them."""
        if not self.counts.exists():
            return None
        self.counts.write_text("")
        self.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while not (text := self.counts.read_text()):
                await self.get("/healthz")  # an idle loop would look at the signal only with its next event
                await asyncio.sleep(0.05)
        return int(json.loads(text)["tasks"])

    async def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            return await self.process.wait()


def _link(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except OSError:
        return ""


@asynccontextmanager
async def serving(
    folder: Path, environ: Mapping[str, str], *, command: Sequence[str] = COMMAND
) -> AsyncIterator[ServeProcess]:
    """Start it, wait until it answers, and end it whatever happens."""
    log, counts = folder / "serve.log", folder / "counts.json"
    port, auth_token = free_port(), secrets.token_hex(16)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", str(folder)),
                "PYTHONPATH": str(ROOT),
                "PORT": str(port),
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                "TWILIO_AUTH_TOKEN": auth_token,
                "DATA_DIR": str(folder / "data"),
                "NGX_TEST_COUNTS": str(counts),
                **environ,
            },
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
    settings = LineSettings(public_url=f"http://127.0.0.1:{port}", auth_token=auth_token)
    try:
        # One client for all calls: each would spend tens of milliseconds of this process on its TLS context.
        async with WebhookClient(settings=settings) as webhooks:
            server = ServeProcess(process, port, auth_token, log, counts, webhooks)
            await _until_it_answers(server)
            yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _until_it_answers(server: ServeProcess) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                if (await server.get("/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                assert server.process.returncode is None, server.log.read_text()
                await asyncio.sleep(0.2)
