"""Calls go on while a real Redis is away: stopped, hanging, restarted without its memory."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.domain import Call, Direction
from bot.stores.errors import StoreUnavailable
from bot.stores.fallback_sessions import PROBE_EVERY_SECONDS, FallbackSessions
from bot.stores.redis_sessions import RedisSessions
from bot.stores.sessions import Ending, EndingKind, SavedState, VersionConflict
from tests.services import free_port, running_redis

NOWHERE = "redis://127.0.0.1:1/0"
HANG_UP = Ending(kind=EndingKind.HANG_UP)


@pytest.fixture
async def redis(redis_address: str) -> str:
    """An empty database of the session's Redis that no other test uses."""
    address = f"{redis_address.rpartition('/')[0]}/8"
    async with Redis.from_url(address) as client:
        await client.flushdb()
    return address


class Outages:
    """Counts what `on_away` is told, and gives a clock that tests push on."""

    def __init__(self) -> None:
        self.told = 0
        self.now = 0.0

    def __call__(self) -> None:
        self.told += 1

    def clock(self) -> float:
        return self.now

    def later(self) -> None:
        """Let enough time pass for Redis to be asked again."""
        self.now += PROBE_EVERY_SECONDS + 0.1


def a_call(sid: str = "CA1") -> Call:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Call(sid=sid, direction=Direction.INBOUND, caller="+12125550100", callee=None, started_at=at, playbook="ngx")


@asynccontextmanager
async def worker(address: str, outages: Outages, *, seconds: float = 1.0) -> AsyncIterator[FallbackSessions]:
    """One worker's sessions over the Redis at `address`."""
    sessions = FallbackSessions(RedisSessions(address, timeout_seconds=seconds), on_away=outages, clock=outages.clock)
    yield sessions
    await sessions.aclose()


async def take(sessions: FallbackSessions, sid: str = "CA1", *, limit: int = 10) -> str:
    """What a webhook does for a call; returns its token."""
    assert await sessions.try_enter(sid, limit=limit)
    assert await sessions.begin_call(a_call(sid))
    return await sessions.issue_token(sid)


async def test_a_whole_call_goes_by_without_redis() -> None:
    outages = Outages()
    async with worker(NOWHERE, outages) as sessions:
        token = await take(sessions)
        assert await sessions.live_calls() == 1
        assert not await sessions.redeem_token("wrong", "CA1")
        assert not await sessions.redeem_token(token, "CA2")
        assert await sessions.redeem_token(token, "CA1")
        assert not await sessions.redeem_token(token, "CA1")
        assert await sessions.save("CA1", "one", expected_version=0) == 1
        assert await sessions.save("CA1", "two", expected_version=1) == 2
        with pytest.raises(VersionConflict):
            await sessions.save("CA1", "stale", expected_version=1)
        assert await sessions.load("CA1") == SavedState(state_json="two", version=2)
        assert await sessions.ending("CA1") is None
        await sessions.renew("CA1")
        await sessions.mark_ended("CA1", HANG_UP)
        await sessions.close("CA1")
        assert await sessions.live_calls() == 0
        assert await sessions.ending("CA1") == HANG_UP
        assert outages.told >= 1


async def test_a_repeated_webhook_is_one_call_without_redis_too() -> None:
    async with worker(NOWHERE, Outages()) as sessions:
        await take(sessions)
        assert not await sessions.begin_call(a_call())
        assert await sessions.try_enter("CA1", limit=1)
        assert await sessions.live_calls() == 1


async def test_the_limit_holds_without_redis() -> None:
    async with worker(NOWHERE, Outages()) as sessions:
        await take(sessions, "CA1", limit=1)
        assert not await sessions.try_enter("CA2", limit=1)
        await sessions.close("CA2")
        await sessions.close("CA1")
        assert await sessions.try_enter("CA3", limit=1)


async def test_ping_tells_the_truth() -> None:
    async with worker(NOWHERE, Outages()) as sessions:
        with pytest.raises(StoreUnavailable, match="REDIS_URL"):
            await sessions.ping()


async def test_what_only_other_workers_can_know_is_not_made_up() -> None:
    """A call that is not kept here may be in the middle of its talk elsewhere: "none" would close its record."""
    async with worker(NOWHERE, Outages()) as sessions:
        for question in (sessions.load("CA9"), sessions.ending("CA9")):
            with pytest.raises(StoreUnavailable):
                await question


async def test_a_redis_that_is_away_is_asked_once_in_a_while_only(redis: str) -> None:
    async with frozen(redis) as is_frozen:
        outages = Outages()
        async with worker(redis, outages, seconds=0.3) as sessions:
            began = time.monotonic()
            await take(sessions, "CA1")
            first = time.monotonic() - began
            began = time.monotonic()
            for number in range(20):
                await take(sessions, f"CB{number}", limit=100)
            assert is_frozen() and outages.told == 1
            assert time.monotonic() - began < max(first, 0.3)  # twenty at less than the price of one that waited


async def test_a_live_call_outlasts_its_redis_and_stays_here_when_it_is_back(redis: str) -> None:
    outages = Outages()
    async with worker(redis, outages, seconds=0.3) as one, worker(redis, Outages()) as other:
        assert await one.redeem_token(await take(one), "CA1")
        assert await one.save("CA1", "before", expected_version=0) == 1
        async with frozen(redis):
            assert await one.save("CA1", "during", expected_version=1) == 2
            assert await one.load("CA1") == SavedState(state_json="during", version=2)
            with pytest.raises(VersionConflict):
                await one.save("CA1", "stale", expected_version=1)
        outages.later()
        assert await one.save("CA1", "after", expected_version=2) == 3
        shown = await other.load("CA1")  # other workers see that there is a talk
        assert shown is not None and shown.state_json == "after"
        assert await other.live_calls() == await one.live_calls() == 1
        await one.mark_ended("CA1", HANG_UP)
        assert await other.ending("CA1") == HANG_UP
        await one.close("CA1")
        assert await other.live_calls() == await one.live_calls() == 0
        assert await other.load("CA1") is None


async def test_a_call_that_began_without_redis_is_counted_by_all_once_it_is_back(redis: str) -> None:
    outages = Outages()
    async with worker(redis, outages, seconds=0.3) as one, worker(redis, Outages()) as other:
        async with frozen(redis):
            token = await take(one, "CA1")
        outages.later()
        assert await one.redeem_token(token, "CA1")  # its token is still good here
        assert not await one.try_enter("CA2", limit=1)
        assert await one.save("CA1", "{}", expected_version=0) == 1
        assert await other.live_calls() == await one.live_calls() == 1
        assert not await other.try_enter("CA2", limit=1)


@pytest.mark.parametrize("done", ["entered", "begun"])
async def test_a_call_whose_redis_goes_in_the_middle_of_its_webhook_gets_in(redis: str, done: str) -> None:
    async with worker(redis, Outages(), seconds=0.3) as sessions:
        assert await sessions.try_enter("CA1", limit=1)
        if done == "begun":
            assert await sessions.begin_call(a_call())
        async with frozen(redis):
            assert await sessions.begin_call(a_call()) is (done == "entered")
            token = await sessions.issue_token("CA1")
            assert await sessions.redeem_token(token, "CA1")
            assert await sessions.live_calls() == 1


async def test_a_token_is_issued_here_when_redis_goes_just_before_it(redis: str) -> None:
    async with worker(redis, Outages(), seconds=0.3) as sessions:
        await take(sessions)
        async with frozen(redis):
            assert await sessions.redeem_token(await sessions.issue_token("CA1"), "CA1")


async def test_each_time_redis_is_found_still_away_is_told_and_costs_little(redis: str) -> None:
    outages = Outages()
    async with worker(redis, outages, seconds=2) as sessions, frozen(redis):
        await take(sessions, "CA1")
        for number in range(3):
            outages.later()
            began = time.monotonic()
            await take(sessions, f"CB{number}")
            assert time.monotonic() - began < 1.5  # the first one waited for 2 s
        assert outages.told == 4


async def test_a_call_that_another_worker_took_over_is_not_written_over(redis: str) -> None:
    outages = Outages()
    async with worker(redis, outages, seconds=0.3) as one, worker(redis, Outages()) as other:
        async with frozen(redis):
            await take(one, "CA1")
        outages.later()
        await one.save("CA1", "ours", expected_version=0)
        await other.save("CA1", "theirs", expected_version=1)
        before = RedisSessions.load

        async def stale(sessions: RedisSessions, call_sid: str) -> SavedState | None:
            found = await before(sessions, call_sid)
            await other.save("CA1", "theirs again", expected_version=2)  # between our look and our writing
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RedisSessions, "load", stale)
            assert await one.save("CA1", "ours again", expected_version=1) == 2  # the talk goes on
        shown = await other.load("CA1")
        assert shown is not None and shown.state_json == "theirs again"


async def test_new_calls_are_shared_again_once_redis_is_back(redis: str) -> None:
    outages = Outages()
    async with worker(redis, outages, seconds=0.3) as one, worker(redis, Outages()) as other:
        async with frozen(redis):
            await take(one, "CAduring")
        assert not await other.redeem_token(await take(one, "CAsoon"), "CAsoon")  # not asked again yet
        outages.later()
        assert await other.redeem_token(await take(one, "CAafter"), "CAafter")


async def test_a_token_from_before_the_outage_is_good_where_it_was_issued_and_once(redis: str) -> None:
    async with worker(redis, Outages(), seconds=0.3) as sessions:
        used, unused = await take(sessions, "CAused"), await take(sessions, "CAunused")
        assert await sessions.redeem_token(used, "CAused")
        async with frozen(redis):
            assert await sessions.redeem_token(unused, "CAunused")
            assert not await sessions.redeem_token(unused, "CAunused")
            assert not await sessions.redeem_token(used, "CAused")


async def test_a_redis_that_restarts_empty_takes_new_calls_by_itself() -> None:
    port = free_port()
    outages = Outages()
    async with worker(f"redis://127.0.0.1:{port}/0", outages) as sessions:
        with running_redis(port=port):
            await take(sessions, "CAbefore")
            assert outages.told == 0
        await take(sessions, "CAduring")
        assert outages.told == 1
        with running_redis(port=port) as address:
            outages.later()
            token = await take(sessions, "CAafter")
            async with worker(address, Outages()) as other:
                assert await other.redeem_token(token, "CAafter")
            assert await sessions.save("CAduring", "{}", expected_version=0) == 1
            await sessions.ping()
        assert outages.told == 1


async def test_many_calls_at_once_outlast_the_moment_redis_goes(redis: str) -> None:
    async with worker(redis, Outages(), seconds=0.3) as sessions:
        async with frozen(redis):
            tokens = await asyncio.gather(*(take(sessions, f"CA{number}", limit=20) for number in range(10)))
            redeemed = [await sessions.redeem_token(token, f"CA{number}") for number, token in enumerate(tokens)]
            assert all(redeemed)
            assert await sessions.live_calls() == 10


@asynccontextmanager
async def frozen(address: str) -> AsyncIterator[Callable[[], bool]]:
    """A Redis that accepts connections and answers nothing, for the length of the context."""
    async with Redis.from_url(address) as client:
        pid = int((await client.info("server"))["process_id"])
    on = True
    os.kill(pid, signal.SIGSTOP)
    try:
        yield lambda: on
    finally:
        on = False
        os.kill(pid, signal.SIGCONT)
        async with Redis.from_url(address) as client:
            await client.ping()
