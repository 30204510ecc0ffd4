"""Vendors' sockets open behind the pipeline: nothing waits that need not, and nothing said meanwhile is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from pipecat.frames.frames import ErrorFrame, Frame, InputAudioRawFrame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.tests.utils import SleepFrame, run_test
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from pipelines.connecting import EARLY_AUDIO_SECONDS, EarlyHearing, ShortConnect
from pipelines.frames import ReplyEndFrame
from pipelines.providers.elevenlabs import ElevenLabsSection, ElevenLabsVoice

_RATE = 8000


class Hearing(EarlyHearing, ShortConnect, DeepgramFluxSTTService):
    """Flux as calls use it."""


@dataclass
class SlowVendor:
    """Answers a handshake once `open` is set, or with `refusal`; keeps what it is sent."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: HTTPStatus | None = None
    knocks: int = 0
    sound: bytearray = field(default_factory=bytearray)
    url: str = ""

    async def knock(self, connection: ServerConnection, _: Request) -> Response | None:
        self.knocks += 1
        await self.open.wait()
        return connection.respond(self.refusal, "") if self.refusal else None

    async def talk(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "Connected", "request_id": "1"}))
        async for raw in connection:
            if isinstance(raw, bytes):
                self.sound += raw
                continue
            message = json.loads(raw)
            if message.get("close_socket") or message.get("type") == "CloseStream":
                return
            if message.get("close_context"):
                name = message["context_id"]
                await connection.send(json.dumps({"contextId": name, "audio": "AQABAAEAAQA="}))
                await connection.send(json.dumps({"contextId": name, "isFinal": True}))


@asynccontextmanager
async def slow_vendor(*, refusal: HTTPStatus | None = None) -> AsyncGenerator[SlowVendor]:
    vendor = SlowVendor(refusal=refusal)
    async with serve(vendor.talk, "127.0.0.1", 0, process_request=vendor.knock) as server:
        vendor.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield vendor
        vendor.open.set()


class Release(FrameProcessor):
    """Opens the vendor's door once a frame has come through the whole pipeline."""

    def __init__(self, vendor: SlowVendor) -> None:
        super().__init__()
        self._vendor = vendor

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ReplyEndFrame):
            assert not self._vendor.open.is_set()
            self._vendor.open.set()
        await self.push_frame(frame, direction)


def hearing_at(vendor: SlowVendor) -> Hearing:
    settings = DeepgramFluxSTTService.Settings(model="flux-general-en")
    return Hearing(
        api_key="k", url=f"{vendor.url}/v2/listen", sample_rate=_RATE, audio_passthrough=False, settings=settings
    )


def sound(seconds: float, *, value: int) -> InputAudioRawFrame:
    return InputAudioRawFrame(audio=bytes([value, 0]) * int(seconds * _RATE), sample_rate=_RATE, num_channels=1)


async def test_a_voice_that_is_not_connected_yet_holds_up_neither_the_start_nor_other_frames() -> None:
    async with slow_vendor() as vendor:
        voice = ElevenLabsVoice(ElevenLabsSection(url="http" + vendor.url[2:])).service(language="en")
        frames = [ReplyEndFrame(reply_id=1), TTSSpeakFrame(text="Hello.", append_to_context=False)]
        down, up = await run_test(Pipeline([voice, Release(vendor)]), frames_to_send=frames, start_timeout=1.0)
    assert vendor.knocks == 1
    assert [frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame)] == [b"\1\0" * 4]
    assert not [frame for frame in up if isinstance(frame, ErrorFrame)]


async def test_what_the_caller_says_before_the_recogniser_is_connected_is_heard() -> None:
    async with slow_vendor() as vendor:
        frames = [sound(0.1, value=1), sound(0.1, value=2), ReplyEndFrame(reply_id=1)]
        frames += [SleepFrame(sleep=0.3), sound(0.1, value=3), SleepFrame(sleep=0.2)]
        await run_test(Pipeline([hearing_at(vendor), Release(vendor)]), frames_to_send=frames, start_timeout=1.0)
    wanted = b"".join(sound(0.1, value=value).audio for value in (1, 2, 3))
    assert bytes(vendor.sound) == wanted


async def test_of_a_long_wait_the_last_seconds_are_kept() -> None:
    async with slow_vendor() as vendor:
        frames: list[Frame] = [sound(0.5, value=value) for value in range(1, 11)]
        frames += [ReplyEndFrame(reply_id=1), SleepFrame(sleep=0.3), sound(0.5, value=99), SleepFrame(sleep=0.2)]
        await run_test(Pipeline([hearing_at(vendor), Release(vendor)]), frames_to_send=frames, start_timeout=1.0)
    assert len(vendor.sound) == (EARLY_AUDIO_SECONDS + 0.5) * _RATE * 2
    assert vendor.sound[0] == 5 and vendor.sound[-2] == 99


async def test_a_refused_recogniser_is_reported_and_out_of_service() -> None:
    async with slow_vendor(refusal=HTTPStatus.UNAUTHORIZED) as vendor:
        vendor.open.set()
        hearing = hearing_at(vendor)
        frames = [SleepFrame(sleep=0.5), sound(0.1, value=1)]
        _, up = await run_test(Pipeline([hearing]), frames_to_send=frames, start_timeout=1.0)
    assert [frame for frame in up if isinstance(frame, ErrorFrame) and frame.processor is hearing]
    assert not hearing.is_usable


async def test_a_refused_voice_is_reported() -> None:
    async with slow_vendor(refusal=HTTPStatus.UNAUTHORIZED) as vendor:
        vendor.open.set()
        voice = ElevenLabsVoice(ElevenLabsSection(url="http" + vendor.url[2:])).service(language="en")
        _, up = await run_test(Pipeline([voice]), frames_to_send=[SleepFrame(sleep=0.5)], start_timeout=1.0)
    assert [frame for frame in up if isinstance(frame, ErrorFrame) and frame.processor is voice]


async def test_a_call_that_ends_before_the_sockets_open_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with slow_vendor() as vendor:
        voice = ElevenLabsVoice(ElevenLabsSection(url="http" + vendor.url[2:])).service(language="en")
        async with asyncio.timeout(5):
            await run_test(Pipeline([hearing_at(vendor), voice]), frames_to_send=[SleepFrame(sleep=0.1)])
        assert vendor.knocks == 2
        assert not {task.get_name() for task in asyncio.all_tasks() - before if "connecting" in task.get_name()}


class _AtOnce(FrameProcessor):
    """Gives each frame of sound to the recogniser at once, and as a frame where it does not take it so.

    `gives_up`: a reply's end makes the recogniser unusable.
    """

    def __init__(self, hearing: Hearing, *, gives_up: bool = False) -> None:
        super().__init__(enable_direct_mode=True)
        self.gives_up = gives_up
        self._hearing = hearing
        self.taken: list[bool] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ReplyEndFrame) and self.gives_up:
            await self._hearing.set_usable(False)
        if isinstance(frame, InputAudioRawFrame):
            self.taken.append(self._hearing.hear_at_once(frame.audio))
            if self.taken[-1]:
                return
        await self.push_frame(frame, direction)


async def test_sound_goes_at_once_only_after_what_was_kept_while_the_recogniser_connected() -> None:
    async with slow_vendor() as vendor:
        hearing = hearing_at(vendor)
        at_once = _AtOnce(hearing)
        frames: list[Frame] = [sound(0.1, value=1), sound(0.1, value=2), ReplyEndFrame(reply_id=1)]
        frames += [SleepFrame(sleep=0.3), sound(0.1, value=3), sound(0.1, value=4), SleepFrame(sleep=0.2)]
        frames += [sound(0.1, value=5), sound(0.1, value=6), SleepFrame(sleep=0.2)]
        await run_test(Pipeline([at_once, hearing, Release(vendor)]), frames_to_send=frames, start_timeout=1.0)
    assert at_once.taken[:3] == [False, False, False]
    assert at_once.taken[-2:] == [True, True]
    assert bytes(vendor.sound) == b"".join(sound(0.1, value=value).audio for value in range(1, 7))


async def test_a_recogniser_of_no_more_use_takes_nothing_at_once() -> None:
    async with slow_vendor() as vendor:
        vendor.open.set()
        hearing = hearing_at(vendor)
        at_once = _AtOnce(hearing, gives_up=True)
        frames: list[Frame] = [SleepFrame(sleep=0.3), sound(0.1, value=1), SleepFrame(sleep=0.1)]
        frames += [
            sound(0.1, value=2),
            SleepFrame(sleep=0.1),
            ReplyEndFrame(reply_id=1),
            sound(0.1, value=3),
            SleepFrame(sleep=0.1),
        ]
        # Sound goes by a system frame's fast lane: the sleeps keep the order.
        await run_test(Pipeline([at_once, hearing]), frames_to_send=frames, start_timeout=1.0)
    assert at_once.taken == [False, True, False]
    assert bytes(vendor.sound) == sound(0.1, value=1).audio + sound(0.1, value=2).audio
