"""Sessions in Redis 7 or Valkey: one service, any number of workers.

Every change is written so that repeating it changes nothing more (a nonce tells a repeat from a rival), hence the
client may retry after a lost reply. Keys of one call share a hash tag, so each script stays within one slot.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from bot.domain import Call
from bot.stores.errors import SessionsUnavailable
from bot.stores.memory_sessions import token_hash
from bot.stores.sessions import (
    ENDED_SECONDS,
    LEASE_SECONDS,
    STATE_SECONDS,
    TOKEN_SECONDS,
    Ending,
    EndingKind,
    SavedState,
    VersionConflict,
)

T = TypeVar("T")

LIVE_KEY: Final = "ngx:{live}"
"""Sorted set of live calls' SIDs by the moment (server's seconds) at which their lease ends."""

# KEYS: live. ARGV: sid, limit (-1: none), lease seconds, 1 to enter or 0 to renew only.
_ENTER: Final = """
local now = redis.call('TIME')
local seconds = tonumber(now[1]) + tonumber(now[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', seconds)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  if ARGV[4] == '0' then return 0 end
  local limit = tonumber(ARGV[2])
  if limit >= 0 and redis.call('ZCARD', KEYS[1]) >= limit then return 0 end
end
redis.call('ZADD', KEYS[1], seconds + tonumber(ARGV[3]), ARGV[1])
return 1
"""

# KEYS: live.
_COUNT: Final = """
local now = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', tonumber(now[1]) + tonumber(now[2]) / 1000000)
return redis.call('ZCARD', KEYS[1])
"""

# KEYS: call. ARGV: nonce, seconds. 1 where this request is the first, or the repeat of the first.
_BEGIN: Final = """
local first = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET', 'EX', ARGV[2])
if not first or first == ARGV[1] then return 1 end
return 0
"""

# KEYS: state. ARGV: expected version, state, nonce, seconds. Returns {1, new version} or {0, version found}.
_SAVE: Final = """
local found = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
local expected = tonumber(ARGV[1])
if found == expected + 1 and redis.call('HGET', KEYS[1], 'nonce') == ARGV[3] then return {1, found} end
if found ~= expected then return {0, found} end
redis.call('HSET', KEYS[1], 'version', expected + 1, 'state', ARGV[2], 'nonce', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {1, expected + 1}
"""


class RedisSessions:
    """`Sessions` of all workers that share a Redis.

    `timeout_seconds` bounds each call, retries included. A cancelled command drops its connection, so that no reply
    is taken for another's.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 1.0, max_connections: int = 64) -> None:
        self._where = _without_password(url)
        self._timeout_seconds = timeout_seconds
        pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            decode_responses=True,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            socket_keepalive=True,
            max_connections=max_connections,
            timeout=timeout_seconds,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        )
        self._redis: Redis = Redis.from_pool(pool)

    async def ping(self) -> None:
        """See `Sessions.ping`."""
        await self._bounded(self._redis.ping())  # pyright: ignore[reportUnknownMemberType]

    async def begin_call(self, call: Call) -> bool:
        """See `Sessions.begin_call`."""
        first = await self._eval(_BEGIN, _key(call.sid, "call"), secrets.token_hex(8), str(STATE_SECONDS)) == 1
        # A repeat keeps the place of a live call, but gives none to a call that is over.
        await self._eval(_ENTER, LIVE_KEY, call.sid, "-1", str(LEASE_SECONDS), "1" if first else "0")
        return first

    async def try_enter(self, call_sid: str, *, limit: int) -> bool:
        """See `Sessions.try_enter`."""
        return await self._eval(_ENTER, LIVE_KEY, call_sid, str(limit), str(LEASE_SECONDS), "1") == 1

    async def renew(self, call_sid: str) -> None:
        """See `Sessions.renew`."""
        await self._eval(_ENTER, LIVE_KEY, call_sid, "-1", str(LEASE_SECONDS), "0")

    async def live_calls(self) -> int:
        """See `Sessions.live_calls`."""
        return cast("int", await self._eval(_COUNT, LIVE_KEY))

    async def issue_token(self, call_sid: str, *, ttl_seconds: float = TOKEN_SECONDS) -> str:
        """See `Sessions.issue_token`."""
        token = secrets.token_urlsafe(32)
        await self._bounded(self._redis.set(_token_key(call_sid, token), "1", px=max(1, round(ttl_seconds * 1000))))
        return token

    async def redeem_token(self, token: str, call_sid: str) -> bool:
        """See `Sessions.redeem_token`. A repeat after a lost reply finds the token used: it refuses, never admits."""
        return await self._bounded(self._redis.delete(_token_key(call_sid, token))) == 1

    async def save(self, call_sid: str, state_json: str, *, expected_version: int) -> int:
        """See `Sessions.save`."""
        async with self._redis.pipeline(transaction=False) as pipe:
            nonce = secrets.token_hex(8)
            pipe.eval(_SAVE, 1, _key(call_sid, "state"), str(expected_version), state_json, nonce, str(STATE_SECONDS))
            pipe.eval(_ENTER, 1, LIVE_KEY, call_sid, "-1", str(LEASE_SECONDS), "0")
            (saved, version), _ = await self._bounded(pipe.execute())
        if saved != 1:
            raise VersionConflict(call_sid, expected=expected_version, found=version)
        return version

    async def load(self, call_sid: str) -> SavedState | None:
        """See `Sessions.load`."""
        pending = self._redis.hmget(_key(call_sid, "state"), ["state", "version"])
        state, version = await self._bounded(cast("Awaitable[list[str | None]]", pending))
        return None if state is None or version is None else SavedState(state_json=state, version=int(version))

    async def mark_ended(self, call_sid: str, ending: Ending) -> None:
        """See `Sessions.mark_ended`."""
        value = json.dumps({"kind": ending.kind, "transfer_to": ending.transfer_to})
        await self._bounded(self._redis.set(_key(call_sid, "ending"), value, ex=ENDED_SECONDS))

    async def ending(self, call_sid: str) -> Ending | None:
        """See `Sessions.ending`."""
        value = cast("str | None", await self._bounded(self._redis.get(_key(call_sid, "ending"))))
        if value is None:
            return None
        fields = json.loads(value)
        return Ending(kind=EndingKind(fields["kind"]), transfer_to=fields["transfer_to"])

    async def close(self, call_sid: str) -> None:
        """See `Sessions.close`."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(_key(call_sid, "state"))
            pipe.zrem(LIVE_KEY, call_sid)
            await self._bounded(pipe.execute())

    async def aclose(self) -> None:
        """See `Sessions.aclose`."""
        await self._redis.aclose()

    async def _eval(self, script: str, key: str, *arguments: str) -> object:
        return await self._bounded(cast("Awaitable[object]", self._redis.eval(script, 1, key, *arguments)))

    async def _bounded(self, pending: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await pending
        except TimeoutError as error:
            raise self._unavailable(f"no answer within {self._timeout_seconds:g} s") from error
        except (RedisError, OSError) as error:
            raise self._unavailable(_kind(error)) from error

    def _unavailable(self, what: str) -> SessionsUnavailable:
        return SessionsUnavailable(f"Redis at {self._where}: {what}; check REDIS_URL and that Redis runs")


def _key(call_sid: str, what: str) -> str:
    return f"{{call:{call_sid}}}:{what}"


def _token_key(call_sid: str, token: str) -> str:
    return _key(call_sid, f"token:{token_hash(token)}")


def _without_password(url: str) -> str:
    parts: Any = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port or 6379}"


def _kind(error: Exception) -> str:
    """The error's class, and Redis's own code (NOAUTH, READONLY) where it gave one; never its text."""
    code = str(error).partition(" ")[0]
    return f"{type(error).__name__} {code}" if code.isalpha() and code.isupper() else type(error).__name__
