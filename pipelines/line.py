"""The caller's line as a pipeline sees it: whoever brings the media implements `MediaLine`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

LINE_SAMPLE_RATE = 8000
"""Samples per second on the phone network; every pipeline of a call runs at this rate."""


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """Caller's audio: mu-law bytes, 8000 a second, any length; `timestamp_ms` counts from the stream's start."""

    ulaw: bytes
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class MarkReached:
    """A mark sent earlier came back: what preceded it has been played, or thrown away by a clear."""

    name: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key: one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class LineStopped:
    """The caller or the carrier ended the stream; nothing follows."""


LineEvent: TypeAlias = AudioReceived | MarkReached | KeyPressed | LineStopped


class MediaLine(Protocol):
    """One caller's media, both ways, already authenticated and parsed."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Yield what the caller sends, in order; ends after `LineStopped` or when the line is gone.

        Safe to cancel.
        """
        ...

    async def send_audio(self, ulaw: bytes) -> None:
        """Queue mu-law audio at the caller's end. A line that is gone swallows it."""
        ...

    async def send_mark(self, name: str) -> None:
        """Ask for a `MarkReached` once all audio sent before has been played."""
        ...

    async def clear(self) -> None:
        """Throw away what is queued at the caller's end; outstanding marks come back at once."""
        ...

    async def close(self) -> None:
        """End the stream. Repeatable; never raises for a line that is gone."""
        ...
