"""The ear: what of the caller's audio is a voice and, while the bot speaks, whether that is only its own echo."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.audio_batches import AudioBatches
from pipelines.echo import EchoJudge
from pipelines.echo_reference import EchoReference
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.melody import LastSeconds
from pipelines.mouth import Mouth
from pipelines.mulaw import TO_LINEAR
from pipelines.processors.turn_taking import TurnTaking
from pipelines.voice_activity import WINDOW_SAMPLES, VoiceActivity, VoiceEdge, VoiceWindow

_FULL_SCALE = np.float32(1 / 32768)


class Recogniser(Protocol):
    """The processor behind the ear."""

    async def hear(self, audio: bytes) -> None:
        """Take 16-bit samples at 8 kHz, as they come."""
        ...


class Ear(FrameProcessor):
    """Tells turn-taking of each window of sound, and hands the audio on to the recogniser behind it.

    The audio goes on as it comes around a voice, in larger pieces in silence. Where voice starts and stops is announced
    in both directions by pipecat's frames, for recognisers that want to know.
    """

    def __init__(
        self,
        activity: VoiceActivity,
        mouth: Mouth,
        turn_taking: TurnTaking,
        *,
        recogniser: Recogniser | None = None,
        recent: LastSeconds | None = None,
    ) -> None:
        """`recogniser` gets the audio without a frame. `recent` is kept filled for who judges how words were said."""
        super().__init__(enable_direct_mode=True)
        self._recogniser = recogniser
        self._recent = recent
        self._activity = activity
        self._echo = EchoJudge()
        self._reference = EchoReference(WINDOW_SAMPLES)
        self._unjudged = 0
        self._batches = AudioBatches()
        self._mouth = mouth
        self._turn_taking = turn_taking

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Judge audio on its way; other frames pass."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self.hear(frame.audio)
        else:
            await self.push_frame(frame, direction)

    async def hear(self, pcm16: bytes) -> None:
        """Take the caller's audio: 16-bit samples at 8 kHz. `LineInput` calls it without a frame."""
        if self._recent is not None:
            self._recent.append(pcm16)
        windows = self._activity.push(pcm16)
        self._unjudged += len(pcm16) // 2
        for window in windows:
            self._unjudged -= WINDOW_SAMPLES
            await self._turn_taking.hear(voiced=self._is_callers(window), level_db=window.level_db)
        piece = self._batches.push(pcm16, silence_seconds=self._activity.silence_seconds)
        if piece:
            await self._hand_on(piece)
        for window in windows:
            if window.edge is not None:
                await self._announce(window.edge)

    async def _hand_on(self, piece: bytes) -> None:
        if self._recogniser is not None:
            await self._recogniser.hear(piece)
        else:
            await self.push_frame(InputAudioRawFrame(audio=piece, sample_rate=LINE_SAMPLE_RATE, num_channels=1))

    def _is_callers(self, window: VoiceWindow) -> bool:
        """Whether the window holds a voice that is not our own coming back."""
        believed = self._mouth.playing(self._reference.history_samples)
        ulaw = self._reference.read(believed, ahead=self._unjudged)
        played = TO_LINEAR[np.frombuffer(ulaw, dtype=np.uint8)] * _FULL_SCALE
        has_voice = window.probability >= self._activity.params.threshold
        verdict = self._echo.push(window.samples, played, has_voice=has_voice)
        return has_voice and verdict.is_near_end

    async def _announce(self, edge: VoiceEdge) -> None:
        params = self._activity.params
        if edge is VoiceEdge.STARTED:
            await self.broadcast_frame(VADUserStartedSpeakingFrame, start_secs=params.start_seconds)
        else:
            await self.broadcast_frame(VADUserStoppedSpeakingFrame, stop_secs=params.stop_seconds)
