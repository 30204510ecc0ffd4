"""One media stream as Twilio runs it: a socket, a playout buffer, and a clock that ticks every 20 ms."""

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from rehearsal.line.messages import CONNECTED, ServerMessage, StreamScribe
from rehearsal.line.phone import Caller, EventKind, Phone
from rehearsal.line.playout import Playout
from rehearsal.line.settings import CallIdentity, LineSettings
from rehearsal.line.socket import MediaSocket, UpgradeRefused
from rehearsal.line.twiml import ConnectStream
from rehearsal.line.webhook import sign
from rehearsal.mulaw import FRAME_SECONDS

_FILE_HEADERS = (b"RIFF", b"ID3", b"OggS", b"fLaC", b"<htm", b'{"er')


class StreamOutcome(StrEnum):
    """How a stream ended."""

    REFUSED = "refused"
    SERVER_CLOSED = "server_closed"
    CALLER_HUNG_UP = "caller_hung_up"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """One stream's life: seconds on the call's clock; `status` of a refused upgrade, `close_code` otherwise."""

    stream_sid: str
    outcome: StreamOutcome
    start: float
    end: float
    status: int | None = None
    close_code: int | None = None
    started: float | None = None
    """When the `start` message went out."""
    lateness_ms: float = 0.0
    """The worst delay of a tick behind its deadline: figures measured under a larger one are not to be trusted."""


class MediaStream:
    """Runs one `<Connect><Stream>` in the task that calls `run`."""

    def __init__(
        self,
        *,
        verb: ConnectStream,
        identity: CallIdentity,
        settings: LineSettings,
        phone: Phone,
        caller: Caller,
        answered_at: float,
    ) -> None:
        """`answered_at` is the loop's time at which the call's clock began."""
        self.stream_sid = "MZ" + secrets.token_hex(16)
        self.warnings: list[str] = []
        self.connected = asyncio.Event()
        self._verb = verb
        self._settings = settings
        self._phone = phone
        self._caller = caller
        self._answered_at = answered_at
        self._playout = Playout(limit_seconds=settings.playout_limit_seconds)
        self._scribe = StreamScribe(
            stream_sid=self.stream_sid,
            call_sid=identity.call_sid,
            account_sid=settings.account_sid,
            first_timestamp_ms=settings.first_timestamp_ms,
        )
        self._decoder = msgspec.json.Decoder(ServerMessage)
        self._socket: MediaSocket | None = None
        self._ordered = False
        self._lateness = 0.0

    def end(self) -> None:
        """End the stream with the next tick, as `calls.update` does."""
        self._ordered = True

    async def run(self) -> StreamEnd:
        """Connect, stream until an end, and say how it ended. Safe to cancel: the connection is dropped."""
        start = self._elapsed()
        url = self._verb.url.split("?", 1)[0]
        try:
            self._socket = await MediaSocket.open(
                url=url,
                signature=sign(auth_token=self._settings.auth_token, url=url),
                receiver=self._receive,
                route=self._settings.route(url),
                timeout_seconds=self._settings.connect_timeout_seconds,
            )
        except UpgradeRefused as error:
            self._warn(f"31920 {error}")
            return StreamEnd(self.stream_sid, StreamOutcome.REFUSED, start, self._elapsed(), status=error.status)
        socket = self._socket
        try:
            socket.send(CONNECTED)
            socket.send(self._scribe.start(parameters=self._verb.parameters))
            started = self._elapsed()
            self.connected.set()
            outcome = await self._tick_along(socket)
            if outcome is not StreamOutcome.SERVER_CLOSED:
                socket.send(self._scribe.stop())
            elif unheard := self._playout.buffered_bytes:
                self._warn(f"the server closed the stream with {unheard / 8:.0f} ms of audio unheard")
            await socket.close()
        finally:
            socket.abort()
        self._phone.ear.cut()
        return StreamEnd(
            self.stream_sid,
            outcome,
            start,
            self._elapsed(),
            close_code=socket.close_code,
            started=started,
            lateness_ms=self._lateness * 1000.0,
        )

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._answered_at

    async def _tick_along(self, socket: MediaSocket) -> StreamOutcome:
        """Ticks on absolute deadlines; late ones follow at once, so that nothing drifts."""
        loop = asyncio.get_running_loop()
        self._phone.advance(seconds=self._elapsed())
        began = self._answered_at + self._phone.now
        frame: bytes | None = None
        tick = 0
        while True:
            delay = began + tick * FRAME_SECONDS - loop.time()
            self._lateness = max(self._lateness, -delay)
            await asyncio.sleep(max(0.0, delay))
            tick += 1
            if socket.closed:
                return StreamOutcome.SERVER_CLOSED
            if self._ordered:
                return StreamOutcome.ORDERED
            if frame is not None:
                socket.send(self._scribe.media(frame=frame))
            self._play(socket)
            self._let_caller_act()
            if self._phone.wants_to_hang_up is not None:
                return StreamOutcome.CALLER_HUNG_UP
            if digit := self._phone.next_digit():
                socket.send(self._scribe.dtmf(digit=digit))
            frame = self._phone.speak()

    def _play(self, socket: MediaSocket) -> None:
        played = self._playout.play()
        for name in played.marks:
            self._echo(socket, name)
        self._phone.hear(frame=played.frame)

    def _let_caller_act(self) -> None:
        if self._phone.now >= self._settings.limit_seconds:
            self._phone.hang_up(reason=f"time limit of {self._settings.limit_seconds:g} s")
        else:
            self._caller.tick(phone=self._phone)

    def _receive(self, data: bytes, text: bool) -> None:
        if not text:
            self._warn("31950 binary frame")
            return
        try:
            message = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._warn(f"31951 {error}")
            return
        if message.stream_sid != self.stream_sid:
            self._warn(f"31951 streamSid is {message.stream_sid!r}")
            return
        self._obey(message)

    def _obey(self, message: ServerMessage) -> None:
        socket = self._socket
        match message.event:
            case "media" if message.media is not None:
                self._buffer(message.media.payload)
            case "mark" if message.mark is not None and socket is not None:
                self._phone.note(EventKind.MARK, message.mark.name)
                for name in self._playout.mark(name=message.mark.name):
                    self._echo(socket, name)
            case "clear" if socket is not None:
                self._phone.note(EventKind.CLEAR, f"{self._playout.buffered_bytes / 8:.0f} ms dropped")
                self._phone.ear.cut()
                for name in self._playout.clear():
                    self._echo(socket, name)
            case _:
                self._warn(f"31951 event {message.event!r} is unknown or incomplete")

    def _buffer(self, payload: bytes) -> None:
        if payload.startswith(_FILE_HEADERS):
            self._warn("media payload begins like a file, not like mu-law audio")
        if discarded := self._playout.media(payload=payload):
            self._warn(f"31931 playout buffer full, {discarded} bytes discarded")

    def _echo(self, socket: MediaSocket, name: str) -> None:
        self._phone.note(EventKind.MARK_ECHO, name)
        socket.send(self._scribe.mark(name=name))

    def _warn(self, warning: str) -> None:
        self.warnings.append(warning)
