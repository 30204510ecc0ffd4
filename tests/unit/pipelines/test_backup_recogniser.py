"""The backup recogniser in a call's pipeline: what it keeps, when it steps in, and that nothing said is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from pipecat.frames.frames import (
    CancelFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    StartFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from pipelines.backup_hearing import BackupHearing
from pipelines.embedded.recogniser import Heard, HeardWord, RecogniserLost, RecogniserPool, RecogniserStream
from pipelines.floor_acts import (
    WordsEvent,
)
from pipelines.frames import NotUnderstoodFrame, RecognisedFrame
from pipelines.hearing_watch import Hearing, HearingWatch, HearingWatchParams
from pipelines.processors.backup_recogniser import Activation, BackupRecogniser
from pipelines.processors.embedded_recogniser import EmbeddedRecogniser

_FRAME = 320
_QUICK = HearingWatchParams(speech_seconds=0.0, deaf_seconds=0.1, quiet_seconds=0.1)
_PATIENT = HearingWatchParams(speech_seconds=0.0, deaf_seconds=60.0, quiet_seconds=60.0)


def heard(text: str, *, in_domain: bool = True) -> Heard:
    words = tuple(HeardWord(word, 0.0, 0.1) for word in text.split())
    return Heard(text, words, -1.0 if in_domain else -9.0)


@dataclass
class Place:
    """A place with a recogniser that hears what the test says; keeps the audio of each utterance."""

    answers: list[Heard | Exception]
    utterances: list[bytes] = field(default_factory=list[bytes])
    on_interim: Callable[[str], None] | None = None
    closed: bool = False

    def start_utterance(self) -> None:
        self.utterances.append(b"")

    def feed(self, pcm: bytes) -> None:
        self.utterances[-1] += pcm

    async def finish(self) -> Heard:
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


class Places:
    """Stands for BackupHearing: gives out the places it was given, then none."""

    def __init__(self, *places: Place) -> None:
        self.left = list(places)
        self.prepared = 0
        self.bot_speaks = False

    def prepare(self) -> None:
        self.prepared += 1

    async def take(self, *, language: str) -> RecogniserStream | None:
        await asyncio.sleep(0)
        if language != "en" or not self.left:
            return None
        return cast(RecogniserStream, self.left.pop(0))

    def open_stream(self) -> RecogniserStream:
        """As a pool does for the embedded recogniser."""
        return cast(RecogniserStream, self.left.pop(0))


class Provider(FrameProcessor):
    """Stands for the provider's service: keeps the audio, says what the test has it say."""

    def __init__(self) -> None:
        super().__init__()
        self.audio = b""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self.audio += frame.audio
            return
        await self.push_frame(frame, direction)


class Sink(FrameProcessor):
    """Keeps what comes through."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, StartFrame | CancelFrame):
            self.frames.append(frame)
        await self.push_frame(frame, direction)

    def words(self) -> list[str]:
        return [frame.text for frame in self.frames if isinstance(frame, TranscriptionFrame)]

    def kinds(self) -> list[type[Frame]]:
        return [type(frame) for frame in self.frames if isinstance(frame, TranscriptionFrame | NotUnderstoodFrame)]


@dataclass
class Ear:
    """A backup recogniser around a provider, in a running pipeline."""

    backup: BackupRecogniser
    provider: Provider
    sink: Sink
    places: Places
    trouble: list[Hearing]
    activations: list[Activation]

    async def voice(self, *, on: bool) -> None:
        frame = VADUserStartedSpeakingFrame(start_secs=0.0) if on else VADUserStoppedSpeakingFrame(stop_secs=0.0)
        await self.backup.queue_frame(frame)

    async def audio(self, mark: int, *, frames: int = 1) -> None:
        for _ in range(frames):
            frame = InputAudioRawFrame(audio=bytes([mark]) * _FRAME, sample_rate=8000, num_channels=1)
            await self.backup.queue_frame(frame)

    async def say(self, mark: int, *, frames: int = 5) -> None:
        await self.voice(on=True)
        await self.audio(mark, frames=frames)
        await self.voice(on=False)

    async def silence_until(self, condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
        """Silent audio goes on, as on a line, until `condition()`."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.audio(0)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(
    *places: Place, language: str = "en", params: HearingWatchParams = _PATIENT, activates: bool = False
) -> AsyncIterator[Ear]:
    trouble: list[Hearing] = []
    activations: list[Activation] = []

    async def on_trouble(what: Hearing) -> None:
        trouble.append(what)
        if activates and what is Hearing.LOST:
            activations.append(await backup.activate())

    pool = Places(*places)
    backup = BackupRecogniser(
        cast(BackupHearing, pool),
        language=lambda: language,
        bot_speaks=lambda: pool.bot_speaks,
        on_trouble=on_trouble,
        watch=HearingWatch(params),
    )
    provider, sink = Provider(), Sink()
    async with running([backup, provider, backup.gate, sink]):
        yield Ear(backup, provider, sink, pool, trouble, activations)


@asynccontextmanager
async def running(processors: list[FrameProcessor]) -> AsyncIterator[None]:
    """A pipeline of these, started."""
    worker = PipelineWorker(
        Pipeline(processors),
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
        cancel_runner_on_idle_timeout=False,
    )
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _(worker: PipelineWorker, frame: Frame) -> None:
        started.set()

    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(worker)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(runner.run())
        try:
            async with asyncio.timeout(10):
                await started.wait()
            yield
        finally:
            await worker.cancel()
            await run


async def test_while_all_is_well_everything_passes_and_no_place_is_taken() -> None:
    place = Place([])
    async with listening(place) as ear:
        await ear.say(1)
        await ear.provider.push_frame(InterimTranscriptionFrame("hel", "", ""))
        await ear.provider.push_frame(TranscriptionFrame("hello", "", ""))
        await ear.silence_until(lambda: len(ear.provider.audio) >= 20 * _FRAME)
        assert ear.sink.words() == ["hello"]
        assert not ear.trouble
        assert ear.places.left == [place]


async def test_the_utterance_under_way_is_recognised_from_its_beginning() -> None:
    place = Place([heard("how much is it")])
    async with listening(place) as ear:
        await ear.audio(1, frames=3)
        await ear.voice(on=True)
        await ear.audio(2, frames=4)
        assert await ear.backup.activate() is Activation.ANSWERS
        await ear.audio(3, frames=2)
        await ear.voice(on=False)
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert ear.sink.words() == ["how much is it"]
        expected = b"".join(bytes([mark]) * _FRAME * frames for mark, frames in ((1, 3), (2, 4), (3, 2)))
        assert place.utterances == [expected]


async def test_an_utterance_that_was_over_and_unanswered_is_recognised_too() -> None:
    place = Place([heard("how much is it")])
    async with listening(place) as ear:
        await ear.say(2)
        assert await ear.backup.activate() is Activation.ANSWERS
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert ear.sink.words() == ["how much is it"]


async def test_what_the_provider_had_put_into_words_is_not_heard_twice() -> None:
    place = Place([heard("get stronger")])
    async with listening(place) as ear:
        await ear.voice(on=True)
        await ear.audio(2, frames=4)
        await ear.provider.push_frame(TranscriptionFrame("I want to", "", ""))
        await ear.backup.activate()
        await ear.audio(3, frames=4)
        await ear.voice(on=False)
        await ear.silence_until(lambda: len(ear.sink.words()) == 2)
        assert ear.sink.words() == ["I want to", "get stronger"]
        assert place.utterances == [bytes([3]) * _FRAME * 4]


async def test_once_active_the_dead_service_gets_no_audio_and_its_late_words_are_dropped() -> None:
    place = Place([heard("yes please")])
    async with listening(place) as ear:
        await ear.backup.activate()
        before = len(ear.provider.audio)
        await ear.say(4)
        await ear.provider.push_frame(TranscriptionFrame("late", "", ""))
        await ear.provider.push_frame(RecognisedFrame(event=WordsEvent.END, text="late", language="en"))
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert ear.sink.words() == ["yes please"]
        assert not any(isinstance(frame, RecognisedFrame) for frame in ear.sink.frames)
        assert len(ear.provider.audio) == before


async def test_words_that_cannot_be_trusted_and_no_words_are_told_apart() -> None:
    place = Place([heard("zebra quantum", in_domain=False), heard(""), heard("yes")])
    async with listening(place) as ear:
        await ear.backup.activate()
        for mark in (1, 2, 3):
            await ear.say(mark)
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert ear.sink.kinds() == [NotUnderstoodFrame, TranscriptionFrame]


async def test_interim_words_go_out_while_the_caller_speaks() -> None:
    place = Place([heard("yes please")])
    async with listening(place) as ear:
        await ear.backup.activate()
        await ear.voice(on=True)
        await ear.silence_until(lambda: place.on_interim is not None and bool(place.utterances))
        assert place.on_interim is not None
        place.on_interim("yes")
        await ear.silence_until(lambda: any(isinstance(f, InterimTranscriptionFrame) for f in ear.sink.frames))


@pytest.mark.parametrize(("language", "places"), [("en", 0), ("es", 1)])
async def test_a_caller_for_whom_there_is_no_place_is_told_apart(language: str, places: int) -> None:
    async with listening(*[Place([]) for _ in range(places)], language=language) as ear:
        await ear.say(1)
        assert await ear.backup.activate() is Activation.NO_PLACE
        assert not ear.backup.is_active
        await ear.audio(7)
        await ear.silence_until(lambda: bytes([7]) in ear.provider.audio)


async def test_activating_twice_at_once_takes_one_place() -> None:
    async with listening(Place([]), Place([])) as ear:
        assert await asyncio.gather(ear.backup.activate(), ear.backup.activate()) == [Activation.LISTENS] * 2
        assert len(ear.places.left) == 1


async def test_a_lost_process_costs_one_utterance_and_another_place_is_found() -> None:
    first, second = Place([RecogniserLost("gone")]), Place([heard("yes please")])
    async with listening(first, second) as ear:
        await ear.backup.activate()
        await ear.say(1)
        await ear.silence_until(lambda: NotUnderstoodFrame in ear.sink.kinds())
        await ear.silence_until(lambda: not ear.places.left)
        await ear.say(2)
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert first.closed
        assert ear.sink.words() == ["yes please"]


async def test_a_lost_process_without_another_place_is_told_as_lost_hearing() -> None:
    async with listening(Place([RecogniserLost("gone")])) as ear:
        await ear.backup.activate()
        await ear.say(1)
        await ear.silence_until(lambda: ear.trouble == [Hearing.LOST])
        assert not ear.backup.is_active


async def test_the_end_of_the_call_gives_the_place_back() -> None:
    place = Place([])
    async with listening(place) as ear:
        await ear.backup.activate()
        await ear.voice(on=True)
    assert place.closed


async def test_an_utterance_that_the_provider_lets_pass_gets_a_second_opinion() -> None:
    place = Place([heard("how much is it")])
    async with listening(place, params=_QUICK) as ear:
        await ear.say(2)
        await ear.silence_until(lambda: bool(ear.trouble))
        assert ear.trouble == [Hearing.UNANSWERED]
        assert ear.sink.kinds() == [TranscriptionFrame]
        assert ear.sink.words() == ["how much is it"]
        assert place.utterances == [bytes([2]) * _FRAME * 5]
        assert place.closed
        assert not ear.backup.is_active


async def test_the_provider_that_speaks_up_too_late_does_not_say_it_twice() -> None:
    async with listening(Place([heard("how much is it")]), params=_QUICK) as ear:
        await ear.say(2)
        await ear.silence_until(lambda: bool(ear.trouble))
        await ear.provider.push_frame(TranscriptionFrame("how much is it", "", ""))
        await ear.say(3)
        await ear.provider.push_frame(TranscriptionFrame("thank you", "", ""))
        await ear.silence_until(lambda: len(ear.sink.words()) >= 2)
        assert ear.sink.words() == ["how much is it", "thank you"]


async def test_noise_that_the_provider_rightly_lets_pass_is_no_fault() -> None:
    places = [Place([heard("")]) for _ in range(3)]
    async with listening(*places, params=_QUICK) as ear:
        for count in (2, 1, 0):
            await ear.say(2)
            await ear.silence_until(lambda count=count: len(ear.places.left) == count)
            await ear.silence_until(lambda count=count: places[2 - count].closed)
        assert ear.sink.kinds() == []
        assert not ear.trouble


async def test_without_a_backup_the_caller_is_asked_again_and_then_told() -> None:
    async with listening(language="es", params=_QUICK) as ear:
        await ear.say(2)
        await ear.silence_until(lambda: ear.trouble == [Hearing.UNANSWERED])
        assert ear.sink.kinds() == [NotUnderstoodFrame]
        await ear.say(3)
        await ear.silence_until(lambda: ear.trouble == [Hearing.UNANSWERED, Hearing.LOST])


async def test_the_utterance_by_which_hearing_proved_lost_is_answered_once() -> None:
    places = [Place([heard("hello")]), Place([heard("how much is it")]), Place([heard("thank you")])]
    async with listening(*places, params=_QUICK, activates=True) as ear:
        await ear.say(2)
        await ear.silence_until(lambda: ear.trouble == [Hearing.UNANSWERED])
        await ear.say(3)
        await ear.silence_until(lambda: ear.backup.is_active)
        assert ear.trouble == [Hearing.UNANSWERED, Hearing.LOST]
        assert ear.activations == [Activation.ANSWERS]
        await ear.say(4)
        await ear.silence_until(lambda: len(ear.sink.words()) == 3)
        assert ear.sink.words() == ["hello", "how much is it", "thank you"]


async def test_a_second_stretch_that_is_noise_does_not_make_hearing_lost() -> None:
    async with listening(Place([heard("hello")]), Place([heard("")]), params=_QUICK) as ear:
        await ear.say(2)
        await ear.silence_until(lambda: ear.trouble == [Hearing.UNANSWERED])
        await ear.say(3)
        await ear.silence_until(lambda: not ear.places.left)
        quiet = asyncio.get_running_loop().time() + 0.2
        await ear.silence_until(lambda: asyncio.get_running_loop().time() > quiet)
        assert ear.trouble == [Hearing.UNANSWERED]


async def test_an_utterance_that_waits_for_an_answer_gets_one_even_without_words() -> None:
    async with listening(Place([heard("")])) as ear:
        await ear.say(2)
        assert await ear.backup.activate() is Activation.ANSWERS
        await ear.silence_until(lambda: ear.sink.kinds() == [NotUnderstoodFrame])


async def test_of_a_long_utterance_the_end_is_kept() -> None:
    place = Place([heard("yes")])
    async with listening(place) as ear:
        await ear.voice(on=True)
        await ear.audio(1, frames=100)
        await ear.audio(2, frames=300)
        await ear.voice(on=False)
        await ear.backup.activate()
        await ear.silence_until(lambda: bool(ear.sink.words()))
        assert place.utterances == [bytes([2]) * _FRAME * 300]


async def test_turn_events_of_a_recogniser_that_tells_turns_apart_are_signs_of_life() -> None:
    async with listening(params=_QUICK) as ear:
        for _ in range(3):
            await ear.say(2)
            await ear.provider.push_frame(RecognisedFrame(event=WordsEvent.END, text="hello", language="en"))
            quiet = asyncio.get_running_loop().time() + 0.3
            await ear.silence_until(lambda quiet=quiet: asyncio.get_running_loop().time() > quiet)
        assert not ear.trouble


async def test_a_voice_over_the_bots_is_not_taken_for_unanswered_speech() -> None:
    async with listening(params=_QUICK) as ear:
        ear.places.bot_speaks = True
        await ear.say(2)
        quiet = asyncio.get_running_loop().time() + 0.3
        await ear.silence_until(lambda: asyncio.get_running_loop().time() > quiet)
        assert not ear.trouble
        assert ear.sink.kinds() == []


async def test_the_embedded_recogniser_listens_in_the_same_way_and_survives_a_lost_process() -> None:
    first, second = Place([heard("how much is it"), RecogniserLost("gone")]), Place([heard("yes please")])
    service, sink = EmbeddedRecogniser(cast(RecogniserPool, Places(first, second))), Sink()
    async with running([service, sink]):
        for mark in (1, 2, 3):
            for frame in (
                InputAudioRawFrame(audio=bytes(_FRAME), sample_rate=8000, num_channels=1),
                VADUserStartedSpeakingFrame(start_secs=0.0),
                InputAudioRawFrame(audio=bytes([mark]) * _FRAME, sample_rate=8000, num_channels=1),
                VADUserStoppedSpeakingFrame(stop_secs=0.0),
            ):
                await service.queue_frame(frame)
        async with asyncio.timeout(5):
            while len(sink.kinds()) < 3:  # noqa: ASYNC110 - frames come from other tasks
                await asyncio.sleep(0.01)
    assert sink.kinds() == [TranscriptionFrame, NotUnderstoodFrame, TranscriptionFrame]
    assert sink.words() == ["how much is it", "yes please"]
    assert first.utterances[0] == bytes(_FRAME) + bytes([1]) * _FRAME
    assert first.closed and second.closed
