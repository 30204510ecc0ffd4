"""The door while a real Redis is away: with REDIS_OPTIONAL calls go on, without it callers hear an apology."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain import Outcome
from tests.calls.door_harness import running_door, stop_message, verbs, voice_form
from tests.calls.test_door_stream import assert_alive, closed
from tests.services import free_port, running_redis

SID = "CA" + "8" * 32


async def test_calls_go_on_while_redis_hangs_and_readiness_says_so(tmp_path: Path, redis: str):
    async with running_door(tmp_path, REDIS_URL=redis, REDIS_OPTIONAL="1") as door:
        assert (await door.client.get("/readyz")).json() == {"ready": True, "degraded": []}
        async with door.stream("CAbefore", await door.token("CAbefore")) as before:
            await assert_alive(before, 2)
            async with frozen(redis):
                async with door.stream(SID, await door.token(SID)) as socket:
                    await assert_alive(socket, 2)
                    ready = await door.client.get("/readyz")
                    assert (ready.status_code, ready.json()) == (200, {"ready": True, "degraded": ["redis"]})
                    await assert_alive(before, 3)
                    await socket.send(stop_message(3))
                    assert await closed(socket) == 1000
                assert door.metric("ngx_store_errors_total", store="sessions") >= 1
            await assert_alive(before, 4)
        ready = await door.client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "degraded": []})


async def test_an_optional_redis_may_start_later_and_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.stores.fallback_sessions.PROBE_EVERY_SECONDS", 0.0)  # it is asked each time
    port = free_port()
    async with running_door(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0", REDIS_OPTIONAL="1") as door:
        for number in range(3):
            assert verbs(await door.ring(f"CAaway{number}")) == ["Connect"]
            with running_redis(port=port) as address:
                assert verbs(await door.ring(f"CAhere{number}")) == ["Connect"]
                async with Redis.from_url(address) as client:
                    assert await client.keys(f"*CAhere{number}*")  # it is shared again
                assert (await door.client.get("/readyz")).json()["degraded"] == []
        assert (await door.client.get("/readyz")).json() == {"ready": True, "degraded": ["redis"]}


async def test_a_callback_about_a_call_of_another_worker_is_not_taken_for_its_end(tmp_path: Path, redis: str):
    """While Redis is away nobody here knows whether the call is in the middle of its talk elsewhere."""
    settings = {"REDIS_URL": redis, "REDIS_OPTIONAL": "1"}
    async with running_door(tmp_path, **settings) as one, running_door(tmp_path, **settings) as other:
        async with one.stream(SID, await one.token(SID)) as socket:
            await assert_alive(socket, 2)
            async with frozen(redis):
                response = await other.post("/twilio/status", voice_form(SID, CallStatus="completed"))
                assert response.status_code == 503
            call = await other.door.records.call(SID)
            assert call is not None and call.outcome is None
            await socket.send(stop_message(3))
            assert await closed(socket) == 1000


async def test_a_full_house_is_still_told_while_an_optional_redis_is_away(tmp_path: Path):
    async with running_door(tmp_path, REDIS_URL="redis://127.0.0.1:1/0", REDIS_OPTIONAL="1", NGX_MAX_CALLS="1") as door:
        assert verbs(await door.ring("CA1")) == ["Connect"]
        assert "busy" in (await door.ring("CA2")).text
        call = await door.door.records.call("CA2")
        assert call is not None and call.outcome is Outcome.CALLBACK


async def test_without_the_setting_callers_hear_an_apology_and_the_worker_is_not_ready(tmp_path: Path, redis: str):
    async with running_door(tmp_path, REDIS_URL=redis) as door:
        async with frozen(redis):
            response = await door.ring(SID)
            assert verbs(response)[-1] == "Hangup" and "call again" in response.text
            ready = await door.client.get("/readyz")
            assert (ready.status_code, ready.json()) == (503, {"ready": False, "degraded": ["redis"]})
            assert door.metric("ngx_refusals_total", door="voice", cause="store_away") == 1
            assert door.metric("ngx_store_errors_total", store="sessions") == 1
        assert verbs(await door.ring(SID)) == ["Connect"]
        assert (await door.client.get("/readyz")).status_code == 200


@pytest.fixture
async def redis(redis_address: str) -> str:
    """An empty database of the session's Redis that no other test uses."""
    address = f"{redis_address.rpartition('/')[0]}/7"
    async with Redis.from_url(address) as client:
        await client.flushdb()
    return address


@asynccontextmanager
async def frozen(address: str) -> AsyncIterator[None]:
    """A Redis that accepts connections and answers nothing, for the length of the context."""
    async with Redis.from_url(address) as client:
        pid = int((await client.info("server"))["process_id"])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            await client.ping()
