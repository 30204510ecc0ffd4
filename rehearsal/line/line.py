"""One simulated phone call, exactly as Twilio puts it through: webhook, TwiML, stream, action, status callbacks."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rehearsal.line.measure import find_answers, find_yields
from rehearsal.line.phone import Caller, EventKind, Phone
from rehearsal.line.result import CallResult, EndedBy, Ending
from rehearsal.line.settings import CallIdentity, LineSettings
from rehearsal.line.stream import MediaStream, StreamEnd, StreamOutcome
from rehearsal.line.twiml import (
    ConnectStream,
    Dial,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    TwimlError,
    Unsupported,
    Verb,
    parse_twiml,
)
from rehearsal.line.webhook import WebhookClient, WebhookError, WebhookReply

_MAX_DOCUMENTS = 50

Document = tuple[Verb, ...]


class TwilioLine:
    """A call between a simulated caller and the server.

    `call` rings the server's number; `place` is an outbound call that was just answered. One object is one call.
    """

    def __init__(
        self,
        *,
        settings: LineSettings,
        webhooks: WebhookClient,
        identity: CallIdentity | None = None,
        phone: Phone | None = None,
    ) -> None:
        self.identity = identity or CallIdentity()
        self._settings = settings
        self._webhooks = webhooks
        self._phone = phone or Phone()
        self._twiml: list[str] = []
        self._warnings: list[str] = []
        self._streams: list[StreamEnd] = []
        self._stream: MediaStream | None = None
        self._orders: list[Document | None] = []
        self._replies: list[WebhookReply] = []
        self._answered_at: float | None = None
        self._callbacks: asyncio.TaskGroup | None = None
        self._sequence = 0

    async def call(self, *, caller: Caller) -> CallResult:
        """Ring the number, let `caller` talk, and report. Failures are in the result's `ended`, not raised.

        Safe to cancel: the connection is dropped, as when the line breaks.
        """
        asked = (self._settings.status_callback, ("completed",)) if self._settings.status_callback else None
        return await self._run(self._settings.voice_url, "POST", "ringing", caller, {}, asked)

    async def place(
        self,
        *,
        url: str,
        caller: Caller,
        method: str = "POST",
        answered_by: str | None = None,
        status_callback: str | None = None,
        status_events: Sequence[str] = ("completed",),
    ) -> CallResult:
        """Play the called person of an outbound call, from the moment they answer: fetch `url` and obey its TwiML.

        `answered_by` is synchronous answering machine detection's verdict. Earlier status callbacks
        (initiated, ringing) are sent at once. Safe to cancel.
        """
        extra = {"AnsweredBy": answered_by} if answered_by else {}
        asked = (status_callback, tuple(status_events)) if status_callback else None
        return await self._run(url, method, "in-progress", caller, extra, asked)

    def update(self, *, twiml: str) -> None:
        """Replace what runs by this TwiML, as `calls.update(twiml=…)` does.

        Raises:
            TwimlError: it is no TwiML.
        """
        self._twiml.append(twiml)
        self._order(parse_twiml(twiml, base_url=self._settings.voice_url), "update")

    def complete(self) -> None:
        """End the call from outside, as `calls.update(status="completed")` does."""
        self._order(None, "completed")

    # The call's way

    async def _run(
        self,
        url: str,
        method: str,
        status: str,
        caller: Caller,
        extra: Mapping[str, str],
        asked: tuple[str, tuple[str, ...]] | None,
    ) -> CallResult:
        loop = asyncio.get_running_loop()
        rang_at = loop.time()
        async with asyncio.TaskGroup() as callbacks:
            self._callbacks = callbacks
            if asked:
                self._report_status(asked, ("initiated", "ringing", "answered"))
            try:
                document = await self._fetch(url, method, status, extra)
                self._answered_at = loop.time()
                ended = await self._obey(document, caller)
            except (WebhookError, TwimlError) as error:
                self._warnings.append(str(error))
                ended = Ending(EndedBy.UNREACHABLE, str(error))
            except _RefusedError as error:
                ended = Ending(EndedBy.REFUSED, str(error), status=error.status)
            seconds = loop.time() - (self._answered_at or rang_at)
            if asked:
                self._report_status(asked, ("completed",), {"CallDuration": str(round(seconds))})
        return self._result(ended, seconds)

    async def _obey(self, document: Document, caller: Caller) -> Ending:
        """Run TwiML until the call ends."""
        for _ in range(_MAX_DOCUMENTS):
            following = await self._act_out(document, caller)
            if isinstance(following, Ending):
                return following
            document = following
        return Ending(EndedBy.SERVER, f"more than {_MAX_DOCUMENTS} documents: the TwiML goes round in circles")

    async def _act_out(self, document: Document, caller: Caller) -> Document | Ending:
        """One document: how the call ended in it, or the document it leads to."""
        for position, verb in enumerate(document):
            self._note_verb(verb)
            match verb:
                case ConnectStream():
                    following = await self._connect(verb, caller)
                    if following is not None:
                        return following
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Redirect(url, method):
                    return await self._fetch(url, method, "in-progress", {})
                case Hangup():
                    return self._server_ending("<Hangup/>")
                case Reject(reason) if position == 0:
                    return Ending(EndedBy.REJECTED, reason)
                case Dial(target):
                    return Ending(EndedBy.DIALED, target)
                case Say() | Play():
                    pass
                case Reject() | Unsupported():
                    self._warnings.append(f"{verb} is not acted out")
        return self._server_ending("end of the TwiML")

    async def _connect(self, verb: ConnectStream, caller: Caller) -> Document | Ending | None:
        """Run a stream; None means: go on with the next verb."""
        end = await self._run_stream(verb, caller)
        if self._orders:
            ordered = self._orders.pop(0)
            return Ending(EndedBy.SERVER, "ended over REST") if ordered is None else ordered
        hung_up = end.outcome is StreamOutcome.CALLER_HUNG_UP
        if verb.action and (not hung_up or self._settings.action_after_hangup):
            status = "completed" if hung_up else "in-progress"
            try:
                following = await self._fetch(verb.action, verb.method, status, {})
            except (_RefusedError, WebhookError, TwimlError) as error:
                if not hung_up:
                    raise
                # Nobody is on the line any more to notice.
                self._warnings.append(str(error))
                following = ()
            if not hung_up:
                return following
        if hung_up:
            return Ending(EndedBy.CALLER, self._phone.wants_to_hang_up or "", close_code=end.close_code)
        return None

    async def _run_stream(self, verb: ConnectStream, caller: Caller) -> StreamEnd:
        answered_at = self._answered_at or asyncio.get_running_loop().time()
        stream = MediaStream(
            verb=verb,
            identity=self.identity,
            settings=self._settings,
            phone=self._phone,
            caller=caller,
            answered_at=answered_at,
        )
        self._advance()
        self._phone.note(EventKind.STREAM_START, stream.stream_sid)
        self._stream = stream
        self._report_stream(verb, stream, "stream-started")
        try:
            end = await stream.run()
        finally:
            self._stream = None
            self._warnings += stream.warnings
        self._streams.append(end)
        self._phone.note(EventKind.STREAM_END, f"{end.outcome} {end.status or end.close_code or ''}".strip())
        refused = end.outcome is StreamOutcome.REFUSED
        self._report_stream(verb, stream, "stream-error" if refused else "stream-stopped")
        return end

    def _server_ending(self, reason: str) -> Ending:
        """The server ended the call; a stream that it refused is named as such."""
        last = self._streams[-1] if self._streams else None
        if last and last.outcome is StreamOutcome.REFUSED:
            return Ending(EndedBy.REFUSED, "stream refused", status=last.status)
        return Ending(EndedBy.SERVER, reason, close_code=last.close_code if last else None)

    async def _fetch(self, url: str, method: str, status: str, extra: Mapping[str, str]) -> Document:
        form = {**self.identity.form(account_sid=self._settings.account_sid, status=status), **extra}
        reply = await self._webhooks.send(url=url, form=form, method=method)
        self._replies.append(reply)
        self._advance()
        self._phone.note(EventKind.WEBHOOK, f"{method} {url} {reply.status} {reply.seconds * 1000:.0f} ms")
        if not 200 <= reply.status < 300:
            raise _RefusedError(f"{method} {url} answered {reply.status}", status=reply.status)
        if not reply.body.strip():
            return ()
        self._twiml.append(reply.body)
        return parse_twiml(reply.body, base_url=url)

    # Orders from outside, callbacks, bookkeeping

    def _order(self, document: Document | None, name: str) -> None:
        self._orders.append(document)
        self._phone.note(EventKind.ORDER, name)
        if self._stream is not None:
            self._stream.end()

    def _advance(self) -> None:
        """Bring the phone's clock up to date; it stands at 0 until the call is answered."""
        if self._answered_at is not None:
            self._phone.advance(seconds=asyncio.get_running_loop().time() - self._answered_at)

    def _note_verb(self, verb: Verb) -> None:
        self._advance()
        heard = getattr(verb, "text", None) or getattr(verb, "url", None) or ""
        self._phone.note(EventKind.VERB, f"{type(verb).__name__} {heard}".strip())

    def _report_status(
        self, asked: tuple[str, tuple[str, ...]], names: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> None:
        url, events = asked
        for name in names:
            if name not in events:
                continue
            status = "in-progress" if name == "answered" else name
            form = self.identity.form(account_sid=self._settings.account_sid, status=status)
            stamp = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
            numbered = {**form, "SequenceNumber": str(self._sequence), "Timestamp": stamp, **(extra or {})}
            self._sequence += 1
            self._post_aside(url, numbered)

    def _report_stream(self, verb: ConnectStream, stream: MediaStream, event: str) -> None:
        if verb.status_callback is None:
            return
        form = {
            "AccountSid": self._settings.account_sid,
            "CallSid": self.identity.call_sid,
            "StreamSid": stream.stream_sid,
            "StreamName": verb.name or stream.stream_sid,
            "StreamEvent": event,
            "Timestamp": datetime.now(UTC).isoformat(),
        }
        if event == "stream-error":
            form["StreamError"] = stream.warnings[-1] if stream.warnings else "31920"
        self._post_aside(verb.status_callback, form)

    def _post_aside(self, url: str, form: Mapping[str, str]) -> None:
        if self._callbacks is not None:
            self._callbacks.create_task(self._post(url, form))

    async def _post(self, url: str, form: Mapping[str, str]) -> None:
        try:
            reply = await self._webhooks.send(url=url, form=form)
        except WebhookError as error:
            self._warnings.append(str(error))
            return
        if reply.status >= 300:
            self._warnings.append(f"POST {url} answered {reply.status}")

    def _result(self, ended: Ending, seconds: float) -> CallResult:
        phone = self._phone
        events = tuple(phone.events)
        clears = tuple(event.at for event in events if event.kind is EventKind.CLEAR)
        bot, caller = phone.ear.segments(), phone.spoken
        notes = tuple(event.data for event in events if event.kind is EventKind.NOTE)
        return CallResult(
            call_sid=self.identity.call_sid,
            direction=self.identity.direction,
            twiml=tuple(self._twiml),
            recording=phone.recording(),
            events=events,
            bot=bot,
            caller=caller,
            answers=find_answers(caller=caller, bot=bot),
            yields=find_yields(caller=caller, bot=bot, clears=clears),
            streams=tuple(self._streams),
            webhooks=tuple(self._replies),
            ended=ended,
            warnings=tuple(self._warnings) + notes,
            seconds=seconds,
        )


class _RefusedError(RuntimeError):
    """A webhook was answered with something else than success."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
