"""What is left of a simulated call."""

from dataclasses import dataclass
from enum import StrEnum

from rehearsal.line.ear import Segment
from rehearsal.line.measure import Answer, Yield
from rehearsal.line.phone import EventKind, LineEvent
from rehearsal.line.stream import StreamEnd
from rehearsal.line.webhook import WebhookReply
from rehearsal.recording import Recording


class EndedBy(StrEnum):
    """Who or what ended a call."""

    SERVER = "server_hangup"
    CALLER = "caller_hangup"
    REFUSED = "refused"
    REJECTED = "rejected"
    DIALED = "dialed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: in words, with the HTTP status that refused it or the last stream's close code."""

    by: EndedBy
    reason: str = ""
    status: int | None = None
    close_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """A finished call; all times in seconds since the answer, the recording's sample 0."""

    call_sid: str
    direction: str
    twiml: tuple[str, ...]
    """Every document seen, in order."""
    recording: Recording
    events: tuple[LineEvent, ...]
    bot: tuple[Segment, ...]
    caller: tuple[Segment, ...]
    answers: tuple[Answer, ...]
    yields: tuple[Yield, ...]
    streams: tuple[StreamEnd, ...]
    ended: Ending
    webhooks: tuple[WebhookReply, ...]
    """Every answer to the call's own requests (not the callbacks'), with its time."""
    warnings: tuple[str, ...]
    """Twilio's warnings by number (31951 …), and expectations of the script that did not hold."""
    seconds: float

    @property
    def marks(self) -> tuple[str, ...]:
        """Names of the marks the server set."""
        return tuple(event.data for event in self.events if event.kind is EventKind.MARK)

    @property
    def clears(self) -> tuple[float, ...]:
        """When the server emptied the playout buffer."""
        return tuple(event.at for event in self.events if event.kind is EventKind.CLEAR)

    @property
    def digits(self) -> str:
        """The keys pressed."""
        return "".join(event.data for event in self.events if event.kind is EventKind.DIGIT)

    @property
    def greeting_seconds(self) -> float | None:
        """From the answer to the bot's first audible sample."""
        return self.bot[0].start if self.bot else None

    @property
    def lateness_ms(self) -> float:
        """The line's own worst tick delay: how far its figures can be trusted."""
        return max((stream.lateness_ms for stream in self.streams), default=0.0)
