"""Whether one more call may come in, and which calls are on their way or here: one worker's own view."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

PENDING_SECONDS: Final = 40.0
"""How long a call that was let in may take to open its stream: the token's life and what Twilio needs around it."""


class NoEntry(StrEnum):
    """Why a call is not let in."""

    FULL = "full"
    DRAINING = "draining"


class Gate:
    """Counts calls from their webhook on, so that a burst of webhooks cannot get in where one place is free.

    `free_call_slots` tells how many more calls the pipelines can run, without those that are on their way.
    Not thread-safe: one event loop.
    """

    def __init__(
        self,
        *,
        free_call_slots: Callable[[], int],
        pending_seconds: float = PENDING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free_call_slots = free_call_slots
        self._pending_seconds = pending_seconds
        self._clock = clock
        self._pending: dict[str, float] = {}
        self._streaming: set[str] = set()
        self._draining = False

    @property
    def draining(self) -> bool:
        """No new call is let in; those that are here go on."""
        return self._draining

    @property
    def busy(self) -> bool:
        """Calls are here or on their way."""
        self._forget_late()
        return bool(self._pending or self._streaming)

    @property
    def streaming(self) -> int:
        """Streams that are open on this worker."""
        return len(self._streaming)

    def drain(self) -> None:
        """Let no new call in from now on."""
        self._draining = True

    def refusal(self) -> NoEntry | None:
        """Why one more call could not be let in, None if it could."""
        if self._draining:
            return NoEntry.DRAINING
        self._forget_late()
        return NoEntry.FULL if self._free_call_slots() <= len(self._pending) else None

    def admit(self, call_sid: str) -> NoEntry | None:
        """Keep a place for a call, or say why not. A call that has its place keeps it, whatever came since."""
        if self.knows(call_sid):
            self._pending[call_sid] = self._clock() + self._pending_seconds
            return None
        refused = self.refusal()
        if refused is None:
            self._pending[call_sid] = self._clock() + self._pending_seconds
        return refused

    def knows(self, call_sid: str) -> bool:
        """The call is here or on its way to this worker."""
        self._forget_late()
        return call_sid in self._pending or call_sid in self._streaming

    def expects(self, call_sid: str) -> bool:
        """A place is kept here for the call's stream."""
        self._forget_late()
        return call_sid in self._pending

    def is_streaming(self, call_sid: str) -> bool:
        """The call's stream is open on this worker."""
        return call_sid in self._streaming

    def release(self, call_sid: str) -> None:
        """The call needs no place kept any more: it will not come, or the pipelines count it."""
        self._pending.pop(call_sid, None)

    @contextmanager
    def stream(self, call_sid: str) -> Generator[bool]:
        """The call's stream is here for the length of the context; False where one is here already.

        `release` the call's kept place once the pipelines count it.
        """
        if call_sid in self._streaming:
            yield False
            return
        self._streaming.add(call_sid)
        try:
            yield True
        finally:
            self._streaming.discard(call_sid)
            self.release(call_sid)

    def _forget_late(self) -> None:
        now = self._clock()
        for call_sid in [sid for sid, until in self._pending.items() if until <= now]:
            del self._pending[call_sid]
