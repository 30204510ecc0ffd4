"""The real door on a real socket, with pipelines that are a few lines: for tests of the door alone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
from prometheus_client.parser import text_string_to_metric_families
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from bot.domain import Call, Outcome
from bot.settings import Settings, load_settings
from bot.stores.sessions import Ending, EndingKind
from pipelines.line import AudioReceived, LineEvent, LineStopped, MediaLine
from telephony.app import app_for, build_app
from telephony.door import Door, DoorLimits
from telephony.server import DrainingServer, SideServer, bind, server_config
from tests.services import free_port

TOKEN = "test-auth-token"
PUBLIC_URL = "https://voice.example.com"
STREAM_URL = "wss://voice.example.com/twilio/stream"


@dataclass(frozen=True)
class End:
    """What `run_call` returns."""

    outcome: Outcome = Outcome.NOT_INTERESTED
    hang_up: bool = False
    transfer_to: str | None = None


@dataclass
class FakePipelines:
    """Pipelines that note what they are given; `talk` replaces the talk."""

    slots: int = 10
    live_calls: int = 0
    calls: list[Call] = field(default_factory=list)
    events: dict[str, list[LineEvent]] = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)
    talk: Callable[[MediaLine, Call], Awaitable[End]] | None = None
    resources: Any = None

    def free_call_slots(self) -> int:
        return self.slots - self.live_calls

    def degraded(self) -> tuple[str, ...]:
        return ()

    @asynccontextmanager
    async def open(self, settings: Settings, **shared: Any) -> AsyncIterator[FakePipelines]:
        self.resources = shared
        yield self

    async def run_call(self, line: MediaLine, call: Call, *, resources: Any) -> End:
        self.live_calls += 1
        self.calls.append(call)
        try:
            end = await (self.talk or self._listen)(line, call)
            self.ends[call.sid] = end
            return end
        finally:
            self.live_calls -= 1
            await line.close()

    async def _listen(self, line: MediaLine, call: Call) -> End:
        """Echo the caller's audio until the line ends."""
        async for event in line.events():
            self.events.setdefault(call.sid, []).append(event)
            if isinstance(event, AudioReceived):
                await line.send_audio(event.ulaw)
            if isinstance(event, LineStopped):
                break
        return End()

    async def mark_ended(self, call: Call, *, transfer_to: str | None = None) -> None:
        """What the real pipelines tell the other workers before they close the line."""
        kind = EndingKind.HANG_UP if transfer_to is None else EndingKind.TRANSFER
        await self.resources["sessions"].mark_ended(call.sid, Ending(kind=kind, transfer_to=transfer_to))


@dataclass
class RunningDoor:
    """A door that serves, as Twilio sees it through a proxy: signatures name PUBLIC_URL, requests go to a socket."""

    address: str
    pipelines: FakePipelines
    door: Door
    client: httpx.AsyncClient

    def sign(self, url: str, fields: Mapping[str, str] | None = None) -> str:
        return str(RequestValidator(TOKEN).compute_signature(url, dict(fields or {})))

    async def post(self, path: str, fields: Mapping[str, str], *, signature: str | None = "right") -> httpx.Response:
        """POST a form to a path, rightly signed unless told otherwise."""
        if signature == "right":
            signature = self.sign(f"{PUBLIC_URL}{path}", fields)
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        return await self.client.post(path, data=dict(fields), headers=headers)

    async def ring(self, call_sid: str = "CA" + "1" * 32, **more: str) -> httpx.Response:
        """The voice webhook of a call."""
        return await self.post("/twilio/voice", voice_form(call_sid, **more))

    async def token(self, call_sid: str = "CA" + "1" * 32, **more: str) -> str:
        """The token of a new call's TwiML."""
        response = await self.ring(call_sid, **more)
        parameter = ElementTree.fromstring(response.text).find("Connect/Stream/Parameter")  # noqa: S314
        assert parameter is not None, response.text
        return parameter.attrib["value"]

    def upgrade(self, *, signature: str | None = "right", path: str = "/twilio/stream") -> connect:
        """A WebSocket to the stream's path, rightly signed unless told otherwise."""
        if signature == "right":
            signature = self.sign(STREAM_URL)
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        return connect(
            f"ws{self.address.removeprefix('http')}{path}",
            additional_headers=headers,
            user_agent_header="Twilio.TmeWs/1.0",
            compression=None,
            open_timeout=5,
        )

    @asynccontextmanager
    async def stream(self, call_sid: str, token: str, *, stream_sid: str = "MZ1") -> AsyncIterator[ClientConnection]:
        """A stream that has sent `connected` and `start`."""
        async with self.upgrade() as socket:
            await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
            await socket.send(start_message(call_sid, token, stream_sid=stream_sid))
            yield socket

    def draining_server(self, *, seconds: float) -> tuple[DrainingServer, asyncio.Task[None]]:
        """Serve the same door on another port with the server that `serve` runs; requests go there from now on."""
        port = free_port()
        server = DrainingServer(server_config(app_for(self.door)), gate=self.door.gate, drain_seconds=seconds)
        # Without `serve`, which would take this process's signals.
        serving = asyncio.get_running_loop().create_task(server._serve([bind("127.0.0.1", port, setting="PORT")]))
        self.address = f"http://127.0.0.1:{port}"
        self.client.base_url = self.address
        return server, serving

    async def started(self, server: SideServer | DrainingServer) -> None:
        """Wait until the server takes requests."""
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)

    def metric(self, name: str, **labels: str) -> float:
        wanted = [
            sample.value
            for family in text_string_to_metric_families(self.door.metrics.render().decode())
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        return wanted[0] if wanted else 0.0


@asynccontextmanager
async def running_door(
    folder: Path,
    *,
    pipelines: FakePipelines | None = None,
    limits: DoorLimits | None = None,
    **environ: str,
) -> AsyncIterator[RunningDoor]:
    """Serve the door in this process on a free port."""
    pipelines = pipelines or FakePipelines()
    port = free_port()
    settings = load_settings(
        {
            "PORT": str(port),
            "PUBLIC_URL": PUBLIC_URL,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DATA_DIR": str(folder / "data"),
            **environ,
        },
        env_file=None,
    )
    app = build_app(settings, run_call=pipelines.run_call, open_resources=pipelines.open, limits=limits or DoorLimits())
    server = SideServer(server_config(app, lifespan=True))
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(_serve(server, port))
        async with asyncio.timeout(20):
            while not server.started:
                assert not serving.done(), "the app did not start; see the log"
                await asyncio.sleep(0.01)
        address = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=address, timeout=10) as client:
                yield RunningDoor(address=address, pipelines=pipelines, door=app.state.door, client=client)
        finally:
            server.should_exit = True


async def _serve(server: SideServer, port: int) -> None:
    # uvicorn leaves a start that failed with SystemExit, which would take pytest with it.
    with contextlib.suppress(SystemExit):
        await server.serve(sockets=[bind("127.0.0.1", port, setting="PORT")])


def voice_form(call_sid: str, **more: str) -> dict[str, str]:
    """The fields of an inbound call's webhook."""
    return {
        "CallSid": call_sid,
        "AccountSid": "AC" + "0" * 32,
        "From": "+14158675310",
        "To": "+18005551212",
        "CallStatus": "ringing",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        "CallerName": "",
        **more,
    }


def start_message(call_sid: str, token: str | None, *, stream_sid: str = "MZ1") -> str:
    """Twilio's `start` for a call."""
    start: dict[str, Any] = {
        "accountSid": "AC" + "0" * 32,
        "streamSid": stream_sid,
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {} if token is None else {"token": token},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": start, "streamSid": stream_sid})


def media_message(sequence: int, *, stream_sid: str = "MZ1") -> str:
    """20 ms of silence from the caller."""
    payload = base64.b64encode(b"\xff" * 160).decode()
    body = {"track": "inbound", "chunk": str(sequence - 1), "timestamp": str(155 + 20 * sequence), "payload": payload}
    return json.dumps({"event": "media", "sequenceNumber": str(sequence), "media": body, "streamSid": stream_sid})


def stop_message(sequence: int, *, stream_sid: str = "MZ1") -> str:
    """The caller hung up."""
    body = {"accountSid": "AC" + "0" * 32, "callSid": "CA" + "1" * 32}
    return json.dumps({"event": "stop", "sequenceNumber": str(sequence), "stop": body, "streamSid": stream_sid})


def verbs(response: httpx.Response) -> list[str]:
    """The TwiML's verbs, in order."""
    assert response.status_code == 200, response.text
    return [verb.tag for verb in ElementTree.fromstring(response.text)]  # noqa: S314
