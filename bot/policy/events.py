"""What happens besides words and keys: the start, silence, receipts."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.actions import (
    BookAppointment,
    EndCall,
    Receipt,
    RecordOptOut,
    ScheduleCallback,
    SendInformation,
    TransferToPerson,
)
from bot.domain import Direction, Expected, Outcome, Stage
from bot.policy.draft import Draft
from bot.policy.endings import confirm_opt_out, final_outcome, say_goodbye
from bot.policy.heard import CallStarted
from bot.policy.hearing import nothing_heard
from bot.policy.spoken_time import spoken_day
from bot.policy.state import Awaiting
from bot.policy.steering import ask_callback_time, steer

_AGAIN_ON_HOLD: Final = 1
"""Silences more that are borne after the caller asked us to wait."""


def start(draft: Draft, heard: CallStarted) -> None:
    """Greet, say what and who this is, and leave the word to the caller."""
    draft.update(direction=heard.direction)
    outbound = heard.direction is Direction.OUTBOUND
    disclosure = "notice.disclosure_outbound" if outbound else "notice.disclosure_inbound"
    notices = draft.notice(disclosure=disclosure, storage="notice.storage")
    draft.sentences.extend(notices[:1] if outbound else notices)
    if outbound:
        # With the identification come at once the way to stop the calls, and where to reach us.
        draft.say("notice.opt_out_offer")
        draft.sentences.extend(notices[1:])
        draft.say("notice.callback_number")
        draft.say("open.outbound")
        draft.expect(Awaiting.OPENING, stage=Stage.OPEN, expects=Expected.YES_NO)
    else:
        draft.say("open.inbound")
        draft.expect(Awaiting.OPENING, stage=Stage.OPEN)
    draft.goal = "greet, disclose, and open the talk"


def silence(draft: Draft) -> None:
    """Nobody speaks: ask twice in other words, then say goodbye."""
    if draft.state.hearing_lost:
        nothing_heard(draft, spoke=False)
        return
    before = draft.state.silences
    draft.update(silences=before + 1)
    patience = draft.playbook.limits.max_silences + (_AGAIN_ON_HOLD if draft.state.on_hold else 0)
    if before >= patience:
        draft.goal = "end a call in which nobody speaks"
        draft.say("silence.goodbye")
        draft.end(final_outcome(draft.state))
        return
    draft.goal = "see whether the caller is there"
    draft.say("silence.first" if before == 0 else "silence.second")
    draft.aside = True


def receipts(draft: Draft, received: tuple[Receipt, ...]) -> None:
    """The last plan's actions are done or not: say so. Nothing is claimed without its receipt."""
    pending = draft.state.pending_actions
    draft.update(pending_actions=())
    given = {type(receipt.action): receipt for receipt in received}
    missing = tuple(
        Receipt(action=action, ok=False, reason="no receipt came") for action in pending if type(action) not in given
    )
    for receipt in (*received, *missing):
        _receipt(draft, receipt)
        if draft.ends_call or draft.actions:
            return
    if not draft.sentences:
        steer(draft)


def _receipt(draft: Draft, receipt: Receipt) -> None:
    match receipt.action:
        case RecordOptOut():
            draft.update(opted_out=True)
            confirm_opt_out(draft, recorded=receipt.ok)
        case BookAppointment():
            _booked(draft, receipt, receipt.action)
        case ScheduleCallback():
            _callback_set(draft, receipt, receipt.action)
        case TransferToPerson():
            _transferred(draft, ok=receipt.ok)
        case SendInformation():
            draft.say("info.done" if receipt.ok else "info.failed")
            if receipt.ok and draft.state.outcome is None:
                draft.update(outcome=Outcome.INFO_SENT)
            steer(draft)
        case EndCall():
            say_goodbye(draft)


def _booked(draft: Draft, receipt: Receipt, action: BookAppointment) -> None:
    if not receipt.ok:
        draft.update(booking_failed=True, wants_session=False)
        note = f"booking for {action.at.isoformat()} failed"
        draft.act(ScheduleCallback(note=note), goal="have a person settle the booking")
        return
    moment = action.at.isoformat()
    draft.update(booking=receipt.reference or "booked", booked_at=moment, wants_session=False, outcome=Outcome.BOOKED)
    draft.say("session.booked", moment=draft.moment_text(moment))
    steer(draft)
    draft.goal = "confirm the booking"


def _callback_set(draft: Draft, receipt: Receipt, action: ScheduleCallback) -> None:
    if draft.state.booking_failed:
        draft.say("session.failed")
    if not receipt.ok:
        draft.say("callback.failed")
    elif action.at is not None:
        draft.say("callback.done_at", moment=draft.moment_text(action.at.isoformat()))
    elif day := draft.state.slots.get("callback_day"):
        draft.say("callback.done_at", moment=spoken_day(date.fromisoformat(day), language=draft.language))
    else:
        draft.say("callback.done")
    if receipt.ok:
        draft.update(callback_set=True)
        if draft.state.outcome is not Outcome.BOOKED:
            draft.update(outcome=Outcome.CALLBACK)
    say_goodbye(draft)


def _transferred(draft: Draft, *, ok: bool) -> None:
    if ok:
        draft.goal = "hand over to a person"
        draft.say("human.transferring")
        draft.end(Outcome.TRANSFERRED)
        return
    if draft.state.hearing_lost:
        draft.act(ScheduleCallback(note="wants to speak to a person"), goal="have a person call back")
        return
    draft.say("human.failed")
    ask_callback_time(draft)
