"""Sessions in the process: for one worker, the demo and tests."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from bot.domain import Call
from bot.stores.sessions import (
    ENDED_SECONDS,
    LEASE_SECONDS,
    STATE_SECONDS,
    TOKEN_SECONDS,
    Ending,
    SavedState,
    VersionConflict,
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ExpiringDict(Generic[K, V]):
    """A dict whose entries expire; the oldest writes are swept as new ones come, so it cannot grow without end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[K, tuple[float, V]] = {}

    def put(self, key: K, value: V, *, seconds: float) -> None:
        """Keep `value` under `key` for so long, counted anew."""
        self.sweep()
        self._entries.pop(key, None)  # the newest entry stands last
        self._entries[key] = (self._clock() + seconds, value)

    def get(self, key: K) -> V | None:
        """The value under `key`; None where there is none or it expired."""
        entry = self._entries.get(key)
        return None if entry is None or entry[0] <= self._clock() else entry[1]

    def pop(self, key: K) -> V | None:
        """As `get`, and forget it."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def sweep(self) -> None:
        """Drop what expired. Lifetimes are equal within one dict but for tests, so the front is the oldest."""
        now = self._clock()
        while self._entries:
            key = next(iter(self._entries))
            if self._entries[key][0] > now:
                return
            del self._entries[key]

    def __len__(self) -> int:
        now = self._clock()
        return sum(1 for until, _ in self._entries.values() if until > now)


class MemorySessions:
    """`Sessions` of a single process; `clock` gives seconds that only grow."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls: ExpiringDict[str, Call] = ExpiringDict(clock)
        self._live: ExpiringDict[str, bool] = ExpiringDict(clock)
        self._tokens: ExpiringDict[tuple[str, str], bool] = ExpiringDict(clock)
        self._states: ExpiringDict[str, SavedState] = ExpiringDict(clock)
        self._endings: ExpiringDict[str, Ending] = ExpiringDict(clock)

    async def ping(self) -> None:
        """See `Sessions.ping`."""

    async def begin_call(self, call: Call) -> bool:
        """See `Sessions.begin_call`."""
        if self._calls.get(call.sid) is not None:
            return False
        self._calls.put(call.sid, call, seconds=STATE_SECONDS)
        self._live.put(call.sid, True, seconds=LEASE_SECONDS)
        return True

    async def try_enter(self, call_sid: str, *, limit: int) -> bool:
        """See `Sessions.try_enter`."""
        if self._live.get(call_sid) is None and len(self._live) >= limit:
            return False
        self._live.put(call_sid, True, seconds=LEASE_SECONDS)
        return True

    async def renew(self, call_sid: str) -> None:
        """See `Sessions.renew`."""
        if self._live.get(call_sid) is not None:
            self._live.put(call_sid, True, seconds=LEASE_SECONDS)

    async def live_calls(self) -> int:
        """See `Sessions.live_calls`."""
        return len(self._live)

    async def issue_token(self, call_sid: str, *, ttl_seconds: float = TOKEN_SECONDS) -> str:
        """See `Sessions.issue_token`."""
        token = secrets.token_urlsafe(32)
        self.remember_token(token, call_sid, ttl_seconds=ttl_seconds)
        return token

    def remember_token(self, token: str, call_sid: str, *, ttl_seconds: float) -> None:
        """Let a token that another store issued be redeemed here too."""
        self._tokens.put((call_sid, token_hash(token)), True, seconds=ttl_seconds)

    async def redeem_token(self, token: str, call_sid: str) -> bool:
        """See `Sessions.redeem_token`."""
        return self._tokens.pop((call_sid, token_hash(token))) is not None

    async def save(self, call_sid: str, state_json: str, *, expected_version: int) -> int:
        """See `Sessions.save`."""
        saved = self._states.get(call_sid)
        found = 0 if saved is None else saved.version
        if found != expected_version:
            raise VersionConflict(call_sid, expected=expected_version, found=found)
        self._states.put(call_sid, SavedState(state_json=state_json, version=found + 1), seconds=STATE_SECONDS)
        await self.renew(call_sid)
        return found + 1

    def adopt(self, call_sid: str, *, version: int) -> None:
        """Take a call over at the version at which another store had its state; the next save continues there."""
        self._states.put(call_sid, SavedState(state_json="", version=version), seconds=STATE_SECONDS)

    async def load(self, call_sid: str) -> SavedState | None:
        """See `Sessions.load`."""
        return self._states.get(call_sid)

    async def mark_ended(self, call_sid: str, ending: Ending) -> None:
        """See `Sessions.mark_ended`."""
        self._endings.put(call_sid, ending, seconds=ENDED_SECONDS)

    async def ending(self, call_sid: str) -> Ending | None:
        """See `Sessions.ending`."""
        return self._endings.get(call_sid)

    async def close(self, call_sid: str) -> None:
        """See `Sessions.close`."""
        self._states.pop(call_sid)
        self._live.pop(call_sid)

    async def aclose(self) -> None:
        """See `Sessions.aclose`."""


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
