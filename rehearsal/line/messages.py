"""The Media Streams messages: what Twilio says, prebuilt, and what the server says, parsed in one pass."""

import base64
import json
from collections.abc import Mapping

import msgspec


class MediaPart(msgspec.Struct):
    """`media` from the server; msgspec decodes the base64."""

    payload: bytes


class MarkPart(msgspec.Struct):
    """`mark` from the server."""

    name: str


class ServerMessage(msgspec.Struct, rename="camel"):
    """Any message from the server."""

    event: str
    stream_sid: str | None = None
    media: MediaPart | None = None
    mark: MarkPart | None = None


CONNECTED = b'{"event":"connected","protocol":"Call","version":"1.0.0"}'


class StreamScribe:
    """Writes one stream's messages and keeps its counters."""

    def __init__(self, *, stream_sid: str, call_sid: str, account_sid: str, first_timestamp_ms: int) -> None:
        self._stream_sid = stream_sid
        self._call_sid = call_sid
        self._account_sid = account_sid
        self._timestamp = first_timestamp_ms
        self._sequence = 0
        self._chunk = 0
        self._media_tail = b'"},"streamSid":"%s"}' % stream_sid.encode()

    def start(self, *, parameters: Mapping[str, str]) -> bytes:
        """The `start` message with its custom parameters."""
        start = {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return self._message("start", {"start": start})

    def media(self, *, frame: bytes) -> bytes:
        """20 ms of the caller's voice."""
        self._sequence += 1
        self._chunk += 1
        message = b"".join(
            (
                b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
                b'"payload":"' % (self._sequence, self._chunk, self._timestamp),
                base64.b64encode(frame),
                self._media_tail,
            )
        )
        self._timestamp += 20
        return message

    def dtmf(self, *, digit: str) -> bytes:
        """A key was pressed."""
        return self._message("dtmf", {"dtmf": {"track": "inbound_track", "digit": digit}})

    def mark(self, *, name: str) -> bytes:
        """The echo of a mark."""
        return self._message("mark", {"mark": {"name": name}})

    def stop(self) -> bytes:
        """The stream ends."""
        return self._message("stop", {"stop": {"accountSid": self._account_sid, "callSid": self._call_sid}})

    def _message(self, event: str, body: Mapping[str, object]) -> bytes:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), **body, "streamSid": self._stream_sid}
        return json.dumps(message, separators=(",", ":")).encode()
