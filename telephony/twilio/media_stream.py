"""One caller's Media Streams socket as a pipeline's line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.metrics import BadFrameCause
from pipelines.line import AudioReceived, KeyPressed, LineEvent, LineStopped, MarkReached
from telephony.twilio.messages import (
    MAX_AUDIO_BYTES,
    BadFrameError,
    ConnectedMessage,
    DtmfMessage,
    MarkMessage,
    MediaMessage,
    OutgoingMessages,
    StartMessage,
    StopMessage,
    StreamMessage,
    parse_message,
)

MAX_BAD_FRAMES: Final = 50
"""Bad frames that a stream may send before it is closed; events that Twilio may add later do not count."""

SEND_SECONDS: Final = 5.0
"""How long the caller's side may refuse to take what we send before the line counts as gone."""

LEFTOVER_SECONDS: Final = 0.05
"""How long frames that come after `stop` are looked at before the socket is closed."""

POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009

_KEYS: Final = frozenset("0123456789*#ABCDabcd")

CountBadFrame = Callable[[BadFrameCause], None]
"""Counts one frame that was not taken."""


class FrameReader:
    """Reads a Media Streams socket frame by frame; what cannot be used is counted and skipped.

    The socket's own backpressure holds: nothing is read ahead of the caller of `receive`.
    """

    def __init__(self, websocket: WebSocket, *, count_bad_frame: CountBadFrame, max_bad_frames: int = MAX_BAD_FRAMES):
        self._websocket = websocket
        self._count = count_bad_frame
        self._left = max_bad_frames
        self.gone = False
        """The socket is closed, by whomever."""

    @property
    def exhausted(self) -> bool:
        """Too many bad frames came."""
        return self._left < 0

    def reject(self, cause: BadFrameCause) -> None:
        """Count a frame that was read but cannot be used."""
        self._count(cause)
        if cause is not BadFrameCause.UNKNOWN_EVENT:
            self._left -= 1

    async def receive(self) -> StreamMessage | None:
        """The next usable message; None once the socket is gone or sent too many bad frames. Safe to cancel."""
        while not self.gone and not self.exhausted:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.gone = True
                if message.get("code") == TOO_BIG:  # the server closed it over a frame beyond its limit
                    self._count(BadFrameCause.TOO_LARGE)
                return None
            text = message.get("text")
            if text is None:
                self.reject(BadFrameCause.BINARY)
                continue
            try:
                return parse_message(text)
            except BadFrameError as error:
                self.reject(error.cause)
        return None


class TwilioMediaLine:
    """A started Media Stream as a `pipelines.line.MediaLine`. One task reads `events`; any may send."""

    def __init__(
        self, websocket: WebSocket, *, start: StartMessage, reader: FrameReader, send_seconds: float = SEND_SECONDS
    ) -> None:
        self._websocket = websocket
        self._reader = reader
        self._stream_sid = start.stream_sid or start.start.stream_sid
        self._last_sequence = start.sequence or 0
        self._outgoing = OutgoingMessages(stream_sid=self._stream_sid)
        self._send_seconds = send_seconds
        self._stopped = False
        self._closed = False

    @property
    def stopped(self) -> bool:
        """The caller or the carrier ended the stream; False where we closed it first."""
        return self._stopped

    @property
    def gone(self) -> bool:
        """Nothing more can be sent."""
        return self._closed or self._reader.gone

    async def events(self) -> AsyncIterator[LineEvent]:
        """Yield what the caller sends, in order; ends after `LineStopped` or when the line is gone.

        Safe to cancel.
        """
        while not self._stopped and not self._closed:
            message = await self._reader.receive()
            if message is None:
                if self._reader.exhausted:
                    await self._close(POLICY_VIOLATION)
                return
            event = self._event(message)
            if event is not None:
                yield event

    async def send_audio(self, ulaw: bytes) -> None:
        """Queue mu-law audio at the caller's end. A line that is gone swallows it."""
        for begin in range(0, len(ulaw), MAX_AUDIO_BYTES):
            await self._send(self._outgoing.media(ulaw[begin : begin + MAX_AUDIO_BYTES]))

    async def send_mark(self, name: str) -> None:
        """Ask for a `MarkReached` once all audio sent before has been played."""
        await self._send(self._outgoing.mark(name))

    async def clear(self) -> None:
        """Throw away what is queued at the caller's end; outstanding marks come back at once."""
        await self._send(self._outgoing.clear)

    async def close(self) -> None:
        """End the stream. Repeatable; never raises for a line that is gone."""
        if self._stopped:
            await self._count_leftovers()
        await self._close(1000)

    def _event(self, message: StreamMessage) -> LineEvent | None:
        """What a message means; None for one that is counted and ignored."""
        if isinstance(message, ConnectedMessage):
            return None
        if isinstance(message, StartMessage):
            return self._reader.reject(BadFrameCause.SECOND_START)
        if message.stream_sid and message.stream_sid != self._stream_sid:
            return self._reader.reject(BadFrameCause.OTHER_STREAM)
        if not self._in_order(message):
            self._reader.reject(BadFrameCause.OUT_OF_ORDER)
            # Audio out of its place would be noise; a late key, mark or stop still means what it says.
            if isinstance(message, MediaMessage):
                return None
        match message:
            case MediaMessage(media=media):
                if media.track not in ("inbound", "inbound_track") or not media.payload:
                    return self._reader.reject(BadFrameCause.BAD_FIELD)
                return AudioReceived(ulaw=media.payload, timestamp_ms=media.timestamp_ms)
            case MarkMessage(mark=mark):
                return MarkReached(name=mark.name)
            case DtmfMessage(dtmf=dtmf):
                if dtmf.digit not in _KEYS:
                    return self._reader.reject(BadFrameCause.BAD_FIELD)
                return KeyPressed(digit=dtmf.digit.upper())
            case StopMessage():
                self._stopped = True
                return LineStopped()

    def _in_order(self, message: StreamMessage) -> bool:
        sequence = message.sequence
        if sequence is None:
            return True
        if sequence <= self._last_sequence:
            return False
        self._last_sequence = sequence
        return True

    async def _send(self, text: str) -> None:
        if self.gone:
            return
        try:
            async with asyncio.timeout(self._send_seconds):
                await self._websocket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            await self._close(POLICY_VIOLATION)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._closed = True  # closed by the other side meanwhile: the reader will see it too

    async def _close(self, code: int) -> None:
        if self.gone:
            return
        self._closed = True
        # A peer that takes nothing cannot take a close either: then the server's own timer cuts the socket.
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):  # TimeoutError is an OSError
            async with asyncio.timeout(self._send_seconds):
                await self._websocket.close(code)

    async def _count_leftovers(self) -> None:
        """Count what came after `stop`; nothing of it is used."""
        if self.gone:
            return
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(LEFTOVER_SECONDS):
                while await self._reader.receive() is not None:
                    self._reader.reject(BadFrameCause.AFTER_STOP)
