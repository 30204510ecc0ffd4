"""What to do with what the caller said: urgent matters, answers to our question, else by what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.actions import SendInformation, TransferToPerson
from bot.domain import Intent, Stage, Understanding
from bot.playbook.keys import OBJECTIONS
from bot.policy.answers import acknowledge_answers, answer_own_question
from bot.policy.booking import has_moment, schedule_callback, take_session_time
from bot.policy.draft import Draft
from bot.policy.endings import leave_machine, refuse, say_goodbye, wrong_number
from bot.policy.state import Awaiting
from bot.policy.steering import (
    ask_anything_else,
    ask_callback_time,
    ask_question,
    asks_left,
    offer_callback,
    pursue_session,
    say_tier,
    steer,
)
from bot.policy.wording import is_question

_OFF_TOPIC_LIMIT: Final = 3
"""Questions off the subject that are met with a kind word before a call-back is offered, and then a goodbye."""


def respond(draft: Draft, understanding: Understanding, text: str) -> None:
    """Plan the reply to an utterance that was understood and asks for no special care."""
    urgent = _URGENT.get(understanding.intent)
    if urgent is not None:
        urgent(draft)
        return
    if answer_own_question(draft, understanding, text):
        return
    if has_moment(understanding.slots) and _names_session(draft, understanding):
        take_session_time(draft, understanding.slots)
        return
    _by_intent(draft, understanding, text)


def ask_for_person(draft: Draft) -> None:
    """The caller wants a person: put them through where the playbook has a number, else an honest no."""
    if draft.playbook.transfer_number is not None:
        draft.act(TransferToPerson(), goal="put the caller through")
        return
    draft.say("human.none")
    ask_callback_time(draft)


def _by_intent(draft: Draft, heard: Understanding, text: str) -> None:
    if heard.intent in OBJECTIONS:
        _objection(draft, heard)
        return
    if "name" in heard.slots and heard.intent in {Intent.GREET, Intent.AFFIRM, Intent.OTHER}:
        draft.say("greet.name")
    move = _MOVES.get(heard.intent)
    if move is not None:
        move(draft, heard, text)
    elif acknowledge_answers(draft, heard):
        steer(draft)
    elif _tell(draft, heard.topic):
        return
    else:
        _other(draft, heard, text)


def _is_ai(draft: Draft) -> None:
    draft.say("is_ai.answer")
    steer(draft)
    draft.goal = "say truthfully that this is an AI"


def _complaint(draft: Draft) -> None:
    draft.say("complaint.sorry")
    if draft.playbook.transfer_number is not None:
        draft.act(TransferToPerson(), goal="put the caller through to somebody who can put it right")
        return
    ask_callback_time(draft)


def _greet(draft: Draft, heard: Understanding, text: str) -> None:
    if not acknowledge_answers(draft, heard) and "name" not in heard.slots:
        draft.say("greet.back")
    steer(draft)


def _hold_on(draft: Draft, heard: Understanding, text: str) -> None:
    draft.update(on_hold=True)
    draft.say("hold.ok")
    draft.goal = "wait"
    draft.aside = True


def _repeat(draft: Draft, heard: Understanding, text: str) -> None:
    draft.say("repeat.lead")
    said = tuple(words for words in draft.state.last_words if words not in draft.sentences)
    if said:
        draft.repeat(said)
        draft.aside = True
    else:
        steer(draft)
    draft.goal = "say it again"


def _ask_price(draft: Draft, heard: Understanding, text: str) -> None:
    named = _named_tier(draft, text)
    if named is not None:
        say_tier(draft, "price.tier", named)
    elif draft.state.proposed is not None:
        say_tier(draft, "price.tier", draft.state.proposed)
    else:
        draft.say("price.overview")
    steer(draft)
    draft.goal = "answer the price"


def _named_tier(draft: Draft, text: str) -> str | None:
    words = set(re.findall(r"\w+", text.lower()))
    for key, tier in draft.playbook.texts[draft.language].tiers.items():
        if tier.name.lower() in words:
            return key
    return None


def _ask_product(draft: Draft, heard: Understanding, text: str) -> None:
    if not _tell(draft, heard.topic):
        draft.say("product.what")
        steer(draft)
        draft.goal = "say what this is"


def _ask_schedule(draft: Draft, heard: Understanding, text: str) -> None:
    if draft.state.booking is not None and draft.state.booked_at and not has_moment(heard.slots):
        draft.say("session.already", moment=draft.moment_text(draft.state.booked_at))
        ask_anything_else(draft)
    elif has_moment(heard.slots):
        take_session_time(draft, heard.slots)
    else:
        draft.update(wants_session=True)
        pursue_session(draft)


def _ask_discount(draft: Draft, heard: Understanding, text: str) -> None:
    draft.say("discount.answer")
    steer(draft)
    draft.goal = "answer honestly that there is no discount"


def _ask_payment(draft: Draft, heard: Understanding, text: str) -> None:
    draft.say("payment.answer")
    steer(draft)
    draft.goal = "answer how payment works"


def _objection(draft: Draft, heard: Understanding) -> None:
    name = OBJECTIONS[heard.intent]
    answered = draft.state.objections.get(name, 0)
    text = f"objection.{name}.{answered + 1}"
    if answered >= draft.playbook.limits.answers_per_objection or not draft.has(text):
        draft.update(refusals=draft.state.refusals + 1)
        if draft.state.asked.get("callback_offer", 0) or draft.state.refusals > 2:
            say_goodbye(draft, refused=True)
        else:
            draft.say("objection.respect")
            offer_callback(draft)
        return
    draft.count("objections", name)
    if draft.has(f"{text}.lowest") and draft.state.proposed == _lowest_tier(draft):
        text = f"{text}.lowest"
    draft.say(text)
    steer(draft, objecting=True)
    draft.goal = f"answer the objection ({name}), its reason first"
    if draft.state.stage in {Stage.PROPOSE, Stage.CLOSE}:
        draft.update(stage=Stage.OBJECTION)


def _lowest_tier(draft: Draft) -> str:
    return min(draft.playbook.tiers, key=lambda offer: offer.amount).key


def _callback(draft: Draft, heard: Understanding, text: str) -> None:
    if has_moment(heard.slots):
        schedule_callback(draft, heard.slots)
    else:
        ask_callback_time(draft)


def _goodbye(draft: Draft, heard: Understanding, text: str) -> None:
    say_goodbye(draft)


def _deny(draft: Draft, heard: Understanding, text: str) -> None:
    refuse(draft, firmly=heard.refuses)


def _agree(draft: Draft, heard: Understanding, text: str) -> None:
    acknowledge_answers(draft, heard)
    steer(draft)


def _tell(draft: Draft, topic: str | None) -> bool:
    """Answer from the playbook's facts; False where it has none on that topic."""
    answer = draft.playbook.answer(topic) if topic else None
    if answer is None:
        return False
    if answer.action == "send_information":
        draft.act(SendInformation(topic=draft.state.proposed or draft.state.tier.key), goal="send the details")
        return True
    draft.say(f"answer.{answer.key}")
    steer(draft)
    draft.goal = f"answer the question ({answer.key})"
    return True


def _other(draft: Draft, heard: Understanding, text: str) -> None:
    if draft.sentences:
        pass  # a wish to go on in another language was just granted: that is the answer
    elif is_question(text):
        draft.update(off_topic=draft.state.off_topic + 1)
        draft.say("off_topic")
        draft.hint = "off the subject: a few kind words, then back"
    elif "name" not in heard.slots:
        draft.say("acknowledge")
    question = draft.playbook.question(draft.state.question or "")
    still_open = question is not None and question.slot not in draft.state.slots
    if draft.state.off_topic > _OFF_TOPIC_LIMIT + 1:
        draft.sentences.clear()
        say_goodbye(draft)
    elif draft.state.off_topic > _OFF_TOPIC_LIMIT:
        offer_callback(draft)
    elif question is not None and still_open and (asks_left(draft, question) or draft.state.off_topic):
        ask_question(draft, question)
    else:
        steer(draft)


def _names_session(draft: Draft, heard: Understanding) -> bool:
    """Whether a time that was named is meant for the consultation."""
    if draft.state.booking is not None and heard.intent is not Intent.ASK_SCHEDULE:
        return False
    if heard.intent in {Intent.ASK_SCHEDULE, Intent.AFFIRM}:
        return True
    return draft.state.awaiting in _ABOUT_SESSION and heard.intent in {Intent.OTHER, Intent.DENY, Intent.BACKCHANNEL}


_ABOUT_SESSION: Final = frozenset(
    {
        Awaiting.SESSION_OFFER,
        Awaiting.SESSION_TIME,
        Awaiting.CONFIRM,
        Awaiting.KEY_CONFIRM,
        Awaiting.NAME,
        Awaiting.TIER_CHECK,
    }
)

_URGENT: Final[Mapping[Intent, Callable[[Draft], None]]] = {
    Intent.WRONG_NUMBER: wrong_number,
    Intent.HUMAN: ask_for_person,
    Intent.IS_AI: _is_ai,
    Intent.MACHINE: leave_machine,
    Intent.COMPLAINT: _complaint,
}

_MOVES: Final[Mapping[Intent, Callable[[Draft, Understanding, str], None]]] = {
    Intent.GREET: _greet,
    Intent.AFFIRM: _agree,
    Intent.BACKCHANNEL: _agree,
    Intent.DENY: _deny,
    Intent.HOLD_ON: _hold_on,
    Intent.REPEAT: _repeat,
    Intent.ASK_PRICE: _ask_price,
    Intent.ASK_PRODUCT: _ask_product,
    Intent.ASK_SCHEDULE: _ask_schedule,
    Intent.ASK_DISCOUNT: _ask_discount,
    Intent.ASK_PAYMENT: _ask_payment,
    Intent.CALLBACK: _callback,
    Intent.GOODBYE: _goodbye,
}
