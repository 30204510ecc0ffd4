"""The caller's other end of a pipeline: synthesised frames out to the line, and the ledger of what was heard.

Audio goes out as soon as it exists and waits in the buffer at the caller's end, so that a busy event loop never makes
it choppy; an interruption clears that buffer, and the ledger tells what of it had been heard.
"""

from __future__ import annotations

import asyncio
import time

from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.frames import (
    LineGoneFrame,
    LineMarkFrame,
    PlayoutCutFrame,
    ReplyEndFrame,
    ReplyPlayedFrame,
    SentencePlayedFrame,
    SentenceStartedFrame,
    WordTimesFrame,
)
from pipelines.line import MediaLine
from pipelines.mulaw import pcm16_to_ulaw
from pipelines.playout import Played, Playout

_ECHO_GRACE_SECONDS = 2.0
"""How long beyond its audio's length a reply's last mark is waited for."""


class LineOutput(FrameProcessor):
    """Plays replies to the caller and reports upstream what was heard of them."""

    def __init__(self, line: MediaLine) -> None:
        super().__init__()
        self._line = line
        self._playout = Playout()
        self._speaking = False
        self._announced: str | None = None
        self._reply_end: int | None = None
        self._patience: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Play audio, keep the ledger; other frames pass."""
        await super().process_frame(frame, direction)
        match frame:
            case TTSAudioRawFrame():
                await self._play(frame.audio)
            case TTSTextFrame():
                pass
            case AggregatedTextFrame():
                self._playout.begin(frame.text)
                self._announced = frame.text
            case WordTimesFrame():
                self._playout.add_words(frame.words)
            case TTSStoppedFrame():
                await self._finish_sentence()
            case ReplyEndFrame():
                await self._finish_reply(frame.reply_id)
            case LineMarkFrame():
                await self._report(self._playout.reached(frame.mark, now=time.monotonic()))
                await self._settle()
            case InterruptionFrame():
                await self._cut()
                await self.push_frame(PlayoutCutFrame(), FrameDirection.UPSTREAM)
                await self.push_frame(frame, direction)
            case LineGoneFrame():
                await self._report(self._playout.clear(now=time.monotonic()))
                await self.push_frame(PlayoutCutFrame(), FrameDirection.UPSTREAM)
            case CancelFrame() | EndFrame():
                await self._stop_waiting()
                await self.push_frame(frame, direction)
            case _:
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the waiting task, if any."""
        await super().cleanup()
        await self._stop_waiting()

    async def _play(self, pcm16: bytes) -> None:
        now = time.monotonic()
        if self._announced is not None:
            text, self._announced = self._announced, None
            await self.push_frame(SentenceStartedFrame(text=text, at=now), FrameDirection.UPSTREAM)
        if not self._speaking:
            self._speaking = True
            await self.broadcast_frame(BotStartedSpeakingFrame)
        ulaw = pcm16_to_ulaw(pcm16)
        start = 0
        for samples, mark in self._playout.add_audio(len(ulaw), now=now):
            await self._line.send_audio(ulaw[start : start + samples])
            start += samples
            if mark is not None:
                await self._line.send_mark(mark)

    async def _finish_sentence(self) -> None:
        mark = self._playout.finish()
        if mark is not None:
            await self._line.send_mark(mark)

    async def _finish_reply(self, reply_id: int) -> None:
        self._reply_end = reply_id
        if not self._playout.idle:
            await self._stop_waiting()
            self._patience = self.create_task(self._wait_for_echo(self._playout.pending_seconds))
        await self._settle()

    async def _wait_for_echo(self, seconds: float) -> None:
        await asyncio.sleep(seconds + _ECHO_GRACE_SECONDS)
        self._patience = None
        await self._report(self._playout.clear(now=time.monotonic()))
        await self._settle()

    async def _settle(self) -> None:
        """Once the line is quiet, say so; and that the reply is over, if its end is known."""
        if not self._playout.idle:
            return
        await self._report(self._playout.over())
        if self._speaking:
            self._speaking = False
            await self.broadcast_frame(BotStoppedSpeakingFrame)
        if self._reply_end is not None:
            reply_id, self._reply_end = self._reply_end, None
            await self._stop_waiting()
            await self.push_frame(ReplyPlayedFrame(reply_id=reply_id), FrameDirection.UPSTREAM)

    async def _cut(self) -> None:
        self._reply_end = self._announced = None
        await self._stop_waiting()
        idle = self._playout.idle
        # Also where nothing is queued: a sentence announced without audio yet must not stand before the next ones.
        played = self._playout.clear(now=time.monotonic())
        if not idle:
            await self._line.clear()
        await self._report(played)
        if self._speaking:
            self._speaking = False
            await self.broadcast_frame(BotStoppedSpeakingFrame)

    async def _report(self, played: list[Played]) -> None:
        for sentence in played:
            await self.push_frame(
                SentencePlayedFrame(text=sentence.text, heard=sentence.heard), FrameDirection.UPSTREAM
            )

    async def _stop_waiting(self) -> None:
        if self._patience is not None:
            patience, self._patience = self._patience, None
            await self.cancel_task(patience)
