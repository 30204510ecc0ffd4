"""One suite over every implementation of Sessions: in process, on a real redis-server, and there with a fallback."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import cast

import pytest
from redis.asyncio import Redis

from bot.domain import Call, Direction
from bot.stores.errors import StoreUnavailable
from bot.stores.fallback_sessions import FallbackSessions
from bot.stores.memory_sessions import MemorySessions
from bot.stores.redis_sessions import LIVE_KEY, RedisSessions
from bot.stores.sessions import (
    LEASE_SECONDS,
    STATE_SECONDS,
    TOKEN_SECONDS,
    Ending,
    EndingKind,
    SavedState,
    Sessions,
    VersionConflict,
)


class Harness:
    """Two workers' sessions over one store, and a way to let time pass."""

    def __init__(self, first: Sessions, second: Sessions, advance: Callable[[float], Awaitable[None]]) -> None:
        self.first = first
        self.second = second
        self.advance = advance


def a_call(sid: str = "CA1") -> Call:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Call(sid=sid, direction=Direction.INBOUND, caller="+12125550100", callee=None, started_at=at, playbook="ngx")


async def _age(client: Redis, seconds: float) -> None:
    """Let `seconds` pass for every key and lease of a Redis."""
    async for key in client.scan_iter():
        left = await client.pttl(key)
        if left >= 0:
            await client.pexpire(key, max(1, round(left - seconds * 1000)))
    for sid, until in await client.zrange(LIVE_KEY, 0, -1, withscores=True):
        await client.zadd(LIVE_KEY, {sid: float(until) - seconds})
    await asyncio.sleep(0.02)  # a key with 1 ms left is gone


def _never() -> None:
    pytest.fail("Redis was taken for away")


@pytest.fixture(params=["memory", "redis", "fallback"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "memory":
        now = [0.0]

        async def advance(seconds: float) -> None:
            now[0] += seconds

        sessions = MemorySessions(clock=lambda: now[0])
        yield Harness(sessions, sessions, advance)
        return
    address = cast("str", request.getfixturevalue("redis_address"))
    client = Redis.from_url(address)
    await client.flushdb()
    first: Sessions = RedisSessions(address, timeout_seconds=5)
    second: Sessions = RedisSessions(address, timeout_seconds=5)
    if request.param == "fallback":
        first, second = FallbackSessions(first, on_away=_never), FallbackSessions(second, on_away=_never)
    yield Harness(first, second, lambda seconds: _age(client, seconds))
    await first.aclose()
    await second.aclose()
    await client.aclose()


async def test_a_token_is_redeemed_once_by_whichever_worker(harness: Harness) -> None:
    token = await harness.first.issue_token("CA1")
    assert await harness.second.redeem_token(token, "CA1")
    assert not await harness.first.redeem_token(token, "CA1")


async def test_of_many_at_once_one_redeems_a_token(harness: Harness) -> None:
    token = await harness.first.issue_token("CA1")
    workers = [harness.first, harness.second] * 10
    redeemed = await asyncio.gather(*(worker.redeem_token(token, "CA1") for worker in workers))
    assert redeemed.count(True) == 1


async def test_a_token_offered_for_another_call_is_refused_and_stays_good_for_its_own(harness: Harness) -> None:
    token = await harness.first.issue_token("CA1")
    assert not await harness.first.redeem_token(token, "CA2")
    assert await harness.first.redeem_token(token, "CA1")


async def test_a_token_expires(harness: Harness) -> None:
    early, late = await harness.first.issue_token("CA1"), await harness.first.issue_token("CA1")
    await harness.advance(TOKEN_SECONDS - 5)
    assert await harness.first.redeem_token(early, "CA1")
    await harness.advance(6)
    assert not await harness.first.redeem_token(late, "CA1")


@pytest.mark.parametrize("token", ["", "x", "*", "é", "a" * 10_000, "\x00"])
async def test_a_token_nobody_issued_is_refused(harness: Harness, token: str) -> None:
    assert not await harness.first.redeem_token(token, "CA1")


async def test_a_repeated_request_is_still_one_call(harness: Harness) -> None:
    begun = [await worker.begin_call(a_call()) for worker in (harness.first, harness.second, harness.first)]
    assert begun == [True, False, False]
    assert await harness.second.live_calls() == 1


async def test_of_many_requests_at_once_one_begins_the_call(harness: Harness) -> None:
    workers = [harness.first, harness.second] * 10
    begun = await asyncio.gather(*(worker.begin_call(a_call()) for worker in workers))
    assert begun.count(True) == 1


async def test_a_late_repeat_gives_a_finished_call_no_place(harness: Harness) -> None:
    await harness.first.begin_call(a_call())
    await harness.first.close("CA1")
    assert not await harness.first.begin_call(a_call())
    assert await harness.first.live_calls() == 0


async def test_places_are_limited_over_all_workers_and_freed_by_close(harness: Harness) -> None:
    workers = [harness.first, harness.second] * 5
    entered = await asyncio.gather(*(worker.try_enter(f"CA{i}", limit=3) for i, worker in enumerate(workers)))
    assert entered.count(True) == 3
    holder = f"CA{entered.index(True)}"
    assert await harness.second.try_enter(holder, limit=3)  # who is in, stays in
    await harness.first.close(holder)
    assert await harness.first.live_calls() == 2
    assert await harness.second.try_enter("CA99", limit=3)


async def test_a_lost_workers_call_frees_its_place_and_a_renewed_one_keeps_it(harness: Harness) -> None:
    await harness.first.begin_call(a_call("CA1"))
    await harness.first.begin_call(a_call("CA2"))
    await harness.first.begin_call(a_call("CA3"))
    await harness.advance(LEASE_SECONDS - 10)
    await harness.second.renew("CA1")
    await harness.second.save("CA2", "{}", expected_version=0)
    await harness.advance(20)
    assert await harness.first.live_calls() == 2
    await harness.first.renew("CA3")  # too late: a renewal is no entry
    assert await harness.first.live_calls() == 2


async def test_a_state_is_loaded_by_another_worker_as_saved(harness: Harness) -> None:
    assert await harness.second.load("CA1") is None
    assert await harness.first.save("CA1", '{"palabra": "mañana"}', expected_version=0) == 1
    assert await harness.second.load("CA1") == SavedState(state_json='{"palabra": "mañana"}', version=1)
    assert await harness.second.save("CA1", "{}", expected_version=1) == 2
    assert await harness.first.load("CA1") == SavedState(state_json="{}", version=2)


async def test_a_stale_save_conflicts_and_changes_nothing(harness: Harness) -> None:
    await harness.first.save("CA1", "one", expected_version=0)
    await harness.second.save("CA1", "two", expected_version=1)
    with pytest.raises(VersionConflict) as caught:
        await harness.first.save("CA1", "stale", expected_version=1)
    assert (caught.value.expected, caught.value.found) == (1, 2)
    assert await harness.first.load("CA1") == SavedState(state_json="two", version=2)


async def test_of_many_saves_over_one_version_one_succeeds(harness: Harness) -> None:
    workers = [harness.first, harness.second] * 10
    results = await asyncio.gather(
        *(worker.save("CA1", str(i), expected_version=0) for i, worker in enumerate(workers)), return_exceptions=True
    )
    assert [result for result in results if not isinstance(result, VersionConflict)] == [1]


async def test_a_closed_call_is_forgotten_but_for_its_ending(harness: Harness) -> None:
    await harness.first.begin_call(a_call())
    await harness.first.save("CA1", "{}", expected_version=0)
    await harness.first.mark_ended("CA1", Ending(kind=EndingKind.HANG_UP))
    await harness.first.close("CA1")
    assert await harness.second.load("CA1") is None
    assert await harness.second.ending("CA1") == Ending(kind=EndingKind.HANG_UP)
    with pytest.raises(VersionConflict):
        await harness.second.save("CA1", "late", expected_version=1)


async def test_an_ending_tells_every_worker_what_comes_next(harness: Harness) -> None:
    assert await harness.second.ending("CA1") is None
    transfer = Ending(kind=EndingKind.TRANSFER, transfer_to="+12125550199")
    await harness.first.mark_ended("CA1", transfer)
    assert await harness.second.ending("CA1") == transfer


async def test_calls_do_not_see_each_other(harness: Harness) -> None:
    await harness.first.save("CA1", "mine", expected_version=0)
    await harness.first.mark_ended("CA1", Ending(kind=EndingKind.RESUME))
    assert await harness.first.load("CA2") is None
    assert await harness.first.ending("CA2") is None


async def test_everything_expires(harness: Harness) -> None:
    await harness.first.begin_call(a_call())
    await harness.first.issue_token("CA1")
    await harness.first.save("CA1", "{}", expected_version=0)
    await harness.first.mark_ended("CA1", Ending(kind=EndingKind.HANG_UP))
    await harness.advance(STATE_SECONDS + 1)
    assert await harness.first.load("CA1") is None
    assert await harness.first.ending("CA1") is None
    assert await harness.first.live_calls() == 0
    assert await harness.first.begin_call(a_call())


async def test_redis_leaves_no_key_without_an_end(redis_address: str) -> None:
    client = Redis.from_url(redis_address)
    await client.flushdb()
    sessions = RedisSessions(redis_address, timeout_seconds=5)
    await sessions.begin_call(a_call())
    await sessions.issue_token("CA1")
    await sessions.save("CA1", "{}", expected_version=0)
    await sessions.mark_ended("CA1", Ending(kind=EndingKind.HANG_UP))
    endless = [key async for key in client.scan_iter() if await client.pttl(key) < 0]
    assert endless == [LIVE_KEY.encode()]  # one set, whose members expire
    await sessions.aclose()
    await client.aclose()


async def test_redis_keeps_no_token_in_clear(redis_address: str) -> None:
    client = Redis.from_url(redis_address)
    sessions = RedisSessions(redis_address, timeout_seconds=5)
    token = await sessions.issue_token("CA1")
    assert not [key async for key in client.scan_iter() if token.encode() in key]
    await sessions.aclose()
    await client.aclose()


async def test_ping_says_where_redis_was_expected() -> None:
    sessions = RedisSessions("redis://:pass-word@127.0.0.1:1/0", timeout_seconds=1)
    with pytest.raises(StoreUnavailable, match=r"Redis at 127\.0\.0\.1:1: .*REDIS_URL") as caught:
        await sessions.ping()
    assert "pass-word" not in str(caught.value)
    await sessions.aclose()


async def test_a_redis_that_hangs_is_unavailable_and_its_late_reply_is_nobodys(redis_address: str) -> None:
    client = Redis.from_url(redis_address)
    pid = int((await client.info("server"))["process_id"])
    sessions = RedisSessions(redis_address, timeout_seconds=0.3)
    await sessions.save("CA-hang", "mine", expected_version=0)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match="no answer within"):
            await sessions.load("CA-hang")
    finally:
        os.kill(pid, signal.SIGCONT)
    patient = RedisSessions(redis_address, timeout_seconds=5)
    await patient.ping()
    assert await sessions.ending("CA-hang") is None
    await patient.aclose()
    await sessions.aclose()
    await client.aclose()


async def test_a_save_whose_reply_was_lost_is_repeated_without_conflict(redis_address: str) -> None:
    """The connection dies under a command that was carried out: the retry must find its own work, not a rival's."""
    client = Redis.from_url(redis_address)
    await client.flushdb()
    host, port = redis_address.removeprefix("redis://").removesuffix("/0").split(":")
    lost = asyncio.Event()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        try:
            while data := await reader.read(65536):
                upstream_writer.write(data)
                answer = await upstream_reader.read(65536)
                if b"EVAL" in data and not lost.is_set():
                    lost.set()
                    return
                writer.write(answer)
        finally:
            writer.close()
            upstream_writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        sessions = RedisSessions(
            f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", timeout_seconds=5, max_connections=1
        )
        assert await sessions.save("CA1", "{}", expected_version=0) == 1
        assert lost.is_set()
        await sessions.aclose()
    await client.aclose()
