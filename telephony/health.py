"""`/healthz`, `/readyz`, `/metrics`: for whoever keeps the service running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Final, TypeVar

from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.metrics import CONTENT_TYPE, Metrics
from bot.stores.errors import StoreUnavailable
from telephony.door import Door
from telephony.gate import NoEntry

PING_SECONDS: Final = 2.0

LAG_SECONDS: Final = 0.5
"""Between measurements of the event loop's lag."""

T = TypeVar("T")
_Handler = Callable[[Request], Awaitable[Response]]


class _Away(Enum):
    """A store that did not answer."""

    AWAY = auto()


def health_routes(door: Door) -> APIRouter:
    """`/healthz` and `/readyz`, and `/metrics` where it has no port of its own."""
    router = APIRouter(include_in_schema=False)

    async def alive(request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(request: Request) -> Response:
        ready, degraded = await readiness(door)
        return JSONResponse({"ready": ready, "degraded": list(degraded)}, status_code=200 if ready else 503)

    router.add_route("/healthz", alive, methods=["GET"])
    router.add_route("/readyz", ready, methods=["GET"])
    if door.settings.server.metrics_port is None:
        router.add_route("/metrics", _metrics(door.metrics), methods=["GET"])
    return router


def metrics_app(metrics: Metrics) -> Starlette:
    """An app that has `/metrics` alone, for METRICS_PORT."""
    return Starlette(routes=[Route("/metrics", _metrics(metrics), methods=["GET"])])


async def readiness(door: Door) -> tuple[bool, tuple[str, ...]]:
    """Whether one more call can be taken here, and what does not work as configured, in a word each."""
    degraded = list(door.resources.degraded())
    places, sessions, records = await asyncio.gather(
        _answer(_refusal(door)), _answer(door.sessions.ping()), _answer(door.records.ping())
    )
    refused = door.gate.refusal() if places is _Away.AWAY else places
    if refused is not None:
        degraded.append(refused.value)
    redis_away = _Away.AWAY in (places, sessions)
    if redis_away:
        degraded.append("redis")
    if records is _Away.AWAY:
        degraded.append("records")
    can_store = records is not _Away.AWAY and (not redis_away or door.settings.redis_optional)
    return refused is None and can_store, tuple(dict.fromkeys(degraded))


async def measure_loop_lag(metrics: Metrics) -> None:
    """Measure for ever how late the event loop runs what is due: beyond 20 ms callers hear it."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        metrics.event_loop_lag(seconds=clock() - due)


async def _refusal(door: Door) -> NoEntry | None:
    """Why one more call cannot be let in: by this worker's own places, then by the whole service's.

    Raises:
        StoreUnavailable: the sessions do not answer.
    """
    refused = door.gate.refusal()
    if await door.sessions.live_calls() >= door.settings.ngx_max_calls:
        refused = refused or NoEntry.FULL
    return refused


async def _answer(question: Awaitable[T]) -> T | _Away:
    try:
        async with asyncio.timeout(PING_SECONDS):
            return await question
    except (StoreUnavailable, TimeoutError):
        return _Away.AWAY


def _metrics(metrics: Metrics) -> _Handler:
    async def show(request: Request) -> Response:
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    return show
