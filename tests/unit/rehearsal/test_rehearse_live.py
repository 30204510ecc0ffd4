"""A stand-in bot with a known delay, over the real wire: what is measured is what it does."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from statistics import median

import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from rehearsal.line import LineSettings
from rehearsal.mulaw import RATE, decode, encode
from rehearsal.rehearse.bot_track import find_runs
from rehearsal.rehearse.cast import Cast, cast_scenarios
from rehearsal.rehearse.figures import Figures
from rehearsal.rehearse.load import LoadRun
from rehearsal.rehearse.measure import HeardCall, Judge
from rehearsal.rehearse.reference import ReferenceBank, references_of
from rehearsal.rehearse.scenario import parse_scenario
from rehearsal.standins.server import serve
from rehearsal.standins.speech import Spoken

LONG = "The plan starts from where you are right now, and it changes together with your days and your sleep."
TOKEN = "an-auth-token"
HALF_TICK = 0.01  # what is sent is heard from the next 20 ms on

SCENARIO = """
calls:
  - times: 3
    voices: [rms]
    steps:
      - {say: "How much does it cost?", kind: question}
      - {say: "Do I need a gym for that?", kind: question}
      - {say: "Wait, I have a question about that.", kind: barge_in, when: {into_bot: 1.6}}
      - {say: "Okay.", kind: backchannel, when: {into_bot: 1.6}}
      - {listen: 4}
"""

LISTENER = """
calls:
  - times: 3
    voices: [rms]
    steps:
      - {say: "Okay.", kind: backchannel, when: {into_bot: 1.6}}
      - {listen: 3}
"""


@dataclass
class StandinBot:
    """Speaks one sentence: at the start, and `answer` seconds after the caller's last loud sample.

    At a short sound over it (up to 0.6 s) it pauses for `pause` seconds or falls silent (None); words that go on longer
    silence it `hold` seconds after their onset.
    """

    bank: ReferenceBank
    answer: float
    hold: float
    pause: float | None
    name: str = "standin-bot"
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        routes = [
            Route("/twilio/voice", self._voice, methods=["POST"]),
            WebSocketRoute("/twilio/stream", self._stream),
        ]
        self.app = Starlette(routes=routes)

    async def _voice(self, request: Request) -> Response:
        url = f"ws://{request.url.netloc}/twilio/stream"
        return Response(f'<Response><Connect><Stream url="{url}"/></Connect></Response>', media_type="text/xml")

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        async with asyncio.TaskGroup() as tasks:
            talk = _Talk(self, socket, tasks)
            try:
                while True:
                    message = msgspec.json.decode(await socket.receive_text())
                    if message["event"] == "start":
                        talk.sid = message["streamSid"]
                        await talk.speak(0)
                    elif message["event"] == "media":
                        await talk.hear(base64.b64decode(message["media"]["payload"]))
                    elif message["event"] == "stop":
                        break
            except WebSocketDisconnect:
                pass
            for task in talk.tasks:
                task.cancel()


class _Talk:
    def __init__(self, bot: StandinBot, socket: WebSocket, tasks: asyncio.TaskGroup) -> None:
        self._bot, self._socket, self._group = bot, socket, tasks
        self._reference = bot.bank.references[0]
        self._speech = encode(self._reference.samples.astype(np.int16))[self._reference.first : self._reference.last]
        self._clock = asyncio.get_running_loop().time
        self._started = 0.0
        self._offset = 0
        self._speaking = False
        self._onset: float | None = None
        self._last_loud = 0.0
        self.sid = ""
        self.tasks: list[asyncio.Task[None]] = []

    async def speak(self, offset: int) -> None:
        self._started, self._offset, self._speaking = self._clock(), offset, True
        payload = base64.b64encode(self._speech[offset:]).decode()
        await self._send({"event": "media", "media": {"payload": payload}})

    async def hear(self, frame: bytes) -> None:
        now = self._clock()
        said = self._offset + int((now - self._started) * RATE)
        if said >= len(self._speech):
            self._speaking = False
        loud = np.flatnonzero(np.abs(decode(frame)) >= 400)
        if len(loud):
            if self._onset is None:
                self._onset = now - (len(frame) - int(loud[0])) / RATE
                if self._speaking:
                    self._later(self._onset + self._bot.hold - HALF_TICK, self._fall_silent)
            self._last_loud = now - (len(frame) - 1 - int(loud[-1])) / RATE
        elif self._onset is not None and now - self._last_loud > 0.4:
            onset, self._onset = self._onset, None
            self._over(onset)

    def _over(self, onset: float) -> None:
        if self._last_loud - onset > 0.9:
            self._later(self._last_loud + self._bot.answer - HALF_TICK, lambda: self.speak(0))
        elif self._bot.pause is not None:
            self._later(self._clock() + self._bot.pause, lambda: self.speak(self._offset))

    def _later(self, moment, act) -> None:  # type: ignore[no-untyped-def]
        async def do() -> None:
            await asyncio.sleep(max(0.0, moment - self._clock()))
            await act()

        self.tasks.append(self._group.create_task(do()))

    async def _fall_silent(self) -> None:
        if self._speaking:
            self._speaking = False
            self._offset += int((self._clock() - self._started) * RATE)
            await self._send({"event": "clear"})

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send_text(msgspec.json.encode({**message, "streamSid": self.sid}).decode())


@pytest.fixture(scope="module")
def bank() -> ReferenceBank:
    return ReferenceBank(references_of([Spoken(LONG, "voice", "en", RATE)]))


@pytest.fixture(scope="module")
def cast() -> Cast:
    return cast_scenarios([parse_scenario(SCENARIO, name="live")], seed=1, corpora=None)


@pytest.fixture(scope="module")
def listeners() -> Cast:
    return cast_scenarios([parse_scenario(LISTENER, name="listener")], seed=1, corpora=None)


async def measured(bot: StandinBot, cast: Cast) -> AsyncIterator[Figures]:
    """Ring the bot; yields again where this machine was too busy to keep the wire's own time."""
    for _ in range(3):
        async with serve(bot) as address:
            run = LoadRun(
                settings=LineSettings(public_url=address.http, auth_token=TOKEN), calls=cast.calls, calls_at_once=3
            )
            await run.run()
        calls = [
            HeardCall(
                scenario="live",
                deeds=call.deeds,
                runs=find_runs(call.result.recording.bot, bot.bank),
                stream_start=call.result.streams[0].started,
                seconds=call.result.recording.seconds,
            )
            for call in run.made
        ]
        yield Judge(bot.bank).judge(calls)
        if max(call.result.lateness_ms for call in run.made) < 10:
            return


async def test_a_known_delay_is_measured_to_within_twenty_milliseconds(bank: ReferenceBank, cast: Cast) -> None:
    bot = StandinBot(bank, answer=0.6, hold=0.3, pause=None)
    off: list[tuple[float, float]] = []
    async for figures in measured(bot, cast):
        assert figures.series["answer"] and figures.series["yield"]
        off.append((abs(median(figures.series["answer"]) - 0.6), abs(median(figures.series["yield"]) - 0.3)))
        if max(off[-1]) <= 0.02:
            break
    assert max(min(off)) <= 0.02, off


async def test_a_bot_that_stops_at_everything_is_found_out(bank: ReferenceBank, listeners: Cast) -> None:
    async for figures in measured(StandinBot(bank, answer=0.5, hold=0.2, pause=None), listeners):
        share = figures.shares["false_stop_backchannel"]
        assert share.of >= 2 and share.hits == share.of
        break


async def test_a_bot_that_pauses_and_goes_on_is_known_from_one_that_stops(bank: ReferenceBank, listeners: Cast) -> None:
    async for figures in measured(StandinBot(bank, answer=0.5, hold=0.2, pause=0.02), listeners):
        share = figures.shares["false_stop_backchannel"]
        assert share.of >= 2 and share.hits == 0
        assert median(figures.series["pause_resumed"]) > 0.3
        break
