"""Sentences that were synthesised ahead, in the place of those the voice would synthesise now.

Two processors, one before the voice and one behind it: between them a sentence travels as one frame, which pipecat's
voice passes on in order with what it speaks itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from pipecat.frames.frames import (
    AggregatedTextFrame,
    DataFrame,
    Frame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.text.base_text_aggregator import TextType

from bot.metrics import Metrics
from pipelines.frames import PlanFrame, WordTimesFrame
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.speech_cache import CachedSpeech, SpeechCache

_CHUNK_BYTES = 2 * LINE_SAMPLE_RATE // 5
"""A fifth of a second: an interruption finds the rest of the sentence not yet sent on."""


@dataclass
class CachedSpeechFrame(DataFrame):
    """A sentence to be spoken, with its sound."""

    text: str
    speech: CachedSpeech


class CachedVoice(FrameProcessor):
    """Stands before the voice and takes from it the sentences whose sound is there already."""

    def __init__(self, cache: SpeechCache, *, language: str, metrics: Metrics) -> None:
        super().__init__(enable_direct_mode=True)
        self._cache = cache
        self._language = language
        self._pace = 1.0
        self._measures = metrics

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Replace what is in the cache; plans tell the language and the pace of the words that follow."""
        await super().process_frame(frame, direction)
        if isinstance(frame, PlanFrame):
            self._language = frame.plan.state.language
            self._pace = frame.plan.state.delivery.pace
        elif isinstance(frame, TTSSpeakFrame):
            speech = self._cache.get(frame.text, language=self._language, pace=self._pace)
            self._measures.voice_cache(hit=speech is not None)
            if speech is not None:
                spoken = CachedSpeechFrame(text=frame.text, speech=speech)
                spoken.interruptible = frame.interruptible
                frame = spoken
        await self.push_frame(frame, direction)


class CachedSpeechPlayer(FrameProcessor):
    """Stands directly behind the voice and unpacks what `CachedVoice` put in, as the frames that a voice pushes."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Unpack; other frames pass."""
        await super().process_frame(frame, direction)
        if isinstance(frame, CachedSpeechFrame):
            for part in _voice_frames(frame):
                part.interruptible = frame.interruptible
                await self.push_frame(part)
        else:
            await self.push_frame(frame, direction)


def _voice_frames(cached: CachedSpeechFrame) -> list[Frame]:
    """The sentence's announcement, its word times, its sound and its end, under a context of its own."""
    context_id = str(uuid.uuid4())
    announcement = AggregatedTextFrame(cached.text, TextType.SENTENCE, raw_text=cached.text)
    announcement.context_id = context_id
    announcement.append_to_context = False
    announcement.will_be_spoken = True
    frames: list[Frame] = [announcement, TTSStartedFrame(context_id=context_id)]
    if cached.speech.words:
        frames.append(WordTimesFrame(context_id=context_id, words=cached.speech.words))
    pcm = cached.speech.pcm
    for start in range(0, len(pcm), _CHUNK_BYTES):
        chunk = pcm[start : start + _CHUNK_BYTES]
        frames.append(
            TTSAudioRawFrame(audio=chunk, sample_rate=LINE_SAMPLE_RATE, num_channels=1, context_id=context_id)
        )
    frames.append(TTSStoppedFrame(context_id=context_id))
    return frames
