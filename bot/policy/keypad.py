"""Keys: what each does where the bot has just named it, else what the playbook says of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bot.actions import ScheduleCallback
from bot.domain import Direction, Emotion, Intent, Understanding
from bot.policy.answers import answer_own_question, ask_other_time, choose
from bot.policy.booking import book
from bot.policy.draft import Draft
from bot.policy.endings import opt_out
from bot.policy.hearing import press_unheard
from bot.policy.replies import ask_for_person
from bot.policy.state import Awaiting
from bot.policy.steering import pursue_session

_YES, _NO = "1", "2"
_YES_NO: Final = frozenset(
    {
        Awaiting.TIER_CHECK,
        Awaiting.SESSION_OFFER,
        Awaiting.CONFIRM,
        Awaiting.CALLBACK_OFFER,
        Awaiting.WRONG_NUMBER,
        Awaiting.ANYTHING_ELSE,
    }
)
_CALLBACKS: Final = frozenset({Awaiting.SESSION_TIME, Awaiting.CALLBACK_TIME, Awaiting.CALLBACK_OFFER, Awaiting.RESCUE})


def press(draft: Draft, digit: str) -> None:
    """A key was pressed. It counts as understood: the ladders of repair and silence start anew."""
    repairing = draft.state.misunderstandings > 1
    draft.update(silences=0, misunderstandings=0, on_hold=False)
    if draft.state.hearing_lost and press_unheard(draft, digit):
        return
    if (
        not draft.state.hearing_lost
        and digit in {_YES, _NO}
        and _answers(draft, yes=digit == _YES, repairing=repairing)
    ):
        return
    match draft.playbook.keys.get(digit):
        case "opt_out":
            opt_out(draft)
        case "human":
            ask_for_person(draft)
        case _:
            draft.goal = "explain the keys"
            draft.say("degraded.keys" if draft.state.hearing_lost else "keys.help")
            draft.aside = True


def takes_yes_or_no(draft: Draft) -> bool:
    """Whether the open question can be answered with 1 for yes and 2 for no."""
    awaiting = draft.state.awaiting
    opening = awaiting is Awaiting.OPENING and draft.state.direction is Direction.OUTBOUND
    return opening or awaiting in _YES_NO


def _answers(draft: Draft, *, yes: bool, repairing: bool) -> bool:
    """Take 1 or 2 as the answer to the open question; False where it has none by key.

    `repairing`: words failed more than once, so that 1 was offered for a call-back.
    """
    awaiting = draft.state.awaiting
    if awaiting is Awaiting.KEY_CONFIRM:
        _confirm(draft, yes=yes)
    elif awaiting is Awaiting.CHOICE:
        choose(draft, prices=yes)
    elif yes and awaiting in _CALLBACKS and (repairing or awaiting is Awaiting.RESCUE):
        draft.act(ScheduleCallback(note="asked for it by key"), goal="have a person call back")
    elif awaiting is Awaiting.RESCUE:
        ask_for_person(draft)
    elif takes_yes_or_no(draft):
        return answer_own_question(draft, _as_word(draft, yes=yes), "")
    else:
        return False
    return True


def _confirm(draft: Draft, *, yes: bool) -> None:
    if not yes:
        ask_other_time(draft)
    elif draft.state.question_unheard:
        pursue_session(draft)  # pressed before the appointment was read back to its end
    else:
        book(draft, by_key=True)


def _as_word(draft: Draft, *, yes: bool) -> Understanding:
    """The key as the word it stands for."""
    return Understanding(
        language=draft.language,
        intent=Intent.AFFIRM if yes else Intent.DENY,
        intent_scores=MappingProxyType({}),
        optout=False,
        emotion=Emotion(),
        tier=draft.state.tier,
        slots=MappingProxyType({}),
    )
