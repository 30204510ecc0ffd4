"""`POST /twilio/voice`: lets a call in and answers with the stream's TwiML, or turns it away with a sentence."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from loguru import logger

from bot.domain import Call, Direction, Outcome
from bot.metrics import Door as Entrance
from bot.metrics import RefusalCause
from bot.playbook import Playbook
from bot.regions import language_of_number
from bot.stores.errors import StoreUnavailable
from telephony.door import Door
from telephony.gate import NoEntry
from telephony.twilio import twiml
from telephony.twilio.form import SignedForm
from telephony.twilio.sentences import FULL_HOUSE, UNAVAILABLE, spoken_lines

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696", "+86282452253"})
"""What Twilio puts for a withheld number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN on a keypad, and "unavailable"."""


_CAUSES: Final = {NoEntry.FULL: RefusalCause.FULL, NoEntry.DRAINING: RefusalCause.DRAINING}


def phone_number(value: str | None) -> str | None:
    """A number in E.164; None for withheld ones, SIP addresses, clients and short codes."""
    if value is None or value in _WITHHELD or not _E164.fullmatch(value):
        return None
    return value


def parse_call(form: SignedForm, *, call_sid: str, playbook: Playbook, now: datetime) -> Call:
    """The call that a voice webhook announces; who rings us is greeted in the language of their number's region."""
    outbound = (form.get("Direction") or "inbound").startswith("outbound")
    caller = phone_number(form.get("From"))
    return Call(
        sid=call_sid,
        direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
        caller=caller,
        callee=phone_number(form.get("To")),
        started_at=now,
        playbook=playbook.name,
        language=None if outbound else language_of_number(caller, languages=playbook.languages),
    )


async def answer_call(form: SignedForm, *, call_sid: str, door: Door) -> str:
    """The TwiML for a call: its stream, or a sentence. Never raises: the caller hears something in any case."""
    configured = door.settings.twilio.account_sid
    if configured is not None and form.get("AccountSid") != configured:
        logger.warning("a call of another account than TWILIO_ACCOUNT_SID was signed with our token")
    call = parse_call(form, call_sid=call_sid, playbook=door.playbook, now=datetime.now(UTC))
    try:
        async with asyncio.timeout(door.limits.store_seconds):
            return await _let_in(call, door)
    except (StoreUnavailable, TimeoutError) as error:
        door.count_store_away(error, entrance=Entrance.VOICE)
        logger.error("the call cannot be taken: {}", error or "the stores did not answer in time")
    except Exception:  # noqa: BLE001  the boundary of a request: a caller is waiting
        logger.exception("the call cannot be taken")
    door.gate.release(call_sid)
    # Its place in the service too, unless the stores are what failed: then it lapses by itself.
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(door.limits.store_seconds):
            await door.sessions.close(call_sid)
    return twiml.say_and_hang_up(spoken_lines(door.playbook, key=UNAVAILABLE))


async def _let_in(call: Call, door: Door) -> str:
    refused = door.gate.admit(call.sid)
    # The service's places are kept for all workers together; a call that has one is let in again.
    if refused is None and not await door.sessions.try_enter(call.sid, limit=door.settings.ngx_max_calls):
        door.gate.release(call.sid)
        refused = NoEntry.FULL
    if refused is not None:
        return await _turn_away(call, refused, door)
    await door.sessions.begin_call(call)
    await door.records.open_call(call)
    token = await door.sessions.issue_token(call.sid)
    return twiml.connect_stream(
        stream_url=door.settings.stream_url, action_url=door.url("/twilio/after-stream"), token=token
    )


async def _turn_away(call: Call, refused: NoEntry, door: Door) -> str:
    """Note a call-back where one is possible and wanted, and say only what was done."""
    logger.warning("a call was turned away: {}", refused.value)
    door.metrics.refusal(door=Entrance.VOICE, cause=_CAUSES[refused])
    await door.records.open_call(call)
    called_back = await _schedule_callback(call, refused, door)
    outcome = Outcome.CALLBACK if called_back else Outcome.ABANDONED
    await finish_without_talk(call, outcome=outcome, door=door)
    return twiml.say_and_hang_up(spoken_lines(door.playbook, key=FULL_HOUSE if called_back else UNAVAILABLE))


async def _schedule_callback(call: Call, refused: NoEntry, door: Door) -> bool:
    person = call.caller if call.direction is Direction.INBOUND else call.callee
    if person is None or await door.records.is_suppressed(person):
        return False
    await door.records.schedule_callback(call_sid=call.sid, e164=person, at=None, note=f"turned away: {refused.value}")
    return True


async def finish_without_talk(call: Call, *, outcome: Outcome, door: Door) -> None:
    """Close a call that never reached a pipeline, once, and free its place.

    Raises:
        StoreUnavailable: a store does not answer.
        UnknownCall: the call was never opened.
    """
    now = datetime.now(UTC)
    finished = await door.records.finish(call.sid, outcome=outcome, ended_at=now, language=call.language, turns=None)
    await door.sessions.close(call.sid)
    door.gate.release(call.sid)
    if finished:
        door.metrics.call_began()  # the gauge of live calls goes down at every end
        door.metrics.call_ended(direction=call.direction, outcome=outcome)
