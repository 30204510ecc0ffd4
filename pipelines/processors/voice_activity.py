"""Voice activity on the caller's audio, by the model that all calls share."""

from __future__ import annotations

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.voice_activity import VoiceActivity, VoiceEdge


class VoiceActivityProcessor(FrameProcessor):
    """Announces when the caller starts and stops making speech sounds, in both directions of the pipeline."""

    def __init__(self, activity: VoiceActivity) -> None:
        super().__init__(enable_direct_mode=True)
        self._activity = activity

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Judge audio on its way; other frames pass."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if not isinstance(frame, InputAudioRawFrame):
            return
        for edge in self._activity.push(frame.audio):
            if edge is VoiceEdge.STARTED:
                await self.broadcast_frame(VADUserStartedSpeakingFrame, start_secs=self._activity.params.start_seconds)
            else:
                await self.broadcast_frame(VADUserStoppedSpeakingFrame, stop_secs=self._activity.params.stop_seconds)
