"""Twilio's SDK and plain HTTP against the REST stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from rehearsal.standins.profile import refuse
from rehearsal.standins.server import StandinThread, serve
from rehearsal.standins.twilio_api import TwilioStandin
from rehearsal.standins.twilio_records import CallRecord

OURS, THEIRS = "+15551230000", "+15551230001"


class Redirected(TwilioHttpClient):
    """The SDK's own client, sent to another origin."""

    def __init__(self, origin: str) -> None:
        super().__init__(timeout=10)
        self._origin = urlsplit(origin)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)._replace(scheme=self._origin.scheme, netloc=self._origin.netloc)
        return super().request(method, urlunsplit(parts), *args, **kwargs)


@pytest.fixture
def standin() -> TwilioStandin:
    return TwilioStandin(own_numbers=frozenset({OURS}))


@pytest.fixture
def client(standin: TwilioStandin) -> Iterator[Client]:
    with StandinThread(standin) as running:
        http = Redirected(running.address.http)
        yield Client(standin.account_sid, standin.auth_token, http_client=http)


@pytest.fixture
async def http(standin: TwilioStandin) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(standin) as address:
        base = f"{address.http}/2010-04-01/Accounts/{standin.account_sid}"
        credentials = (standin.account_sid, standin.auth_token)
        async with httpx.AsyncClient(base_url=base, auth=credentials, follow_redirects=True) as client:
            yield client


def test_a_call_is_created_as_the_sdk_asks(client: Client, standin: TwilioStandin) -> None:
    call = client.calls.create(
        to=THEIRS,
        from_=OURS,
        url="https://bot.example/twilio/voice",
        status_callback="https://bot.example/twilio/status",
        status_callback_event=["initiated", "answered", "completed"],
        machine_detection="DetectMessageEnd",
        async_amd="true",
    )
    assert call.status == "queued" and call.direction == "outbound-api"
    kept = standin.calls[str(call.sid)]
    assert kept.params["StatusCallbackEvent"] == ["initiated", "answered", "completed"]
    assert kept.param("AsyncAmd") == "true"
    assert client.calls(str(call.sid)).fetch().to == THEIRS


def test_a_live_call_is_redirected_and_ended(client: Client, standin: TwilioStandin) -> None:
    call = client.calls.create(to=THEIRS, from_=OURS, twiml="<Response/>")
    with pytest.raises(TwilioRestException) as early:
        client.calls(str(call.sid)).update(twiml="<Response><Hangup/></Response>")
    assert early.value.code == 21220
    standin.progress(str(call.sid), "in-progress", answered_by="human")
    client.calls(str(call.sid)).update(twiml="<Response><Hangup/></Response>")
    ended = client.calls(str(call.sid)).update(status="completed")
    assert (ended.status, ended.answered_by, ended.end_time is not None) == ("completed", "human", True)
    assert standin.calls[str(call.sid)].updates == [
        {"Twiml": "<Response><Hangup/></Response>"},
        {"Status": "completed"},
    ]


def test_lists_are_filtered_and_paged(client: Client, standin: TwilioStandin) -> None:
    for number in range(5):
        client.calls.create(to=f"+1555123000{number}", from_=OURS, twiml="<Response/>")
    assert [call.to for call in client.calls.list(to="+15551230003")] == ["+15551230003"]
    assert len(client.calls.list(page_size=2)) == 5
    today = standin.calls[next(iter(standin.calls))].created
    assert len(client.calls.list(start_time_after=today)) == 5
    assert client.calls.list(start_time_before=today.replace(year=2000)) == []


@pytest.mark.parametrize(
    ("to", "from_", "code"),
    [
        ("+15005550001", OURS, 21217),
        ("+15005550002", OURS, 21214),
        ("+15005550003", OURS, 21215),
        ("+15005550004", OURS, 21216),
        (THEIRS, "+15005550001", 21212),
        ("nonsense", OURS, 21211),
        (THEIRS, "+15559999999", 21210),
    ],
)
def test_numbers_that_cannot_be_called_give_twilios_errors(client: Client, to: str, from_: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(to=to, from_=from_, twiml="<Response/>")
    assert (refused.value.code, refused.value.status) == (code, 400)


def test_the_magic_number_that_is_valid_may_call(client: Client) -> None:
    assert client.calls.create(to=THEIRS, from_="+15005550006", twiml="<Response/>").status == "queued"


def test_wrong_credentials_unknown_calls_and_too_many_requests(client: Client, standin: TwilioStandin) -> None:
    stranger = Client(standin.account_sid, "wrong", http_client=client.http_client)
    with pytest.raises(TwilioRestException) as refused:
        stranger.calls("CA" + "f" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as missing:
        client.calls("CA" + "f" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)
    standin.faults.on(1, refuse(429))
    with pytest.raises(TwilioRestException) as busy:
        client.calls.create(to=THEIRS, from_=OURS, twiml="<Response/>")
    assert (busy.value.status, busy.value.code) == (429, 20429)
    assert not standin.calls


def test_recordings_are_started_paused_and_deleted(client: Client, standin: TwilioStandin) -> None:
    standin.add_inbound_call("CA" + "1" * 32, caller=THEIRS, called=OURS)
    call = client.calls("CA" + "1" * 32)
    recording = call.recordings.create(recording_channels="dual")
    assert (recording.status, recording.channels) == ("in-progress", 2)
    assert call.recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    with pytest.raises(TwilioRestException):
        call.recordings(str(recording.sid)).update(status="nonsense")  # type: ignore[arg-type]
    assert [r.sid for r in call.recordings.list()] == [recording.sid]
    assert client.recordings(str(recording.sid)).delete()
    assert call.recordings.list() == []


def test_messages_are_sent_listed_and_deleted(client: Client, standin: TwilioStandin) -> None:
    message = client.messages.create(
        to=f"whatsapp:{THEIRS}", from_=f"whatsapp:{OURS}", media_url=["https://bot.example/media/1"]
    )
    assert message.num_media == "1"
    assert client.messages.list(to=f"whatsapp:{THEIRS}")[0].sid == message.sid
    with pytest.raises(TwilioRestException) as empty:
        client.messages.create(to=THEIRS, from_=OURS)
    assert empty.value.code == 21619
    assert client.messages(str(message.sid)).delete()
    assert not standin.messages


async def test_media_is_found_behind_a_redirect(http: httpx.AsyncClient, standin: TwilioStandin) -> None:
    message, path = standin.add_inbound_media(sender=f"whatsapp:{THEIRS}", content_type="audio/ogg", data=b"OggS")
    relative = path.removeprefix(f"/2010-04-01/Accounts/{standin.account_sid}")
    answer = await http.get(relative)
    assert (answer.content, answer.headers["content-type"]) == (b"OggS", "audio/ogg")
    assert [step.status_code for step in answer.history] == [307]
    assert (await http.delete(relative)).status_code == 204
    assert (await http.get(relative)).status_code == 404
    assert message.media == {}


async def test_hooks_tell_the_line_what_was_asked(http: httpx.AsyncClient, standin: TwilioStandin) -> None:
    created: asyncio.Queue[CallRecord] = asyncio.Queue()
    changed: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def on_update(_: CallRecord, changes: dict[str, str]) -> None:
        await changed.put(changes)

    standin.on_call, standin.on_call_update = created.put, on_update
    answer = await http.post("/Calls.json", data={"To": THEIRS, "From": OURS, "Url": "https://bot.example/voice"})
    assert created.get_nowait().sid == answer.json()["sid"]
    await http.post(f"/Calls/{answer.json()['sid']}.json", data={"Status": "canceled"})
    assert changed.get_nowait() == {"Status": "canceled"}
    assert standin.calls[answer.json()["sid"]].status == "canceled"


async def test_doctor_finds_the_account_and_its_number(http: httpx.AsyncClient, standin: TwilioStandin) -> None:
    account = await http.get(str(http.base_url).rstrip("/") + ".json")
    assert account.json()["status"] == "active"
    numbers = (await http.get("/IncomingPhoneNumbers.json", params={"PhoneNumber": OURS})).json()
    assert [item["phone_number"] for item in numbers["incoming_phone_numbers"]] == [OURS]


async def test_twiml_beyond_twilios_limit_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/Calls.json", data={"To": THEIRS, "From": OURS, "Twiml": "x" * 4001})
    assert answer.status_code == 400
