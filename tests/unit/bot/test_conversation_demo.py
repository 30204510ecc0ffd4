"""The three calls of the demo, in words alone: they end rightly with the playbook's ready sentences."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from conversation_talk import Talk

from bot.actions import BookAppointment, RecordOptOut
from bot.analysis import Analyst
from bot.domain import Direction, Outcome
from bot.playbook import Playbook, load_playbook

THURSDAY_AT_FIVE = datetime(2026, 11, 26, 17, 0, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook("ngx")


@pytest.fixture(scope="module")
def analyst(playbook: Playbook) -> Analyst:
    return Analyst(playbook)


def test_an_interested_caller_asks_the_price_objects_and_is_booked(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.start()
    price = talk.say("hi how much does it cost")
    assert "79 dollars a month" in price.text and "149 dollars a month" in price.text
    talk.say("i want to lose some weight")
    talk.say("i don't have much time and i lose motivation")
    proposal = talk.say("i think i'd like a coach")
    assert "Pro" in proposal.text and "149 dollars a month" in proposal.text
    objection = talk.say("that's too expensive for me")
    assert objection.text.startswith("I hear you")
    assert talk.say("okay yes").text == "What day and time would suit you?"
    talk.say("thursday at five")
    read_back = talk.say("my name is anna miller")
    assert "Thursday, November 26th at 5 pm, Anna" in read_back.text
    booked = talk.say("yes please")
    assert "You're booked for Thursday, November 26th at 5 pm" in booked.text
    end = talk.say("no that's all thank you")
    assert end.ends_call and end.outcome is Outcome.BOOKED, talk.script
    assert talk.actions == [
        BookAppointment(at=THURSDAY_AT_FIVE, zone="America/New_York", minutes=30, name="Anna Miller")
    ]


def test_somebody_who_wants_no_more_calls_is_opted_out_at_once(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, direction=Direction.OUTBOUND)
    talk.start()
    end = talk.say("please don't call me again")
    assert end.ends_call and end.outcome is Outcome.OPTED_OUT, talk.script
    assert talk.actions == [RecordOptOut()]
    assert len(end.text.split()) <= 25 and "?" not in end.text


def test_a_caller_in_spanish_is_booked_in_spanish(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, language="es")
    talk.start()
    for line in (
        "hola quiero bajar de peso",
        "no tengo mucho tiempo por el trabajo",
        "con un coach me gustaría",
        "y cuánto cuesta",
        "sí me gustaría",
        "el jueves a las cinco de la tarde",
        "me llamo maría gonzález",
    ):
        talk.say(line)
    assert "149 dólares al mes" in talk.script
    booked = talk.say("sí por favor")
    assert "su cita es el jueves 26 de noviembre a las 5 de la tarde" in booked.text
    end = talk.say("no eso es todo muchas gracias")
    assert end.ends_call and end.outcome is Outcome.BOOKED, talk.script
    assert talk.actions == [
        BookAppointment(at=THURSDAY_AT_FIVE, zone="America/New_York", minutes=30, name="María González")
    ]
    assert not re.search(r"\b(?:the|you|and|with)\b", " ".join(plan.text for plan in talk.plans))


def test_without_a_word_from_a_model_every_plan_has_something_to_say(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.start()
    for line in ("hello", "what is it", "strength", "work", "alone", "hmm", "maybe", "bye"):
        plan = talk.say(line)
        assert plan.sentences
        assert all(len(sentence.split()) <= 25 for sentence in plan.sentences), plan.sentences
