"""What a model is given for a turn."""

from __future__ import annotations

from conversation_talk import MONDAY, Talk

from bot.analysis import Analyst
from bot.conversation import note_spoken
from bot.domain import Utterance
from bot.playbook import load_playbook
from bot.prompt import MAX_TURNS, build_messages

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)


def talk() -> Talk:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, now=MONDAY)
    talk.start()
    return talk


def test_the_first_message_stays_the_same_so_that_it_can_be_cached() -> None:
    one = talk()
    first = build_messages(PLAYBOOK, one.state, one.say("how much is it"), Utterance(text="how much is it"))
    second = build_messages(PLAYBOOK, one.state, one.say("lose weight"), Utterance(text="lose weight"))
    assert first[0] == second[0] and first[0]["role"] == "system"
    assert "149 dollars a month" in first[0]["content"] and "English" in first[0]["content"]


def test_the_history_is_what_was_heard_and_the_last_words_come_once() -> None:
    one = talk()
    one.say("hello", heard_words=3)
    plan = one.say("i want to lose weight")
    messages = build_messages(PLAYBOOK, plan.state, plan, Utterance(text="i want to lose weight"))
    assert [message["role"] for message in messages] == ["system", "assistant", "user", "assistant", "user", "system"]
    assert messages[3]["content"].endswith("(interrupted here)")
    assert messages[3]["content"].startswith("Hi there. What")
    assert [message["content"] for message in messages].count("i want to lose weight") == 1


def test_the_last_message_is_the_note_of_this_turn() -> None:
    one = talk()
    plan = one.say("i want to lose weight")
    note = build_messages(PLAYBOOK, plan.state, plan, None)[-1]
    assert note["role"] == "system"
    assert (
        str(plan.stage) in note["content"] and plan.text in note["content"] and "goal: lose_weight" in note["content"]
    )


def test_spanish_calls_are_briefed_in_spanish_prices() -> None:
    one = talk()
    plan = one.say("hola habla español por favor")
    assert "149 dólares al mes" in build_messages(PLAYBOOK, plan.state, plan, None)[0]["content"]


def test_a_long_talk_is_kept_short() -> None:
    one = talk()
    for _ in range(15):
        one.say("hmm interesting")
    plan = one.plans[-1]
    assert len(build_messages(PLAYBOOK, plan.state, plan, None)) <= MAX_TURNS + 2


def test_a_reply_that_has_begun_is_told_so_and_nothing_else_changes() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    plainly = build_messages(PLAYBOOK, plan.state, plan, None)
    opened = build_messages(PLAYBOOK, plan.state, plan, None, opener="Good question.")
    assert opened[:-1] == plainly[:-1] and opened[-1]["content"].startswith(plainly[-1]["content"])
    added = opened[-1]["content"].removeprefix(plainly[-1]["content"])
    assert '"Good question."' in added and "do not greet, thank or acknowledge" in added
    assert "already begun" not in plainly[-1]["content"]


def test_an_interrupted_reply_that_had_an_opener_is_kept_as_heard_and_marked() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    full = f"Good question. {plan.text}"
    state = note_spoken(plan.state, text_heard="Good question. We're an", full_text=full, interrupted=True, at=one.now)
    messages = build_messages(PLAYBOOK, state, plan, None)
    assert messages[-2] == {"role": "assistant", "content": "Good question. We're an — (interrupted here)"}


def test_a_reply_heard_to_its_end_is_not_marked() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    assert "interrupted" not in build_messages(PLAYBOOK, one.state, plan, None)[-2]["content"]


def test_whoever_asked_for_slower_speech_gets_plain_words() -> None:
    one = talk()
    one.say("can you talk slower")
    plan = one.say("i want to lose weight")
    assert "at most 12 words" in build_messages(PLAYBOOK, plan.state, plan, None)[-1]["content"]
