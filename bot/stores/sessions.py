"""What the service's workers share about live calls: one-use tokens, the register, each call's state and end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from bot.domain import Call

TOKEN_SECONDS: Final = 30
"""How long a stream token can be redeemed (contract)."""
STATE_SECONDS: Final = 2 * 3600
"""How long a call's state outlives its last save: more than the longest call."""
ENDED_SECONDS: Final = 15 * 60
"""How long it is remembered how a call's stream ended: Twilio asks within seconds, retries included."""
LEASE_SECONDS: Final = 120
"""How long a call counts as live without a sign of life; a lost worker's calls free their places then."""


class VersionConflict(Exception):
    """Another worker saved the call's state in the meantime: load it again."""

    def __init__(self, call_sid: str, *, expected: int, found: int) -> None:
        super().__init__(f"state of call {call_sid}: expected version {expected}, found {found}; load it again")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, kw_only=True)
class SavedState:
    """A call's state as saved, and its version: 1 after the first save, then one more each time."""

    state_json: str
    version: int


class EndingKind(StrEnum):
    """What becomes of a call once its stream is over."""

    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    RESUME = "resume"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a stream ended; `transfer_to` is the E.164 number of the person who takes over, for `TRANSFER`."""

    kind: EndingKind
    transfer_to: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is EndingKind.TRANSFER) != (self.transfer_to is not None):
            raise ValueError(
                f"Ending: expected a number for a transfer and only there, got {self.kind} without or with"
            )


class Sessions(Protocol):
    """State of live calls, shared by all workers of a service. Every entry expires by itself.

    Each method can be repeated and cancelled safely, and raises `StoreUnavailable` where the store
    does not answer in time; all but `begin_call` take one round trip.
    """

    async def ping(self) -> None:
        """Prove that the store answers, for readiness and doctor."""
        ...

    async def begin_call(self, call: Call) -> bool:
        """Register a call and count it as live; True for the first of any number of requests for its SID."""
        ...

    async def try_enter(self, call_sid: str, *, limit: int) -> bool:
        """Take one of the service's `limit` places, atomically; True again for a call that has its place."""
        ...

    async def renew(self, call_sid: str) -> None:
        """Sign of life of a call that has a place: keeps it for `LEASE_SECONDS` more, as `save` does."""
        ...

    async def live_calls(self) -> int:
        """Calls that have a place, of all workers."""
        ...

    async def issue_token(self, call_sid: str, *, ttl_seconds: float = TOKEN_SECONDS) -> str:
        """A new one-use token for a call's stream; kept only as a hash."""
        ...

    async def redeem_token(self, token: str, call_sid: str) -> bool:
        """Use a token up, atomically; False where it is unknown, used, late or another call's (which it stays)."""
        ...

    async def save(self, call_sid: str, state_json: str, *, expected_version: int) -> int:
        """Save a call's state over `expected_version` (0: none yet); returns the new version.

        Raises:
            VersionConflict: another version is there.
        """
        ...

    async def load(self, call_sid: str) -> SavedState | None:
        """The state last saved, or None."""
        ...

    async def mark_ended(self, call_sid: str, ending: Ending) -> None:
        """Tell every worker how the stream ended, before it is closed; the last one said counts."""
        ...

    async def ending(self, call_sid: str) -> Ending | None:
        """How the stream ended, or None where it broke off."""
        ...

    async def close(self, call_sid: str) -> None:
        """The call is over: forget its state, free its place; its ending stays known for a while."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
