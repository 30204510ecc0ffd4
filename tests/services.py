"""Real services for tests: a redis-server and a Postgres of their own, on free loopback ports, in temporary folders."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_START_SECONDS = 60


@contextmanager
def running_redis(*, port: int | None = None) -> Iterator[str]:
    """A redis-server without persistence, on a free port or the given one; yields its address. Skips without one."""
    program = shutil.which("redis-server")
    if program is None:
        _absent("redis-server is missing: apt-get install redis-server")
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="ngx-redis-") as folder:
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
            preexec_fn=_die_with_parent(signal.SIGTERM),
        )
        try:
            _await_port(port, server)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            _stop(server)


@contextmanager
def running_postgres() -> Iterator[str]:
    """A Postgres cluster with an empty database `ngx`; yields its address. Skips where there is none."""
    binaries = _postgres_binaries()
    user = _unprivileged_user()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ngx-postgres-") as folder:
        if user is not None:
            shutil.chown(folder, user)
        data = Path(folder, "data")
        run = {"user": user, "group": user, "cwd": folder, "stdout": subprocess.DEVNULL}
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "ngx", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            timeout=_START_SECONDS,
            **run,  # type: ignore[call-overload]
        )
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), *options],
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent(signal.SIGINT),
            **run,  # type: ignore[call-overload]
        )
        try:
            _await_port(port, server)
            _create_database(binaries, port, server)
            yield f"postgresql://ngx@127.0.0.1:{port}/ngx"
        finally:
            _stop(server, by=signal.SIGINT)  # "fast": waits for no client


def free_port() -> int:
    """A loopback port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent(by: signal.Signals) -> Callable[[], None] | None:
    """What a child does first, so that a test run that is killed leaves no server behind. Linux only."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    set_parent_death_signal = 1
    return lambda: libc.prctl(set_parent_death_signal, by)


def _create_database(binaries: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        made = subprocess.run(
            [binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "ngx", "ngx"], capture_output=True
        )
        if made.returncode == 0:
            return
        if server.poll() is not None or time.monotonic() > until:
            pytest.fail(f"Postgres did not take a database: {made.stderr.decode(errors='replace')}")
        time.sleep(0.1)


def _postgres_binaries() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*folders, *([Path(on_path).parent] if on_path else [])]
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "createdb")):
            return folder
    _absent("Postgres is missing: apt-get install postgresql")


def _unprivileged_user() -> str | None:
    """Whom to run Postgres as, which refuses root; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    _absent("Postgres does not run as root and there is no user for it: apt-get install postgresql")


def _absent(reason: str) -> NoReturn:
    if os.environ.get("NGX_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason} (NGX_REQUIRE_SERVICES=1)")
    pytest.skip(reason)


def _await_port(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"{server.args} ended with status {server.returncode} before it listened")  # type: ignore[str-bytes-safe]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{server.args} did not listen on port {port} within {_START_SECONDS} s")  # type: ignore[str-bytes-safe]


def _stop(server: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM) -> None:
    server.send_signal(by)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(timeout=10)
