"""The caller's end of a pipeline: media line in, frames out."""

from __future__ import annotations

import asyncio
from typing import Protocol

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

_RENEWAL_SECONDS = 1.0
"""The patience with a quiet line is renewed so often, so that it may be shorter by that."""


class Ear(Protocol):
    """The processor that judges the caller's audio and hands it on."""

    async def hear(self, pcm16: bytes) -> None:
        """Take 16-bit samples at 8 kHz, as they come."""
        ...


class LineInput(FrameProcessor):
    """Reads the line from the pipeline's start to its end; the rate stays the line's own.

    What comes 50 times a second goes where it is needed without crossing what stands between, since each processor
    costs an event loop's turn or two: audio to `ear` (without one it goes down the pipeline as frames), marks to
    `output` (without one: likewise).
    """

    def __init__(self, line: MediaLine, *, ear: Ear | None = None, output: FrameProcessor | None = None) -> None:
        super().__init__(enable_direct_mode=True)
        self._line = line
        self._ear = ear
        self._output = output
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
        """Read until the line is gone, or silent for so long that it must be."""
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(QUIET_SECONDS) as patience:
                renewed_at = now()
                async for event in self._line.events():
                    # A timer for each of 50 events a second would cost more than reading them.
                    if now() - renewed_at >= _RENEWAL_SECONDS:
                        renewed_at = now()
                        patience.reschedule(renewed_at + QUIET_SECONDS)
                    await self._take(event)
        except TimeoutError:
            logger.warning("nothing came from the line for {:.0f} s: it counts as gone", QUIET_SECONDS)
        await self.push_frame(LineGoneFrame())

    async def _take(self, event: LineEvent) -> None:
        match event:
            case AudioReceived(ulaw=ulaw):
                await self._take_audio(ulaw_to_pcm16(ulaw))
            case MarkReached(name=name):
                await self._take_mark(LineMarkFrame(mark=name))
            case KeyPressed(digit=digit):
                if digit in _KEYS:
                    await self.push_frame(InputDTMFFrame(button=KeypadEntry(digit)))
            case LineStopped():
                pass  # the events end with it

    async def _take_audio(self, pcm16: bytes) -> None:
        if self._ear is not None:
            await self._ear.hear(pcm16)
            return
        await self.push_frame(InputAudioRawFrame(audio=pcm16, sample_rate=LINE_SAMPLE_RATE, num_channels=1))

    async def _take_mark(self, frame: LineMarkFrame) -> None:
        if self._output is not None:
            await self._output.queue_frame(frame)
            return
        await self.push_frame(frame)
