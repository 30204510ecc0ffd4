"""What the door's rooms share, built once by `telephony.app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol

from pydantic import Field

from bot.domain import Call, Outcome
from bot.metrics import Door as Entrance
from bot.metrics import Metrics, RefusalCause, Store
from bot.playbook import Playbook
from bot.settings import Section, Settings, setting
from bot.stores.errors import SessionsUnavailable, StoreUnavailable
from bot.stores.records.protocol import Records
from bot.stores.sessions import Sessions
from pipelines.line import MediaLine
from telephony.api.access import ApiAccess
from telephony.gate import Gate
from telephony.twilio.after_stream import AfterStreams
from telephony.twilio.rest import TwilioRest
from telephony.twilio.signature import TwilioSignature


class DoorSection(Section):
    """The door's own settings."""

    prefix: ClassVar[str] = "NGX_"
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = setting(
        300.0, means="how long live calls may go on after a request to stop", expects="seconds, from 0 to 3600"
    )


class CallEnd(Protocol):
    """How `run_call` says that a call ended."""

    @property
    def outcome(self) -> Outcome:
        """What the call came to."""
        ...

    @property
    def hang_up(self) -> bool:
        """We ended the stream: the call is still to be hung up or handed over."""
        ...

    @property
    def transfer_to(self) -> str | None:
        """Number of the person who takes the call over."""
        ...


class SharedResources(Protocol):
    """What the door asks of the pipelines' resources."""

    @property
    def live_calls(self) -> int:
        """Calls that the pipelines run on this worker."""
        ...

    def free_call_slots(self) -> int:
        """How many more calls they can run."""
        ...

    def degraded(self) -> tuple[str, ...]:
        """What does not work as configured, in a word each."""
        ...


RunCall = Callable[[MediaLine, Call], Awaitable[CallEnd]]
"""Runs a whole call over its line, closes the line, stores the outcome; raises nothing but CancelledError."""


@dataclass(frozen=True, kw_only=True)
class DoorLimits:
    """How long the door waits for others, in seconds."""

    start_seconds: float = 5.0
    """From the socket's opening to an accepted `start` (contract)."""
    after_stream_seconds: float = 3.0
    """From our closing of the stream to `/twilio/after-stream`; then REST hangs up (contract)."""
    store_seconds: float = 2.0
    """All store work of one webhook; then the caller gets an honest sentence."""
    send_seconds: float = 5.0
    """How long a caller's side may take nothing of what we send."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Everything a request may need. Frozen; what changes lives in the objects it holds."""

    settings: Settings
    playbook: Playbook
    records: Records
    sessions: Sessions
    metrics: Metrics
    resources: SharedResources
    run_call: RunCall
    signature: TwilioSignature
    gate: Gate
    after_streams: AfterStreams
    rest: TwilioRest | None
    api_access: ApiAccess
    limits: DoorLimits = field(default_factory=DoorLimits)

    def count_store_away(self, error: StoreUnavailable | TimeoutError, *, entrance: Entrance) -> None:
        """Somebody could not be served since a store did not answer, or not in time."""
        # Redis itself says within a second that it does not answer: where our own time ran out, it was the database.
        self.metrics.store_error(Store.SESSIONS if isinstance(error, SessionsUnavailable) else Store.RECORDS)
        self.metrics.refusal(door=entrance, cause=RefusalCause.STORE_AWAY)

    def url(self, path: str) -> str:
        """The public address of one of our paths."""
        return f"{self.settings.public_url}{path}"
