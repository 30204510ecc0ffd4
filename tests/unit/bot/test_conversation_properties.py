"""What must hold whatever callers say, in whatever order."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from conversation_talk import MONDAY, Talk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions import BookAppointment, RecordOptOut, ScheduleCallback, SendInformation
from bot.analysis import Analyst
from bot.analysis.numbers import with_digits
from bot.conversation import (
    CallStarted,
    CallState,
    Heard,
    HearingBackup,
    HearingLost,
    Key,
    NotUnderstood,
    Receipts,
    Said,
    Silence,
    TimeLimit,
    TurnPlan,
    new_state,
    plan_turn,
)
from bot.domain import Direction, Intent, Utterance
from bot.playbook import load_playbook
from bot.policy.state import Awaiting

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)
PRICES = {offer.amount for offer in PLAYBOOK.tiers}
MONEY = re.compile(r"(\d[\d,]*(?:\.\d+)?) (?:dollars|dólares)")

LINES = st.one_of(
    st.sampled_from(PLAYBOOK.caller_sentences("en")),
    st.sampled_from(PLAYBOOK.caller_sentences("es")),
    st.text(max_size=40),
)
EVENTS = st.one_of(
    LINES,
    LINES,
    LINES,
    st.just(Silence(seconds=6.0)),
    st.just(NotUnderstood()),
    st.sampled_from("0123456789*#x").map(lambda digit: Key(digit=digit)),
    st.sampled_from([TimeLimit(), HearingLost(), HearingBackup()]),
)
FAILING = st.sets(st.sampled_from([BookAppointment, RecordOptOut, ScheduleCallback, SendInformation]))
COMMON = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def run(
    events: list[str | Heard], direction: Direction = Direction.INBOUND, failing: tuple[type, ...] = ()
) -> tuple[Talk, list[TurnPlan]]:
    """Play events until the call ends; the plans that were spoken, one an event."""
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, direction=direction, failing=failing)
    spoken = [talk.start()]
    for event in events:
        spoken.append(talk.say(event) if isinstance(event, str) else talk.hear(event))
        if spoken[-1].ends_call:
            break
    return talk, spoken


@COMMON
@given(st.lists(EVENTS, max_size=14), st.sampled_from(Direction), FAILING)
def test_every_price_is_the_playbooks_and_every_sentence_is_short(
    events: list[str | Heard], direction: Direction, failing: set[type]
) -> None:
    _, spoken = run(events, direction, tuple(failing))
    for plan in spoken:
        for sentence in plan.sentences:
            assert len(sentence.split()) <= 25, sentence
            assert "{" not in sentence, sentence
            for amount in MONEY.findall(with_digits(sentence, language="en")):
                assert Decimal(amount.replace(",", "")) in PRICES, sentence


@COMMON
@given(st.lists(EVENTS, max_size=6), st.lists(EVENTS, min_size=1, max_size=4), FAILING)
def test_after_an_opt_out_there_is_only_confirmation_and_goodbye(
    before: list[str | Heard], after: list[str | Heard], failing: set[type]
) -> None:
    talk, spoken = run(before, failing=tuple(failing))
    if spoken[-1].ends_call:
        return
    end = talk.say("please don't call me again")
    assert end.ends_call and end.outcome == "opted_out"
    for event in after:
        plan = talk.say(event) if isinstance(event, str) else talk.hear(event)
        assert plan.ends_call and plan.outcome == "opted_out"
        assert "?" not in plan.text and not MONEY.search(plan.text)


@COMMON
@given(
    st.lists(LINES, max_size=8), st.sampled_from(["are you a robot", "are you a real person", "is this a recording"])
)
def test_the_question_whether_this_is_an_ai_is_answered_truthfully(before: list[str], question: str) -> None:
    talk, spoken = run(list(before))
    if spoken[-1].ends_call or talk.state.awaiting is Awaiting.NAME:
        return
    talk.state = _in_english(talk.state)
    plan = talk.say(question)
    assert re.search(r"\bAI\b", plan.text), plan.text
    assert plan.approved


@COMMON
@given(st.lists(EVENTS, max_size=14), st.integers(min_value=0, max_value=14))
def test_both_notices_are_heard_before_any_sales_sentence(events: list[str | Heard], heard_words: int) -> None:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST)
    talk.hear(CallStarted(direction=Direction.INBOUND), heard_words=heard_words)
    for event in events:
        state = talk.state
        plan = talk.say(event) if isinstance(event, str) else talk.hear(event)
        if plan.ends_call:
            break
        due = (not state.disclosure_heard) + (not state.storage_notice_heard)
        first = " ".join(plan.sentences[:due])
        assert state.disclosure_heard or re.search(r"\bAI\b|inteligencia artificial", first)
        assert state.storage_notice_heard or re.search(r"stored|guarda", first)


@COMMON
@given(st.lists(EVENTS, max_size=20), st.sampled_from(Direction))
def test_no_question_is_asked_whose_slot_is_filled_and_none_too_often(
    events: list[str | Heard], direction: Direction
) -> None:
    _, spoken = run(events, direction)
    questions = {
        sentence: question
        for question in PLAYBOOK.questions
        for language in PLAYBOOK.languages
        for wording in PLAYBOOK.wordings(language, f"ask.{question.key}")
        for sentence in wording.sentences
    }
    for plan in spoken:
        if plan.text.startswith(("Sure, I'll say", "Of course, once", "Claro, se lo", "Con gusto, otra")):
            continue  # asked to say it again
        for sentence in plan.sentences:
            if sentence in questions:
                assert questions[sentence].slot not in plan.state.slots, (sentence, plan.state.slots)
        assert all(count <= 2 for count in plan.state.objections.values())


@COMMON
@given(st.lists(EVENTS, max_size=6), EVENTS)
def test_every_call_ends(events: list[str | Heard], habit: str | Heard) -> None:
    limit = PLAYBOOK.limits.max_turns
    _, spoken = run([*events, *[habit] * limit])
    assert spoken[-1].ends_call and spoken[-1].outcome is not None
    assert len(spoken) <= limit


@COMMON
@given(st.lists(st.sampled_from(list(Intent)), max_size=12), st.sampled_from(Direction), st.booleans())
def test_planning_never_raises_whatever_the_analysis_says(
    intents: list[Intent], direction: Direction, understood: bool
) -> None:
    state = new_state(PLAYBOOK, direction=direction, language="xx")
    base = ANALYST.understand("hello", hint=None, state=state, now=MONDAY)
    for intent in intents:
        odd = type(base)(
            **{
                **{name: getattr(base, name) for name in base.__dataclass_fields__},
                "intent": intent,
                "language": "fr",
                "topic": "unknown",
                "answers": {"unknown": "x"},
                "slots": {"datetime": "not a date", "name": "", "number": 5},
            }
        )
        heard = Said(utterance=Utterance(text="…", understood=understood), understanding=odd, interrupted_bot=True)
        plan = plan_turn(PLAYBOOK, state, heard, MONDAY)
        if plan.actions:
            plan = plan_turn(PLAYBOOK, plan.state, Receipts(receipts=()), MONDAY)
        state = CallState.from_json(plan.state.to_json())
        assert state == plan.state


def _in_english(state: CallState) -> CallState:
    from dataclasses import replace

    return replace(state, language="en")


def test_the_properties_are_not_vacuous() -> None:
    _, spoken = run(["how much is it", "lose weight", "no time", "a coach", "bye"])
    assert any(MONEY.search(plan.text) for plan in spoken)
    with pytest.raises(AssertionError):
        assert Decimal("80") in PRICES
