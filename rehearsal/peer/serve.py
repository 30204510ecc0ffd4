"""Serves the plain bot to Twilio's wire: signatures and a stream token, nothing else. Reads the contract's names."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.sax.saxutils import quoteattr

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket
from loguru import logger
from pipecat.runner.utils import parse_telephony_websocket
from prometheus_client import CollectorRegistry
from twilio.request_validator import RequestValidator

from bot.metrics import CONTENT_TYPE, Metrics
from rehearsal.peer.plain import Vendors, run_bot
from telephony.health import measure_loop_lag

_START_SECONDS = 5.0


def build_app(*, public_url: str, vendors: Vendors) -> FastAPI:
    """The ASGI application."""
    metrics = Metrics(CollectorRegistry())
    validator = RequestValidator(vendors.auth_token)
    stream_url = f"{public_url.replace('http', 'ws', 1)}/twilio/stream"
    tokens: dict[str, str] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            lag = tasks.create_task(measure_loop_lag(metrics))
            yield
            lag.cancel()

    app = FastAPI(lifespan=lifespan)

    async def voice(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        signature = request.headers.get("x-twilio-signature", "")
        if not validator.validate(f"{public_url}/twilio/voice", form, signature):  # pyright: ignore[reportUnknownMemberType]
            return Response(status_code=403)
        token = tokens[form["CallSid"]] = secrets.token_urlsafe(16)
        stream = f'<Stream url={quoteattr(stream_url)}><Parameter name="token" value={quoteattr(token)}/></Stream>'
        return Response(f"<Response><Connect>{stream}</Connect></Response>", media_type="text/xml")

    async def stream(socket: WebSocket) -> None:
        signature = socket.headers.get("x-twilio-signature", "")
        if not validator.validate(stream_url, {}, signature):  # pyright: ignore[reportUnknownMemberType]
            await socket.close()
            return
        await socket.accept()
        async with asyncio.timeout(_START_SECONDS):
            _, call = await parse_telephony_websocket(socket)
        expected = tokens.pop(call["call_id"], None)
        if expected is None or call["body"].get("token") != expected:
            await socket.close(1008)
            return
        await run_bot(socket, stream_sid=call["stream_id"], call_sid=call["call_id"], vendors=vendors)

    async def ready() -> dict[str, bool]:
        return {"ready": True}

    async def show_metrics() -> Response:
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    app.post("/twilio/voice")(voice)
    app.websocket("/twilio/stream")(stream)
    app.get("/readyz")(ready)
    app.get("/metrics")(show_metrics)
    return app


def main() -> None:
    """Serve with the addresses and keys of the environment, as a rehearsal sets them."""
    logger.remove()
    logger.add(sys.stderr, level=os.environ.get("NGX_LOG_LEVEL", "WARNING"))
    vendors = Vendors(
        deepgram_key=os.environ["DEEPGRAM_API_KEY"],
        deepgram_url=os.environ["DEEPGRAM_URL"],
        openai_key=os.environ["OPENAI_API_KEY"],
        openai_base_url=os.environ["OPENAI_BASE_URL"],
        elevenlabs_key=os.environ["ELEVENLABS_API_KEY"],
        elevenlabs_url=os.environ["ELEVENLABS_URL"],
        twilio_url=os.environ["TWILIO_API_URL"],
        account_sid=os.environ["TWILIO_ACCOUNT_SID"],
        auth_token=os.environ["TWILIO_AUTH_TOKEN"],
    )
    app = build_app(public_url=os.environ["PUBLIC_URL"], vendors=vendors)
    uvicorn.run(
        app,
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ["PORT"]),
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
