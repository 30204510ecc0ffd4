"""What the tests of the stand-ins share: clips of callers, the telephone's damage, a pipeline around one service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray
from pipecat.frames.frames import CancelFrame, Frame, InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from rehearsal.standins.audio import MULAW, to_mulaw
from rehearsal.standins.clips import ClipBook
from rehearsal.voices import ENGLISH_VOICES, has_flite, synthesise

Samples = NDArray[np.int16]

WAIT_SECONDS = 20.0

SENTENCES = (
    "How much is it for a month?", "How much does it cost?", "How much time does it take?", "Yes.", "Yes please.",
    "I am not interested, thank you.", "I'm not sure about that.", "Yes, I would like that.", "No.", "No thanks.",
    "No, I don't have the time.", "Please take me off your list.", "Please call me back tomorrow at five.",
    "Who is this?", "Who is calling?", "What is included in the program?", "What do you sell exactly?",
    "That is too expensive for me.", "That sounds good.", "I want to lose weight before summer.",
    "I want to get stronger.", "My name is John Smith.", "My email is john at example dot com.",
    "Can I talk to a person?", "Can you repeat that please?", "Tuesday at three works for me.",
    "Thursday morning is better.", "I already have a trainer.", "I need to ask my wife first.", "Is this a robot?",
    "Are you a machine?", "Okay.", "Okay, book me in.", "Hello?", "Goodbye.", "Stop calling me!",
)  # fmt: skip


def voices() -> tuple[str | None, ...]:
    """Two different English speakers where flite is installed, else the one there is."""
    return ENGLISH_VOICES[:2] if has_flite() else (None,)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * 8000), np.int16)


def over_the_phone(
    samples: Samples, *, gain_db: float = 0.0, snr_db: float | None = None, lead: int = 1234, seed: int = 0
) -> Samples:
    """Another level, odd leading silence, noise over all of it, mu-law, a second of silence behind."""
    sound = samples.astype(float) * 10 ** (gain_db / 20)
    sound *= min(1.0, 30000 / np.abs(sound).max())
    loudness = np.sqrt(np.mean(sound[sound != 0] ** 2))
    sound = np.concatenate([np.zeros(lead), sound, np.zeros(8000)])
    if snr_db is not None:
        sound += np.random.default_rng(seed).normal(0, loudness / 10 ** (snr_db / 20), len(sound))
    linear = np.clip(sound, -32767, 32767).astype(np.int16)
    return MULAW[np.frombuffer(to_mulaw(linear), np.uint8)]


def small_book() -> ClipBook:
    """A few English callers and a Spanish one."""
    book = ClipBook()
    for text in SENTENCES[:12]:
        book.add(synthesise(text), text)
    book.add(synthesise("¿Cuánto cuesta al mes?", lang="es"), "¿Cuánto cuesta al mes?", language="es")
    return book


def frames_of(samples: Samples, *, size: int = 160) -> list[bytes]:
    return [samples[i : i + size].astype("<i2").tobytes() for i in range(0, len(samples), size)]


class Probe(FrameProcessor):
    """Keeps the frames that pass in one direction."""

    def __init__(self, seen: list[Frame], added: asyncio.Event) -> None:
        super().__init__()
        self._seen = seen
        self._added = added

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self._seen.append(frame)
        self._added.set()
        await self.push_frame(frame, direction)


class Running:
    """A service in a running pipeline."""

    def __init__(self, worker: PipelineWorker, seen: list[Frame], added: asyncio.Event) -> None:
        self._worker = worker
        self._added = added
        self.seen = seen

    async def send(self, *frames: Frame) -> None:
        for frame in frames:
            await self._worker.queue_frame(frame)

    async def hear(self, samples: Samples, *, size: int = 160) -> None:
        for data in frames_of(samples, size=size):
            await self.send(InputAudioRawFrame(data, 8000, 1))

    def of(self, kind: type) -> list:
        return [frame for frame in self.seen if isinstance(frame, kind)]

    async def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until it holds after some frame."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                self._added.clear()
                await self._added.wait()


@asynccontextmanager
async def running(service: FrameProcessor) -> AsyncIterator[Running]:
    """Run a service at 8 kHz between two probes."""
    seen: list[Frame] = []
    added = asyncio.Event()
    worker = PipelineWorker(
        Pipeline([Probe(seen, added), service, Probe(seen, added)]),
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000),
        cancel_on_idle_timeout=False,
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _started(*_: object) -> None:
        started.set()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run())
        async with asyncio.timeout(WAIT_SECONDS):
            await started.wait()
        try:
            yield Running(worker, seen, added)
        finally:
            await worker.queue_frame(CancelFrame())
