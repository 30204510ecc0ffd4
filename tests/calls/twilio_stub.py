"""Twilio's REST API as a few lines on a real socket: notes requests, answers as told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from telephony.server import SideServer, bind, server_config
from tests.services import free_port

SID = "AC" + "0" * 32


@dataclass
class TwilioStub:
    """What was asked, and what is answered; `slow_seconds` delays every answer."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    status: int = 200
    body: Any = field(default_factory=lambda: {"sid": SID, "status": "active", "friendly_name": "Test"})
    slow_seconds: float = 0.0
    auth_token: str = "test-auth-token"

    async def answer(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.requests.append((request.method, request.scope["raw_path"].decode(), form))
        await asyncio.sleep(self.slow_seconds)
        expected = base64.b64encode(f"{SID}:{self.auth_token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"code": 20003, "message": "Authenticate", "status": 401}, status_code=401)
        if isinstance(self.body, str):
            return PlainTextResponse(self.body, status_code=self.status)
        return JSONResponse(self.body, status_code=self.status)


@asynccontextmanager
async def running_stub() -> AsyncIterator[TwilioStub]:
    """The stub on a free port."""
    stub, port = TwilioStub(), free_port()
    app = Starlette(routes=[Route("/{path:path}", stub.answer, methods=["GET", "POST"])])
    server = SideServer(server_config(app))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[bind("127.0.0.1", port, setting="PORT")]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
        stub.url = f"http://127.0.0.1:{port}"
        try:
            yield stub
        finally:
            server.should_exit = True
