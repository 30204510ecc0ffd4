"""The caller's end of a pipeline: what comes from the line goes where it is needed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence

import pytest
from pipecat.frames.frames import Frame, InputAudioRawFrame, InputDTMFFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from pipelines.frames import LineGoneFrame, LineMarkFrame
from pipelines.line import AudioReceived, KeyPressed, LineEvent, LineStopped, MarkReached
from pipelines.processors import line_input
from pipelines.processors.line_input import LineInput

_SILENCE = AudioReceived(ulaw=b"\xff" * 160, timestamp_ms=0)


class _Line:
    """A line that brings given events and ends; with `stall` it stays open and brings nothing more."""

    def __init__(self, events: Sequence[LineEvent], *, stall: bool = False) -> None:
        self._events, self._stall = events, stall

    async def events(self) -> AsyncIterator[LineEvent]:
        for event in self._events:
            yield event
        if self._stall:
            await asyncio.Event().wait()

    async def send_audio(self, ulaw: bytes) -> None: ...
    async def send_mark(self, name: str) -> None: ...
    async def clear(self) -> None: ...
    async def close(self) -> None: ...


class _Keeper(FrameProcessor):
    """Keeps what passes; `gone` is set once the line's end was told."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.gone = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self.frames.append(frame)
        if isinstance(frame, LineGoneFrame):
            self.gone.set()
        await self.push_frame(frame, direction)

    def of(self, kind: type[Frame]) -> list[Frame]:
        return [frame for frame in self.frames if isinstance(frame, kind)]


async def _run(processors: list[FrameProcessor], keeper: _Keeper) -> None:
    worker = PipelineWorker(
        Pipeline(processors),
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(worker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run())
        async with asyncio.timeout(10):
            await keeper.gone.wait()
        await worker.cancel()


async def test_keys_and_marks_come_in_the_lines_order_and_its_end_is_told() -> None:
    keeper = _Keeper()
    events = [MarkReached(name="1"), KeyPressed(digit="9"), MarkReached(name="2"), LineStopped()]
    await _run([LineInput(_Line(events)), keeper], keeper)
    told = [frame for frame in keeper.frames if isinstance(frame, LineMarkFrame | InputDTMFFrame | LineGoneFrame)]
    assert [type(frame) for frame in told] == [LineMarkFrame, InputDTMFFrame, LineMarkFrame, LineGoneFrame]


async def test_a_line_that_ends_without_a_stop_is_told_too_and_only_once() -> None:
    keeper = _Keeper()
    await _run([LineInput(_Line([_SILENCE])), keeper], keeper)
    assert len(keeper.of(LineGoneFrame)) == 1


async def test_a_line_that_brings_nothing_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_input, "QUIET_SECONDS", 0.2)
    keeper = _Keeper()
    await _run([LineInput(_Line([_SILENCE], stall=True)), keeper], keeper)
    assert len(keeper.of(LineGoneFrame)) == 1


async def test_marks_go_to_the_output_without_crossing_what_stands_between() -> None:
    between, output = _Keeper(), _Keeper()
    events = [MarkReached(name="1"), LineStopped()]
    await _run([LineInput(_Line(events), output=output), between, output], output)
    assert between.of(LineMarkFrame) == []
    assert [frame.mark for frame in output.of(LineMarkFrame) if isinstance(frame, LineMarkFrame)] == ["1"]


class _KeepingEar:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def hear(self, pcm16: bytes) -> None:
        self.heard.append(pcm16)


async def test_audio_goes_to_the_ear_as_it_comes_and_not_down_the_pipeline() -> None:
    ear, keeper = _KeepingEar(), _Keeper()
    loud = AudioReceived(ulaw=b"\x00" * 80, timestamp_ms=20)
    await _run([LineInput(_Line([_SILENCE, loud, LineStopped()]), ear=ear), keeper], keeper)
    assert [len(piece) for piece in ear.heard] == [320, 160]
    assert ear.heard[1] == (-32124).to_bytes(2, sys.byteorder, signed=True) * 80
    assert keeper.of(InputAudioRawFrame) == []


async def test_without_an_ear_audio_goes_down_the_pipeline() -> None:
    keeper = _Keeper()
    await _run([LineInput(_Line([_SILENCE, LineStopped()])), keeper], keeper)
    assert [len(frame.audio) for frame in keeper.of(InputAudioRawFrame) if isinstance(frame, InputAudioRawFrame)] == [
        320
    ]
