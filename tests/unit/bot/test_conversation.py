"""How the policy behaves, turn by turn."""

from __future__ import annotations

import pytest
from conversation_talk import MONDAY, Talk

from bot.actions import BookAppointment, RecordOptOut, ScheduleCallback, SendInformation, TransferToPerson
from bot.analysis import Analyst
from bot.conversation import (
    CallStarted,
    Key,
    NotUnderstood,
    Receipts,
    Said,
    Silence,
    TimeLimit,
    final_outcome,
    new_state,
    note_spoken,
    plan_turn,
)
from bot.domain import Direction, Expected, Outcome, Stage, Utterance
from bot.playbook import Playbook, load_playbook


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook("ngx")


@pytest.fixture(scope="module")
def analyst(playbook: Playbook) -> Analyst:
    return Analyst(playbook)


@pytest.fixture
def talk(playbook: Playbook, analyst: Analyst) -> Talk:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.start()
    return talk


@pytest.fixture
def outbound(playbook: Playbook, analyst: Analyst) -> Talk:
    talk = Talk(playbook=playbook, analyst=analyst, direction=Direction.OUTBOUND)
    talk.start()
    return talk


def upto_confirmation(talk: Talk) -> None:
    for line in ("i'd like to book a consultation", "thursday at five", "my name is anna miller"):
        talk.say(line)


# ------------------------------------------------------------------ the opening and its notices


def test_the_first_words_say_that_this_is_an_ai_and_that_the_talk_is_stored(talk: Talk) -> None:
    first = talk.plans[0].text
    assert "AI assistant" in first and "transcribed and stored" in first
    assert talk.state.notices_heard


def test_our_own_call_names_entity_stop_words_and_number(outbound: Talk) -> None:
    first = outbound.plans[0].text
    assert "NGX Coaching LLC" in first and "press 9" in first and "2 1 2, 5 5 5, 0 1 4 2" in first
    assert outbound.plans[0].sentences[1].startswith("To stop these calls")


def test_a_notice_that_was_cut_off_comes_before_anything_else(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.hear(CallStarted(direction=Direction.INBOUND), heard_words=11)  # cut in the second notice
    assert talk.state.disclosure_heard and not talk.state.storage_notice_heard
    plan = talk.say("how much does it cost")
    assert "transcribed and stored" in plan.sentences[0]
    assert "AI assistant" not in plan.text
    assert plan.approved
    assert talk.state.notices_heard
    assert "stored" not in talk.say("to lose weight").text


def test_a_notice_that_is_cut_off_again_is_said_again(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.hear(CallStarted(direction=Direction.INBOUND), heard_words=2)
    talk.say("hello", heard_words=3)
    plan = talk.say("what is this")
    assert plan.sentences[0].startswith("Just so you know, I'm the AI assistant")
    assert "stored" in plan.sentences[1]


def test_an_opt_out_is_not_held_up_by_a_notice(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, direction=Direction.OUTBOUND)
    talk.hear(CallStarted(direction=Direction.OUTBOUND), heard_words=1)
    plan = talk.say("take me off your list")
    assert plan.ends_call and "AI assistant" not in plan.text


def test_history_holds_only_what_was_heard(playbook: Playbook) -> None:
    state = new_state(playbook, direction=Direction.INBOUND)
    state = note_spoken(state, text_heard="Hi, this", full_text="Hi, this is all.", interrupted=True, at=MONDAY)
    assert [(turn.text, turn.interrupted) for turn in state.turns] == [("Hi, this", True)]
    assert note_spoken(state, text_heard="", full_text="Never heard.", interrupted=True, at=MONDAY) == state


# ------------------------------------------------------------------ what callers ask at any stage


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("how much is it", "79 dollars a month"),
        ("how much is elite", "199 dollars a month"),
        ("is there a discount", "I don't have discounts"),
        ("can i pay by credit card", "never over this call"),
        ("do i have to sign a contract", "month by month"),
        ("how did you get my number", "how we got your number"),
        ("are you a real person", "not a person"),
        ("is this call recorded", "transcribed and stored"),
    ],
)
def test_a_question_is_answered_first_and_the_talk_goes_on(talk: Talk, line: str, answer: str) -> None:
    plan = talk.say(line)
    assert answer in plan.text
    assert plan.text.rstrip().endswith("?")
    assert plan.approved


def test_a_question_whose_slot_is_filled_is_not_asked(talk: Talk) -> None:
    plan = talk.say("i want to lose twenty pounds how much is it")
    assert talk.state.slots["goal"] == "lose_weight"
    assert "What would you most like to change" not in plan.text


def test_no_time_is_the_answer_to_what_gets_in_the_way(talk: Talk) -> None:
    talk.say("i want to get stronger")
    plan = talk.say("i never have time")
    assert talk.state.slots["obstacle"] == "time"
    assert plan.stage is Stage.QUALIFY and not talk.state.objections


def test_the_tier_that_fits_is_proposed_with_its_price(talk: Talk) -> None:
    talk.say("i'm training for a marathon")
    talk.say("i want somebody to look at my blood work and my garmin")
    plan = talk.say("with a coach")
    assert plan.stage is Stage.PROPOSE and "Elite" in plan.text and "199 dollars a month" in plan.text


def test_an_objection_is_answered_twice_and_then_respected(talk: Talk) -> None:
    for line in ("lose weight", "no time", "a coach"):
        talk.say(line)
    first, second, third = (talk.say("that's too expensive") for _ in range(3))
    assert first.text.split("?")[0] != second.text.split("?")[0]
    assert first.stage is Stage.OBJECTION
    assert "won't push" in third.text
    assert talk.state.objections["price"] == 2
    assert talk.say("no").outcome is Outcome.NOT_INTERESTED


def test_repeat_says_the_last_words_again(talk: Talk) -> None:
    asked = talk.say("i want more energy")
    again = talk.say("sorry what did you say")
    assert asked.sentences[-1] in again.sentences
    assert talk.state.expects is asked.expects


def test_hold_on_waits_and_the_question_stays_open(talk: Talk) -> None:
    talk.say("i want more energy")
    plan = talk.say("hold on a second")
    assert plan.text in {"Of course, take your time.", "No rush, I'm here."}
    assert talk.say("i get bored").stage is Stage.QUALIFY


def test_the_language_of_the_caller_is_followed(talk: Talk) -> None:
    plan = talk.say("hola habla español quiero bajar de peso")
    assert plan.state.language == "es" and "Bajar de peso" in plan.text
    back = talk.say("sorry can we speak english")
    assert back.text.startswith("Sure, let's go on in English. ") and "can't help" not in back.text


def test_somebody_who_is_not_interested_is_let_go_on_our_own_call(outbound: Talk) -> None:
    plan = outbound.say("no i'm not interested")
    assert plan.ends_call and plan.outcome is Outcome.NOT_INTERESTED
    assert not outbound.actions


def test_information_is_promised_only_with_a_receipt(talk: Talk, playbook: Playbook, analyst: Analyst) -> None:
    plan = talk.say("can you send me the details")
    assert any(isinstance(action, SendInformation) for action in talk.actions) and "noted" in plan.text
    failing = Talk(playbook=playbook, analyst=analyst, failing=(SendInformation,))
    failing.start()
    assert "couldn't" in failing.say("can you send me the details").text


# ------------------------------------------------------------------ the appointment


def test_a_booking_is_claimed_only_with_its_receipt(talk: Talk) -> None:
    upto_confirmation(talk)
    understanding = talk.analyst.understand("yes", hint=None, state=talk.state, now=talk.now)
    plan = plan_turn(
        talk.playbook, talk.state, Said(utterance=Utterance(text="yes"), understanding=understanding), talk.now
    )
    assert isinstance(plan.actions[0], BookAppointment) and plan.sentences == ()
    assert plan.outcome is None and plan.state.booking is None


def test_a_failed_booking_is_told_honestly_and_a_person_calls_back(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, failing=(BookAppointment,))
    talk.start()
    upto_confirmation(talk)
    plan = talk.say("yes")
    assert "couldn't get that into the calendar" in plan.text and "booked" not in plan.text
    assert any(isinstance(action, ScheduleCallback) for action in talk.actions)
    assert plan.outcome is Outcome.CALLBACK


def test_when_even_the_call_back_fails_the_number_is_given(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, failing=(BookAppointment, ScheduleCallback))
    talk.start()
    upto_confirmation(talk)
    plan = talk.say("yes")
    assert "2 1 2, 5 5 5, 0 1 4 2" in plan.text and plan.outcome is not Outcome.BOOKED


def test_a_lost_receipt_counts_as_a_failure(talk: Talk) -> None:
    upto_confirmation(talk)
    understanding = talk.analyst.understand("yes", hint=None, state=talk.state, now=talk.now)
    plan = plan_turn(
        talk.playbook, talk.state, Said(utterance=Utterance(text="yes"), understanding=understanding), talk.now
    )
    after = plan_turn(talk.playbook, plan.state, Receipts(receipts=()), talk.now)
    assert after.state.booking is None and isinstance(after.actions[0], ScheduleCallback)


def test_the_caller_may_correct_the_time_when_it_is_read_back(talk: Talk) -> None:
    upto_confirmation(talk)
    assert "Friday, November 27th at 4 pm" in talk.say("no make it friday at four").text
    assert "6 pm" in talk.say("could we make it six instead").text
    talk.say("yes that's right")
    booked = talk.actions[0]
    assert isinstance(booked, BookAppointment) and booked.at.hour == 18 and booked.at.day == 27


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("sunday at ten", "closed on Sundays"),
        ("saturday at seven in the evening", "from 9 am to 5 pm"),
        ("today at nine in the morning", "already gone by"),
        ("thursday", "what time on Thursday, November 26th"),
    ],
)
def test_a_time_that_cannot_be_is_answered_with_another_question(talk: Talk, line: str, answer: str) -> None:
    talk.say("i'd like to book a consultation")
    plan = talk.say(line)
    assert answer in plan.text, plan.text
    assert plan.expects is Expected.DATE and not talk.actions


def test_a_yes_into_the_middle_of_the_read_back_books_nothing(talk: Talk) -> None:
    for line in ("i'd like to book a consultation", "thursday at five"):
        talk.say(line)
    talk.say("my name is anna miller", heard_words=3)
    again = talk.say("yes")
    assert not talk.actions and "Thursday, November 26th at 5 pm" in again.text
    assert talk.say("yes").outcome is Outcome.BOOKED


def test_a_question_that_was_cut_off_is_asked_again(talk: Talk) -> None:
    talk.say("how much is it", heard_words=6)
    assert talk.state.asked.get("goal", 0) == 0
    assert talk.say("and is there a contract").text.endswith("?")
    assert talk.state.asked["goal"] == 1


def test_i_see_is_no_yes_to_a_booking(talk: Talk) -> None:
    upto_confirmation(talk)
    talk.say("i see")
    assert not talk.actions
    talk.say("okay")
    assert talk.actions


def test_i_dont_know_leaves_the_question_open(talk: Talk) -> None:
    talk.say("hello")
    plan = talk.say("i don't know")
    assert "goal" not in talk.state.slots and plan.expects is Expected.OPEN


def test_whoever_rejects_the_cheapest_plan_is_not_offered_it_again(talk: Talk) -> None:
    for line in ("lose weight", "no time", "on my own", "too expensive"):
        talk.say(line)
    assert talk.state.proposed == "essential"
    assert "lightest plan we have" in talk.say("still too expensive").text


def test_a_call_back_on_a_day_without_an_hour_names_the_day(outbound: Talk) -> None:
    plan = outbound.say("can you call me back tomorrow")
    assert "Tuesday, November 24th" in plan.text and plan.outcome is Outcome.CALLBACK


def test_talk_off_the_subject_comes_to_an_end(talk: Talk) -> None:
    plans = [talk.say("who won the game") for _ in range(5)]
    assert "called you back" in plans[3].text and plans[4].ends_call


def test_a_name_that_is_known_is_not_asked_for(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst)
    talk.state = new_state(playbook, direction=Direction.INBOUND, name="Ana Ruiz")
    talk.start()
    assert "Thursday, November 26th at 5 pm, Ana" in talk.say("can i book thursday at five").text


# ------------------------------------------------------------------ people's rights and ways out


def test_an_opt_out_that_could_not_be_recorded_is_told_honestly(playbook: Playbook, analyst: Analyst) -> None:
    talk = Talk(playbook=playbook, analyst=analyst, failing=(RecordOptOut,))
    talk.start()
    plan = talk.say("stop calling me")
    assert "off our list" not in plan.text and plan.ends_call and plan.outcome is Outcome.OPTED_OUT
    assert plan.state.opted_out


def test_after_a_booking_an_opt_out_still_counts(talk: Talk) -> None:
    upto_confirmation(talk)
    talk.say("yes")
    assert talk.say("and don't call me anymore").outcome is Outcome.OPTED_OUT


def test_the_nine_key_opts_out(outbound: Talk) -> None:
    plan = outbound.hear(Key(digit="9"))
    assert plan.outcome is Outcome.OPTED_OUT and outbound.actions == [RecordOptOut()]


def test_a_wrong_number_is_offered_never_to_be_called_again(outbound: Talk) -> None:
    plan = outbound.say("you have the wrong number")
    assert plan.expects is Expected.YES_NO
    assert outbound.say("yes please").outcome is Outcome.OPTED_OUT


def test_a_wrong_number_that_wants_nothing_is_left(outbound: Talk) -> None:
    outbound.say("wrong number")
    assert outbound.say("no it's fine").outcome is Outcome.WRONG_NUMBER and not outbound.actions


def test_a_person_is_put_on_where_there_is_one_and_else_honestly_not(
    talk: Talk, playbook: Playbook, analyst: Analyst
) -> None:
    assert "can't put anyone on" in talk.say("i want to talk to a person").text
    staffed = playbook.model_copy(update={"transfer_number": "+12125550143"})
    other = Talk(playbook=staffed, analyst=analyst)
    other.start()
    plan = other.say("i want to talk to a person")
    assert plan.outcome is Outcome.TRANSFERRED and other.actions == [TransferToPerson()]


def test_a_recording_is_left_without_a_word(outbound: Talk) -> None:
    plan = outbound.say("you have reached the voicemail of john please leave a message after the tone")
    assert plan.ends_call and plan.outcome is Outcome.VOICEMAIL and plan.text == ""


def test_an_emergency_is_sent_to_those_who_can_help(talk: Talk) -> None:
    plan = talk.say("i have chest pain and i can't breathe")
    assert "911" in plan.text and plan.outcome is Outcome.EMERGENCY and plan.ends_call


def test_what_is_not_understood_is_asked_for_narrower_and_ends_in_a_call_back(talk: Talk) -> None:
    texts = [talk.hear(NotUnderstood()).text for _ in range(3)]
    assert "didn't catch" in texts[0] and "prices, or find a time" in texts[1] and "call you back" in texts[2]
    end = talk.hear(NotUnderstood())
    assert end.ends_call and end.outcome is Outcome.CALLBACK


def test_a_yes_no_question_is_narrowed_to_yes_or_no(talk: Talk) -> None:
    upto_confirmation(talk)
    assert "yes or a no" in talk.hear(NotUnderstood()).text


def test_words_the_recogniser_does_not_vouch_for_change_nothing_but_an_opt_out_counts(talk: Talk) -> None:
    for text, ends in (("lose weight maybe", False), ("stop calling me", True)):
        understanding = talk.analyst.understand(text, hint=None, state=talk.state, now=talk.now)
        heard = Said(utterance=Utterance(text=text, understood=False), understanding=understanding)
        plan = talk.hear(heard)
        assert plan.ends_call is ends
        assert "goal" not in plan.state.slots


def test_silence_is_met_twice_and_then_ends_the_call(talk: Talk) -> None:
    first, second, third = (talk.hear(Silence(seconds=6)) for _ in range(3))
    assert first.text != second.text and third.ends_call and third.outcome is Outcome.ABANDONED


def test_a_caller_who_asked_us_to_wait_gets_more_patience(talk: Talk) -> None:
    talk.say("hold on")
    assert [talk.hear(Silence(seconds=6)).ends_call for _ in range(4)] == [False, False, False, True]


def test_the_time_limit_says_goodbye_and_keeps_the_outcome(talk: Talk) -> None:
    upto_confirmation(talk)
    talk.say("yes")
    plan = talk.hear(TimeLimit())
    assert plan.ends_call and plan.outcome is Outcome.BOOKED and "2 1 2" in plan.text


def test_a_hang_up_counts_by_what_came_of_the_call(talk: Talk) -> None:
    assert final_outcome(talk.state) is Outcome.ABANDONED
    upto_confirmation(talk)
    talk.say("yes")
    assert final_outcome(talk.state) is Outcome.BOOKED


def test_an_objection_is_no_answer_to_the_question_that_stands_open(talk: Talk) -> None:
    talk.say("Hi, how much does it cost?")
    plan = talk.say("That is too expensive for me.")
    assert "goal" not in plan.state.slots
    assert plan.state.objections == {"price": 1}


def test_a_caller_who_asked_and_said_goodbye_was_not_interested(talk: Talk) -> None:
    talk.say("How much does it cost?")
    assert talk.say("Thank you, goodbye.").outcome is Outcome.NOT_INTERESTED
