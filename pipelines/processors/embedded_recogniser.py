"""The embedded recogniser as a pipecat service: listens while voice activity says that the caller speaks."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from pipelines.embedded.recogniser import RecogniserFull, RecogniserLost, RecogniserPool, RecogniserStream
from pipelines.frames import NotUnderstoodFrame
from pipelines.line import LINE_SAMPLE_RATE

_BEFORE_SECONDS = 0.4
"""Audio from before voice activity noticed the speech: its beginning."""


class EmbeddedRecogniser(STTService):
    """One caller's place in the pool, taken for the length of the call."""

    def __init__(self, pool: RecogniserPool) -> None:
        super().__init__(
            audio_passthrough=False,
            sample_rate=LINE_SAMPLE_RATE,
            ttfs_p99_latency=0.35,
            settings=STTSettings(model="pocketsphinx", language=Language.EN),
        )
        self._pool = pool
        self._stream: RecogniserStream | None = None
        self._listening = False
        self._before: deque[bytes] = deque()
        self._before_bytes = 0

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Take a place in the pool; without one, the call is told that nobody hears."""
        await super().setup(setup)
        await self._open()

    async def cleanup(self) -> None:
        """Give the place back."""
        await super().cleanup()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Feed audio while the caller speaks; keep a little of what precedes."""
        if self._listening and self._stream is not None:
            try:
                self._stream.feed(audio)
            except RecogniserLost as error:
                await self._lose(error)
        else:
            self._remember(audio)
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Voice activity opens and closes utterances."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            await self._begin()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            await self._end()

    async def _open(self) -> None:
        try:
            self._stream = self._pool.open_stream()
        except RecogniserFull as error:
            await self.push_error(str(error), exception=error, force_treat_as_permanent=True)
            return
        self._stream.on_interim = self._interim

    async def _begin(self) -> None:
        if self._stream is None:
            return
        try:
            self._stream.start_utterance()
            for audio in self._before:
                self._stream.feed(audio)
        except RecogniserLost as error:
            await self._lose(error)
            return
        self._forget()
        self._listening = True

    async def _end(self) -> None:
        if not self._listening or self._stream is None:
            return
        self._listening = False
        try:
            heard = await self._stream.finish()
        except RecogniserLost as error:
            await self._lose(error)
            return
        if heard.in_domain:
            await self.push_frame(
                TranscriptionFrame(heard.text, self._user_id, time_now_iso8601(), Language.EN, finalized=True)
            )
        elif heard.words:
            await self.push_frame(NotUnderstoodFrame())

    def _interim(self, text: str) -> None:
        self.create_task(
            self.push_frame(InterimTranscriptionFrame(text, self._user_id, time_now_iso8601(), Language.EN))
        )

    async def _lose(self, error: RecogniserLost) -> None:
        """The process is gone: what was being said is lost, the next utterance finds another."""
        self._listening = False
        await self.push_error(str(error), exception=error)
        await self.push_frame(NotUnderstoodFrame())
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        await self._open()

    def _remember(self, audio: bytes) -> None:
        self._before.append(audio)
        self._before_bytes += len(audio)
        while self._before_bytes > _BEFORE_SECONDS * 2 * LINE_SAMPLE_RATE:
            self._before_bytes -= len(self._before.popleft())

    def _forget(self) -> None:
        self._before.clear()
        self._before_bytes = 0
