"""Media Streams on the wire: the messages Twilio sends, parsed, and the messages it takes, built.

One counter (`sequenceNumber`) covers all messages; `connected` has none and `start` is "1". Numbers are strings.
"""

from __future__ import annotations

import binascii
from typing import Final, TypeAlias

import msgspec

from bot.metrics import BadFrameCause

MAX_FRAME_BYTES: Final = 64 * 1024
"""Largest frame that is read; Twilio's own are about 350 bytes."""

MAX_AUDIO_BYTES: Final = 16_000
"""Audio in one outgoing message (2 s); longer audio is sent in several."""


class BadFrameError(ValueError):
    """A frame that cannot be read; `cause` says why, for people and the metric. Never carries its content."""

    def __init__(self, cause: BadFrameCause) -> None:
        super().__init__(f"expected a Media Streams message, got a frame that is {cause.value}")
        self.cause = cause


class _Message(msgspec.Struct, frozen=True, rename="camel", tag_field="event"):
    stream_sid: str = ""
    sequence_number: str = ""

    @property
    def sequence(self) -> int | None:
        """The message's number in its stream, None where it has none that can be read."""
        digits = self.sequence_number
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


class ConnectedMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="connected"):
    """The first message of a socket."""


class StartBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a stream is: its call and the parameters of our TwiML."""

    call_sid: str
    stream_sid: str = ""
    account_sid: str = ""
    custom_parameters: dict[str, str] = {}


class StartMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="start", kw_only=True):
    """A stream begins."""

    start: StartBody

    @property
    def call_sid(self) -> str:
        """The call that the stream claims to belong to."""
        return self.start.call_sid

    @property
    def token(self) -> str:
        """The token of our TwiML; empty where there is none."""
        return self.start.custom_parameters.get("token", "")

    @classmethod
    def parse(cls, raw: str) -> StartMessage:
        """Read one frame as `start`.

        Raises:
            BadFrameError: it is anything else.
        """
        message = parse_message(raw)
        if not isinstance(message, StartMessage):
            raise BadFrameError(BadFrameCause.OUT_OF_ORDER)
        return message


class MediaBody(msgspec.Struct, frozen=True):
    """Audio: mu-law, 8000 bytes a second; `timestamp` in ms since the stream's start."""

    payload: bytes
    timestamp: str = "0"
    track: str = "inbound"

    @property
    def timestamp_ms(self) -> int:
        """`timestamp` as a number, 0 where it is none."""
        digits = self.timestamp
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else 0


class MediaMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="media", kw_only=True):
    """A piece of the caller's audio."""

    media: MediaBody


class DtmfBody(msgspec.Struct, frozen=True):
    """The key that was pressed."""

    digit: str


class DtmfMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="dtmf", kw_only=True):
    """The caller pressed a key."""

    dtmf: DtmfBody


class MarkBody(msgspec.Struct, frozen=True):
    """The mark's name, as we sent it."""

    name: str


class MarkMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="mark", kw_only=True):
    """A mark of ours came back."""

    mark: MarkBody


class StopMessage(_Message, frozen=True, rename="camel", tag_field="event", tag="stop"):
    """The stream ends; nothing follows."""


StreamMessage: TypeAlias = ConnectedMessage | StartMessage | MediaMessage | DtmfMessage | MarkMessage | StopMessage


class _Event(msgspec.Struct):
    event: str


_KNOWN_EVENTS: Final = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})
_MESSAGES: Final = msgspec.json.Decoder(StreamMessage)
_EVENTS: Final = msgspec.json.Decoder(_Event)


def parse_message(raw: str) -> StreamMessage:
    """Read one text frame; unknown fields are let pass.

    Raises:
        BadFrameError: too large, no JSON, an unknown event, or fields that are missing or of another kind.
    """
    # Characters are counted, since bytes would cost a copy: the server already caps a frame's bytes.
    if len(raw) > MAX_FRAME_BYTES:
        raise BadFrameError(BadFrameCause.TOO_LARGE)
    try:
        return _MESSAGES.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadFrameError(_cause(raw)) from error


def _cause(raw: str) -> BadFrameCause:
    """Why `raw` is no message."""
    try:
        event = _EVENTS.decode(raw).event
    except msgspec.ValidationError:
        return BadFrameCause.BAD_FIELD
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return BadFrameCause.NOT_JSON
    return BadFrameCause.BAD_FIELD if event in _KNOWN_EVENTS else BadFrameCause.UNKNOWN_EVENT


class OutgoingMessages:
    """The messages of one stream to Twilio, with what never changes built ahead."""

    def __init__(self, *, stream_sid: str) -> None:
        sid = msgspec.json.encode(stream_sid).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":'
        self.clear: Final = f'{{"event":"clear","streamSid":{sid}}}'
        """Empties the caller's playout buffer."""

    def media(self, ulaw: bytes) -> str:
        """Audio to play after what is queued: mu-law, 8000 bytes a second."""
        return f'{self._media}{binascii.b2a_base64(ulaw, newline=False).decode("ascii")}"}}}}'

    def mark(self, name: str) -> str:
        """Asks for `mark` with this name once the audio before it has played."""
        return f"{self._mark}{msgspec.json.encode(name).decode()}}}}}"
