"""The demo's server: the real door and pipelines on a free loopback port, in this process."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.settings import load_settings
from pipelines.events import CallListener
from telephony.app import app_for, open_door
from telephony.server import SideServer, bind, server_config

_START_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the server listens and what a caller's line must know of it."""

    public_url: str
    auth_token: str


@asynccontextmanager
async def open_stage(
    *, data_dir: Path, listener: CallListener, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Stage]:
    """Serve with the embedded engines, but for what `environ` says. No setting of the user's is read.

    Raises:
        RuntimeError: the server did not come up.
    """
    socket = bind("127.0.0.1", 0, setting="PORT")
    port = socket.getsockname()[1]
    stage = Stage(public_url=f"http://127.0.0.1:{port}", auth_token=secrets.token_hex(16))
    settings = load_settings(
        {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "PUBLIC_URL": stage.public_url,
            "TWILIO_AUTH_TOKEN": stage.auth_token,
            "DATA_DIR": str(data_dir),
            **(environ or {}),
        },
        env_file=None,
    )
    async with open_door(settings, listener=listener) as door:
        server = SideServer(server_config(app_for(door)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[socket]), name="demo server")
            try:
                deadline = time.monotonic() + _START_SECONDS
                while not server.started:
                    if time.monotonic() > deadline:
                        raise RuntimeError("the demo's server did not start")
                    await asyncio.sleep(0.01)
                yield stage
            finally:
                server.should_exit = True
