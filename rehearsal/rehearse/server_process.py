"""The processes of a rehearsal: stand-ins, and the server under test, each alone with its own settings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from rehearsal.rehearse.process_usage import usage_of
from rehearsal.standins.speech import Spoken

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_KEY = "rehearsal-key"
_KEPT_NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "NGX_CORPORA", "SYSTEMROOT")

_LAUNCH = """
import os, sys
core, niceness = sys.argv[1:3]
if core != "-":
    os.sched_setaffinity(0, {int(core)})
if niceness != "0":
    os.setpriority(os.PRIO_PROCESS, 0, int(niceness))
sys.argv = sys.argv[3:]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a process runs: on which core (None: any), at which niceness."""

    core: int | None = None
    niceness: int = 0


class ServerFailed(RuntimeError):
    """A process of the rehearsal did not come up or ended too soon; holds its last words."""


class ServerKind(StrEnum):
    """Which server is under test."""

    NGX = "ngx"
    PLAIN = "plain"


_PROGRAMS = {
    ServerKind.NGX: "from telephony.cli import main; main()",
    ServerKind.PLAIN: "from rehearsal.peer.serve import main; main()",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where a server is rung: `pid` where we started it."""

    public_url: str
    auth_token: str
    pid: int | None = None

    @property
    def metrics_url(self) -> str:
        """Its metrics."""
        return f"{self.public_url}/metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standins:
    """The stand-ins' addresses by name, as `http` and `ws` origins, and their process."""

    origins: Mapping[str, Mapping[str, str]]
    pid: int

    def usage(self) -> float:
        """Processor seconds so far."""
        return usage_of(self.pid).cpu_seconds

    def environ(self) -> dict[str, str]:
        """The settings that point a server at them."""
        return {
            "DEEPGRAM_API_KEY": _KEY,
            "DEEPGRAM_URL": self.origins["deepgram"]["ws"],
            "OPENAI_API_KEY": _KEY,
            "OPENAI_BASE_URL": f"{self.origins['openai']['http']}/v1",
            "ELEVENLABS_API_KEY": _KEY,
            "ELEVENLABS_URL": self.origins["elevenlabs"]["http"],
            "TWILIO_API_URL": self.origins["twilio"]["http"],
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        }

    async def spoken(self) -> list[Spoken]:
        """All that the voice has said so far.

        Raises:
            ServerFailed: it does not tell.
        """
        try:
            async with asyncio.timeout(10.0), httpx.AsyncClient(trust_env=False) as http:
                reply = await http.get(f"{self.origins['elevenlabs']['http']}/_standin/spoken")
                return [Spoken(**item) for item in reply.json()]
        except (httpx.HTTPError, TimeoutError, ValueError, TypeError) as error:
            raise ServerFailed(f"the voice stand-in does not tell what it said: {error}") from error


@asynccontextmanager
async def run_standins(*, profile: str, clips: Path, seed: int, place: Place, logs: Path) -> AsyncIterator[Standins]:
    """The stand-ins in a process of their own.

    Raises:
        ServerFailed: they did not come up.
    """
    program = "from rehearsal.standins.__main__ import main; raise SystemExit(main())"
    arguments = ["standins", "--profile", profile, "--clips", str(clips), "--seed", str(seed), "--talkative"]
    async with _process(
        program, arguments, place=place, environ=_plain_environ(), log=logs / "standins.log"
    ) as process:
        assert process.stdout is not None  # noqa: S101 (asked for below)
        try:
            async with asyncio.timeout(_START_SECONDS):
                line = await process.stdout.readline()
            origins = json.loads(line)
        except (TimeoutError, ValueError) as error:
            raise ServerFailed(f"the stand-ins did not start: {_last_words(logs / 'standins.log')}") from error
        yield Standins(origins=origins, pid=process.pid)


@asynccontextmanager
async def run_server(
    kind: ServerKind, *, standins: Standins, place: Place, data_dir: Path, max_calls: int
) -> AsyncIterator[ServerAddress]:
    """A server of its own process, in its `place`; its log is in `data_dir`, which exists.

    Raises:
        ServerFailed: it did not come up.
    """
    port = _free_port()
    token = secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}"
    environ = {
        **_plain_environ(),
        **standins.environ(),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": url,
        "TWILIO_AUTH_TOKEN": token,
        "DATA_DIR": str(data_dir),
        "NGX_MAX_CALLS": str(max_calls),
        "NGX_LOG_LEVEL": "WARNING",
        **{name: value for name, value in os.environ.items() if name in ("PLAYBOOK", "NGX_LOG_LEVEL")},
    }
    log = data_dir / "server.log"
    arguments = ["ngx-voice", "serve"]
    async with _process(_PROGRAMS[kind], arguments, place=place, environ=environ, log=log, cwd=data_dir) as process:
        await _until_ready(f"{url}/readyz", process, log)
        yield ServerAddress(public_url=url, auth_token=token, pid=process.pid)
        if process.returncode is not None:
            raise ServerFailed(f"the {kind} server ended during the rehearsal: {_last_words(log)}")


async def _until_ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while process.returncode is None:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(url)).status_code == 200:
                        return
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise ServerFailed(f"the server was not ready within {_START_SECONDS:g} s: {_last_words(log)}") from error
    raise ServerFailed(f"the server did not start: {_last_words(log)}")


@asynccontextmanager
async def _process(
    program: str,
    arguments: Sequence[str],
    *,
    place: Place,
    environ: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python program as a process, ended with the block: asked first, then killed."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _LAUNCH + program,
            "-" if place.core is None else str(place.core),
            str(place.niceness),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if cwd is None else out,
            stderr=out,
            env=dict(environ),
            cwd=cwd,
        )
        try:
            yield process
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _plain_environ() -> dict[str, str]:
    """Nothing of the user's own settings: a rehearsal must never ring a real vendor."""
    kept = {name: os.environ[name] for name in _KEPT_NAMES if name in os.environ}
    # Imports must not depend on the folder from which the server is started.
    root = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_words(log: Path) -> str:
    try:
        return log.read_text(errors="replace").strip()[-600:] or "it said nothing"
    except OSError as error:
        return str(error)
