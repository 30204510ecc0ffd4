"""What the caller said as an answer to our own question: each question's handler, which says whether it took it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.domain import Direction, EmotionLabel, Intent, Stage, Understanding
from bot.playbook.model import Question
from bot.policy.booking import ask_for_key, book, has_moment, schedule_callback
from bot.policy.draft import Draft
from bot.policy.endings import leave_wrong_number, opt_out, refuse, say_goodbye
from bot.policy.state import Awaiting
from bot.policy.steering import (
    ask_callback_time,
    offer_callback,
    offer_session,
    offers_left,
    pursue_session,
    steer,
)
from bot.policy.wording import agrees, is_question, says_nothing

_YES: Final = frozenset({Intent.AFFIRM, Intent.BACKCHANNEL})

_AGREEING: Final = frozenset(
    {
        Awaiting.CONFIRM,
        Awaiting.KEY_CONFIRM,
        Awaiting.SESSION_OFFER,
        Awaiting.CALLBACK_OFFER,
        Awaiting.RESCUE,
        Awaiting.TIER_CHECK,
    }
)


def answer_own_question(draft: Draft, heard: Understanding, text: str) -> bool:
    """Take the utterance as the answer to what the bot asked last; False where it is something else."""
    if draft.state.question_unheard and heard.intent in _YES and draft.state.awaiting in _AGREEING:
        # Whoever says "yes" into the middle of an offer has not agreed to what came after it.
        draft.repeat(draft.state.last_words[-2:])
        return True
    handler = _ANSWERS.get(draft.state.awaiting)
    return handler is not None and handler(draft, heard, text)


def acknowledge_answers(draft: Draft, heard: Understanding) -> bool:
    """Show that something told unasked was heard; False where nothing was told."""
    for question in draft.playbook.questions:
        if question.slot in heard.answers:
            acknowledge(draft, question, heard)
            return True
    return False


def _to_opening(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent in _YES and not heard.answers and draft.state.direction is Direction.OUTBOUND:
        draft.update(awaiting=Awaiting.NOTHING)  # they have a minute
        steer(draft)
        return True
    if heard.intent is Intent.DENY:
        refuse(draft, firmly=heard.refuses)
        return True
    return False


def _to_question(draft: Draft, heard: Understanding, text: str) -> bool:
    question = draft.playbook.question(draft.state.question or "")
    if question is None or heard.refuses:
        return False
    by_value = question.slot in heard.answers
    if by_value and heard.intent.value.startswith("ask_"):
        return False  # the slot is filled; the question the caller asks comes first
    if not by_value and heard.intent not in {*question.accepts, Intent.OTHER}:
        return False
    if not by_value:
        if is_question(text) or heard.topic is not None or says_nothing(text):
            return False
        draft.set_slot(question.slot, text[:200])
    acknowledge(draft, question, heard)
    steer(draft)
    return True


def _to_tier_check(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent in _YES:
        offer_session(draft, welcome=True)
    elif heard.intent is Intent.DENY and not heard.refuses and offers_left(draft) > 0:
        draft.update(refusals=draft.state.refusals + 1)
        draft.say("refuse.first")
        offer_session(draft)
    else:
        return False
    return True


def _to_session_offer(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent in _YES and not has_moment(heard.slots):
        draft.update(wants_session=True)
        pursue_session(draft)
        return True
    if heard.intent is Intent.DENY:
        refuse(draft, firmly=heard.refuses)
        return True
    return False


def _to_session_time(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent is Intent.DENY and not has_moment(heard.slots):
        refuse(draft, firmly=heard.refuses)
        return True
    if heard.intent in {Intent.OTHER, *_YES} and not has_moment(heard.slots):
        if draft.count("asked", "session_time") >= draft.playbook.limits.asks_per_question:
            draft.update(wants_session=False)
            offer_callback(draft)
        else:
            pursue_session(draft)
        return True
    return False


def _to_name(draft: Draft, heard: Understanding, text: str) -> bool:
    if "name" in heard.slots or heard.intent in {Intent.OTHER, Intent.DENY, *_YES}:
        if has_moment(heard.slots):
            return False
        pursue_session(draft)
        return True
    return False


def _to_confirm(draft: Draft, heard: Understanding, text: str) -> bool:
    if has_moment(heard.slots):
        # "Yes, Thursday at five" agrees; another moment changes the appointment.
        if _same_moment(draft, heard) and heard.intent in {*_YES, Intent.ASK_SCHEDULE}:
            book(draft)
            return True
        return False
    if heard.intent is Intent.AFFIRM or (heard.intent is Intent.BACKCHANNEL and agrees(text)):
        book(draft)
    elif "name" in heard.slots:
        pursue_session(draft)
    else:
        return _deny_moment(draft, heard)
    return True


def _to_key_confirm(draft: Draft, heard: Understanding, text: str) -> bool:
    """Words where only a key books: they may change or refuse the appointment, never make it."""
    if has_moment(heard.slots) and not _same_moment(draft, heard):
        return False
    if "name" in heard.slots:
        pursue_session(draft)
    elif has_moment(heard.slots) or heard.intent in _YES or (heard.intent is Intent.OTHER and not is_question(text)):
        ask_for_key(draft)
    else:
        return _deny_moment(draft, heard)
    return True


def _same_moment(draft: Draft, heard: Understanding) -> bool:
    named, read_back = str(heard.slots["datetime"]), draft.state.slots.get("moment", "")
    return named == read_back or (len(named) == 10 and read_back.startswith(named))


def _deny_moment(draft: Draft, heard: Understanding) -> bool:
    if heard.intent is not Intent.DENY:
        return False
    if heard.refuses:
        refuse(draft, firmly=True)
    else:
        ask_other_time(draft)
    return True


def ask_other_time(draft: Draft) -> None:
    """The time read back does not suit: ask for another."""
    draft.set_slot("moment", None)
    draft.say("session.other_time")
    draft.expect(Awaiting.SESSION_TIME, stage=Stage.CLOSE)


def _to_callback_offer(draft: Draft, heard: Understanding, text: str) -> bool:
    if has_moment(heard.slots):
        schedule_callback(draft, heard.slots)
    elif heard.intent in _YES:
        ask_callback_time(draft)
    elif heard.intent is Intent.DENY:
        say_goodbye(draft, refused=True)
    else:
        return False
    return True


def _to_callback_time(draft: Draft, heard: Understanding, text: str) -> bool:
    if has_moment(heard.slots) or heard.intent in {Intent.OTHER, Intent.CALLBACK, *_YES}:
        schedule_callback(draft, heard.slots, note=text[:120] if not has_moment(heard.slots) else "")
    elif heard.intent is Intent.DENY:
        say_goodbye(draft, refused=heard.refuses)
    else:
        return False
    return True


def _to_wrong_number(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent in _YES:
        opt_out(draft)
    else:
        leave_wrong_number(draft)
    return True


def _to_choice(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.topic == "consultation" or (heard.intent is Intent.OTHER and re.search(r"\b(second|segund)", text)):
        choose(draft, prices=False)
        return True
    if heard.intent in _YES or (heard.intent is Intent.OTHER and re.search(r"\b(first|price|primer|precio)", text)):
        choose(draft, prices=True)
        return True
    return False


def choose(draft: Draft, *, prices: bool) -> None:
    """One of the two that were offered when words did not get through: the prices, or a time for the consultation."""
    if prices:
        draft.say("price.overview")
        steer(draft)
    else:
        draft.update(wants_session=True)
        pursue_session(draft)


def _to_more_questions(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.refuses or heard.intent is Intent.GOODBYE:
        return False
    if heard.intent in {Intent.DENY, *_YES} and not has_moment(heard.slots):
        if offers_left(draft) > 0:
            offer_session(draft)
        else:
            say_goodbye(draft)
        return True
    return False


def _to_anything_else(draft: Draft, heard: Understanding, text: str) -> bool:
    if heard.intent in {Intent.DENY, Intent.GOODBYE, Intent.BACKCHANNEL}:
        say_goodbye(draft, refused=heard.refuses)
    elif heard.intent is Intent.AFFIRM:
        draft.say("open.inbound")
        draft.goal = "hear what is left"
        draft.expect(Awaiting.ANYTHING_ELSE, stage=Stage.WRAP_UP)
    else:
        return False
    return True


def acknowledge(draft: Draft, question: Question, heard: Understanding) -> None:
    """Show that the answer was heard: by its value where the playbook has words for it."""
    if heard.emotion.label is EmotionLabel.SADNESS and not draft.state.used.get("feeling.sad"):
        draft.say("feeling.sad")
        return
    special = f"ack.{question.slot}.{heard.answers.get(question.slot, '')}"
    draft.say(special if draft.has(special) else f"ack.{question.slot}")


_ANSWERS: Final[Mapping[Awaiting, Callable[[Draft, Understanding, str], bool]]] = {
    Awaiting.OPENING: _to_opening,
    Awaiting.QUESTION: _to_question,
    Awaiting.TIER_CHECK: _to_tier_check,
    Awaiting.SESSION_OFFER: _to_session_offer,
    Awaiting.SESSION_TIME: _to_session_time,
    Awaiting.NAME: _to_name,
    Awaiting.CONFIRM: _to_confirm,
    Awaiting.KEY_CONFIRM: _to_key_confirm,
    Awaiting.CALLBACK_OFFER: _to_callback_offer,
    Awaiting.RESCUE: _to_callback_offer,
    Awaiting.CALLBACK_TIME: _to_callback_time,
    Awaiting.WRONG_NUMBER: _to_wrong_number,
    Awaiting.CHOICE: _to_choice,
    Awaiting.MORE_QUESTIONS: _to_more_questions,
    Awaiting.ANYTHING_ELSE: _to_anything_else,
}
