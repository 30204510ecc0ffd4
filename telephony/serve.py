"""`ngx-voice serve`: one worker from its settings to its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from bot.settings import Settings
from bot.stores.api_token import api_token_path
from pipelines.provider_choice import ProviderStatus, provider_report
from telephony.app import app_for, open_door
from telephony.door import Door, DoorSection
from telephony.health import measure_loop_lag, metrics_app
from telephony.server import DrainingServer, SideServer, bind, server_config

_KINDS: Final = {"stt": "speech recognition", "llm": "language model", "tts": "voice"}


class RefusedToServe(Exception):
    """The configuration must not meet customers; says why and what to set."""


def check_servable(settings: Settings, report: list[ProviderStatus]) -> None:
    """Hold the embedded recogniser off a public address: a forgotten key must not meet customers that way.

    Raises:
        RefusedToServe: it would.
    """
    embedded = any(status.kind == "stt" and status.embedded for status in report)
    if settings.is_public and embedded and not settings.allow_embedded:
        raise RefusedToServe(
            f"PUBLIC_URL={settings.public_url} is public, but speech recognition is the embedded one, which is for "
            "trying out: set DEEPGRAM_API_KEY (or STT_PROVIDER), or ALLOW_EMBEDDED=1 to serve with it all the same"
        )


def describe(settings: Settings, report: list[ProviderStatus]) -> list[str]:
    """What is configured, in a few lines for whoever started the server; no secrets."""
    server = settings.server
    metrics = server.metrics_port or server.port
    lines = [f"{_KINDS[status.kind]}: {status.name} ({status.reason})" for status in report]
    lines += [
        f"listening on {server.host}:{server.port}, known to Twilio as {settings.public_url}",
        f"voice webhook: {settings.public_url}/twilio/voice, media: {settings.stream_url}",
        f"metrics: http://{server.host}:{metrics}/metrics",
        f"sessions: {'Redis' if settings.redis_url else 'in this process'}, "
        f"records: {'DATABASE_URL' if settings.database_url else settings.data_dir / 'ngx.sqlite3'}",
        "API token: API_TOKEN" if settings.api_token else f"API token: in {api_token_path(settings)}",
    ]
    if settings.twilio.auth_token is None:
        lines.append("WARNING: TWILIO_AUTH_TOKEN is not set: every /twilio request gets 403")
    return lines


async def serve(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serve until told to stop. `say` prints a line for the person who started the server.

    Raises:
        RefusedToServe: the configuration must not meet customers.
        BindError: a port is taken.
        Whatever `open_door` raises.
    """
    report = provider_report(settings)
    check_servable(settings, report)
    drain_seconds = settings.section(DoorSection).drain_seconds
    server = settings.server
    listener = bind(server.host, server.port, setting="PORT")
    try:
        side = None if server.metrics_port is None else bind(server.host, server.metrics_port, setting="METRICS_PORT")
        async with open_door(settings) as door:
            for line in describe(settings, report):
                say(line)
            main = DrainingServer(server_config(app_for(door)), gate=door.gate, drain_seconds=drain_seconds)
            async with asyncio.TaskGroup() as tasks:
                stop = _serve_metrics(door, tasks, side)
                lag = tasks.create_task(measure_loop_lag(door.metrics), name="event loop lag")
                try:
                    await main.serve(sockets=[listener])
                finally:
                    lag.cancel()
                    stop()
    finally:
        listener.close()


def _serve_metrics(door: Door, tasks: asyncio.TaskGroup, listener: socket.socket | None) -> Callable[[], None]:
    """Serve `/metrics` on its own socket, where there is one; the result ends that."""
    if listener is None:
        return lambda: None
    side = SideServer(server_config(metrics_app(door.metrics)))
    tasks.create_task(side.serve(sockets=[listener]), name="metrics listener")

    def stop() -> None:
        side.should_exit = True

    return stop
