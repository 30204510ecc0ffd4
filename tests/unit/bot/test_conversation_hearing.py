"""When recognition fails: the caller is told, keys decide, and words alone commit to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conversation_talk import Talk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions import BookAppointment, RecordOptOut, ScheduleCallback, TransferToPerson
from bot.analysis import Analyst
from bot.conversation import CallState, HearingBackup, HearingLost, Key, NotUnderstood, Silence, final_outcome
from bot.domain import Direction, Expected, Outcome
from bot.playbook import load_playbook
from bot.policy.state import Awaiting

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)
STAFFED = PLAYBOOK.model_copy(update={"transfer_number": "+12125550143"})
WORDS = st.one_of(
    st.sampled_from(["yes", "yes please", "book it", "okay", "thursday at five", "friday at ten", "anna miller", "1"]),
    st.sampled_from(["i'd like to book a consultation", "press one", "no", "another time", "how much is it"]),
    st.sampled_from(PLAYBOOK.caller_sentences("en")),
    st.text(max_size=30),
)


@pytest.fixture
def talk() -> Talk:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST)
    talk.start()
    return talk


def upto_confirmation(talk: Talk) -> None:
    for line in ("i'd like to book a consultation", "thursday at five", "my name is anna miller"):
        talk.say(line)


def booked(talk: Talk) -> list[BookAppointment]:
    return [action for action in talk.actions if isinstance(action, BookAppointment)]


# ------------------------------------------------------------------ nothing is heard any more


def test_lost_hearing_is_owned_up_to_and_the_keys_are_named(talk: Talk) -> None:
    plan = talk.hear(HearingLost())
    assert "can't hear you" in plan.text and not plan.ends_call and not talk.actions
    assert all(f"{key} for" in plan.text for key in ("1", "2", "9"))
    assert plan.approved and plan.expects is not Expected.NOTHING


def test_the_keys_are_named_again_once_and_then_a_call_back_is_put_in(talk: Talk) -> None:
    talk.hear(HearingLost())
    again = talk.hear(Silence(seconds=6))
    assert "press 1" in again.text and "my side" not in again.text and not again.ends_call
    end = talk.hear(Silence(seconds=6))
    assert [type(action) for action in talk.actions] == [ScheduleCallback]
    assert end.ends_call and end.outcome is Outcome.CALLBACK and "call you back" in end.text


def test_a_caller_who_speaks_into_a_dead_ear_hears_the_keys_and_then_gets_a_call_back(talk: Talk) -> None:
    talk.hear(HearingLost())
    plans = [talk.hear(NotUnderstood()) for _ in range(3)]
    assert ["press 1" in plan.text for plan in plans] == [True, True, False]
    assert plans[-1].ends_call and plans[-1].outcome is Outcome.CALLBACK


def test_hearing_that_is_lost_twice_does_not_start_the_patience_anew(talk: Talk) -> None:
    talk.hear(HearingLost())
    talk.hear(Silence(seconds=6))
    assert "my side" not in talk.hear(HearingLost()).text
    assert talk.hear(Silence(seconds=6)).outcome is Outcome.CALLBACK


def test_words_that_come_late_are_met_with_the_keys_but_an_opt_out_counts(talk: Talk) -> None:
    talk.hear(HearingLost())
    assert "press 1" in talk.say("how much is it").text
    assert talk.say("stop calling me").outcome is Outcome.OPTED_OUT


def test_key_one_is_a_call_back_and_key_nine_no_more_calls(talk: Talk) -> None:
    state = talk.hear(HearingLost()).state
    assert talk.hear(Key(digit="1")).outcome is Outcome.CALLBACK
    talk.state = state
    assert talk.hear(Key(digit="9")).outcome is Outcome.OPTED_OUT
    assert [type(action) for action in talk.actions] == [ScheduleCallback, RecordOptOut]


def test_key_two_is_a_person_and_without_one_a_call_back(talk: Talk) -> None:
    talk.hear(HearingLost())
    assert talk.hear(Key(digit="2")).outcome is Outcome.CALLBACK
    other = Talk(playbook=STAFFED, analyst=ANALYST)
    other.start()
    other.hear(HearingLost())
    assert other.hear(Key(digit="2")).outcome is Outcome.TRANSFERRED


def test_a_person_who_cannot_be_reached_becomes_a_call_back_where_nothing_is_heard() -> None:
    talk = Talk(playbook=STAFFED, analyst=ANALYST, failing=(TransferToPerson,))
    talk.start()
    talk.hear(HearingLost())
    end = talk.hear(Key(digit="2"))
    assert end.outcome is Outcome.CALLBACK and end.ends_call


def test_the_playbooks_other_keys_hold_and_a_strange_one_names_the_keys(talk: Talk) -> None:
    talk.hear(HearingLost())
    assert "press 1" in talk.hear(Key(digit="7")).text
    staffed = Talk(playbook=STAFFED, analyst=ANALYST)
    staffed.start()
    staffed.hear(HearingLost())
    assert staffed.hear(Key(digit="0")).outcome is Outcome.TRANSFERRED


def test_a_hang_up_into_a_dead_ear_counts_as_our_failure(talk: Talk) -> None:
    talk.say("how much is it")
    talk.hear(HearingLost())
    assert final_outcome(talk.state) is Outcome.FAILED
    talk.hear(Key(digit="1"))
    assert final_outcome(talk.state) is Outcome.CALLBACK


def test_the_dead_ear_speaks_spanish_too() -> None:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, language="es")
    talk.start()
    assert "marcar 1" in talk.hear(HearingLost()).text


# ------------------------------------------------------------------ a poor recogniser goes on


def test_poor_hearing_is_owned_up_to_and_the_open_question_is_put_again(talk: Talk) -> None:
    asked = talk.say("i want more energy")
    plan = talk.hear(HearingBackup())
    assert plan.sentences[0].startswith("I'm sorry, I can't hear you as well as I should")
    assert plan.sentences[-1] == asked.sentences[-1]
    assert plan.state.degraded and not plan.state.hearing_lost and not plan.ends_call
    assert plan.expects is asked.expects and plan.state.awaiting is asked.state.awaiting
    assert talk.say("i get bored").state.slots["obstacle"] == "i get bored"


def test_a_backup_that_comes_after_all_gives_words_their_place_again(talk: Talk) -> None:
    talk.hear(HearingLost())
    talk.hear(HearingBackup())
    assert "79 dollars a month" in talk.say("how much is it").text


def test_with_poor_hearing_only_the_key_books(talk: Talk) -> None:
    talk.hear(HearingBackup())
    upto_confirmation(talk)
    read_back = talk.plans[-1]
    assert "Thursday, November 26th at 5 pm" in read_back.text and "press 1" in read_back.text
    assert "key" in talk.say("yes").text and not booked(talk)
    assert talk.hear(Key(digit="1")).outcome is Outcome.BOOKED
    assert len(booked(talk)) == 1


def test_hearing_that_turns_poor_at_the_read_back_asks_for_the_key(talk: Talk) -> None:
    upto_confirmation(talk)
    plan = talk.hear(HearingBackup())
    assert "Thursday, November 26th at 5 pm" in plan.text and "press 1" in plan.text.lower()
    assert plan.state.awaiting is Awaiting.KEY_CONFIRM and plan.expects is Expected.YES_NO


def test_key_two_and_words_change_the_time_and_the_key_still_has_to_come(talk: Talk) -> None:
    talk.hear(HearingBackup())
    upto_confirmation(talk)
    assert talk.hear(Key(digit="2")).expects is Expected.DATE
    changed = talk.say("friday at four")
    assert "Friday, November 27th at 4 pm" in changed.text and "press 1" in changed.text.lower()
    talk.hear(Key(digit="1"))
    assert [action.at.day for action in booked(talk)] == [27]


def test_a_key_into_the_middle_of_the_read_back_books_nothing(talk: Talk) -> None:
    talk.hear(HearingBackup())
    for line in ("i'd like to book a consultation", "thursday at five"):
        talk.say(line)
    talk.say("my name is anna miller", heard_words=3)
    again = talk.hear(Key(digit="1"))
    assert not booked(talk) and "Thursday, November 26th at 5 pm" in again.text
    assert talk.hear(Key(digit="1")).outcome is Outcome.BOOKED


def test_a_yes_to_a_read_back_from_before_hearing_turned_poor_books_nothing(talk: Talk) -> None:
    upto_confirmation(talk)
    talk.state = replace(talk.state, degraded=True)  # before the caller was told
    assert "press 1" in talk.say("yes").text.lower() and not booked(talk)


def test_where_no_key_comes_a_person_settles_the_booking(talk: Talk) -> None:
    talk.hear(HearingBackup())
    upto_confirmation(talk)
    plans = [talk.say("yes") for _ in range(3)]
    assert not booked(talk) and plans[-1].outcome is Outcome.CALLBACK
    (callback,) = talk.actions
    assert isinstance(callback, ScheduleCallback) and "2026-11-26T17:00" in callback.note


def test_with_poor_hearing_a_model_has_no_tool_that_books(talk: Talk) -> None:
    upto_confirmation(talk)
    assert "book_appointment" in talk.plans[-1].tools
    assert "book_appointment" not in talk.hear(HearingBackup()).tools


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(WORDS, max_size=4),
    st.lists(st.one_of(WORDS, st.just(NotUnderstood()), st.just(Silence(seconds=6))), max_size=10),
    st.sampled_from(Direction),
)
def test_with_poor_hearing_no_words_ever_book(
    before: list[str], after: list[str | NotUnderstood | Silence], direction: Direction
) -> None:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, direction=direction)
    talk.start()
    for text in before:
        talk.say(text)
    talk.actions.clear()
    talk.hear(HearingBackup())
    for event in after:
        talk.say(event) if isinstance(event, str) else talk.hear(event)
    assert not booked(talk), talk.script


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["yes", "friday at ten", "anna miller", "no", "what is it"]), max_size=6))
def test_the_key_books_what_was_read_back_whatever_was_said_before(words: list[str]) -> None:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST)
    talk.start()
    talk.hear(HearingBackup())
    upto_confirmation(talk)
    for text in words:
        if talk.say(text).ends_call:
            return
    if talk.state.awaiting is not Awaiting.KEY_CONFIRM:
        return
    moment = talk.state.slots["moment"]
    assert talk.hear(Key(digit="1")).outcome is Outcome.BOOKED
    assert [action.at.isoformat() for action in booked(talk)] == [moment]


def test_the_state_of_a_degraded_call_survives_its_json(talk: Talk) -> None:
    upto_confirmation(talk)
    talk.hear(HearingBackup())
    assert CallState.from_json(talk.state.to_json()) == talk.state
    assert talk.state != replace(talk.state, degraded=False)
