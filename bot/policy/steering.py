"""Where the talk goes next: the seller's own step, after the caller's matter was dealt with."""

from __future__ import annotations

from bot.domain import Direction, Expected, Stage
from bot.playbook.model import Question
from bot.policy.draft import Draft
from bot.policy.state import Awaiting


def steer(draft: Draft, *, objecting: bool = False) -> None:
    """Add the stage's next question or offer, and set what it expects. `objecting`: an objection was just answered."""
    state = draft.state
    if state.booking is not None or state.callback_set:
        ask_anything_else(draft)
    elif state.wants_session:
        pursue_session(draft)
    elif (
        state.awaiting is Awaiting.OPENING and state.direction is Direction.OUTBOUND and not state.asked.get("opening")
    ):
        reopen(draft)
    elif (question := next_question(draft)) is not None:
        ask_question(draft, question)
    elif state.proposed is None:
        propose(draft)
    elif state.awaiting is Awaiting.SESSION_OFFER and not objecting:
        ask_more_questions(draft)
    elif objecting and offers_left(draft) <= 0:
        draft.say("propose.check")
        draft.goal = "see whether the answer helped"
        draft.expect(Awaiting.TIER_CHECK, stage=Stage.PROPOSE)
    else:
        offer_session(draft)


def reopen(draft: Draft) -> None:
    """We called them, and they have not said yet whether they want to talk: ask once more."""
    draft.count("asked", "opening")
    draft.say("open.outbound")
    draft.goal = "learn whether the caller has a minute"
    draft.expect(Awaiting.OPENING, stage=Stage.OPEN, expects=Expected.YES_NO)


def next_question(draft: Draft) -> Question | None:
    """The first question whose slot is empty and that was not asked too often."""
    state = draft.state
    if state.proposed is not None:
        return None
    for question in draft.playbook.questions:
        if question.slot in state.slots:
            continue
        if asks_left(draft, question):
            return question
    return None


def asks_left(draft: Draft, question: Question) -> bool:
    """Whether the question may still be asked."""
    return draft.state.asked.get(question.key, 0) < draft.playbook.limits.asks_per_question


def ask_question(draft: Draft, question: Question) -> None:
    """Ask a discovery question."""
    draft.count("asked", question.key)
    draft.say(f"ask.{question.key}")
    draft.goal = f"learn the caller's {question.slot}"
    draft.expect(Awaiting.QUESTION, stage=question.stage, expects=question.expects, question=question.key)


def propose(draft: Draft) -> None:
    """Name the offer that fits, with its price."""
    say_tier(draft, "propose.offer", draft.state.tier.key)
    draft.say("propose.check")
    draft.goal = "propose the plan that fits"
    draft.hint = "; ".join(draft.state.tier.reasons[-2:])
    draft.expect(Awaiting.TIER_CHECK, stage=Stage.PROPOSE)


def say_tier(draft: Draft, text_key: str, tier: str) -> None:
    """Say a text about one offer; from then on that is the offer on the table."""
    texts = draft.playbook.texts[draft.language].tiers[tier]
    draft.say(
        text_key,
        tier_name=texts.name,
        tier_what=texts.what,
        tier_fits=texts.fits,
        tier_price=draft.playbook.price(tier, language=draft.language),
    )
    draft.update(proposed=tier)


def offer_session(draft: Draft, *, welcome: bool = False) -> None:
    """Offer the free consultation; after enough offers, unless it is `welcome`, leave the word to the caller."""
    if offers_left(draft) <= 0 and not welcome:
        ask_anything_else(draft)
        return
    draft.count("asked", "session_offer")
    draft.say("session.offer")
    draft.goal = "offer the free consultation"
    draft.expect(Awaiting.SESSION_OFFER, stage=Stage.CLOSE)


def offers_left(draft: Draft) -> int:
    """How often the consultation may still be offered."""
    return draft.playbook.limits.session_offers - draft.state.asked.get("session_offer", 0)


def ask_more_questions(draft: Draft) -> None:
    """The caller met the offer with a question: leave room for more before it is made again."""
    draft.say("more_questions")
    draft.goal = "let the caller ask what they want to know"
    draft.expect(Awaiting.MORE_QUESTIONS, stage=Stage.PROPOSE)


def pursue_session(draft: Draft) -> None:
    """The caller wants the consultation: ask for what is missing, else read it back and ask for a yes (for a key where
    words are not to be relied on)."""
    slots = draft.state.slots
    if "moment" not in slots:
        ask_time(draft)
    elif "name" not in slots and draft.state.asked.get("name", 0) < draft.playbook.limits.asks_per_question:
        draft.count("asked", "name")
        draft.say("session.ask_name")
        draft.goal = "learn the name for the booking"
        draft.expect(Awaiting.NAME, stage=Stage.CLOSE)
    else:
        by_key = draft.state.degraded
        draft.say("session.confirm_key" if by_key else "session.confirm", moment=draft.moment_text(slots["moment"]))
        draft.goal = "read the appointment back"
        draft.expect(Awaiting.KEY_CONFIRM if by_key else Awaiting.CONFIRM, stage=Stage.CLOSE)


def ask_time(draft: Draft) -> None:
    """Ask for day and hour, or for the hour where the day is known."""
    from bot.policy.booking import pending_day

    draft.update(wants_session=True)
    day = pending_day(draft)
    if day is None:
        draft.say("session.ask_time")
    else:
        draft.say("session.ask_hour", day=day)
    draft.goal = "find a time for the consultation"
    draft.expect(Awaiting.SESSION_TIME, stage=Stage.CLOSE)


def ask_anything_else(draft: Draft) -> None:
    """Leave the word to the caller before the goodbye."""
    draft.say("anything_else")
    draft.goal = "see whether anything is left"
    draft.expect(Awaiting.ANYTHING_ELSE, stage=Stage.WRAP_UP)


def offer_callback(
    draft: Draft, *, words: str = "callback.offer", awaiting: Awaiting = Awaiting.CALLBACK_OFFER
) -> None:
    """Offer that a person calls another time."""
    draft.count("asked", "callback_offer")
    draft.say(words)
    draft.goal = "offer a call-back"
    draft.expect(awaiting, stage=Stage.WRAP_UP)


def ask_callback_time(draft: Draft) -> None:
    """Ask when a person should call back."""
    draft.count("asked", "callback_time")
    draft.update(wants_callback=True, wants_session=False)
    draft.say("callback.ask_time")
    draft.goal = "find a time to call back"
    draft.expect(Awaiting.CALLBACK_TIME, stage=Stage.WRAP_UP)
