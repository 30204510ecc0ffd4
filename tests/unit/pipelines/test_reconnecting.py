"""A recogniser's socket that breaks in the middle of a call: back in time, or given up in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from pipecat.frames.frames import ErrorFrame, InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.workers.runner import WorkerRunner

from bot.metrics import ProviderCause
from pipelines.connecting import ShortConnect
from pipelines.provider_errors import provider_cause
from pipelines.reconnecting import RECONNECT_SECONDS, ShortReconnect
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.deepgram import DeepgramStandin
from rehearsal.standins.profile import HALF_OPEN, Fault, LatencyProfile, closed, refuse
from rehearsal.standins.server import serve
from rehearsal.voices import synthesise

_FRAME = 160
_PROMISE = RECONNECT_SECONDS + 1.0
"""With room for a busy machine; pipecat's own way takes 12 s and more."""


class Flux(ShortReconnect, ShortConnect, DeepgramFluxSTTService):
    """Flux as calls use it, as far as its socket goes."""


@dataclass
class Broken:
    """What became of a service whose first socket broke while the caller spoke."""

    service: Flux
    standin: DeepgramStandin
    errors: list[ErrorFrame] = field(default_factory=list[ErrorFrame])
    broke_at: float = 0.0

    async def lost_after(self, *, limit: float = 10.0) -> float:
        """Seconds from the break until the service says that it is lost."""
        async with asyncio.timeout(limit):
            while self.service.is_usable:  # noqa: ASYNC110 - nothing announces it to a test
                await asyncio.sleep(0.02)
        return time.monotonic() - self.broke_at


@asynccontextmanager
async def broken_socket(then: Fault | None) -> AsyncIterator[Broken]:
    """A caller speaks; the first socket closes on the recogniser's second message; later ones have the fault `then`."""
    standin = DeepgramStandin(book=ClipBook(), profile=LatencyProfile.named("instant"))
    speech = np.array(synthesise("how much does it cost", lang="en"))
    standin.book.add(speech, "how much does it cost", language="en")
    standin.faults.on(1, closed(after_messages=1))
    if then is not None:
        standin.faults.set(then)
    async with serve(standin) as address:
        service = Flux(api_key="dummy", url=f"{address.ws}/v2/listen", sample_rate=8000, audio_passthrough=False)
        broken = Broken(service, standin)
        worker = PipelineWorker(
            Pipeline([service]),
            params=PipelineParams(audio_in_sample_rate=8000),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            cancel_runner_on_idle_timeout=False,
        )

        @worker.event_handler("on_pipeline_error")
        async def _(worker: PipelineWorker, frame: ErrorFrame) -> None:
            broken.errors.append(frame)

        @service.event_handler("on_disconnected")
        async def _(service: Flux) -> None:
            broken.broke_at = broken.broke_at or time.monotonic()

        runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
        await runner.add_workers(worker)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(runner.run())
            speaking = tasks.create_task(_speak(service, speech, broken))
            try:
                yield broken
            finally:
                speaking.cancel()
                await worker.cancel()
                await running


async def _speak(service: Flux, speech: np.ndarray, broken: Broken) -> None:
    audio = np.concatenate([speech, np.zeros(80000, np.int16)]).astype("<i2").tobytes()
    await asyncio.sleep(0.3)
    for place in range(0, len(audio), 2 * _FRAME):
        frame = InputAudioRawFrame(audio=audio[place : place + 2 * _FRAME], sample_rate=8000, num_channels=1)
        await service.queue_frame(frame)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_vendor_that_refuses_to_take_the_call_back_is_given_up_in_time(status: int) -> None:
    async with broken_socket(refuse(status)) as broken:
        assert await broken.lost_after() < _PROMISE
        await asyncio.sleep(0.05)
        causes = {provider_cause(error) for error in broken.errors}
        assert (ProviderCause.RATE_LIMITED if status == 429 else ProviderCause.SERVER_ERROR) in causes


async def test_a_vendor_that_takes_the_socket_and_never_confirms_is_given_up() -> None:
    async with broken_socket(HALF_OPEN) as broken:
        # Twice the wait for a confirmation: the first may have been bad luck.
        assert await broken.lost_after() < 2 * _PROMISE


async def test_a_socket_that_comes_back_keeps_the_service() -> None:
    async with broken_socket(None) as broken:
        async with asyncio.timeout(10):
            while len(broken.standin.sessions) < 2 or not broken.standin.sessions[-1].audio_seconds:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert broken.service.is_usable
