"""Several workers over one Redis and one database: any of them takes any request of a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain import Call
from pipelines.line import MediaLine
from tests.calls.door_harness import (
    End,
    FakePipelines,
    RunningDoor,
    running_door,
    stop_message,
    verbs,
    voice_form,
)
from tests.calls.test_door_stream import assert_alive, closed

SID = "CA" + "7" * 32


@pytest.fixture
async def redis(redis_address: str) -> str:
    """An empty database of the session's Redis that no other test uses."""
    address = f"{redis_address.rpartition('/')[0]}/9"
    async with Redis.from_url(address) as client:
        await client.flushdb()
    return address


@asynccontextmanager
async def workers(
    folder: Path, redis: str, *, second: FakePipelines | None = None, **environ: str
) -> AsyncIterator[tuple[RunningDoor, RunningDoor]]:
    async with (
        running_door(folder, REDIS_URL=redis, **environ) as one,
        running_door(folder, pipelines=second, REDIS_URL=redis, **environ) as other,
    ):
        yield one, other


async def test_a_stream_may_reach_another_worker_than_its_webhook(tmp_path: Path, redis: str):
    async with workers(tmp_path, redis) as (one, other):
        token = await one.token(SID)
        async with other.stream(SID, token) as socket:
            await assert_alive(socket, 2)
            await socket.send(stop_message(3))
            assert await closed(socket) == 1000
        assert [call.caller for call in other.pipelines.calls] == ["+14158675310"]
        assert not one.pipelines.calls
        async with one.stream(SID, token) as socket:
            assert await closed(socket) == 1008


async def test_a_token_raced_for_on_two_workers_starts_one_call(tmp_path: Path, redis: str):
    async with workers(tmp_path, redis) as (one, other):
        token = await one.token(SID)

        async def race(door: RunningDoor) -> int | None:
            async with door.stream(SID, token) as socket:
                await socket.send(stop_message(2))
                return await closed(socket)

        codes = await asyncio.gather(race(one), race(other), race(one), race(other))
        assert sorted(str(code) for code in codes) == ["1000", "1008", "1008", "1008"]
        assert len(one.pipelines.calls) + len(other.pipelines.calls) == 1


async def test_what_comes_after_a_stream_is_known_to_every_worker(tmp_path: Path, redis: str):
    pipelines = FakePipelines()

    async def transfer(line: MediaLine, call: Call) -> End:
        await pipelines.mark_ended(call, transfer_to="+12125550143")
        return End(hang_up=True, transfer_to="+12125550143")

    pipelines.talk = transfer
    async with workers(tmp_path, redis, second=pipelines) as (one, other):
        async with other.stream(SID, await one.token(SID)) as socket:
            assert await closed(socket) == 1000
        assert verbs(await one.post("/twilio/after-stream", voice_form(SID)))[0] == "Dial"


async def test_the_services_places_are_counted_over_all_workers(tmp_path: Path, redis: str):
    async with workers(tmp_path, redis, NGX_MAX_CALLS="1") as (one, other):
        assert verbs(await one.ring(SID)) == ["Connect"]
        assert verbs(await other.ring("CAother"))[-1] == "Hangup"
        assert (await other.client.get("/readyz")).status_code == 503
        assert verbs(await other.ring(SID)) == ["Connect"]  # repeated at another worker: the same call
        assert (await other.post("/twilio/status", voice_form(SID, CallStatus="completed"))).status_code == 204
        assert verbs(await other.ring("CAother2")) == ["Connect"]


async def test_a_stream_that_reaches_a_full_worker_is_sent_away(tmp_path: Path, redis: str):
    async with workers(tmp_path, redis, second=FakePipelines(slots=0)) as (one, other):
        async with other.stream(SID, await one.token(SID)) as socket:
            assert await closed(socket) == 1013
        assert not other.pipelines.calls
        assert verbs(await one.post("/twilio/after-stream", voice_form(SID)))[-1] == "Hangup"
