"""Twilio's playout buffer: what the server sends, as the caller gets to hear it."""

from collections import deque
from dataclasses import dataclass

from rehearsal.mulaw import FRAME_SAMPLES, RATE, SILENCE, SILENT_FRAME

_COMPACT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Played:
    """One 20 ms tick at the caller's ear."""

    frame: bytes
    """160 mu-law bytes, padded with silence where the buffer ran dry."""

    audio_bytes: int
    """How many of them came from the server, 0..160."""

    marks: tuple[str, ...]
    """Marks to echo now: all audio sent before them has been heard."""


_NOTHING_PLAYED = Played(frame=SILENT_FRAME, audio_bytes=0, marks=())


class Playout:
    """Holds mu-law bytes in order and plays 160 of them a tick.

    A frame counts as heard when the next one begins, so no mark is echoed before its audio has left the earpiece.
    Pure: no clock, no I/O; the caller's line ticks it.
    """

    def __init__(self, *, limit_seconds: float = 600.0) -> None:
        self._limit_bytes = round(limit_seconds * RATE)
        self._buffer = bytearray()
        self._offset = 0
        self._taken = 0
        self._heard = 0
        self._marks: deque[tuple[int, str]] = deque()

    @property
    def buffered_bytes(self) -> int:
        """Audio received and not yet begun to play."""
        return len(self._buffer) - self._offset

    @property
    def outstanding_marks(self) -> tuple[str, ...]:
        """Names of the marks that wait for their audio, in order."""
        return tuple(name for _, name in self._marks)

    def media(self, *, payload: bytes) -> int:
        """Append audio of any length; returns the bytes discarded because the buffer is full (Twilio's 31931)."""
        room = self._limit_bytes - self.buffered_bytes
        self._buffer += payload[:room]
        return max(0, len(payload) - room)

    def mark(self, *, name: str) -> tuple[str, ...]:
        """Set a mark behind all audio so far; returns it at once when there is nothing left to hear before it."""
        position = self._taken + self.buffered_bytes
        if position <= self._heard:
            return (name,)
        self._marks.append((position, name))
        return ()

    def clear(self) -> tuple[str, ...]:
        """Drop what has not been played; returns every outstanding mark, heard or not, as Twilio does."""
        self._buffer.clear()
        self._offset = 0
        names = self.outstanding_marks
        self._marks.clear()
        return names

    def play(self) -> Played:
        """Play the next 20 ms."""
        if self._offset == len(self._buffer) and not self._marks:
            self._heard = self._taken
            return _NOTHING_PLAYED
        self._heard = self._taken
        marks: list[str] = []
        while self._marks and self._marks[0][0] <= self._heard:
            marks.append(self._marks.popleft()[1])
        size = min(FRAME_SAMPLES, self.buffered_bytes)
        if not size:
            return Played(frame=SILENT_FRAME, audio_bytes=0, marks=tuple(marks))
        frame = bytes(self._buffer[self._offset : self._offset + size])
        self._offset += size
        self._taken += size
        if self._offset > _COMPACT_BYTES:
            del self._buffer[: self._offset]
            self._offset = 0
        return Played(
            frame=frame.ljust(FRAME_SAMPLES, bytes([SILENCE])),
            audio_bytes=size,
            marks=tuple(marks),
        )
