"""Twilio's callbacks about a call: each can come twice, late, in any order, and to any worker."""

from __future__ import annotations

import asyncio
from typing import Final

from loguru import logger

from bot.domain import Call, Outcome
from bot.stores.sessions import EndingKind
from telephony.door import Door
from telephony.twilio import twiml
from telephony.twilio.form import SignedForm
from telephony.twilio.sentences import BROKEN_OFF, spoken_lines
from telephony.twilio.voice import finish_without_talk, phone_number

_OUTCOMES: Final = {
    "completed": Outcome.ABANDONED,
    "canceled": Outcome.ABANDONED,
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
}
"""Last status of a call that had no talk → its outcome. `completed` without a stream: the caller hung up before."""


async def after_stream(form: SignedForm, *, call_sid: str, door: Door) -> str:
    """The TwiML for what comes after a stream: a person, an apology for a talk that broke off, or the end."""
    door.after_streams.came(call_sid)
    async with asyncio.timeout(door.limits.store_seconds):
        ending = await door.sessions.ending(call_sid)
        if ending is None:
            call = await door.records.call(call_sid)
            broke_off = call is not None and call.outcome in (None, Outcome.FAILED)
            # Taking the talk up again on another worker comes with a later issue.
            return twiml.say_and_hang_up(spoken_lines(door.playbook, key=BROKEN_OFF)) if broke_off else twiml.hang_up()
    if ending.kind is EndingKind.TRANSFER and ending.transfer_to is not None:
        return twiml.dial(number=ending.transfer_to, caller_id=_our_number(form, door))
    return twiml.hang_up()


def _our_number(form: SignedForm, door: Door) -> str | None:
    """The number that a person we transfer to sees: ours, since Twilio shows no other of its own accord."""
    outbound = (form.get("Direction") or "").startswith("outbound")
    return phone_number(form.get("From" if outbound else "To")) or door.settings.twilio.from_number


async def call_status(form: SignedForm, *, call_sid: str, door: Door) -> None:
    """A call's status: its last one closes a call that never had a stream; nothing else changes anything."""
    outcome = _OUTCOMES.get(form.get("CallStatus") or "")
    if outcome is None:
        return
    door.after_streams.came(call_sid)
    if door.gate.is_streaming(call_sid):
        return  # its pipeline knows better
    async with asyncio.timeout(door.limits.store_seconds):
        call = await door.records.call(call_sid)
        if call is not None and call.outcome is None and not await _had_talk(call, door):
            await finish_without_talk(call, outcome=outcome, door=door)


async def _had_talk(call: Call, door: Door) -> bool:
    """Whether a pipeline, on whichever worker, has the call: it then writes the outcome."""
    return await door.sessions.ending(call.sid) is not None or await door.sessions.load(call.sid) is not None


async def answering_machine(form: SignedForm, *, call_sid: str, door: Door) -> None:
    """Who picked up, as Twilio heard it. Noted in the log; campaigns act on it once they dial."""
    logger.info("answered by {}", _word(form.get("AnsweredBy")))


async def recording_status(form: SignedForm, *, call_sid: str, door: Door) -> None:
    """A recording at Twilio changed. Noted in the log: we ask Twilio for none."""
    logger.info("recording {}", _word(form.get("RecordingStatus")))


async def stream_status(form: SignedForm, *, call_sid: str, door: Door) -> None:
    """A stream began, ended or failed, as Twilio sees it."""
    event = _word(form.get("StreamEvent"))
    if event == "stream-error":
        logger.warning("Twilio reports an error of the stream: {}", (form.get("StreamError") or "unnamed")[:200])
    else:
        logger.info("{}", event)


def _word(value: str | None) -> str:
    """A value for the log: one of Twilio's words, or nothing that could be made to look like more."""
    return value if value and len(value) <= 40 and value.replace("-", "").replace("_", "").isalnum() else "unnamed"
