"""A voice behind the voice: a sentence for which no audio comes is spoken by the embedded engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipecat.frames.frames import (
    AggregatedTextFrame,
    DataFrame,
    Frame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.caller_wait import CallerWait, Patience
from pipelines.embedded.voice import EmbeddedVoice, VoiceFailed
from pipelines.frames import PlanFrame, ReplyEndFrame, WordTimesFrame
from pipelines.processors.embedded_speech import speech_frames

VOICE_PATIENCE = Patience(usual=0.9, by=2.3, least=0.3)
"""What a voice may take for a sentence's first audio; it comes within 0.28 s at the 95th percentile."""


@dataclass
class _OverdueFrame(DataFrame):
    """To ourselves, in line with the other frames: the sentence announced last has waited long enough."""

    announced: AggregatedTextFrame


class FallbackVoice(FrameProcessor):
    """Stands behind a provider's voice. Once that has failed for a sentence, the rest of the call is spoken here."""

    def __init__(self, voice: EmbeddedVoice, *, language: str, on_failure: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._voice = voice
        self._language = language
        self._pace = 1.0
        self._on_failure = on_failure
        self._failed = False
        self._waiting: AggregatedTextFrame | None = None
        self._deadline: asyncio.Task[None] | None = None
        self._wait = CallerWait()
        self._answer_sounds = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass the provider's audio on, or speak in its place."""
        await super().process_frame(frame, direction)
        match frame:
            case PlanFrame():
                self._language, self._pace = frame.plan.state.language, frame.plan.state.delivery.pace
                self._answer_sounds = False
                await self.push_frame(frame, direction)
            case TTSTextFrame():
                await self.push_frame(frame, direction)
            case AggregatedTextFrame():
                await self._speak_unspoken()
                await self._announce(frame)
            case ReplyEndFrame():
                await self._speak_unspoken()
                await self.push_frame(frame, direction)
            case _OverdueFrame():
                if self._waiting is frame.announced:
                    await self._speak_unspoken()
            case TTSAudioRawFrame() | TTSStartedFrame() | TTSStoppedFrame() | WordTimesFrame():
                await self._from_provider(frame)
            case InterruptionFrame():
                await self._settle()
                await self.push_frame(frame, direction)
            case _:
                self._note_voice(frame)
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the deadline, if any."""
        await super().cleanup()
        await self._settle()

    def give_up_provider(self) -> None:
        """The provider's voice is known to be out of service for this call."""
        self._failed = True

    def _note_voice(self, frame: Frame) -> None:
        match frame:
            case VADUserStartedSpeakingFrame():
                self._wait.voice_started()
            case VADUserStoppedSpeakingFrame():
                self._wait.voice_stopped(at=time.monotonic() - frame.stop_secs)
            case _:
                pass

    async def _announce(self, frame: AggregatedTextFrame) -> None:
        await self.push_frame(frame)
        if self._failed:
            await self._speak(frame)
            return
        self._waiting = frame
        # Behind a sentence that sounds already nobody waits in silence.
        waits = VOICE_PATIENCE.usual
        if not self._answer_sounds:
            waits = self._wait.grant(VOICE_PATIENCE, now=time.monotonic())
        self._deadline = self.create_task(self._expire(frame, waits))

    async def _from_provider(self, frame: Frame) -> None:
        if self._failed:
            return
        if isinstance(frame, TTSAudioRawFrame):
            self._answer_sounds = True
            await self._settle()
        elif isinstance(frame, TTSStoppedFrame) and self._waiting is not None:
            await self._speak_unspoken()
            return
        await self.push_frame(frame)

    async def _expire(self, announced: AggregatedTextFrame, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._deadline = None
        await self.queue_frame(_OverdueFrame(announced=announced))

    async def _speak_unspoken(self) -> None:
        """Speak the sentence announced last if its audio never came; from then on this voice has the call."""
        announced = self._waiting
        if announced is None:
            return
        await self._settle()
        self._failed = True
        await self._on_failure()
        await self._speak(announced)

    async def _speak(self, announced: AggregatedTextFrame) -> None:
        context_id = announced.context_id or ""
        try:
            async for chunk in self._voice.stream(announced.text, lang=self._language, pace=self._pace):
                for frame in speech_frames(chunk, context_id):
                    await self.push_frame(frame)
        except VoiceFailed as error:
            await self.push_error(str(error), exception=error)
        await self.push_frame(TTSStoppedFrame(context_id=context_id))

    async def _settle(self) -> None:
        self._waiting = None
        if self._deadline is not None:
            deadline, self._deadline = self._deadline, None
            await self.cancel_task(deadline)
