"""Twilio's webhooks over a real socket."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from bot.domain import Direction, Outcome
from bot.stores.errors import StoreUnavailable
from bot.stores.sessions import Ending, EndingKind
from telephony.door import DoorLimits
from telephony.twilio import form
from tests.calls.door_harness import PUBLIC_URL, FakePipelines, running_door, stop_message, verbs, voice_form

SID = "CA" + "1" * 32
ROUTES = ["voice", "after-stream", "status", "amd", "recording", "stream-status", "no-such-route"]


async def test_a_signed_call_gets_its_stream_and_is_recorded(tmp_path: Path):
    async with running_door(tmp_path) as door:
        began = time.perf_counter()
        response = await door.ring(SID)
        seconds = time.perf_counter() - began
        assert verbs(response) == ["Connect"]
        assert f'<Connect action="{PUBLIC_URL}/twilio/after-stream">' in response.text
        assert '<Stream url="wss://voice.example.com/twilio/stream"><Parameter name="token" value="' in response.text
        assert response.headers["content-type"].startswith("application/xml")
        call = await door.door.records.call(SID)
        assert call is not None and call.caller == "+14158675310" and call.direction is Direction.INBOUND
        assert seconds < 2
        assert door.metric("ngx_latency_seconds_count", stage="webhook") == 1


async def test_a_repeated_webhook_gets_a_fresh_token_and_is_one_call(tmp_path: Path):
    async with running_door(tmp_path) as door:
        tokens = {await door.token(SID) for _ in range(3)}
        assert len(tokens) == 3
        assert len((await door.door.records.calls()).calls) == 1
        assert await door.door.sessions.live_calls() == 1


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("signature", [None, "", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "é"])
async def test_a_missing_or_forged_signature_gets_403_and_nothing_happens(
    tmp_path: Path, route: str, signature: str | None
):
    async with running_door(tmp_path) as door:
        headers = {} if signature is None else {"X-Twilio-Signature": signature.encode()}
        response = await door.client.post(f"/twilio/{route}", data=voice_form(SID), headers=headers)
        assert response.status_code == 403
        assert await door.door.records.call(SID) is None
        cause = "bad_signature" if signature else "no_signature"
        entrance = {"voice": "voice", "after-stream": "after_stream"}.get(route, "callback")
        assert door.metric("ngx_refusals_total", door=entrance, cause=cause) == 1


async def test_a_signature_over_the_sockets_own_address_or_forwarded_hosts_is_refused(tmp_path: Path):
    async with running_door(tmp_path) as door:
        fields = voice_form(SID)
        for origin in (door.address, "https://evil.example"):
            headers = {
                "X-Twilio-Signature": door.sign(f"{origin}/twilio/voice", fields),
                "Host": origin.partition("//")[2],
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "https",
                "Forwarded": "host=evil.example;proto=https",
            }
            assert (await door.client.post("/twilio/voice", data=fields, headers=headers)).status_code == 403


async def test_forwarded_headers_do_not_disturb_a_right_signature(tmp_path: Path):
    async with running_door(tmp_path) as door:
        fields = voice_form(SID)
        headers = {
            "X-Twilio-Signature": door.sign(f"{PUBLIC_URL}/twilio/voice", fields),
            "Host": "10.0.0.7",
            "X-Forwarded-Host": "elsewhere.example",
            "X-Forwarded-Proto": "http",
        }
        assert (await door.client.post("/twilio/voice", data=fields, headers=headers)).status_code == 200


async def test_the_query_string_is_signed_as_received(tmp_path: Path):
    async with running_door(tmp_path) as door:
        fields = voice_form(SID)
        target = "/twilio/voice?campaign=a%2Fb&x=%C3%A9&empty="
        headers = {"X-Twilio-Signature": door.sign(f"{PUBLIC_URL}{target}", fields)}
        assert (await door.client.post(target, data=fields, headers=headers)).status_code == 200
        assert (await door.client.post(f"{target}1", data=fields, headers=headers)).status_code == 403


async def test_empty_repeated_and_unicode_fields_are_signed_too(tmp_path: Path):
    async with running_door(tmp_path) as door:
        fields = voice_form(SID, CallerName="José Müñoz & Söhne +1", CallerCity="", Extra="ünïcode 😀")
        assert (await door.post("/twilio/voice", fields)).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"CallSid":"CA1"}'),
        ("text/plain", b"CallSid=CA1"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\x00"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(2000))),
        ("multipart/form-data; boundary=x", b"--x--"),
    ],
)
async def test_a_body_that_is_no_form_gets_403(tmp_path: Path, content_type: str, body: bytes):
    async with running_door(tmp_path) as door:
        target = f"/twilio/voice?bodySHA256={sha256(body).hexdigest()}"
        headers = {"X-Twilio-Signature": door.sign(f"{PUBLIC_URL}{target}"), "Content-Type": content_type}
        assert (await door.client.post(target, content=body, headers=headers)).status_code == 403


async def test_a_body_that_is_too_long_is_not_read(tmp_path: Path):
    async with running_door(tmp_path) as door:
        response = await door.post("/twilio/voice", voice_form(SID, Extra="x" * 100_000))
        assert response.status_code == 413
        assert door.metric("ngx_refusals_total", door="voice", cause="too_large") == 1


async def test_a_body_that_does_not_come_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(form, "BODY_SECONDS", 0.2)
    async with running_door(tmp_path) as door:

        async def trickle():
            yield b"CallSid="
            await asyncio.sleep(1)

        headers = {"X-Twilio-Signature": "x", "Content-Type": "application/x-www-form-urlencoded"}
        response = await door.client.post("/twilio/voice", content=trickle(), headers=headers)
        assert response.status_code == 408


async def test_without_an_auth_token_every_request_gets_403(tmp_path: Path):
    async with running_door(tmp_path, TWILIO_AUTH_TOKEN="") as door:
        for route in ROUTES:
            assert (await door.post(f"/twilio/{route}", voice_form(SID))).status_code == 403
        assert door.metric("ngx_refusals_total", door="callback", cause="no_auth_token") == len(ROUTES) - 2


async def test_a_signed_request_without_a_call_is_told_what_is_missing(tmp_path: Path):
    async with running_door(tmp_path) as door:
        for sid in ("", "x" * 65, "CA 1", "CA\n1"):
            response = await door.post("/twilio/voice", voice_form(sid))
            assert response.status_code == 400 and "CallSid" in response.text


async def test_a_withheld_number_is_no_number(tmp_path: Path):
    async with running_door(tmp_path) as door:
        for number, sid in (("anonymous", "CA1"), ("+266696687", "CA2"), ("sip:a@b", "CA3"), ("", "CA4")):
            assert verbs(await door.ring(sid, From=number)) == ["Connect"]
            call = await door.door.records.call(sid)
            assert call is not None and call.caller is None


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({"From": "+34915550127"}, "es"),
        ({"From": "+5215512345678"}, "es"),
        ({"From": "+14158675310"}, None),
        ({"From": "anonymous"}, None),
        ({"From": "+34915550127", "To": "+34915550128", "Direction": "outbound-api"}, None),
    ],
)
async def test_a_caller_is_greeted_in_the_language_of_their_number(
    tmp_path: Path, fields: dict[str, str], language: str | None
):
    async with running_door(tmp_path) as door:
        async with door.stream(SID, await door.token(SID, **fields)) as socket:
            await socket.send(stop_message(2))
            await socket.wait_closed()
        assert [call.language for call in door.pipelines.calls] == [language]


async def test_ten_webhooks_at_once_each_get_their_stream(tmp_path: Path):
    async with running_door(tmp_path, pipelines=FakePipelines(slots=10)) as door:
        answers = await asyncio.gather(*(door.ring(f"CA{number}") for number in range(10)))
        assert all(verbs(answer) == ["Connect"] for answer in answers)
        assert door.metric("ngx_latency_seconds_bucket", stage="webhook", le="2.0") == 10


async def test_a_full_house_says_so_and_notes_a_call_back(tmp_path: Path):
    async with running_door(tmp_path, pipelines=FakePipelines(slots=1)) as door:
        assert verbs(await door.ring("CA1")) == ["Connect"]
        response = await door.ring("CA2")
        assert verbs(response)[-1] == "Hangup" and "Say" in verbs(response)
        assert "busy" in response.text and "es-US" in response.text
        call = await door.door.records.call("CA2")
        assert call is not None and call.outcome is Outcome.CALLBACK
        assert verbs(await door.ring("CA2")) == verbs(response)
        assert door.metric("ngx_calls_total", direction="inbound", outcome="callback") == 1
        assert verbs(await door.ring("CA1")) == ["Connect"]


async def test_the_services_own_limit_is_a_full_house_too(tmp_path: Path):
    async with running_door(tmp_path, NGX_MAX_CALLS="1") as door:
        assert verbs(await door.ring("CA1")) == ["Connect"]
        assert verbs(await door.ring("CA2"))[-1] == "Hangup"


async def test_no_call_back_is_promised_where_none_is_possible_or_wanted(tmp_path: Path):
    async with running_door(tmp_path, pipelines=FakePipelines(slots=0)) as door:
        await door.door.records.suppress("+14158675310", source="test", call_sid=None, at=datetime.now(UTC))
        for sid, number in (("CA1", "anonymous"), ("CA2", "+14158675310")):
            response = await door.ring(sid, From=number)
            assert verbs(response)[-1] == "Hangup"
            assert "call you back" not in response.text and "call again" in response.text
            call = await door.door.records.call(sid)
            assert call is not None and call.outcome is Outcome.ABANDONED


async def test_stores_that_do_not_answer_get_an_honest_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with running_door(tmp_path, limits=DoorLimits(store_seconds=0.1)) as door:

        async def away(*_: object, **__: object) -> None:
            raise StoreUnavailable("Redis does not answer")

        async def stuck(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        for fault in (away, stuck, broken):
            with monkeypatch.context() as patch:
                patch.setattr(type(door.door.sessions), "begin_call", fault)
                response = await door.ring("CA9")
                assert verbs(response)[-1] == "Hangup" and "call again" in response.text
        assert door.metric("ngx_refusals_total", door="voice", cause="store_away") == 2
        assert verbs(await door.ring("CA9")) == ["Connect"]


async def test_after_a_talk_that_ended_the_call_is_hung_up(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.ring(SID)
        await door.door.sessions.mark_ended(SID, Ending(kind=EndingKind.HANG_UP))
        for _ in range(2):
            assert verbs(await door.post("/twilio/after-stream", voice_form(SID))) == ["Hangup"]


async def test_after_a_transfer_the_person_is_dialled_with_our_number_shown(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.ring(SID)
        await door.door.sessions.mark_ended(SID, Ending(kind=EndingKind.TRANSFER, transfer_to="+12125550143"))
        response = await door.post("/twilio/after-stream", voice_form(SID))
        assert verbs(response)[0] == "Dial"
        assert ">+12125550143<" in response.text and 'callerId="+18005551212"' in response.text


async def test_after_a_talk_that_broke_off_the_caller_hears_why(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.ring(SID)
        assert verbs(await door.post("/twilio/after-stream", voice_form(SID))) == ["Say", "Say", "Hangup"]
        assert verbs(await door.post("/twilio/after-stream", voice_form("CAunknown"))) == ["Hangup"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("completed", "abandoned"), ("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")],
)
async def test_a_call_that_ends_without_a_stream_is_closed_once(tmp_path: Path, status: str, outcome: str):
    async with running_door(tmp_path, pipelines=FakePipelines(slots=1)) as door:
        await door.ring(SID)
        for reported in ("ringing", status, status, "in-progress", "completed"):
            fields = voice_form(SID, CallStatus=reported, SequenceNumber="0")
            assert (await door.post("/twilio/status", fields)).status_code == 204
        call = await door.door.records.call(SID)
        assert call is not None and call.outcome == outcome
        assert door.metric("ngx_calls_total", direction="inbound", outcome=outcome) == 1
        assert await door.door.sessions.live_calls() == 0
        assert verbs(await door.ring("CA2")) == ["Connect"]


async def test_callbacks_about_calls_that_nobody_knows_change_nothing(tmp_path: Path):
    async with running_door(tmp_path) as door:
        for route in ("status", "amd", "recording", "stream-status"):
            fields = voice_form("CAnobody", CallStatus="completed", StreamEvent="stream-error", AnsweredBy="human")
            assert (await door.post(f"/twilio/{route}", fields)).status_code == 204
        assert (await door.door.records.calls()).calls == ()


async def test_a_wrong_method_is_named_to_whoever_signs(tmp_path: Path):
    async with running_door(tmp_path) as door:
        assert (await door.client.get("/twilio/voice")).status_code == 403
        headers = {"X-Twilio-Signature": door.sign(f"{PUBLIC_URL}/twilio/voice")}
        response = await door.client.get("/twilio/voice", headers=headers)
        assert response.status_code == 404 and "POST" in response.text


async def test_health_and_readiness(tmp_path: Path):
    async with running_door(tmp_path, pipelines=FakePipelines(slots=1)) as door:
        assert (await door.client.get("/healthz")).status_code == 200
        ready = await door.client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "degraded": []})
        await door.ring(SID)
        full = await door.client.get("/readyz")
        assert (full.status_code, full.json()) == (503, {"ready": False, "degraded": ["full"]})


async def test_a_service_that_is_full_on_other_workers_is_not_ready(tmp_path: Path):
    async with running_door(tmp_path, NGX_MAX_CALLS="2") as door:
        for sid in ("CA1", "CA2"):
            assert await door.door.sessions.try_enter(sid, limit=2)
        response = await door.client.get("/readyz")
        assert (response.status_code, response.json()) == (503, {"ready": False, "degraded": ["full"]})


async def test_a_draining_worker_is_not_ready_and_lets_nobody_in(tmp_path: Path):
    async with running_door(tmp_path) as door:
        door.door.gate.drain()
        response = await door.client.get("/readyz")
        assert (response.status_code, response.json()["degraded"]) == (503, ["draining"])
        assert verbs(await door.ring(SID))[-1] == "Hangup"
        assert door.metric("ngx_refusals_total", door="voice", cause="draining") == 1
        assert (await door.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("optional", "status"), [("0", 503), ("1", 200)])
async def test_readiness_without_redis(tmp_path: Path, optional: str, status: int):
    async with running_door(tmp_path, REDIS_URL="redis://127.0.0.1:1/0", REDIS_OPTIONAL=optional) as door:
        response = await door.client.get("/readyz")
        assert response.status_code == status
        assert response.json()["degraded"] == ["redis"]


async def test_metrics_are_served_unless_they_have_a_port_of_their_own(tmp_path: Path):
    async with running_door(tmp_path) as door:
        await door.post("/twilio/voice", voice_form(SID), signature=None)
        text = (await door.client.get("/metrics")).text
        assert 'ngx_refusals_total{cause="no_signature",door="voice"} 1.0' in text
    async with running_door(tmp_path, METRICS_PORT="9464") as door:
        assert (await door.client.get("/metrics")).status_code == 404


async def test_nothing_tells_strangers_what_runs_here(tmp_path: Path):
    async with running_door(tmp_path) as door:
        for path in ("/", "/docs", "/openapi.json", "/redoc", "/twilio"):
            response = await door.client.get(path)
            assert response.status_code == 404 and "server" not in response.headers
