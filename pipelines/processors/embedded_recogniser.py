"""The embedded recogniser as a pipecat service: listens while voice activity says that the caller speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from pipelines.embedded.recogniser import RecogniserFull, RecogniserLost, RecogniserPool
from pipelines.embedded.utterances import Utterances, heard_frame
from pipelines.frames import NotUnderstoodFrame
from pipelines.line import LINE_SAMPLE_RATE


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
        self._utterances: Utterances | None = None

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Take a place in the pool; without one, the call is told that nobody hears."""
        await super().setup(setup)
        await self._open()

    async def cleanup(self) -> None:
        """Give the place back."""
        await super().cleanup()
        if self._utterances is not None:
            self._utterances.close()
            self._utterances = None

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Feed audio; outside an utterance a little of it is kept."""
        if self._utterances is not None:
            try:
                self._utterances.feed(audio)
            except RecogniserLost as error:
                await self._lose(error)
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Voice activity opens and closes utterances."""
        await super().process_frame(frame, direction)
        if self._utterances is None:
            return
        try:
            if isinstance(frame, VADUserStartedSpeakingFrame):
                self._utterances.begin()
            elif isinstance(frame, VADUserStoppedSpeakingFrame):
                heard = heard_frame(await self._utterances.end(), user_id=self._user_id)
                if heard is not None:
                    await self.push_frame(heard)
        except RecogniserLost as error:
            await self._lose(error)

    async def _open(self) -> None:
        try:
            stream = self._pool.open_stream()
        except RecogniserFull as error:
            await self.push_error(str(error), exception=error, force_treat_as_permanent=True)
            return
        self._utterances = Utterances(stream, on_interim=self._interim)

    def _interim(self, text: str) -> None:
        self.create_task(
            self.push_frame(InterimTranscriptionFrame(text, self._user_id, time_now_iso8601(), Language.EN))
        )

    async def _lose(self, error: RecogniserLost) -> None:
        """The process is gone: what was being said is lost, the next utterance finds another."""
        self._utterances = None
        await self.push_error(str(error), exception=error)
        await self.push_frame(NotUnderstoodFrame())
        await self._open()
