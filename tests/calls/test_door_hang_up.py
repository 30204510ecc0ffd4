"""How a call that we ended is hung up: by what we answer, and by REST only where Twilio does not ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Call
from pipelines.line import MediaLine
from telephony.door import DoorLimits
from telephony.twilio.rest import TwilioRest, TwilioRestError
from tests.calls.door_harness import TOKEN, End, FakePipelines, running_door, stop_message, verbs, voice_form
from tests.calls.test_door_stream import closed
from tests.calls.twilio_stub import SID as ACCOUNT
from tests.calls.twilio_stub import TwilioStub, running_stub

SID = "CA" + "1" * 32
CALL_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}.json"


def ending_at_once(pipelines: FakePipelines, end: End) -> Callable[[MediaLine, Call], Awaitable[End]]:
    async def talk(line: MediaLine, call: Call) -> End:
        await pipelines.mark_ended(call, transfer_to=end.transfer_to)
        return end

    return talk


async def hold_call(
    folder: Path, stub: TwilioStub, *, end: End, ask: bool, seconds: float = 0.3, **environ: str
) -> list[tuple[str, str, dict[str, str]]]:
    """A call that we end; Twilio asks what comes after, or not. Returns what REST was asked."""
    pipelines = FakePipelines()
    pipelines.talk = ending_at_once(pipelines, end)
    settings: dict[str, Any] = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_URL": stub.url, **environ}
    limits = DoorLimits(after_stream_seconds=seconds)
    async with running_door(folder, pipelines=pipelines, limits=limits, **settings) as door:
        async with door.stream(SID, await door.token(SID)) as socket:
            assert await closed(socket) == 1000
        if ask:
            expected = "Hangup" if end.transfer_to is None else "Dial"
            assert verbs(await door.post("/twilio/after-stream", voice_form(SID)))[0] == expected
        await asyncio.sleep(seconds + 0.4)
    return stub.requests


async def test_when_twilio_asks_rest_is_left_alone(tmp_path: Path):
    async with running_stub() as stub:
        assert await hold_call(tmp_path, stub, end=End(hang_up=True), ask=True) == []


async def test_when_twilio_does_not_ask_rest_ends_the_call_once(tmp_path: Path):
    async with running_stub() as stub:
        requests = await hold_call(tmp_path, stub, end=End(hang_up=True), ask=False)
        assert requests == [("POST", CALL_PATH, {"Status": "completed"})]


async def test_a_transfer_is_never_hung_up_by_rest(tmp_path: Path):
    async with running_stub() as stub:
        end = End(hang_up=True, transfer_to="+12125550143")
        assert await hold_call(tmp_path, stub, end=end, ask=True) == []
        assert await hold_call(tmp_path / "2", stub, end=end, ask=False) == []


async def test_a_caller_who_hung_up_is_not_hung_up_again(tmp_path: Path):
    async with running_stub() as stub:
        settings = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_URL": stub.url}
        limits = DoorLimits(after_stream_seconds=0.1)
        async with running_door(tmp_path, limits=limits, **settings) as door:
            async with door.stream(SID, await door.token(SID)) as socket:
                await socket.send(stop_message(2))
                assert await closed(socket) == 1000
            await asyncio.sleep(0.4)
        assert stub.requests == []


@pytest.mark.parametrize("fault", ["refused", "away", "no_account"])
async def test_a_hang_up_that_fails_disturbs_nothing(tmp_path: Path, fault: str):
    async with running_stub() as stub:
        stub.status, stub.body = 404, {"code": 20404, "message": "not found"}
        changed = {
            "refused": {},
            "away": {"TWILIO_API_URL": "http://127.0.0.1:1"},
            "no_account": {"TWILIO_ACCOUNT_SID": ""},
        }[fault]
        await hold_call(tmp_path, stub, end=End(hang_up=True), ask=False, **changed)
        assert len(stub.requests) == (1 if fault == "refused" else 0)


def test_twilio_has_three_seconds_to_ask():
    assert DoorLimits().after_stream_seconds == 3


def rest(stub: TwilioStub, *, token: str = TOKEN, seconds: float = 2.0) -> TwilioRest:
    return TwilioRest(account_sid=ACCOUNT, auth_token=token, api_url=stub.url, seconds=seconds)


async def test_the_account_is_read():
    async with running_stub() as stub, rest(stub) as client:
        account = await client.account()
        assert (account.sid, account.status) == (ACCOUNT, "active")
        assert stub.requests == [("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json", {})]


async def test_a_wrong_token_is_told_as_twilio_tells_it():
    async with running_stub() as stub, rest(stub, token="wrong-token") as client:
        with pytest.raises(TwilioRestError, match="401, error 20003: Authenticate") as caught:
            await client.account()
        assert caught.value.code == 20003 and "wrong-token" not in str(caught.value)


async def test_a_call_that_is_over_counts_as_ended():
    async with running_stub() as stub, rest(stub) as client:
        stub.status, stub.body = 400, {"code": 21220, "message": "Call is not in-progress"}
        assert await client.end_call(call_sid=SID) is False


async def test_a_slow_api_is_given_up_in_time():
    async with running_stub() as stub, rest(stub, seconds=0.1) as client:
        stub.slow_seconds = 1.0
        with pytest.raises(TwilioRestError, match=r"no answer within 0\.1 s|cannot be reached"):
            await client.account()


@pytest.mark.parametrize("body", ["<html>", "", '{"status": 5}'])
async def test_an_answer_that_is_no_account_is_told(body: str):
    async with running_stub() as stub, rest(stub) as client:
        stub.body = body
        with pytest.raises(TwilioRestError, match="expected an account"):
            await client.account()


async def test_a_call_sid_cannot_reach_other_paths():
    async with running_stub() as stub, rest(stub) as client:
        await client.end_call(call_sid="../../x?y#z")
        assert stub.requests[0][1] == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/..%2F..%2Fx%3Fy%23z.json"
