"""Sessions that go on without their shared store (REDIS_OPTIONAL=1): in this process, until it answers again."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from loguru import logger

from bot.domain import Call
from bot.stores.errors import SessionsUnavailable, StoreUnavailable
from bot.stores.memory_sessions import ExpiringDict, MemorySessions
from bot.stores.sessions import (
    LEASE_SECONDS,
    STATE_SECONDS,
    TOKEN_SECONDS,
    Ending,
    SavedState,
    Sessions,
    VersionConflict,
)

T = TypeVar("T")

PROBE_EVERY_SECONDS: Final = 2.0
"""While the shared store is away, how often it is asked whether it is back."""
PROBE_SECONDS: Final = 0.15
"""Longest that a request waits for that answer: a caller is waiting behind it."""
_NO_LIMIT: Final = sys.maxsize


class FallbackSessions:
    """`Sessions` in `shared` while it answers, else in this process.

    A call that had to be kept here stays here; once the shared store is back its state and place are shown there, so
    that other workers count it and leave its record alone. `on_away` is told each time the shared store fails.

    Limits while the store is away: only this worker knows its tokens, so its proxy must send a call's webhook and
    stream to the same worker; the limit of calls counts this worker's; what other workers know is `StoreUnavailable`.
    """

    def __init__(
        self, shared: Sessions, *, on_away: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._on_away = on_away
        self._clock = clock
        # Places and tokens are noted here too while the shared store holds them: it may go at any moment.
        self._local = MemorySessions(clock=clock)
        self._kept: ExpiringDict[str, bool] = ExpiringDict(clock)
        self._unseen: ExpiringDict[str, bool] = ExpiringDict(clock)
        """Kept calls of which the shared store knows nothing."""
        self._away = False
        self._probe_at = 0.0

    async def ping(self) -> None:
        """See `Sessions.ping`: that of the shared store."""
        try:
            await self._shared.ping()
        except StoreUnavailable as error:
            self._note_away(error)
            raise
        self._note_back()

    async def begin_call(self, call: Call) -> bool:
        """See `Sessions.begin_call`."""
        if not self._is_kept(call.sid):
            try:
                first = await self._ask(lambda: self._shared.begin_call(call))
            except StoreUnavailable:
                self._keep(call.sid)
            else:
                await self._local.begin_call(call)
                return first
        return await self._local.begin_call(call)

    async def try_enter(self, call_sid: str, *, limit: int) -> bool:
        """See `Sessions.try_enter`."""
        if not self._is_kept(call_sid):
            unseen = len(self._unseen)
            try:
                entered = await self._ask(lambda: self._shared.try_enter(call_sid, limit=max(0, limit - unseen)))
            except StoreUnavailable:
                self._keep(call_sid)
            else:
                return entered and await self._local.try_enter(call_sid, limit=_NO_LIMIT)
        return await self._local.try_enter(call_sid, limit=limit)

    async def renew(self, call_sid: str) -> None:
        """See `Sessions.renew`."""
        await self._local.renew(call_sid)
        await self._try(lambda: self._shared.renew(call_sid))

    async def live_calls(self) -> int:
        """See `Sessions.live_calls`; those of this worker while the shared store is away."""
        try:
            return await self._ask(self._shared.live_calls) + len(self._unseen)
        except StoreUnavailable:
            return await self._local.live_calls()

    async def issue_token(self, call_sid: str, *, ttl_seconds: float = TOKEN_SECONDS) -> str:
        """See `Sessions.issue_token`."""
        if not self._is_kept(call_sid):
            try:
                token = await self._ask(lambda: self._shared.issue_token(call_sid, ttl_seconds=ttl_seconds))
            except StoreUnavailable:
                self._keep(call_sid)
            else:
                self._local.remember_token(token, call_sid, ttl_seconds=ttl_seconds)
                return token
        return await self._local.issue_token(call_sid, ttl_seconds=ttl_seconds)

    async def redeem_token(self, token: str, call_sid: str) -> bool:
        """See `Sessions.redeem_token`. While the shared store is away only what was issued here is good."""
        if self._is_kept(call_sid):
            return await self._local.redeem_token(token, call_sid)
        try:
            good = await self._ask(lambda: self._shared.redeem_token(token, call_sid))
        except StoreUnavailable:
            return await self._local.redeem_token(token, call_sid)
        await self._local.redeem_token(token, call_sid)  # used up here as well
        return good

    async def save(self, call_sid: str, state_json: str, *, expected_version: int) -> int:
        """See `Sessions.save`."""
        if not self._is_kept(call_sid):
            try:
                version = await self._ask(
                    lambda: self._shared.save(call_sid, state_json, expected_version=expected_version)
                )
            except StoreUnavailable:
                self._keep(call_sid)
            else:
                await self._local.renew(call_sid)
                return version
        if expected_version and await self._local.load(call_sid) is None:
            self._local.adopt(call_sid, version=expected_version)  # what went before is in the shared store
        version = await self._local.save(call_sid, state_json, expected_version=expected_version)
        self._keep(call_sid, seen=self._unseen.get(call_sid) is None)
        await self._show(call_sid, state_json)
        return version

    async def load(self, call_sid: str) -> SavedState | None:
        """See `Sessions.load`."""
        if self._is_kept(call_sid):
            return await self._local.load(call_sid)
        return await self._ask(lambda: self._shared.load(call_sid))

    async def mark_ended(self, call_sid: str, ending: Ending) -> None:
        """See `Sessions.mark_ended`."""
        told = await self._try(lambda: self._shared.mark_ended(call_sid, ending))
        if not told or self._is_kept(call_sid):
            await self._local.mark_ended(call_sid, ending)

    async def ending(self, call_sid: str) -> Ending | None:
        """See `Sessions.ending`."""
        if (found := await self._local.ending(call_sid)) is not None:
            return found
        try:
            return await self._ask(lambda: self._shared.ending(call_sid))
        except StoreUnavailable:
            if self._is_kept(call_sid):
                return None
            raise

    async def close(self, call_sid: str) -> None:
        """See `Sessions.close`. What the shared store cannot be told now it forgets by itself."""
        await self._local.close(call_sid)
        self._kept.pop(call_sid)
        self._unseen.pop(call_sid)
        await self._try(lambda: self._shared.close(call_sid))

    async def aclose(self) -> None:
        """See `Sessions.aclose`."""
        await self._shared.aclose()

    def _is_kept(self, call_sid: str) -> bool:
        return self._kept.get(call_sid) is not None

    def _keep(self, call_sid: str, *, seen: bool = False) -> None:
        self._kept.put(call_sid, True, seconds=STATE_SECONDS)
        if not seen:
            self._unseen.put(call_sid, True, seconds=LEASE_SECONDS)

    async def _show(self, call_sid: str, state_json: str) -> None:
        """Let other workers see a kept call, where the shared store answers."""

        async def show() -> None:
            there = await self._shared.load(call_sid)
            await self._shared.save(call_sid, state_json, expected_version=0 if there is None else there.version)
            await self._shared.try_enter(call_sid, limit=_NO_LIMIT)

        try:
            if await self._try(show):
                self._unseen.pop(call_sid)
        except VersionConflict as error:
            logger.warning("another worker has a call that is kept here: {}", error)

    async def _try(self, request: Callable[[], Awaitable[object]]) -> bool:
        """Whether the shared store did as asked."""
        try:
            await self._ask(request)
        except StoreUnavailable:
            return False
        return True

    async def _ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Ask the shared store, at most once in a while where it is away.

        Raises:
            StoreUnavailable: it is away.
        """
        if self._away and not await self._is_back():
            raise SessionsUnavailable("Redis is away, and this worker alone does not know")
        try:
            return await request()
        except StoreUnavailable as error:
            self._note_away(error)
            raise

    async def _is_back(self) -> bool:
        if self._clock() < self._probe_at:
            return False
        self._probe_at = self._clock() + PROBE_EVERY_SECONDS  # others need not wait for the same answer
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._shared.ping()
        except (StoreUnavailable, TimeoutError):
            self._on_away()
            return False
        self._note_back()
        return True

    def _note_away(self, error: StoreUnavailable) -> None:
        self._on_away()
        if not self._away:
            logger.error("sessions are kept in this process until Redis answers: {}", error)
        self._away = True
        self._probe_at = self._clock() + PROBE_EVERY_SECONDS

    def _note_back(self) -> None:
        if self._away:
            logger.info("Redis answers again: new calls' sessions are shared")
        self._away = False
