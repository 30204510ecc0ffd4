"""Openers: few words that start a reply a model words; fitting, never twice alike, not on every turn."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from conversation_talk import Talk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.analysis import Analyst
from bot.conversation import CallState, TurnPlan, note_spoken
from bot.domain import Speaker
from bot.playbook import load_playbook
from bot.playbook.keys import OPENERS
from bot.policy.openers import IN_A_ROW
from bot.policy.wording import is_question

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)


def wordings(kind: str, language: str = "en") -> set[str]:
    return {" ".join(wording.sentences) for wording in PLAYBOOK.wordings(language, f"opener.{kind}")}


def talk(language: str = "en") -> Talk:
    talk = Talk(playbook=PLAYBOOK, analyst=ANALYST, language=language)
    talk.start()
    return talk


def say(one: Talk, text: str, *, opened: bool = True) -> TurnPlan:
    """A turn whose opener, if there is one, is heard with the rest."""
    plan = one.say(text)
    if opened and plan.opener and not plan.ends_call:
        full = f"{plan.opener} {plan.text}"
        one.state = note_spoken(plan.state, text_heard=full, full_text=full, interrupted=False, at=one.now)
    return plan


@pytest.mark.parametrize(
    ("language", "line", "kind"),
    [
        ("en", "what is it exactly", "question"),
        ("en", "that's too expensive", "objection"),
        ("en", "i want to lose weight", "story"),
        ("en", "who won the game", "plain"),
        ("es", "cómo funciona", "question"),
        ("es", "es muy caro", "objection"),
        ("es", "quiero bajar de peso", "story"),
    ],
)
def test_a_reply_that_a_model_words_has_an_opener_that_fits(language: str, line: str, kind: str) -> None:
    plan = say(talk(language), line)
    assert not plan.approved and plan.opener in wordings(kind, language)
    assert plan.state.opener == plan.opener


@pytest.mark.parametrize(
    "line",
    [
        "how much is it",  # approved
        "hello",  # a greeting is itself the opener
        "stop calling me",
        "i have chest pain and i can't breathe",
        "bye",
        "are you a robot",
        "sorry what did you say",
        "can you send me the details",
    ],
)
def test_no_opener_where_the_words_are_fixed_or_would_sound_wrong(line: str) -> None:
    assert say(talk(), line).opener is None


def test_whoever_is_angry_or_sad_gets_a_calm_one() -> None:
    for line in (
        "what is this this is ridiculous i'm sick of these calls",
        "i feel so sad and hopeless about my weight",
    ):
        plan = say(talk(), line)
        assert plan.opener is None or plan.opener in wordings("calm"), plan.opener
    assert say(talk(), "i'm furious what exactly do you offer").opener in wordings("calm")


def test_after_a_few_in_a_row_only_a_question_gets_one() -> None:
    one = talk()
    assert say(one, "i want to lose weight").opener
    one.state = replace(one.state, openers_in_row=IN_A_ROW)
    assert say(one, "i get bored").opener is None
    assert say(one, "that's too expensive").opener
    one = talk()
    one.state = replace(one.state, openers_in_row=IN_A_ROW)
    assert say(one, "what is it exactly").opener


def test_an_opener_that_was_not_spoken_does_not_count() -> None:
    one = talk()
    assert say(one, "i want to lose weight", opened=False).opener
    assert say(one, "i get bored").opener


def test_the_same_one_never_comes_twice_in_a_row() -> None:
    one = talk()
    openers: list[str | None] = []
    for _ in range(6):
        openers.append(say(one, "what is it exactly").opener)
        one.state = replace(one.state, asked={}, question_unheard=False)  # else the offer is made, in fixed words
    assert None not in openers
    assert all(first != second for first, second in pairwise(openers))
    assert set(openers) == wordings("question")


def test_another_kind_does_not_bring_the_last_one_back() -> None:
    one = talk()
    one.state = replace(one.state, opener="That's a good question.")  # as the first of its kind it would come now
    assert say(one, "what is it exactly").opener not in {None, "That's a good question."}


def test_an_opener_does_not_say_what_the_ready_words_begin_with() -> None:
    one = talk()
    plan = say(one, "that's too expensive")
    assert plan.text.startswith("I hear you") and plan.opener != "I hear you."


def test_a_playbook_can_do_without() -> None:
    without = PLAYBOOK.model_copy(update={"openers": False})
    one = Talk(playbook=without, analyst=ANALYST)
    one.start()
    assert one.say("what is it exactly").opener is None


def test_every_opener_is_short_and_differs_from_the_others_of_its_kind() -> None:
    for language in PLAYBOOK.languages:
        for key in OPENERS:
            kind = wordings(key.partition(".")[2], language)
            assert 3 <= len(kind) <= 5
            assert all(len(opener.split()) <= 4 and "?" not in opener for opener in kind)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PLAYBOOK.caller_sentences("en") + PLAYBOOK.caller_sentences("es")), max_size=12))
def test_openers_keep_their_rules_in_any_talk(lines: list[str]) -> None:
    one = talk()
    last: str | None = None
    for line in lines:
        in_row = one.state.openers_in_row
        plan = say(one, line)
        if plan.opener is not None:
            assert not (plan.approved or plan.actions or plan.ends_call)
            assert plan.opener != last
            assert plan.opener.rstrip(".,:").lower() != plan.text[: len(plan.opener) - 1].lower()
            intent = _intent(one)
            assert in_row < IN_A_ROW or intent.startswith("ask_") or (intent == "other" and is_question(line)), line
            last = plan.opener
        assert CallState.from_json(one.state.to_json()) == one.state
        if plan.ends_call:
            break


def _intent(one: Talk) -> str:
    """What the caller's last words were about."""
    return next(str(turn.intent) for turn in reversed(one.state.turns) if turn.speaker is Speaker.CALLER)


# ------------------------------------------------------------------ memory


def test_what_was_heard_is_kept_with_its_opener() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    full = f"{plan.opener} {plan.text}"
    heard = " ".join(full.split()[:6])
    state = note_spoken(plan.state, text_heard=heard, full_text=full, interrupted=True, at=one.now)
    assert state.turns[-1].text == heard and state.turns[-1].interrupted
    assert state.openers_in_row == 1 and state.question_unheard


def test_an_opener_cut_off_counts_as_not_heard() -> None:
    one = talk()
    plan = one.say("what is it exactly")
    state = replace(plan.state, opener="Sure, let me explain.")
    full = f"{state.opener} {plan.text}"
    state = note_spoken(state, text_heard="Sure, let", full_text=full, interrupted=True, at=one.now)
    assert not state.openers_in_row and state.turns[-1].text == "Sure, let"
