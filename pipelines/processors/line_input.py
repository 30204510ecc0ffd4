"""The caller's end of a pipeline: media line in, frames out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from loguru import logger
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.frames import LineGoneFrame, LineMarkFrame
from pipelines.line import LINE_SAMPLE_RATE, AudioReceived, KeyPressed, LineEvent, LineStopped, MarkReached, MediaLine
from pipelines.mulaw import ulaw_to_pcm16

_KEYS = {entry.value for entry in KeypadEntry}

QUIET_SECONDS = 15.0
"""A line that brings nothing for so long is gone: a live one brings audio 50 times a second, silence included."""


class LineInput(FrameProcessor):
    """Reads the line from the pipeline's start to its end; the rate stays the line's own."""

    def __init__(self, line: MediaLine) -> None:
        super().__init__(enable_direct_mode=True)
        self._line = line
        self._reader: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Start reading with the pipeline and stop with it; every frame passes."""
        await super().process_frame(frame, direction)
        if isinstance(frame, EndFrame | CancelFrame):
            await self._stop()
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame) and self._reader is None:
            self._reader = self.create_task(self._read())

    async def cleanup(self) -> None:
        """Stop reading whatever happened."""
        await super().cleanup()
        await self._stop()

    async def _stop(self) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await self.cancel_task(reader)

    async def _read(self) -> None:
        events = self._line.events()
        while (event := await self._next_event(events)) is not None:
            frame = self._frame(event)
            if frame is not None:
                await self.push_frame(frame)
            if isinstance(event, LineStopped):
                return
        await self.push_frame(LineGoneFrame())

    @staticmethod
    async def _next_event(events: AsyncIterator[LineEvent]) -> LineEvent | None:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                return await anext(events, None)
        except TimeoutError:
            logger.warning("nothing came from the line for {:.0f} s: it counts as gone", QUIET_SECONDS)
            return None

    @staticmethod
    def _frame(event: LineEvent) -> Frame | None:
        match event:
            case AudioReceived(ulaw=ulaw):
                return InputAudioRawFrame(audio=ulaw_to_pcm16(ulaw), sample_rate=LINE_SAMPLE_RATE, num_channels=1)
            case MarkReached(name=name):
                return LineMarkFrame(mark=name)
            case KeyPressed(digit=digit):
                return InputDTMFFrame(button=KeypadEntry(digit)) if digit in _KEYS else None
            case LineStopped():
                return LineGoneFrame()
