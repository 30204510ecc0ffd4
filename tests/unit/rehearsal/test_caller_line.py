"""Whole calls of the simulated line against a tiny server that plays the bot."""

import asyncio
import base64
import json
import socket
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

from rehearsal.caller_script import (
    AfterBot,
    Bot,
    Expect,
    HangUp,
    IntoBot,
    Now,
    Press,
    Say,
    ScriptedCaller,
    Step,
    UntilServerHangsUp,
    Wait,
)
from rehearsal.line import (
    CallIdentity,
    CallResult,
    EndedBy,
    EventKind,
    LineSettings,
    Phone,
    StreamOutcome,
    TwilioLine,
    WebhookClient,
    probe_stream,
    sign,
    start_messages,
)
from rehearsal.mulaw import decode, encode

AUTH = "for-this-test"
VENDOR_KEY = "12345"
PUBLIC = "https://voice.example.com"
STREAM = "wss://voice.example.com/twilio/stream"


def tone(seconds: float, *, hertz: float = 400.0, level: float = 0.3) -> np.ndarray:
    """A steady tone that is audible from its first to its last sample."""
    time = np.arange(round(seconds * 8000)) / 8000
    return (level * 32767 * np.cos(2 * np.pi * hertz * time)).astype(np.int16)


def connect_twiml(action: str | None = "/twilio/after-stream", extra: str = "") -> str:
    attribute = f' action="{action}"' if action else ""
    return (
        f'<Response><Connect{attribute}><Stream url="{STREAM}?lost=1"{extra}>'
        '<Parameter name="token" value="t&amp;1"/></Stream></Connect></Response>'
    )


@dataclass
class FakeServer:
    """Answers webhooks from lists and hands the stream to `talk`; remembers all it saw."""

    talk: Callable[["FakeServer", WebSocket, str], object] | None = None
    voice: list[str] = field(default_factory=lambda: [connect_twiml()])
    after: list[str] = field(default_factory=lambda: ["<Response><Hangup/></Response>"])
    refuse_stream: bool = False
    voice_status: int = 200
    voice_delay: float = 0.0
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    messages: list[tuple[float, dict]] = field(default_factory=list)
    bad_signatures: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def hook(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        self.forms.append((request.url.path, form))
        url = PUBLIC + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not RequestValidator(AUTH).validate(url, form, request.headers.get("x-twilio-signature", "")):
            self.bad_signatures += 1
            return Response(status_code=403)
        documents = {"/twilio/voice": self.voice, "/twilio/after-stream": self.after}.get(request.url.path)
        if documents is None:
            return Response(status_code=204)
        if request.url.path == "/twilio/voice":
            await asyncio.sleep(self.voice_delay)
        body = documents.pop(0) if len(documents) > 1 else documents[0]
        status = self.voice_status if request.url.path == "/twilio/voice" else 200
        return Response(body, status_code=status, media_type="application/xml")

    async def stream(self, websocket: WebSocket) -> None:
        self.headers.append(dict(websocket.headers))
        right = RequestValidator(AUTH).validate(STREAM, {}, websocket.headers.get("x-twilio-signature", ""))
        if self.refuse_stream or not right or websocket.url.query:
            await websocket.close()  # before accept: HTTP 403
            return
        await websocket.accept()
        stream_sid = ""
        try:
            while not stream_sid:
                message = await self.receive(websocket)
                stream_sid = message["start"]["streamSid"] if message["event"] == "start" else ""
            await (self.talk or listen)(self, websocket, stream_sid)  # type: ignore[misc]
        except (WebSocketDisconnect, RuntimeError):
            return

    async def receive(self, websocket: WebSocket) -> dict:
        message = json.loads(await websocket.receive_text())
        self.messages.append((asyncio.get_running_loop().time(), message))
        self.arrived.set()
        return message

    async def seen(self, event: str, count: int) -> None:
        while len(self.of(event)) < count:
            self.arrived.clear()
            await self.arrived.wait()

    def of(self, event: str) -> list[dict]:
        return [message for _, message in self.messages if message["event"] == event]


async def send(websocket: WebSocket, stream_sid: str, event: str, **body: object) -> None:
    await websocket.send_text(json.dumps({"event": event, "streamSid": stream_sid, **body}))


async def send_audio(websocket: WebSocket, stream_sid: str, samples: np.ndarray, *, mark: str | None = None) -> None:
    await send(websocket, stream_sid, "media", media={"payload": base64.b64encode(encode(samples)).decode()})
    if mark:
        await send(websocket, stream_sid, "mark", mark={"name": mark})


async def listen(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
    while (await server.receive(websocket))["event"] != "stop":
        pass


@asynccontextmanager
async def running(server: FakeServer) -> AsyncIterator[LineSettings]:
    """Serve on a free loopback port; yields settings of a line that reaches it as if behind a proxy."""
    app = Starlette(
        routes=[
            WebSocketRoute("/twilio/stream", server.stream),
            Route("/{path:path}", server.hook, methods=["POST", "GET"]),
        ]
    )
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off")
    uv = uvicorn.Server(config)
    uv.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    async with asyncio.TaskGroup() as group:
        group.create_task(uv.serve(sockets=[sock]))
        while not uv.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield LineSettings(public_url=PUBLIC, auth_token=AUTH, connect_to=("127.0.0.1", sock.getsockname()[1]))
        finally:
            uv.should_exit = True


async def ring(server: FakeServer, *steps: Step, **options: object) -> CallResult:
    async with running(server) as settings, WebhookClient(settings=settings) as webhooks:
        for name, value in options.items():
            object.__setattr__(settings, name, value)
        line = TwilioLine(settings=settings, webhooks=webhooks)
        async with asyncio.timeout(20):
            return await line.call(caller=ScriptedCaller(steps=steps))


async def test_media_come_every_20_ms_in_order_and_with_twilio_s_fields() -> None:
    server = FakeServer()
    result = await ring(server, Wait(seconds=3.0), HangUp())
    times = [at for at, message in server.messages if message["event"] == "media"]
    assert len(times) >= 145
    assert abs((times[-1] - times[0]) / (len(times) - 1) * 1000 - 20.0) < 0.5
    first, second = server.of("media")[:2]
    assert first["media"]["track"] == "inbound"
    assert (first["media"]["chunk"], second["media"]["chunk"]) == ("1", "2")
    assert (first["media"]["timestamp"], second["media"]["timestamp"]) == ("155", "175")
    assert len(base64.b64decode(first["media"]["payload"])) == 160
    numbered = [int(m["sequenceNumber"]) for _, m in server.messages if m["event"] != "connected"]
    assert numbered == list(range(1, len(numbered) + 1))
    assert server.messages[-1][1]["stop"]["callSid"] == result.call_sid
    assert result.ended.by is EndedBy.CALLER


async def test_the_upgrade_looks_like_twilio_s_and_start_carries_the_parameters() -> None:
    server = FakeServer()
    result = await ring(server, HangUp())
    headers = server.headers[0]
    assert headers["user-agent"] == "Twilio.TmeWs/1.0"
    assert headers["host"] == "voice.example.com"
    assert not {"origin", "sec-websocket-extensions", "sec-websocket-protocol"} & set(headers)
    start = server.of("start")[0]
    assert start["start"]["customParameters"] == {"token": "t&1"}
    assert start["start"]["callSid"] == result.call_sid
    assert start["sequenceNumber"] == "1"
    assert server.bad_signatures == 0


def test_signatures_equal_the_vendor_s_examples() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675310",
        "Caller": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign(auth_token=VENDOR_KEY, url=url, form=form) == "GvWf1cFY/Q7PnoempGyD5oXAezc="
    assert sign(auth_token=VENDOR_KEY, url="wss://example.com/media") == "7PR3qMkpDyEJtMrVOY/LDyNq8J8="


async def test_the_caller_hears_what_is_sent_and_marks_are_echoed_after_it() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await send_audio(websocket, stream_sid, tone(0.6), mark="greeting")
        while (await server.receive(websocket))["event"] != "mark":
            pass
        await websocket.close(1000)

    server = FakeServer(talk=talk)
    result = await ring(server, UntilServerHangsUp(limit_seconds=5))
    started = next(at for at, m in server.messages if m["event"] == "start")
    echoed = next(at for at, m in server.messages if m["event"] == "mark")
    assert 0.55 < echoed - started < 1.5
    assert len(result.bot) == 1
    assert result.bot[0].end - result.bot[0].start == pytest.approx(0.6, abs=0.002)
    assert result.marks == ("greeting",)
    assert (result.ended.by, result.ended.close_code) == (EndedBy.SERVER, 1000)
    assert server.forms[-1][0] == "/twilio/after-stream"
    assert server.forms[-1][1]["CallStatus"] == "in-progress"
    heard = decode(result.recording.bot)
    onset = round(result.bot[0].start * 8000)
    assert (heard[onset : onset + 4800] == decode(encode(tone(0.6)))).all()


async def test_a_clear_silences_the_bot_and_counts_as_a_yield() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await send_audio(websocket, stream_sid, tone(8.0), mark="story")
        while True:
            message = await server.receive(websocket)
            if message["event"] == "media" and loud(message):
                break
        await send(websocket, stream_sid, "clear")
        await listen(server, websocket, stream_sid)

    server = FakeServer(talk=talk)
    steps = (Say(audio=tone(0.5), when=IntoBot(seconds=1.0)), Wait(seconds=0.3), HangUp())
    result = await ring(server, *steps)
    assert len(result.yields) == 1
    assert result.yields[0].cleared
    assert 0.0 < result.yields[0].seconds < 0.5
    assert server.of("mark")[0]["mark"]["name"] == "story"
    assert result.caller[0].start - result.bot[0].start == pytest.approx(1.0, abs=0.05)


def loud(message: dict) -> bool:
    return bool(np.abs(decode(base64.b64decode(message["media"]["payload"])).astype(int)).max() > 1000)


async def test_a_known_answer_delay_is_measured_within_20_ms() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        loop = asyncio.get_running_loop()
        await send_audio(websocket, stream_sid, tone(0.5))
        due = float("inf")
        while True:
            message = await server.receive(websocket)
            if message["event"] == "stop":
                return
            if message["event"] == "media" and loud(message):
                due = loop.time() + 0.390
            elif loop.time() > due - 0.025:
                await asyncio.sleep(due - loop.time())
                await send_audio(websocket, stream_sid, tone(0.5))
                due = float("inf")

    words = Say(audio=tone(0.8), text="hello", when=AfterBot(gap_seconds=0.4))
    result = await ring(FakeServer(talk=talk), words, words, words, Wait(seconds=1.2), HangUp())
    assert len(result.answers) == 3
    # The answer starts on the line's next 20 ms after the 390, so 400 is what a caller hears. On a busy machine the
    # line says itself how late it was.
    tolerance = 0.02 + result.lateness_ms / 1000
    assert median(answer.seconds for answer in result.answers) == pytest.approx(0.4, abs=tolerance)


async def test_both_channels_of_the_recording_share_one_clock(tmp_path: Path) -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await send_audio(websocket, stream_sid, tone(0.5))
        await listen(server, websocket, stream_sid)

    steps = (Say(audio=tone(0.4, hertz=700), when=AfterBot(gap_seconds=0.5)), Wait(seconds=0.2), HangUp())
    result = await ring(FakeServer(talk=talk), *steps)
    path = result.recording.save(path=tmp_path / "call.wav")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    for channel, segments in ((0, result.caller), (1, result.bot)):
        edges = np.flatnonzero(np.abs(samples[:, channel].astype(int)) > 1000)
        assert segments[0].start == pytest.approx(edges[0] / 8000, abs=0.001)
        assert segments[0].end == pytest.approx(edges[-1] / 8000, abs=0.001)
    assert 0.5 <= round(result.caller[0].start - result.bot[0].end, 6) < 0.56  # by the line's own clock


async def test_the_clock_starts_at_the_answer_however_long_it_rang() -> None:
    result = await ring(FakeServer(voice_delay=0.8), Say(audio=tone(2.0), text="cut off", when=Now()))
    quick = await ring(FakeServer(), Wait(seconds=0.1))
    assert result.streams[0].start < 0.5
    assert result.caller[0].start < 0.6
    assert result.webhooks[0].seconds > 0.75 > quick.webhooks[0].seconds
    assert quick.recording.seconds < 0.7


async def test_audio_lost_by_closing_before_the_last_mark_is_reported() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await send_audio(websocket, stream_sid, tone(2.0), mark="goodbye")
        await asyncio.sleep(0.3)
        await websocket.close(1000)

    result = await ring(FakeServer(talk=talk), UntilServerHangsUp())
    assert len(result.warnings) == 1
    assert "ms of audio unheard" in result.warnings[0]


async def test_speech_that_the_end_of_the_call_cuts_off_ends_there() -> None:
    result = await ring(FakeServer(), Say(audio=tone(5.0), when=Now()), limit_seconds=0.6)
    assert result.caller[0].end == pytest.approx(0.6, abs=0.05 + result.lateness_ms / 1000)


async def test_digits_arrive_in_order() -> None:
    server = FakeServer()
    result = await ring(server, Press(digits="42#", when=Now()), Wait(seconds=0.1), HangUp())
    assert [message["dtmf"]["digit"] for message in server.of("dtmf")] == ["4", "2", "#"]
    assert result.digits == "42#"


def test_a_call_runs_on_uvloop_too() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(ring(FakeServer(), Wait(seconds=0.2), HangUp()))
    assert result.streams[0].outcome is StreamOutcome.CALLER_HUNG_UP


async def test_the_action_s_twiml_may_open_a_new_stream_with_a_new_sid() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await send_audio(websocket, stream_sid, tone(0.2), mark="m")
        while (await server.receive(websocket))["event"] != "mark":
            pass
        await websocket.close(1012)

    server = FakeServer(talk=talk, after=[connect_twiml(), "<Response><Hangup/></Response>"])
    result = await ring(server, UntilServerHangsUp(limit_seconds=5))
    sids = [message["streamSid"] for message in server.of("start")]
    assert len(set(sids)) == 2
    assert [stream.close_code for stream in result.streams] == [1012, 1012]
    assert len(result.bot) == 2
    assert result.bot[0].end < result.bot[1].start
    assert len(result.twiml) == 3


async def test_without_an_action_the_next_verb_runs() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await websocket.close(1000)

    twiml = connect_twiml(None).replace("</Connect>", "</Connect><Say>Good bye</Say>")
    result = await ring(FakeServer(talk=talk, voice=[twiml]), UntilServerHangsUp())
    assert any(event.kind is EventKind.VERB and "Good bye" in event.data for event in result.events)
    assert result.ended.by is EndedBy.SERVER


@pytest.mark.parametrize(
    ("twiml", "by"),
    [
        ("<Response><Reject reason='busy'/></Response>", EndedBy.REJECTED),
        ("<Response><Say>We are full</Say></Response>", EndedBy.SERVER),
        ("<Response><Dial>+12025550199</Dial></Response>", EndedBy.DIALED),
        ("<Response><Redirect>/twilio/after-stream</Redirect></Response>", EndedBy.SERVER),
        ("no xml at all", EndedBy.UNREACHABLE),
    ],
)
async def test_other_twiml_is_obeyed(twiml: str, by: EndedBy) -> None:
    result = await ring(FakeServer(voice=[twiml]))
    assert result.ended.by is by
    assert result.streams == ()


async def test_a_refused_webhook_and_a_refused_stream_show_their_status() -> None:
    webhook = await ring(FakeServer(voice_status=503))
    stream = await ring(FakeServer(refuse_stream=True))
    assert (webhook.ended.by, webhook.ended.status) == (EndedBy.REFUSED, 503)
    assert (stream.ended.by, stream.ended.status) == (EndedBy.REFUSED, 403)
    assert stream.streams[0].outcome is StreamOutcome.REFUSED


async def test_a_server_that_is_not_there_is_reported_not_raised() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        settings = LineSettings(public_url=PUBLIC, auth_token=AUTH, connect_to=("127.0.0.1", sock.getsockname()[1]))
    async with WebhookClient(settings=settings) as webhooks:
        result = await TwilioLine(settings=settings, webhooks=webhooks).call(caller=ScriptedCaller(steps=()))
    assert result.ended.by is EndedBy.UNREACHABLE
    assert result.warnings


async def test_messages_that_twilio_would_warn_about_are_counted_and_ignored() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await websocket.send_text("{broken")
        await websocket.send_bytes(b"\x00")
        await send(websocket, stream_sid, "dance")
        await send(websocket, stream_sid, "media")
        await send(websocket, "MZother", "clear")
        await send(websocket, stream_sid, "media", media={"payload": base64.b64encode(b"RIFF1234").decode()})
        await send_audio(websocket, stream_sid, tone(0.2), mark="end")
        await listen(server, websocket, stream_sid)

    result = await ring(FakeServer(talk=talk), Wait(seconds=0.6), HangUp())
    numbers = [warning.split()[0] for warning in result.warnings]
    assert numbers == ["31951", "31950", "31951", "31951", "31951", "media"]
    assert result.clears == ()
    assert result.bot


async def test_callbacks_report_the_stream_and_the_call_when_asked() -> None:
    extra = ' name="main" statusCallback="/twilio/stream-status"'
    server = FakeServer(voice=[connect_twiml(extra=extra)])
    await ring(server, Wait(seconds=0.1), HangUp(), status_callback=f"{PUBLIC}/twilio/status")
    by_path: dict[str, list[dict[str, str]]] = {}
    for path, form in server.forms:
        by_path.setdefault(path, []).append(form)
    assert [form["StreamEvent"] for form in by_path["/twilio/stream-status"]] == ["stream-started", "stream-stopped"]
    assert by_path["/twilio/stream-status"][0]["StreamName"] == "main"
    assert by_path["/twilio/status"][0]["CallStatus"] == "completed"
    assert server.bad_signatures == 0


async def test_a_placed_call_fetches_its_twiml_and_can_be_redirected_and_ended_over_rest() -> None:
    server = FakeServer()
    async with running(server) as settings, WebhookClient(settings=settings) as webhooks:
        identity = CallIdentity(direction="outbound-api")
        line = TwilioLine(settings=settings, webhooks=webhooks, identity=identity)
        caller = ScriptedCaller(steps=[UntilServerHangsUp()])
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            task = group.create_task(line.place(url=settings.voice_url, caller=caller, answered_by="human"))
            await server.seen("media", 3)
            line.update(twiml=connect_twiml())
            await server.seen("start", 2)
            line.complete()
    result = task.result()
    assert server.forms[0][1]["AnsweredBy"] == "human"
    assert server.forms[0][1]["Direction"] == "outbound-api"
    assert len({message["streamSid"] for message in server.of("stop")}) == 2
    assert (result.ended.by, result.ended.reason) == (EndedBy.SERVER, "ended over REST")
    assert [path for path, _ in server.forms] == ["/twilio/voice"]


async def test_a_hung_up_call_asks_the_action_once_as_completed() -> None:
    server = FakeServer()
    result = await ring(server, HangUp())
    actions = [form for path, form in server.forms if path == "/twilio/after-stream"]
    assert [form["CallStatus"] for form in actions] == ["completed"]
    assert result.ended.by is EndedBy.CALLER
    silent = FakeServer()
    await ring(silent, HangUp(), action_after_hangup=False)
    assert [path for path, _ in silent.forms] == ["/twilio/voice"]


async def test_a_failing_action_after_the_hang_up_is_a_warning_only() -> None:
    result = await ring(FakeServer(after=["nonsense"]), HangUp())
    assert result.ended.by is EndedBy.CALLER
    assert "expected TwiML" in result.warnings[0]


async def test_a_call_without_end_is_hung_up_at_the_line_s_limit() -> None:
    result = await ring(FakeServer(), Wait(seconds=60), limit_seconds=0.5)
    assert result.ended.by is EndedBy.CALLER
    assert "limit" in result.ended.reason
    assert result.seconds < 3


async def test_a_silent_bot_costs_the_caller_s_patience_and_is_noted() -> None:
    steps = (Say(audio=tone(0.2), when=AfterBot(patience_seconds=0.4)), Expect(bot=Bot.TALKING, within_seconds=0.2))
    result = await ring(FakeServer(), *steps)
    assert "lost patience" in result.warnings[0]
    assert "expected the bot talking" in result.warnings[1]
    assert result.caller[0].start == pytest.approx(0.4, abs=0.1)


async def test_the_probe_tells_refused_closed_and_open_doors_apart() -> None:
    async def talk(server: FakeServer, websocket: WebSocket, stream_sid: str) -> None:
        await websocket.close(1008)

    server = FakeServer(talk=talk)
    async with running(server) as settings:
        right = await probe_stream(settings=settings, url=STREAM, linger_seconds=0.2)
        missing = await probe_stream(settings=settings, url=STREAM, unsigned=True)
        wrong = await probe_stream(settings=settings, url=STREAM, signature="AAAA")
        messages = start_messages(settings=settings, call_sid="CAwrong", parameters={"token": "used"})
        closed = await probe_stream(settings=settings, url=STREAM, messages=messages)
    assert (right.status, right.close_code) == (101, None)
    assert missing.status == wrong.status == 403
    assert (closed.status, closed.close_code) == (101, 1008)


def test_hushed_speech_ends_when_it_was_cut() -> None:
    phone = Phone(noise_dbfs=None)
    phone.say(audio=tone(1.0), text="a long story")
    for _ in range(10):
        phone.speak()
    phone.interrupt(audio=tone(0.1), text="stop")
    for _ in range(20):
        phone.speak()
    assert [(s.start, s.end, s.text) for s in phone.spoken] == [
        (0.0, 0.2, "a long story"),
        (pytest.approx(0.2, abs=0.001), pytest.approx(0.3, abs=0.001), "stop"),
    ]


def test_a_wrong_key_and_a_wrong_origin_are_named() -> None:
    with pytest.raises(ValueError, match="digits must be"):
        Phone().press(digits="12x")
    with pytest.raises(ValueError, match="public_url must be an origin"):
        LineSettings(public_url="voice.example.com", auth_token=AUTH)
