"""The heart of a call: `plan_turn` decides what to say next, `note_spoken` remembers what was heard of it.

Pure: values in, values out, no I/O, no clock. `plan_turn` never raises on anything a caller may say or do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bot.domain import Delivery, Intent, Signal, Speaker, Turn, Understanding
from bot.playbook.model import Playbook
from bot.policy import events
from bot.policy.delivery import grant_delivery
from bot.policy.draft import Draft
from bot.policy.endings import emergency, final_outcome, opt_out, say_goodbye, say_time_is_up
from bot.policy.heard import (
    CallStarted,
    Heard,
    HearingBackup,
    HearingLost,
    Key,
    NotUnderstood,
    Receipts,
    Said,
    Silence,
    TimeLimit,
)
from bot.policy.hearing import hearing_backup, hearing_lost, nothing_heard
from bot.policy.keypad import press
from bot.policy.openers import offer_opener
from bot.policy.plan import TurnPlan
from bot.policy.repair import not_understood
from bot.policy.replies import respond
from bot.policy.state import Awaiting, CallState, Mood, StateError, new_state
from bot.policy.wording import names_language
from bot.sentences import split_sentences

__all__ = [
    "Awaiting",
    "CallStarted",
    "CallState",
    "Delivery",
    "Heard",
    "HearingBackup",
    "HearingLost",
    "Key",
    "NotUnderstood",
    "Receipts",
    "Said",
    "Silence",
    "StateError",
    "TimeLimit",
    "TurnPlan",
    "final_outcome",
    "new_state",
    "note_spoken",
    "plan_turn",
]

_QUESTION_WORDS = 5
"""Words missing at the end of a reply from which its question counts as not heard."""
_SMOOTHING = 0.5
"""Weight of the newest utterance in the caller's mood."""


def plan_turn(playbook: Playbook, state: CallState, heard: Heard, now: datetime) -> TurnPlan:
    """Decide the next turn.

    `now` is aware. The plan's `state` replaces the given one; where the plan has actions, carry them out and call
    again with their `Receipts`. After the words were played, call `note_spoken`.
    """
    draft = Draft(playbook=playbook, state=state, now=now)
    if isinstance(heard, Said):
        _absorb(draft, heard)
    if not isinstance(heard, Receipts | CallStarted) and _must_close(draft, heard):
        return draft.finish()
    match heard:
        case CallStarted():
            events.start(draft, heard)
        case Said():
            return _answer(draft, state, heard)
        case Silence():
            events.silence(draft)
        case Key(digit=digit):
            press(draft, digit)
        case NotUnderstood():
            not_understood(draft)
        case HearingLost():
            hearing_lost(draft)
        case HearingBackup():
            hearing_backup(draft)
        case Receipts(receipts=receipts):
            events.receipts(draft, receipts)
        case TimeLimit():
            say_time_is_up(draft)
    return draft.finish()


def note_spoken(state: CallState, *, text_heard: str, full_text: str, interrupted: bool, at: datetime) -> CallState:
    """Remember what the caller heard of the bot's last words; call it once for each spoken reply.

    A notice counts as heard only where all its words were. `at` is when the words began (aware). Both texts begin with
    the opener where the reply did.
    """
    heard = text_heard if interrupted else full_text
    words = _words(heard)
    unheard = interrupted and len(_words(full_text)) - len(words) > _QUESTION_WORDS
    state = replace(
        state,
        question_unheard=unheard,
        openers_in_row=_openers_in_row(state, words),
        last_words=state.last_words if interrupted or state.aside else _said(state, full_text),
        asked=_not_asked(state) if unheard else state.asked,
        disclosure_heard=state.disclosure_heard or _contains(words, state.disclosure_words),
        storage_notice_heard=state.storage_notice_heard or _contains(words, state.storage_words),
    )
    if not heard.strip():
        return state
    turn = Turn(
        speaker=Speaker.BOT,
        text=heard.strip(),
        at=at,
        language=state.language,
        stage=state.stage,
        interrupted=interrupted,
    )
    return replace(state, turns=(*state.turns, turn))


def _answer(draft: Draft, before: CallState, heard: Said) -> TurnPlan:
    """Plan the reply to words; `before` is the state they were spoken in."""
    understanding, text = heard.understanding, heard.utterance.text
    if draft.state.hearing_lost:
        nothing_heard(draft, spoke=True)  # a leftover of the recogniser: nothing rests on it
        return draft.finish()
    if draft.language != before.language and names_language(text):
        draft.say("language.switched")
    if not grant_delivery(draft, understanding, before=before.delivery):
        respond(draft, understanding, text)
    plan = draft.finish()
    return offer_opener(draft, plan, heard=understanding, text=text)


def _openers_in_row(state: CallState, words: Sequence[str]) -> int:
    """How many replies in a row began with an opener, after one of which `words` were heard."""
    opener = _words(state.opener or "")
    if opener and list(words[: len(opener)]) == list(opener):
        return state.openers_in_row + 1
    return 0 if words else state.openers_in_row


def _said(state: CallState, full_text: str) -> tuple[str, ...]:
    """The sentences of a reply as it was worded, without its opener; the plan's own where it was spoken as planned."""
    planned = " ".join(state.last_words)
    text = full_text.strip()
    if not text or text.endswith(planned):
        return state.last_words
    return split_sentences(text.removeprefix(state.opener or "").strip()) or state.last_words


def _not_asked(state: CallState) -> Mapping[str, int]:
    """The counts of questions without the one that was just cut off."""
    if state.question is None or not state.asked.get(state.question):
        return state.asked
    return MappingProxyType({**state.asked, state.question: state.asked[state.question] - 1})


def _must_close(draft: Draft, heard: Heard) -> bool:
    """What comes before everything else: the wish not to be called, danger, and a call that is over."""
    said = heard if isinstance(heard, Said) else None
    understanding = said.understanding if said else None
    if understanding is not None and (understanding.optout or understanding.intent is Intent.OPT_OUT):
        if draft.state.opt_out_recorded:
            say_goodbye(draft)
        else:
            opt_out(draft)
    elif draft.state.opted_out:
        if draft.state.opt_out_recorded or draft.state.ended:
            say_goodbye(draft)
        else:
            opt_out(draft)
    elif understanding is not None and understanding.emergency:
        emergency(draft)
    elif draft.state.ended:
        say_goodbye(draft)
    elif draft.state.heard_count >= draft.playbook.limits.max_turns:
        say_time_is_up(draft)
    elif said is not None and not (said.utterance.understood and said.utterance.text.strip()):
        not_understood(draft)
    else:
        return False
    return True


def _absorb(draft: Draft, heard: Said) -> None:
    """Take what the utterance tells into the state, before anything is decided."""
    understanding, text = heard.understanding, heard.utterance.text.strip()
    state = draft.state
    understood = bool(text) and heard.utterance.understood
    turn = Turn(
        speaker=Speaker.CALLER,
        text=text,
        at=draft.now,
        language=understanding.language,
        stage=state.stage,
        intent=understanding.intent,
        emotion=understanding.emotion,
        tier=understanding.tier,
    )
    draft.update(
        turns=(*state.turns, turn) if text else state.turns,
        silences=0,
        on_hold=False,
        pending_actions=(),
    )
    if not understood:
        return
    draft.update(
        tier=understanding.tier,
        mood=_mood(state.mood, understanding),
        slots=_slots(draft, understanding),
        misunderstandings=0,
        delivery=state.delivery if understanding.delivery is None else state.delivery.adjusted(understanding.delivery),
        language=understanding.language if understanding.language in draft.playbook.languages else state.language,
    )


def _slots(draft: Draft, understanding: Understanding) -> MappingProxyType[str, str]:
    slots = dict(draft.state.slots)
    known = {question.slot for question in draft.playbook.questions}
    slots.update({slot: value for slot, value in understanding.answers.items() if slot in known})
    for slot in ("name", "email", "phone"):
        if slot in understanding.slots:
            slots[slot] = str(understanding.slots[slot])
    return MappingProxyType(slots)


def _mood(mood: Mood, understanding: Understanding) -> Mood:
    signals = understanding.emotion.signals

    def smooth(old: float, new: float) -> float:
        return (1 - _SMOOTHING) * old + _SMOOTHING * new

    return Mood(
        valence=smooth(mood.valence, understanding.emotion.valence),
        frustration=smooth(mood.frustration, signals.get(Signal.FRUSTRATION, 0.0)),
        interest=smooth(mood.interest, signals.get(Signal.INTEREST, 0.0)),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _contains(words: list[str], notice: str) -> bool:
    wanted = _words(notice)
    return bool(wanted) and any(
        words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1)
    )
