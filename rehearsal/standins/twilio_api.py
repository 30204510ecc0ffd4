"""Stand-in of Twilio's REST API: calls, recordings, messages, media.

It rings nobody: the simulated line takes new calls from `on_call`, reports what becomes of them with `progress`,
and sends the status callbacks itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rehearsal.standins.behaviour import control_routes, faulty
from rehearsal.standins.profile import FaultScript
from rehearsal.standins.twilio_records import (
    VERSION,
    CallRecord,
    MediaRecord,
    MessageRecord,
    RecordingRecord,
    utc_now,
)

_Form = dict[str, list[str]]

_ADDRESS = re.compile(r"(\+[1-9]\d{6,14}|sip:.+|client:.+)")
_MESSAGE_ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
_TWIML_LIMIT = 4000
_ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}
_MAGIC_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
_MAGIC_FROM = {"+15005550001": 21212}
_MESSAGES = {
    20001: "Invalid parameter",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    21201: "No 'To' number is specified",
    21205: "Url or Twiml is required",
    21210: "The source phone number provided is not yet verified for your account",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number (caller ID)",
    21213: "No 'From' number specified",
    21214: "'To' phone number cannot be reached",
    21215: "Account not authorized to call this number. Please enable geo permissions",
    21216: "Account not allowed to call this number",
    21217: "Phone number does not appear to be valid",
    21220: "Call is not in-progress. Cannot redirect.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21619: "A text message body or media urls must be specified.",
}
_STATUS_CODES = {400: 20001, 401: 20003, 404: 20404, 429: 20429}


class TwilioError(Exception):
    """A request that Twilio refuses: its error number and the HTTP status."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(_MESSAGES.get(code, f"Error {code}"))
        self.code = code
        self.status = status


class _Record(Protocol):
    sid: str

    def show(self) -> dict[str, Any]: ...


async def _nothing(*_: Any) -> None:
    """The hook of somebody who does not want to know."""


class TwilioStandin:
    """Keeps what is created through the REST API.

    Hooks, all asynchronous, replaced by the simulated line or a test:
        on_call(call): a call was created and waits as `queued`.
        on_call_update(call, changes): Twiml, Url or Status was posted to a live call.
        on_recording(recording): a recording began or its status was changed.
        on_message(message): a message was created.

    Args:
        account_sid, auth_token: the credentials that are accepted.
        own_numbers: numbers that may be `From`; None lets every valid one.
    """

    name = "twilio"

    def __init__(
        self,
        *,
        account_sid: str = "AC" + "0" * 32,
        auth_token: str = "standin-auth-token",  # noqa: S107 (a stand-in's own)
        own_numbers: frozenset[str] | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.faults = FaultScript()
        self.calls: dict[str, CallRecord] = {}
        self.recordings: dict[str, RecordingRecord] = {}
        self.messages: dict[str, MessageRecord] = {}
        self.typing: list[dict[str, str]] = []
        self.on_call: Callable[[CallRecord], Awaitable[None]] = _nothing
        self.on_call_update: Callable[[CallRecord, dict[str, str]], Awaitable[None]] = _nothing
        self.on_recording: Callable[[RecordingRecord], Awaitable[None]] = _nothing
        self.on_message: Callable[[MessageRecord], Awaitable[None]] = _nothing
        self._own_numbers = own_numbers
        self.app = Starlette(routes=[*self._routes(), *control_routes(self.faults)])

    def progress(self, call_sid: str, status: str, *, answered_by: str | None = None) -> CallRecord:
        """What the simulated line reports of a call: `ringing`, `in-progress`, `completed`, ….

        Raises:
            KeyError: no such call.
        """
        call = self.calls[call_sid]
        call.status = status
        call.answered_by = answered_by or call.answered_by
        if status == "in-progress" and call.started is None:
            call.started = utc_now()
        if status in _ENDED:
            call.ended = utc_now()
        return call

    def add_inbound_call(self, call_sid: str, *, caller: str, called: str) -> CallRecord:
        """Make a call known that somebody placed to us, so that it can be updated and recorded."""
        params = {"From": [caller], "To": [called]}
        call = CallRecord(self.account_sid, params, direction="inbound", sid=call_sid, status="in-progress")
        call.started = utc_now()
        self.calls[call_sid] = call
        return call

    def add_inbound_media(self, *, sender: str, content_type: str, data: bytes) -> tuple[MessageRecord, str]:
        """Make a message with a file known; returns it and the path of its media."""
        message = MessageRecord(self.account_sid, {"From": [sender]}, direction="inbound", status="received")
        media = MediaRecord(content_type, data)
        message.media[media.sid] = media
        self.messages[message.sid] = message
        return message, f"/{VERSION}/Accounts/{self.account_sid}/Messages/{message.sid}/Media/{media.sid}"

    def _routes(self) -> list[Route]:
        account = f"/{VERSION}/Accounts/{{account}}"

        def route(path: str, handler: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
            return Route(path, faulty(self.faults, _fault_error, self._guarded(handler)), methods=list(methods))

        return [
            route(f"{account}.json", self._account, "GET"),
            route(f"{account}/Calls.json", self._create_call, "POST"),
            route(f"{account}/Calls.json", self._list_calls, "GET"),
            route(f"{account}/Calls/{{call}}.json", self._call, "GET", "POST"),
            route(f"{account}/Calls/{{call}}/Recordings.json", self._call_recordings, "GET", "POST"),
            route(f"{account}/Calls/{{call}}/Recordings/{{recording}}.json", self._recording, "GET", "POST", "DELETE"),
            route(f"{account}/Recordings/{{recording}}.json", self._recording, "GET", "DELETE"),
            route(f"{account}/Recordings/{{recording}}.wav", self._recording_audio, "GET"),
            route(f"{account}/Messages.json", self._create_message, "POST"),
            route(f"{account}/Messages.json", self._list_messages, "GET"),
            route(f"{account}/Messages/{{message}}.json", self._message, "GET", "DELETE"),
            route(f"{account}/Messages/{{message}}/Media/{{media}}", self._media, "GET", "DELETE"),
            route(f"{account}/IncomingPhoneNumbers.json", self._numbers, "GET"),
            route("/v2/Indicators/Typing.json", self._typing, "POST"),
            Route("/_standin/media/{message}/{media}", self._media_data),
        ]

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                self._authenticate(request)
                return await handler(request)
            except TwilioError as error:
                return _error(error)

        return handle

    def _authenticate(self, request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        if scheme.lower() != "basic" or (user, password) != (self.account_sid, self.auth_token):
            raise TwilioError(20003, 401)
        if request.path_params.get("account", self.account_sid) != self.account_sid:
            raise TwilioError(20404, 404)

    # -- account -------------------------------------------------------------------------------------------------

    async def _account(self, _: Request) -> Response:
        return JSONResponse(
            {"sid": self.account_sid, "friendly_name": "Stand-in", "status": "active", "type": "Full"},
        )

    async def _numbers(self, request: Request) -> Response:
        wanted = request.query_params.get("PhoneNumber")
        numbers = [n for n in sorted(self._own_numbers or ()) if wanted in (None, n)]
        return JSONResponse(
            {"incoming_phone_numbers": [{"phone_number": n, "sid": f"PN{n[1:]:0>32}"} for n in numbers]}
        )

    # -- calls ---------------------------------------------------------------------------------------------------

    async def _create_call(self, request: Request) -> Response:
        form = await _form(request)
        self._check_call(form)
        call = CallRecord(self.account_sid, form)
        self.calls[call.sid] = call
        await self.on_call(call)
        return JSONResponse(call.show(), 201)

    def _check_call(self, form: _Form) -> None:
        to, caller = form.get("To", [""])[-1], form.get("From", [""])[-1]
        if not to:
            raise TwilioError(21201)
        if not caller:
            raise TwilioError(21213)
        if caller in _MAGIC_FROM:
            raise TwilioError(_MAGIC_FROM[caller])
        if to in _MAGIC_TO:
            raise TwilioError(_MAGIC_TO[to])
        if not _ADDRESS.fullmatch(to):
            raise TwilioError(21211)
        if not _ADDRESS.fullmatch(caller):
            raise TwilioError(21212)
        if self._own_numbers is not None and caller not in self._own_numbers and caller != "+15005550006":
            raise TwilioError(21210)
        if not any(form.get(name, [""])[-1] for name in ("Url", "Twiml", "ApplicationSid")):
            raise TwilioError(21205)
        if len(form.get("Twiml", [""])[-1]) > _TWIML_LIMIT:
            raise TwilioError(20001)

    async def _list_calls(self, request: Request) -> Response:
        query = parse_qs(request.url.query)
        return _page("calls", [call for call in self._newest(self.calls) if _matches(call, query)], request)

    @staticmethod
    def _newest(records: Mapping[str, Any]) -> Iterable[Any]:
        return reversed(list(records.values()))

    def _find_call(self, request: Request) -> CallRecord:
        call = self.calls.get(request.path_params["call"])
        if call is None:
            raise TwilioError(20404, 404)
        return call

    async def _call(self, request: Request) -> Response:
        call = self._find_call(request)
        if request.method == "POST":
            changes = {name: values[-1] for name, values in (await _form(request)).items()}
            redirects = "Twiml" in changes or "Url" in changes
            if redirects and call.status != "in-progress":
                raise TwilioError(21220)
            if len(changes.get("Twiml", "")) > _TWIML_LIMIT:
                raise TwilioError(20001)
            call.updates.append(changes)
            if changes.get("Status") in ("completed", "canceled") and call.is_live:
                self.progress(call.sid, changes["Status"])
            await self.on_call_update(call, changes)
        return JSONResponse(call.show())

    # -- recordings ----------------------------------------------------------------------------------------------

    async def _call_recordings(self, request: Request) -> Response:
        call = self._find_call(request)
        if request.method == "GET":
            return _page("recordings", [r for r in self.recordings.values() if r.call_sid == call.sid], request)
        if call.status != "in-progress":
            raise TwilioError(21220)
        recording = RecordingRecord(self.account_sid, call.sid, await _form(request))
        self.recordings[recording.sid] = recording
        await self.on_recording(recording)
        return JSONResponse(recording.show(), 201)

    def _find_recording(self, request: Request) -> RecordingRecord:
        wanted = request.path_params["recording"]
        call_sid = request.path_params.get("call")
        if wanted == "Twilio.CURRENT":
            live = [r for r in self.recordings.values() if r.call_sid == call_sid and r.status != "completed"]
            recording = live[-1] if live else None
        else:
            recording = self.recordings.get(wanted)
        if recording is None or (call_sid is not None and recording.call_sid != call_sid):
            raise TwilioError(20404, 404)
        return recording

    async def _recording(self, request: Request) -> Response:
        recording = self._find_recording(request)
        if request.method == "DELETE":
            del self.recordings[recording.sid]
            return Response(status_code=204)
        if request.method == "POST":
            status = (await _form(request)).get("Status", [""])[-1]
            if status not in ("in-progress", "paused", "stopped"):
                raise TwilioError(20001)
            recording.status = status
            await self.on_recording(recording)
        return JSONResponse(recording.show())

    async def _recording_audio(self, request: Request) -> Response:
        return Response(self._find_recording(request).audio, media_type="audio/x-wav")

    # -- messages ------------------------------------------------------------------------------------------------

    async def _create_message(self, request: Request) -> Response:
        form = await _form(request)
        to, sender = form.get("To", [""])[-1], form.get("From", form.get("MessagingServiceSid", [""]))[-1]
        if not to:
            raise TwilioError(21604)
        if not sender:
            raise TwilioError(21603)
        if not _MESSAGE_ADDRESS.fullmatch(to):
            raise TwilioError(21211)
        if not any(form.get(name, [""])[-1] for name in ("Body", "MediaUrl", "ContentSid")):
            raise TwilioError(21619)
        message = MessageRecord(self.account_sid, form)
        self.messages[message.sid] = message
        await self.on_message(message)
        return JSONResponse(message.show(), 201)

    async def _list_messages(self, request: Request) -> Response:
        to = request.query_params.get("To")
        chosen = [m for m in self._newest(self.messages) if to is None or m.params.get("To", [""])[-1] == to]
        return _page("messages", chosen, request)

    async def _message(self, request: Request) -> Response:
        message = self.messages.get(request.path_params["message"])
        if message is None:
            raise TwilioError(20404, 404)
        if request.method == "DELETE":
            del self.messages[message.sid]
            return Response(status_code=204)
        return JSONResponse(message.show())

    async def _media(self, request: Request) -> Response:
        message = self.messages.get(request.path_params["message"])
        media_sid = request.path_params["media"]
        if message is None or media_sid not in message.media:
            raise TwilioError(20404, 404)
        if request.method == "DELETE":
            del message.media[media_sid]
            return Response(status_code=204)
        return RedirectResponse(f"/_standin/media/{message.sid}/{media_sid}", 307)

    async def _media_data(self, request: Request) -> Response:
        """Where the media's redirect leads: like the vendor's storage, it wants no credentials."""
        message = self.messages.get(request.path_params["message"])
        media = message.media.get(request.path_params["media"]) if message else None
        if media is None:
            return Response(status_code=404)
        return Response(media.data, media_type=media.content_type)

    async def _typing(self, request: Request) -> Response:
        self.typing.append({name: values[-1] for name, values in (await _form(request)).items()})
        return JSONResponse({"success": True})


async def _form(request: Request) -> _Form:
    return parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)


def _matches(call: CallRecord, query: Mapping[str, list[str]]) -> bool:
    for name in ("To", "From"):
        if name in query and call.param(name) != query[name][-1]:
            return False
    if "Status" in query and call.status != query["Status"][-1]:
        return False
    moment = (call.started or call.created).strftime("%Y-%m-%dT%H:%M:%SZ")

    def prefix(bound: str) -> str:
        return moment[: len(bound)]  # a bare date compares with the date alone

    exact, after, before = (query.get(name, [""])[-1] for name in ("StartTime", "StartTime>", "StartTime<"))
    return (
        (not exact or prefix(exact) == exact)
        and (not after or prefix(after) >= after)
        and (not before or prefix(before) <= before)
    )


def _page(key: str, records: Iterable[_Record], request: Request) -> Response:
    """A page of a list in the shape of the 2010 API."""
    every = list(records)
    query = request.query_params
    size = min(1000, max(1, int(query.get("PageSize", "50"))))
    page = max(0, int(query.get("Page", "0")))
    chosen = every[page * size : (page + 1) * size]

    def uri(number: int) -> str:
        others = [(name, value) for name, value in query.multi_items() if name not in ("Page", "PageSize")]
        return f"{request.url.path}?{urlencode([*others, ('PageSize', size), ('Page', number)])}"

    return JSONResponse(
        {
            key: [record.show() for record in chosen],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(0, len(chosen) - 1),
            "uri": uri(page),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if (page + 1) * size < len(every) else None,
            "previous_page_uri": uri(page - 1) if page else None,
        }
    )


def _error(error: TwilioError) -> Response:
    headers = {"retry-after": "1"} if error.status == 429 else None
    body = {
        "code": error.code,
        "message": str(error),
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return JSONResponse(body, error.status, headers=headers)


def _fault_error(status: int) -> Response:
    return _error(TwilioError(_STATUS_CODES.get(status, 20500), status))
