"""Directly behind a provider's recogniser: tells what it said, and lets another speak in its place."""

from __future__ import annotations

from collections.abc import Callable

from pipecat.frames.frames import Frame, InterimTranscriptionFrame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.floor_acts import (
    WordsEvent,
)
from pipelines.frames import RecognisedFrame


class RecogniserGate(FrameProcessor):
    """Passes the provider's words while it is open; what `hand_on` gets passes always."""

    def __init__(self, *, on_sign: Callable[[bool], None]) -> None:
        """`on_sign(final)` is told of all words that pass; `final`: no more will come of these."""
        super().__init__(enable_direct_mode=True)
        self._on_sign = on_sign
        self.is_open = True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Stop the provider's words where the gate is shut; all else passes."""
        await super().process_frame(frame, direction)
        if isinstance(frame, RecognisedFrame | TranscriptionFrame | InterimTranscriptionFrame):
            if not self.is_open:
                return
            self._on_sign(_is_final(frame))
        await self.push_frame(frame, direction)

    async def hand_on(self, frame: Frame) -> None:
        """Push a frame in the provider's place."""
        await self.push_frame(frame)


def _is_final(frame: RecognisedFrame | TranscriptionFrame | InterimTranscriptionFrame) -> bool:
    if isinstance(frame, RecognisedFrame):
        return frame.event is WordsEvent.END
    return isinstance(frame, TranscriptionFrame)
