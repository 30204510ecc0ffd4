"""One stream's line over a socket that is a pair of lists."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from typing import Any

from starlette.websockets import WebSocketDisconnect

from bot.metrics import BadFrameCause
from pipelines.line import AudioReceived, KeyPressed, LineStopped, MarkReached
from telephony.twilio.media_stream import FrameReader, TwilioMediaLine
from telephony.twilio.messages import StartMessage

START = StartMessage.parse('{"event":"start","sequenceNumber":"1","start":{"callSid":"CA1"},"streamSid":"MZ1"}')


class FakeSocket:
    """What `TwilioMediaLine` uses of starlette's WebSocket."""

    def __init__(self, frames: list[str | bytes], *, ends: bool = True) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for frame in frames:
            self.feed(frame)
        if ends:
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self.sent: list[dict[str, Any]] = []
        self.closed_with: int | None = None
        self.send_error: Exception | None = None
        self.stuck = False

    def feed(self, frame: str | bytes) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text" if isinstance(frame, str) else "bytes": frame})

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    async def send(self, message: dict[str, Any]) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        if self.send_error is not None:
            raise self.send_error
        self.sent.append(json.loads(message["text"]))

    async def close(self, code: int = 1000) -> None:
        if self.closed_with is None:
            self.closed_with = code
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})


def make(socket: FakeSocket, **options: Any) -> tuple[TwilioMediaLine, Counter[BadFrameCause]]:
    counted: Counter[BadFrameCause] = Counter()
    reader = FrameReader(socket, count_bad_frame=lambda cause: counted.update([cause]))  # type: ignore[arg-type]
    return TwilioMediaLine(socket, start=START, reader=reader, **options), counted  # type: ignore[arg-type]


def media(sequence: int | str, audio: bytes = b"\xff" * 160, *, sid: str = "MZ1", track: str = "inbound") -> str:
    body = {"track": track, "timestamp": "155", "payload": base64.b64encode(audio).decode()}
    return json.dumps({"event": "media", "sequenceNumber": str(sequence), "streamSid": sid, "media": body})


def stop(sequence: int = 99) -> str:
    return json.dumps({"event": "stop", "sequenceNumber": str(sequence), "streamSid": "MZ1"})


async def events(line: TwilioMediaLine) -> list[object]:
    return [event async for event in line.events()]


async def test_what_the_caller_sends_comes_out_in_order():
    key = {"event": "dtmf", "streamSid": "MZ1", "sequenceNumber": "4", "dtmf": {"digit": "9"}}
    mark = {"event": "mark", "streamSid": "MZ1", "sequenceNumber": "3", "mark": {"name": "m"}}
    line, counted = make(FakeSocket([media(2), json.dumps(mark), json.dumps(key), stop()]))
    assert await events(line) == [
        AudioReceived(ulaw=b"\xff" * 160, timestamp_ms=155),
        MarkReached(name="m"),
        KeyPressed(digit="9"),
        LineStopped(),
    ]
    assert line.stopped and not counted


async def test_a_line_that_breaks_off_ends_without_a_stop():
    line, _ = make(FakeSocket([media(2)]))
    assert len(await events(line)) == 1
    assert line.gone and not line.stopped


async def test_bad_frames_are_counted_by_cause_and_the_rest_goes_on():
    second = json.dumps({"event": "start", "start": {"callSid": "CA2"}, "streamSid": "MZ1", "sequenceNumber": "2"})
    outbound = media(9, track="outbound")
    wrong_key = json.dumps({"event": "dtmf", "streamSid": "MZ1", "sequenceNumber": "10", "dtmf": {"digit": "12"}})
    frames: list[str | bytes] = [
        b"\x00\x01", "no json", '{"event":"sing"}', second, media(3, sid="MZ2"),
        media(5), media(4), media(5), outbound, wrong_key, media("x"), stop(),
    ]  # fmt: skip
    line, counted = make(FakeSocket(frames))
    kinds = [type(event) for event in await events(line)]
    assert kinds == [AudioReceived, AudioReceived, LineStopped]
    assert counted == {
        BadFrameCause.BINARY: 1,
        BadFrameCause.NOT_JSON: 1,
        BadFrameCause.UNKNOWN_EVENT: 1,
        BadFrameCause.OTHER_STREAM: 1,
        BadFrameCause.SECOND_START: 1,
        BadFrameCause.OUT_OF_ORDER: 2,
        BadFrameCause.BAD_FIELD: 2,
    }


async def test_a_late_mark_still_counts_as_reached():
    late = json.dumps({"event": "mark", "streamSid": "MZ1", "sequenceNumber": "2", "mark": {"name": "m"}})
    line, counted = make(FakeSocket([media(5), late]))
    assert MarkReached(name="m") in await events(line)
    assert counted == {BadFrameCause.OUT_OF_ORDER: 1}


async def test_too_many_bad_frames_close_the_stream():
    socket = FakeSocket(["no json"] * 60 + [media(2)], ends=False)
    line, counted = make(socket)
    assert await events(line) == []
    assert socket.closed_with == 1008 and counted[BadFrameCause.NOT_JSON] == 51


async def test_events_of_a_later_twilio_do_not_close_the_stream():
    line, counted = make(FakeSocket(['{"event":"sing"}'] * 60 + [media(2)]))
    assert len(await events(line)) == 1
    assert counted == {BadFrameCause.UNKNOWN_EVENT: 60}


async def test_a_frame_beyond_the_servers_limit_is_counted():
    socket = FakeSocket([], ends=False)
    socket.incoming.put_nowait({"type": "websocket.disconnect", "code": 1009})
    line, counted = make(socket)
    assert await events(line) == []
    assert counted == {BadFrameCause.TOO_LARGE: 1}


async def test_frames_after_stop_are_counted_and_not_used():
    line, counted = make(FakeSocket([stop(), media(100), media(101)]))
    assert await events(line) == [LineStopped()]
    await line.close()
    assert counted == {BadFrameCause.AFTER_STOP: 2}


async def test_what_is_sent_goes_out_in_order_and_long_audio_in_pieces():
    socket = FakeSocket([], ends=False)
    line, _ = make(socket)
    await line.send_audio(b"\x01" * 40_000)
    await line.send_mark("end")
    await line.clear()
    await line.send_audio(b"")
    sizes = [len(base64.b64decode(sent["media"]["payload"])) for sent in socket.sent if sent["event"] == "media"]
    assert sum(sizes) == 40_000 and max(sizes) <= 16_000
    assert [sent["event"] for sent in socket.sent] == ["media"] * len(sizes) + ["mark", "clear"]


async def test_closing_twice_closes_once_and_later_sends_are_swallowed():
    socket = FakeSocket([], ends=False)
    line, _ = make(socket)
    await line.close()
    await line.close()
    await line.send_audio(b"\x00" * 160)
    assert socket.closed_with == 1000 and not socket.sent and line.gone


async def test_a_send_to_a_line_that_has_gone_is_swallowed():
    socket = FakeSocket([], ends=False)
    socket.send_error = WebSocketDisconnect(1006)
    line, _ = make(socket)
    await line.send_audio(b"\x00" * 160)
    assert line.gone


async def test_a_caller_that_takes_nothing_is_cut():
    socket = FakeSocket([], ends=False)
    socket.stuck = True
    line, _ = make(socket, send_seconds=0.01)
    await line.send_audio(b"\x00" * 160)
    assert line.gone and socket.closed_with == 1008


async def test_reading_can_be_cancelled_without_losing_a_frame():
    socket = FakeSocket([], ends=False)
    line, _ = make(socket)
    reading = asyncio.create_task(anext(line.events()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    reading.cancel()
    socket.feed(media(2))
    assert isinstance(await anext(line.events()), AudioReceived)  # type: ignore[arg-type]
