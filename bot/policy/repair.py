"""Getting words again that did not get through: ask for less, then by key or a choice of two, then offer a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.actions import ScheduleCallback
from bot.domain import Expected
from bot.policy.booking import ask_for_key, is_open
from bot.policy.draft import Draft
from bot.policy.hearing import nothing_heard
from bot.policy.keypad import takes_yes_or_no
from bot.policy.state import Awaiting
from bot.policy.steering import offer_callback, pursue_session

_NARROWER: Final[Mapping[Expected, str]] = {
    Expected.YES_NO: "not_understood.yes_no",
    Expected.DATE: "not_understood.date",
    Expected.NUMBER: "not_understood.number",
    Expected.STORY: "not_understood.story",
}
_TIMES: Final = frozenset({Awaiting.SESSION_TIME, Awaiting.CALLBACK_TIME})


def not_understood(draft: Draft) -> None:
    """Words that could not be made out: climb the ladder by one rung. Words or a key that are understood reset it."""
    if draft.state.hearing_lost:
        nothing_heard(draft, spoke=True)
        return
    before = draft.state.misunderstandings
    draft.update(misunderstandings=before + 1, silences=0)
    draft.goal = "get the words again"
    match before:
        case 0:
            draft.say(_narrower(draft))
            draft.aside = True
        case 1:
            _by_key_or_choice(draft)
        case 2:
            _offer_somebody(draft)
        case _:
            draft.act(ScheduleCallback(note="the caller could not be understood"), goal="have a person call back")


def _narrower(draft: Draft) -> str:
    """The key of a narrower question than the open one: the playbook's own, else one by the kind of answer."""
    if draft.state.awaiting is Awaiting.KEY_CONFIRM:
        return "session.press_key"
    own = f"narrower.{draft.state.question}"
    if draft.state.awaiting is Awaiting.QUESTION and draft.has(own):
        return own
    return _NARROWER.get(draft.state.expects, "not_understood.open")


def _by_key_or_choice(draft: Draft) -> None:
    state = draft.state
    if state.awaiting is Awaiting.KEY_CONFIRM:
        ask_for_key(draft)
    elif state.awaiting in _TIMES:
        draft.say("not_understood.time_keys")
    elif state.awaiting is Awaiting.NAME:
        # The booking can do without a name.
        for _ in range(draft.playbook.limits.asks_per_question):
            draft.count("asked", "name")
        pursue_session(draft)
    elif takes_yes_or_no(draft):
        draft.say("not_understood.yes_no_keys")
    elif state.booking is None:
        draft.say("not_understood.choice")
        draft.expect(Awaiting.CHOICE, stage=state.stage)
    else:
        _offer_somebody(draft)


def _offer_somebody(draft: Draft) -> None:
    """A person where one can be reached now, else a call-back."""
    if draft.playbook.transfer_number is not None and is_open(draft):
        offer_callback(draft, words="not_understood.person", awaiting=Awaiting.RESCUE)
    else:
        offer_callback(draft, words="not_understood.callback")
