"""The Media Streams socket: who is let in, what is read, and that nobody's frames disturb another call."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.domain import Call, Outcome
from bot.stores.errors import RecordsUnavailable, SessionsUnavailable
from bot.stores.sessions import TOKEN_SECONDS
from pipelines.line import AudioReceived, LineStopped, MediaLine
from telephony.door import DoorLimits
from tests.calls.door_harness import (
    STREAM_URL,
    End,
    FakePipelines,
    RunningDoor,
    media_message,
    running_door,
    start_message,
    stop_message,
    verbs,
    voice_form,
)

SID = "CA" + "1" * 32


async def closed(socket: ClientConnection, *, seconds: float = 5) -> int | None:
    """The code with which the server closes the socket; its audio is dropped."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None


async def test_a_stream_with_its_token_reaches_the_pipelines_and_back(tmp_path: Path):
    async with running_door(tmp_path) as door:
        async with door.stream(SID, await door.token(SID)) as socket:
            await socket.send(media_message(2))
            async with asyncio.timeout(5):
                echoed = json.loads(await socket.recv())
            assert echoed["event"] == "media" and echoed["streamSid"] == "MZ1"
            assert base64.b64decode(echoed["media"]["payload"]) == b"\xff" * 160
            await socket.send(stop_message(3))
            assert await closed(socket) == 1000
        assert [call.sid for call in door.pipelines.calls] == [SID]
        assert door.pipelines.calls[0].caller == "+14158675310"
        assert [type(event) for event in door.pipelines.events[SID]] == [AudioReceived, LineStopped]
        assert not door.door.gate.busy


@pytest.mark.parametrize("signature", [None, "", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
async def test_a_forged_upgrade_gets_403(tmp_path: Path, signature: str | None):
    async with running_door(tmp_path) as door:
        with pytest.raises(InvalidStatus) as caught:
            await door.upgrade(signature=signature)
        assert caught.value.response.status_code == 403
        cause = "bad_signature" if signature else "no_signature"
        assert door.metric("ngx_refusals_total", door="stream", cause=cause) == 1
        assert not door.pipelines.calls


async def test_an_upgrade_signed_for_another_address_gets_403(tmp_path: Path):
    async with running_door(tmp_path) as door:
        own = f"ws{door.address.removeprefix('http')}/twilio/stream"
        for url in (own, STREAM_URL.replace("wss", "https"), f"{STREAM_URL}?token=1", f"{STREAM_URL}/"):
            with pytest.raises(InvalidStatus) as caught:
                await door.upgrade(signature=door.sign(url))
            assert caught.value.response.status_code == 403


async def test_without_an_auth_token_every_upgrade_gets_403(tmp_path: Path):
    async with running_door(tmp_path, TWILIO_AUTH_TOKEN="") as door:
        with pytest.raises(InvalidStatus) as caught:
            await door.upgrade()
        assert caught.value.response.status_code == 403


async def test_compression_is_never_agreed_to(tmp_path: Path):
    async with running_door(tmp_path) as door:
        upgrade = door.upgrade()
        async with upgrade as socket:
            assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_a_token_works_once(tmp_path: Path):
    async with running_door(tmp_path) as door:
        token = await door.token(SID)
        async with door.stream(SID, token) as socket:
            await socket.send(stop_message(2))
            assert await closed(socket) == 1000
        async with door.stream(SID, token) as socket:
            assert await closed(socket) == 1008
        assert len(door.pipelines.calls) == 1
        assert door.metric("ngx_refusals_total", door="stream", cause="bad_token") == 1


async def test_two_streams_that_race_for_a_token_are_one_call(tmp_path: Path):
    async with running_door(tmp_path) as door:
        token = await door.token(SID)

        async def race() -> int | None:
            async with door.stream(SID, token) as socket:
                await socket.send(stop_message(2))
                return await closed(socket)

        assert sorted(str(code) for code in await asyncio.gather(race(), race(), race())) == ["1000", "1008", "1008"]
        assert len(door.pipelines.calls) == 1


@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 10_000])
async def test_a_missing_or_wrong_token_closes_before_any_provider_is_asked(tmp_path: Path, token: str | None):
    async with running_door(tmp_path) as door:
        right = await door.token(SID)
        async with door.upgrade() as socket:
            await socket.send(start_message(SID, token))
            assert await closed(socket) == 1008
        assert not door.pipelines.calls
        async with door.stream(SID, right) as socket:  # the right one is still good
            await socket.send(stop_message(2))
            assert await closed(socket) == 1000


async def test_a_token_of_another_call_is_refused_and_stays_that_calls(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.token("CA2")
        token = await door.token(SID)
        async with door.stream("CA2", token) as socket:
            assert await closed(socket) == 1008
        assert not door.pipelines.calls
        async with door.stream(SID, token) as socket:
            await socket.send(stop_message(2))
            assert await closed(socket) == 1000


async def test_a_late_token_is_refused(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.ring(SID)
        late = await door.door.sessions.issue_token(SID, ttl_seconds=-1)
        assert TOKEN_SECONDS == 30
        async with door.stream(SID, late) as socket:
            assert await closed(socket) == 1008
        assert not door.pipelines.calls


@pytest.mark.parametrize(
    "frames",
    [
        [],
        ['{"event":"connected","protocol":"Call","version":"1.0.0"}'],
        [media_message(2), "no json", stop_message(3)],
    ],
)
async def test_no_start_in_time_closes_before_any_provider_is_asked(tmp_path: Path, frames: list[str]):
    async with running_door(tmp_path, limits=DoorLimits(start_seconds=0.3)) as door:
        await door.token(SID)
        async with door.upgrade() as socket:
            for frame in frames:
                await socket.send(frame)
            assert await closed(socket) == 1008
        assert not door.pipelines.calls
        assert door.metric("ngx_refusals_total", door="stream", cause="late_start") == 1
        early = sum('"media"' in frame or '"stop"' in frame for frame in frames[:-1])
        assert door.metric("ngx_bad_frames_total", cause="before_start") == early


async def test_a_token_of_a_call_that_is_on_no_record_is_refused(tmp_path: Path):
    async with running_door(tmp_path) as door:
        token = await door.door.sessions.issue_token("CAghost")
        async with door.stream("CAghost", token) as socket:
            assert await closed(socket) == 1008
        assert not door.pipelines.calls
        assert door.metric("ngx_refusals_total", door="stream", cause="unknown_call") == 1


@pytest.mark.parametrize(
    ("store", "error"), [("sessions", SessionsUnavailable("away")), ("records", RecordsUnavailable("away"))]
)
async def test_a_store_that_is_away_closes_the_stream_as_our_fault_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, error: Exception
):
    async def away(*_: object, **__: object) -> None:
        raise error

    async with running_door(tmp_path) as door:
        token = await door.token(SID)
        kind, method = (door.door.sessions, "redeem_token") if store == "sessions" else (door.door.records, "call")
        monkeypatch.setattr(type(kind), method, away)
        async with door.stream(SID, token) as socket:
            assert await closed(socket) == 1011
        assert door.metric("ngx_store_errors_total", store=store) == 1
        assert door.metric("ngx_refusals_total", door="stream", cause="store_away") == 1


def test_a_stream_has_five_seconds_to_start():
    assert DoorLimits().start_seconds == 5


async def test_a_start_that_trickles_in_late_does_not_extend_the_time(tmp_path: Path):
    async with running_door(tmp_path, limits=DoorLimits(start_seconds=0.5)) as door:
        token = await door.token(SID)
        async with door.upgrade() as socket:
            with pytest.raises(ConnectionClosed) as caught:
                async with asyncio.timeout(5):
                    while True:
                        await socket.send('{"event":"connected"}')
                        await asyncio.sleep(0.05)
            assert caught.value.rcvd is not None and caught.value.rcvd.code == 1008
        assert token and not door.pipelines.calls


async def test_a_second_stream_of_a_live_call_is_refused(tmp_path: Path):
    async with running_door(tmp_path) as door:
        first, second = await door.token(SID), await door.token(SID)
        async with door.stream(SID, first) as live:
            await live.send(media_message(2))
            await live.recv()
            async with door.stream(SID, second, stream_sid="MZ2") as other:
                assert await closed(other) == 1008
            assert door.metric("ngx_refusals_total", door="stream", cause="already_streaming") == 1
            await live.send(stop_message(3))
            assert await closed(live) == 1000
        assert len(door.pipelines.calls) == 1


async def test_a_fault_in_one_call_ends_that_call_alone(tmp_path: Path):
    async def fail(line: MediaLine, call: Call) -> End:
        if call.sid == "CAbad":
            raise RuntimeError("a fault of ours")
        return await door.pipelines._listen(line, call)

    async with running_door(tmp_path, pipelines=FakePipelines(talk=fail)) as door, asyncio.TaskGroup():
        async with door.stream(SID, await door.token(SID)) as healthy:
            async with door.stream("CAbad", await door.token("CAbad")) as socket:
                assert await closed(socket) == 1000
            await assert_alive(healthy, 2)
            async with asyncio.timeout(5):
                while await door.door.sessions.live_calls() > 1:  # noqa: ASYNC110  another's state
                    await asyncio.sleep(0.01)
            call = await door.door.records.call("CAbad")
            assert call is not None and call.outcome is Outcome.FAILED
            response = await door.post("/twilio/after-stream", voice_form("CAbad"))
            assert verbs(response) == ["Say", "Say", "Hangup"]


async def test_a_frame_that_is_too_large_ends_its_stream_alone(tmp_path: Path):
    async with talking_pair(tmp_path) as (door, victim, healthy):
        await victim.send(json.dumps({"event": "media", "media": {"payload": "A" * 70_000}, "streamSid": "MZ1"}))
        assert await closed(victim) == 1009
        await assert_alive(healthy, 2)
        assert door.metric("ngx_bad_frames_total", cause="too_large") == 1


async def test_text_that_is_no_utf8_ends_its_stream_alone(tmp_path: Path):
    async with talking_pair(tmp_path) as (_, victim, healthy):
        await victim.send(b"\xff\xfe", text=True)
        assert await closed(victim) == 1007
        await assert_alive(healthy, 2)


async def test_bad_frames_are_counted_and_the_call_goes_on(tmp_path: Path):
    async with talking_pair(tmp_path) as (door, victim, healthy):
        for frame in (
            b"\x00\x01",
            "no json",
            '{"event":"sing"}',
            media_message(9, stream_sid="MZ9"),
            start_message("CA9", "x"),
        ):
            await victim.send(frame)
        await assert_alive(victim, 20)
        await victim.send(media_message(3))
        await assert_alive(victim, 21)
        await assert_alive(healthy, 2)
        expected = {
            "binary": 1,
            "not_json": 1,
            "unknown_event": 1,
            "other_stream": 1,
            "second_start": 1,
            "out_of_order": 1,
        }
        for cause, count in expected.items():
            assert door.metric("ngx_bad_frames_total", cause=cause) == count, cause


async def test_a_flood_of_bad_frames_closes_its_stream_alone(tmp_path: Path):
    async with talking_pair(tmp_path) as (_, victim, healthy):
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(200):
                await victim.send("no json")
                await asyncio.sleep(0)
            await asyncio.wait_for(victim.recv(), 5)
        assert caught.value.rcvd is not None and caught.value.rcvd.code == 1008
        await assert_alive(healthy, 2)


FRAMES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["event", "media", "start", "mark", "dtmf", "stop", "payload", "sequenceNumber", "streamSid"]
                ),
                inner | st.sampled_from(["media", "start", "mark", "dtmf", "connected", "MZ1"]),
            )
        ),
        max_leaves=10,
    ).map(json.dumps),
    st.builds(lambda n: media_message(n).replace('"2"', "2"), st.integers(min_value=-5, max_value=50)),
    st.builds(lambda text, cut: text[:cut], st.just(media_message(2)), st.integers(min_value=0, max_value=200)),
)


async def test_no_frames_of_one_stream_disturb_another(tmp_path: Path):
    """Property: whatever a stream sends, before or after its start, the server and another call go on."""
    async with running_door(tmp_path, pipelines=FakePipelines(slots=500), NGX_MAX_CALLS="500") as door:
        numbers = iter(range(1, 10_000))
        async with door.stream("CAhealthy", await door.token("CAhealthy")) as healthy:
            loop = asyncio.get_running_loop()
            sequence = iter(range(2, 10_000))

            async def attack(frames: list[str | bytes], *, started: bool) -> None:
                sid = f"CA{next(numbers)}"
                token = await door.token(sid)
                async with door.upgrade() as socket:
                    if started:
                        await socket.send(start_message(sid, token))
                    try:
                        for frame in frames:
                            await socket.send(frame)
                    except ConnectionClosed:
                        pass
                await assert_alive(healthy, next(sequence))

            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(frames=st.lists(FRAMES, max_size=70), started=st.booleans())
            def attacks(frames: list[str | bytes], started: bool) -> None:
                asyncio.run_coroutine_threadsafe(attack(frames, started=started), loop).result(20)

            await asyncio.to_thread(attacks)
        assert (await door.client.get("/healthz")).status_code == 200


async def test_a_caller_who_vanishes_leaves_nothing_behind(tmp_path: Path):
    async with running_door(tmp_path) as door:
        token = await door.token(SID)
        async with door.stream(SID, token) as socket:
            await socket.send(media_message(2))
            await socket.recv()
            socket.transport.abort()
        async with asyncio.timeout(5):
            while door.door.gate.busy or SID not in door.pipelines.ends:  # noqa: ASYNC110  another's state
                await asyncio.sleep(0.01)
        assert door.pipelines.live_calls == 0


async def test_a_status_that_overtakes_the_talk_does_not_write_its_outcome(tmp_path: Path):
    async with running_door(tmp_path) as door, door.stream(SID, await door.token(SID)) as socket:
        await socket.send(media_message(2))
        await socket.recv()
        assert (await door.post("/twilio/status", voice_form(SID, CallStatus="completed"))).status_code == 204
        call = await door.door.records.call(SID)
        assert call is not None and call.outcome is None


@asynccontextmanager
async def talking_pair(folder: Path) -> AsyncIterator[tuple[RunningDoor, ClientConnection, ClientConnection]]:
    """A door with two calls: the victim (stream MZ1) and another."""
    async with (
        running_door(folder) as door,
        door.stream("CAvictim", await door.token("CAvictim")) as victim,
        door.stream("CAhealthy", await door.token("CAhealthy")) as healthy,
    ):
        yield door, victim, healthy


async def assert_alive(socket: ClientConnection, sequence: int) -> None:
    """The call's audio still makes its way through the pipelines and back."""
    await socket.send(media_message(sequence))
    async with asyncio.timeout(10):
        assert json.loads(await socket.recv())["event"] == "media"
