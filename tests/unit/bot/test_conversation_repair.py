"""Getting words again, and what each question expects: the ladder of repair, the keys on it, and turn-taking."""

from __future__ import annotations

import pytest
from conversation_talk import Talk

from bot.actions import ScheduleCallback, TransferToPerson
from bot.analysis import Analyst
from bot.conversation import CallStarted, Key, NotUnderstood, Silence, note_spoken
from bot.domain import Direction, Expected, Outcome
from bot.playbook import load_playbook
from bot.policy.state import Awaiting

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)
STAFFED = PLAYBOOK.model_copy(update={"transfer_number": "+12125550143"})


def talk(playbook: object = PLAYBOOK, direction: Direction = Direction.INBOUND) -> Talk:
    talk = Talk(playbook=playbook, analyst=ANALYST, direction=direction)  # type: ignore[arg-type]
    talk.start()
    return talk


@pytest.mark.parametrize(
    ("lines", "narrower"),
    [
        ((), "in a few words"),
        (("hello",), "weight, strength, or energy"),
        (("lose weight",), "the time, the motivation, or the food"),
        (("lose weight", "no time"), "On your own, or with a coach"),
        (("i'd like to book a consultation",), "Which day, and what time"),
        (("lose weight", "no time", "a coach"), "yes or a no"),
    ],
)
def test_the_first_question_is_narrower_than_the_open_one(lines: tuple[str, ...], narrower: str) -> None:
    one = talk()
    for line in lines:
        one.say(line)
    before = one.state
    plan = one.hear(NotUnderstood())
    assert narrower in plan.text
    assert (plan.state.awaiting, plan.expects) == (before.awaiting, before.expects)


@pytest.mark.parametrize(
    ("lines", "second"),
    [
        ((), "press 1 or 2"),
        (("lose weight",), "press 1 or 2"),
        (("lose weight", "no time", "a coach"), "1 for yes, or 2 for no"),
        (("i'd like to book a consultation",), "press 1 and someone will call you"),
        (("can you call me back",), "press 1 and someone will call you"),
        (("i'd like to book a consultation", "thursday at five"), "5 pm"),
    ],
)
def test_the_second_offers_keys_or_a_choice_of_two(lines: tuple[str, ...], second: str) -> None:
    one = talk()
    for line in lines:
        one.say(line)
    one.hear(NotUnderstood())
    assert second in one.hear(NotUnderstood()).text


def test_the_third_offers_a_person_in_opening_hours_and_a_call_back_else() -> None:
    day, night = talk(STAFFED), talk(STAFFED)
    night.now = night.now.replace(hour=22)
    for one in (day, night):
        for _ in range(2):
            one.hear(NotUnderstood())
    texts = [one.hear(NotUnderstood()).text for one in (day, night)]
    assert "2 to speak to a person" in texts[0]
    assert "person" not in texts[1] and "call you back" in texts[1]
    assert day.hear(Key(digit="2")).outcome is Outcome.TRANSFERRED and day.actions == [TransferToPerson()]


def test_a_key_takes_the_call_back_without_asking_for_words() -> None:
    for playbook in (PLAYBOOK, STAFFED):
        one = talk(playbook)
        for _ in range(3):
            one.hear(NotUnderstood())
        end = one.hear(Key(digit="1"))
        assert end.outcome is Outcome.CALLBACK and [type(action) for action in one.actions] == [ScheduleCallback]


def test_keys_choose_between_the_two() -> None:
    for digit, wanted in (("1", "79 dollars a month"), ("2", "day and time")):
        one = talk()
        for _ in range(2):
            one.hear(NotUnderstood())
        assert wanted in one.hear(Key(digit=digit)).text


def test_keys_say_yes_and_no_to_the_open_question() -> None:
    one = talk()
    for line in ("i'd like to book a consultation", "thursday at five", "my name is anna miller"):
        one.say(line)
    for _ in range(2):
        one.hear(NotUnderstood())
    state = one.state
    assert one.hear(Key(digit="2")).expects is Expected.DATE
    one.state = state
    assert one.hear(Key(digit="1")).outcome is Outcome.BOOKED


def test_a_key_that_was_not_offered_books_and_ends_nothing() -> None:
    one = talk()
    for line in (None, "i want to lose weight", "i'd like to book a consultation"):
        if line:
            one.say(line)
        plan = one.hear(Key(digit="1"))
        assert "press 9" in plan.text.lower() and not one.actions and not plan.ends_call


@pytest.mark.parametrize("repair", ["words", "key"])
def test_what_is_understood_starts_the_ladder_anew(repair: str) -> None:
    one = talk()
    first = one.hear(NotUnderstood()).text
    one.hear(NotUnderstood())
    one.say("i want to lose weight") if repair == "words" else one.hear(Key(digit="5"))
    assert one.state.misunderstandings == 0
    again = one.hear(NotUnderstood())
    assert one.state.misunderstandings == 1
    assert "press" not in again.text and again.text.startswith("Sorry") and first.startswith("Sorry")


def test_noise_is_no_silence() -> None:
    one = talk()
    one.hear(Silence(seconds=6))
    one.hear(NotUnderstood())
    assert one.state.silences == 0


def test_a_quiet_caller_hears_two_different_questions_and_the_open_one_can_still_be_repeated() -> None:
    one = talk()
    asked = one.say("i want to lose weight")
    first, second = one.hear(Silence(seconds=6)), one.hear(Silence(seconds=6))
    assert first.text != second.text and "?" in first.text and "?" in second.text
    again = one.say("sorry what did you ask me")
    assert asked.sentences[-1] in again.sentences and "still there" not in again.text
    for _ in range(2):
        one.hear(Silence(seconds=6))
    end = one.hear(Silence(seconds=6))
    assert end.ends_call and "Goodbye" in end.text


def test_what_a_model_worded_is_said_again_as_it_was_said_without_its_opener() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    full = f"{plan.opener} It's coaching by phone and app. What would you like to change?"
    one.state = note_spoken(plan.state, text_heard=full, full_text=full, interrupted=False, at=one.now)
    again = one.say("sorry what did you say")
    assert again.sentences[1:] == ("It's coaching by phone and app.", "What would you like to change?")


def test_what_was_cut_off_is_said_again_whole() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    full = "It's coaching by phone"
    one.state = note_spoken(plan.state, text_heard="It's coaching", full_text=full, interrupted=True, at=one.now)
    assert one.say("sorry what did you say").sentences[1:] == plan.sentences


def test_saying_it_again_twice_does_not_pile_up() -> None:
    one = talk()
    asked = one.say("i want to lose weight")
    one.say("sorry what did you say")
    assert one.say("pardon").sentences[1:] == asked.sentences


# ------------------------------------------------------------------ what a turn expects


@pytest.mark.parametrize(
    ("lines", "said", "expects"),
    [
        ((), "How can I help", Expected.OPEN),
        (("hello",), "What would you most like to change", Expected.OPEN),
        (("lose weight",), "What's been getting in the way", Expected.STORY),
        (("lose weight", "no time"), "on your own, or have a coach", Expected.OPEN),
        (("lose weight", "no time", "a coach"), "How does that sound", Expected.YES_NO),
        (("lose weight", "no time", "a coach", "sounds good"), "consultation with a coach", Expected.YES_NO),
        (("i'd like to book a consultation",), "What day and time", Expected.DATE),
        (("i'd like to book a consultation", "thursday"), "what time on Thursday", Expected.DATE),
        (("i'd like to book a consultation", "sunday at ten"), "closed on Sundays", Expected.DATE),
        (("i'd like to book a consultation", "today at nine in the morning"), "gone by", Expected.DATE),
        (("i'd like to book a consultation", "thursday at five"), "what name", Expected.OPEN),
        (("i'd like to book a consultation", "thursday at five", "anna miller"), "Shall I book", Expected.YES_NO),
        (("i'd like to book a consultation", "thursday at five", "anna miller", "no"), "better", Expected.DATE),
        (("i'd like to book a consultation", "thursday at five", "anna miller", "yes"), "booked", Expected.OPEN),
        (("can you call me back",), "good time to call", Expected.DATE),
        (("i want to talk to a person",), "good time to call", Expected.DATE),
        (("no thanks",), "called you back", Expected.YES_NO),
        (("hold on",), "", Expected.OPEN),
        (("bye",), "oodbye", Expected.NOTHING),
    ],
)
def test_every_question_says_what_it_expects(lines: tuple[str, ...], said: str, expects: Expected) -> None:
    one = talk()
    for line in lines:
        one.say(line)
    last = next(plan for plan in reversed(one.plans) if plan.sentences)
    assert said in last.text, one.script
    assert last.expects is expects, one.script


def test_our_own_call_expects_a_yes_or_no_first() -> None:
    one = talk(direction=Direction.OUTBOUND)
    assert one.plans[0].expects is Expected.YES_NO
    one = Talk(playbook=PLAYBOOK, analyst=ANALYST)
    assert one.hear(CallStarted(direction=Direction.INBOUND)).state.awaiting is Awaiting.OPENING
