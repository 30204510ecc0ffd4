"""The simulated telephone line: one call exactly as Twilio puts it through."""

from rehearsal.line.ear import Ear, Segment, find_speech
from rehearsal.line.echo import EchoSettings
from rehearsal.line.line import TwilioLine
from rehearsal.line.measure import Answer, Yield
from rehearsal.line.phone import Caller, EventKind, LineEvent, Phone
from rehearsal.line.playout import Playout
from rehearsal.line.probe import ProbeResult, probe_stream, start_messages
from rehearsal.line.result import CallResult, EndedBy, Ending
from rehearsal.line.settings import CallIdentity, LineSettings
from rehearsal.line.stream import StreamEnd, StreamOutcome
from rehearsal.line.webhook import WebhookClient, WebhookError, WebhookReply, sign

__all__ = [
    "Answer",
    "CallIdentity",
    "CallResult",
    "Caller",
    "Ear",
    "EchoSettings",
    "EndedBy",
    "Ending",
    "EventKind",
    "LineEvent",
    "LineSettings",
    "Phone",
    "Playout",
    "ProbeResult",
    "Segment",
    "StreamEnd",
    "StreamOutcome",
    "TwilioLine",
    "WebhookClient",
    "WebhookError",
    "WebhookReply",
    "Yield",
    "find_speech",
    "probe_stream",
    "sign",
    "start_messages",
]
