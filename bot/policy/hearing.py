"""When we cannot hear as we should: own up to it, let keys decide, and never leave the caller with nobody."""

from __future__ import annotations

from typing import Final

from bot.actions import ScheduleCallback, TransferToPerson
from bot.policy.draft import Draft
from bot.policy.endings import opt_out
from bot.policy.state import Awaiting
from bot.policy.steering import pursue_session

_PROMPTS_AFTER_SILENCE: Final = 1
_PROMPTS_AFTER_SPEECH: Final = 2
"""How often the keys are named again before the call-back is put in without one."""


def hearing_lost(draft: Draft) -> None:
    """We cannot hear any more: own up to it and name the keys. Nothing is booked or sold from here on."""
    if not draft.state.hearing_lost:
        draft.say("degraded.deaf")
        draft.update(hearing_lost=True, degraded=True, silences=0, misunderstandings=0)
    _name_keys(draft)


def hearing_backup(draft: Draft) -> None:
    """We hear worse from here on: own up to it, and put the open question again, in a form that fits."""
    awaiting = draft.state.awaiting
    draft.update(hearing_lost=False, degraded=True, silences=0)
    draft.say("degraded.backup")
    draft.goal = "say that hearing is poor, and go on"
    if awaiting in {Awaiting.CONFIRM, Awaiting.KEY_CONFIRM}:
        pursue_session(draft)
        return
    if awaiting is Awaiting.KEYS:
        draft.expect(Awaiting.NOTHING, stage=draft.state.stage)
    asked = draft.state.last_words[-1:] if awaiting is not Awaiting.KEYS else ()
    draft.repeat(tuple(words for words in asked if words.endswith("?")))
    draft.aside = bool(asked)


def nothing_heard(draft: Draft, *, spoke: bool) -> None:
    """Hearing is lost and no key came: name the keys again, then put the call-back in and take leave."""
    state = draft.state
    before = state.misunderstandings if spoke else state.silences
    draft.update(
        misunderstandings=state.misunderstandings + spoke,
        silences=state.silences + (not spoke),
    )
    if before < (_PROMPTS_AFTER_SPEECH if spoke else _PROMPTS_AFTER_SILENCE):
        _name_keys(draft)
    else:
        _call_back(draft, note="our speech recognition failed in the call")


def press_unheard(draft: Draft, digit: str) -> bool:
    """A key while hearing is lost: 1 a call-back, 2 a person, 9 no more calls. False for any other."""
    match digit:
        case "1":
            _call_back(draft, note="asked for it by key; our speech recognition failed in the call")
        case "2" if draft.playbook.transfer_number is not None:
            draft.act(TransferToPerson(), goal="put the caller through")
        case "2":
            _call_back(draft, note="wants to speak to a person; our speech recognition failed in the call")
        case "9":
            opt_out(draft)
        case _:
            return False
    return True


def _call_back(draft: Draft, *, note: str) -> None:
    draft.act(ScheduleCallback(note=note), goal="have a person call back")


def _name_keys(draft: Draft) -> None:
    draft.say("degraded.keys")
    draft.goal = "let the caller choose by key"
    draft.expect(Awaiting.KEYS, stage=draft.state.stage)
