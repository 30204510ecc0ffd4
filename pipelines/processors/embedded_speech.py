"""The embedded voice as a pipecat service: audio at the line's rate, word times beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from pipelines.embedded.voice import EmbeddedVoice, SpeechChunk, VoiceFailed
from pipelines.frames import PlanFrame, WordTimesFrame
from pipelines.line import LINE_SAMPLE_RATE


def speech_frames(chunk: SpeechChunk, context_id: str) -> list[Frame]:
    """A chunk as frames: its word times, then its audio."""
    frames: list[Frame] = []
    if chunk.words:
        words = tuple((word.word, word.start_seconds) for word in chunk.words)
        frames.append(WordTimesFrame(context_id=context_id, words=words))
    if chunk.pcm:
        frames.append(
            TTSAudioRawFrame(audio=chunk.pcm, sample_rate=LINE_SAMPLE_RATE, num_channels=1, context_id=context_id)
        )
    return frames


class EmbeddedSpeech(TTSService):
    """Speaks each plan in its language."""

    def __init__(self, voice: EmbeddedVoice, *, language: str) -> None:
        super().__init__(
            push_text_frames=False,
            push_stop_frames=True,
            push_start_frame=True,
            sample_rate=LINE_SAMPLE_RATE,
            settings=TTSSettings(model="embedded", voice="embedded", language=None),
        )
        self._voice = voice
        self._language = language
        self._pace = 1.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Plans tell the language and the pace of the words that follow."""
        if isinstance(frame, PlanFrame):
            self._language, self._pace = frame.plan.state.language, frame.plan.state.delivery.pace
        await super().process_frame(frame, direction)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Synthesise one sentence."""
        try:
            async for chunk in self._voice.stream(text, lang=self._language, pace=self._pace):
                for frame in speech_frames(chunk, context_id):
                    yield frame
        except VoiceFailed as error:
            yield ErrorFrame(error=str(error), exception=error)
