"""Slower, louder, and back: granted for the rest of the call, with the last words said again."""

from __future__ import annotations

import pytest
from conversation_talk import Talk

from bot.analysis import Analyst
from bot.conversation import CallState, Delivery
from bot.domain import DeliveryRequest, Outcome
from bot.playbook import load_playbook

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)


def talk(language: str = "en") -> Talk:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, language=language)
    talk.start()
    return talk


@pytest.mark.parametrize(
    ("language", "line", "delivery"),
    [
        ("en", "slower please", Delivery(pace=0.85, plain=True)),
        ("en", "you talk too fast", Delivery(pace=0.85, plain=True)),
        ("en", "can you speak up", Delivery(gain_db=4.0, plain=True)),
        ("en", "I can't hear you.", Delivery(gain_db=4.0, plain=True)),
        ("es", "más despacio", Delivery(pace=0.85, plain=True)),
        ("es", "más alto", Delivery(gain_db=4.0, plain=True)),
        ("es", "no le oigo", Delivery(gain_db=4.0, plain=True)),
    ],
)
def test_the_wish_is_granted_and_the_last_words_are_said_again(language: str, line: str, delivery: Delivery) -> None:
    one = talk(language)
    asked = one.say("quiero bajar de peso" if language == "es" else "i want to lose weight")
    plan = one.say(line)
    assert plan.state.delivery == delivery
    assert plan.sentences[1:] == asked.sentences and len(plan.sentences[0].split()) <= 6
    assert plan.approved and plan.opener is None
    assert (plan.expects, plan.state.awaiting) == (asked.expects, asked.state.awaiting)


def test_the_second_wish_goes_further_and_the_third_is_honest() -> None:
    one = talk()
    texts = [one.say("slower please").text for _ in range(3)]
    assert one.state.delivery.pace == 0.75 and "far as I can" in texts[2]
    for _ in range(3):
        one.say("louder")
    assert one.state.delivery == Delivery(pace=0.75, gain_db=7.0, plain=True)


def test_faster_and_too_loud_undo_it_step_by_step() -> None:
    one = talk()
    for line in ("slower please", "slower please", "louder"):
        one.say(line)
    one.say("you can talk faster")
    assert one.state.delivery == Delivery(pace=0.85, gain_db=4.0, plain=True)
    one.say("that's too loud")
    one.say("a little faster")
    assert one.state.delivery == Delivery()
    assert one.say("a little faster").state.delivery == Delivery()


def test_the_manner_holds_for_the_rest_of_the_call_and_the_model_is_told() -> None:
    one = talk()
    one.say("slower please")
    plan = one.say("i want to lose weight")
    assert plan.state.delivery.pace == 0.85 and "12 words" in plan.hint
    assert CallState.from_json(plan.state.to_json()).delivery == Delivery(pace=0.85, plain=True)
    assert "12 words" not in talk().say("i want to lose weight").hint


def test_plain_speech_takes_the_shortest_wording() -> None:
    one = talk()
    one.say("slower please")
    plain = max(len(sentence.split()) for sentence in one.say("what is it exactly").sentences)
    wordings = PLAYBOOK.wordings("en", "product.what")
    assert plain <= min(max(len(sentence.split()) for sentence in wording.sentences) for wording in wordings)


def test_a_question_with_the_wish_is_answered_in_the_new_manner() -> None:
    one = talk()
    plan = one.say("i can't hear you very well how much is it")
    assert "79 dollars a month" in plan.text and plan.state.delivery.gain_db == 4.0


def test_a_yes_that_came_with_the_wish_is_asked_for_again_louder() -> None:
    one = talk()
    for line in ("i'd like to book a consultation", "thursday at five", "my name is anna miller"):
        one.say(line)
    plan = one.say("yes but speak louder please")
    assert "Thursday, November 26th at 5 pm" in plan.text and plan.state.delivery.gain_db == 4.0 and not one.actions
    assert one.say("yes").outcome is Outcome.BOOKED


def test_the_words_said_again_can_be_said_again() -> None:
    one = talk()
    asked = one.say("i want to lose weight")
    one.say("slower please")
    again = one.say("sorry what did you say")
    assert again.sentences[1:] == asked.sentences


def test_a_misread_word_of_a_poor_recogniser_changes_nothing() -> None:
    from bot.conversation import Said
    from bot.domain import Utterance

    one = talk()
    understanding = ANALYST.understand("louder", hint=None, state=one.state, now=one.now)
    one.hear(Said(utterance=Utterance(text="louder", understood=False), understanding=understanding))
    assert one.state.delivery == Delivery()


def test_steps_end_where_there_is_none_left() -> None:
    delivery = Delivery()
    for _ in range(5):
        delivery = delivery.adjusted(DeliveryRequest.SLOWER).adjusted(DeliveryRequest.LOUDER)
    assert delivery == Delivery(pace=0.75, gain_db=7.0, plain=True)
    for _ in range(5):
        delivery = delivery.adjusted(DeliveryRequest.FASTER).adjusted(DeliveryRequest.QUIETER)
    assert delivery == Delivery()
