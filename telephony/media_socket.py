"""uvicorn's WebSocket protocol, made cheap for Media Streams: 50 small text frames a second for each call.

What a whole text frame needs is done here in a few steps; everything else (the handshake, messages in fragments,
control frames, faults, closing) stays with uvicorn and the `websockets` library, which get whole frames only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN

try:
    from websockets.speedups import apply_mask as _apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask as _apply_mask

MAX_WAITING: Final = 25
"""Messages that may wait for their reader before the socket is read no further: half a second of a call's audio."""

_FINAL_TEXT: Final = 0x81
_MASKED: Final = 0x80
_apply: Final[Callable[[bytes, bytes], bytes]] = _apply_mask


class MediaSocketProtocol(WebSocketsSansIOProtocol):
    """A socket whose plain text frames do not pass the general parser.

    Backpressure is kept: beyond `MAX_WAITING` messages the socket is not read. uvicorn pauses and resumes it around
    each message, two system calls that a call would make 50 times a second.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held = b""
        """The beginning of a frame."""
        self._is_general = False
        """The general parser stands inside a frame, or soon will: it gets all that comes from now on."""

    def data_received(self, data: bytes) -> None:
        """Take what came from the network."""
        if self.handshake_complete and not self._is_general:
            data = self._take_frames(self._held + data if self._held else data)
            if not data:
                return
        elif not self.handshake_complete:
            # The request comes alone; frames before it is answered are unusual, and not ours to sort.
            self._is_general = self.handshake_initiated or not data.endswith(b"\r\n\r\n")
        super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        """Queue the message that the general parser has just completed; stop reading only where too many wait."""
        if self.queue.qsize() + 1 >= MAX_WAITING:
            super().send_receive_event_to_app()
            return
        paused, self.read_paused = self.read_paused, True  # so that it is not paused now
        super().send_receive_event_to_app()
        self.read_paused = paused

    def _take_frames(self, data: bytes) -> bytes:
        """Take the whole frames of `data` and hold the beginning of one; what is left is the general parser's."""
        start, size = 0, len(data)
        self._held = b""
        while start < size:
            span = _span(data, start)
            if span is None:
                self._held = data[start:]
                return b""
            payload, end = span
            if end - payload > self.config.ws_max_size or not data[start + 1] & _MASKED:
                self._is_general = True  # it says what is wrong and closes the socket
                return data[start:]
            if end > size:
                self._held = data[start:]
                return b""
            if data[start] != _FINAL_TEXT or not self._take_text(data, payload, end):
                super().data_received(data[start:end])
            start = end
        return b""

    def _take_text(self, data: bytes, payload: int, end: int) -> bool:
        """Queue a text frame's message; False where the general parser has to decide what becomes of it."""
        if self.close_sent or self.conn.state is not OPEN or self.conn.current_size is not None:
            return False
        try:
            text = _apply(data[payload:end], data[payload - 4 : payload]).decode()
        except UnicodeDecodeError:
            return False
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and self.queue.qsize() >= MAX_WAITING:
            self.read_paused = True
            self.transport.pause_reading()
        return True


def _span(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the payload of the masked frame at `start` begins and ends; None where its header is not there yet."""
    available = len(data) - start
    if available < 2:
        return None
    length = data[start + 1] & 0x7F
    if length < 126:
        payload = start + 6
    else:
        payload, width = (start + 8, 2) if length == 126 else (start + 14, 8)
        if available < 2 + width:
            return None
        length = int.from_bytes(data[start + 2 : start + 2 + width])
    return payload, payload + length
