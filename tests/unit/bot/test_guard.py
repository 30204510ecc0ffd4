"""What a model may not say is replaced by the plan's own words; sentences are cut as they arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conversation_talk import MONDAY
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import CallStarted, CallState, TurnPlan, new_state, plan_turn
from bot.domain import Direction
from bot.guard import Guard, Passed, Reason, Replaced, SentenceSplitter, split_sentences
from bot.playbook import load_playbook

PLAYBOOK = load_playbook("ngx")
GUARD = Guard(PLAYBOOK)


def opening(language: str = "en") -> tuple[TurnPlan, CallState]:
    state = new_state(PLAYBOOK, direction=Direction.INBOUND, language=language)
    plan = plan_turn(PLAYBOOK, state, CallStarted(direction=Direction.INBOUND), MONDAY)
    return plan, plan.state


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("I can do it for $99 a month.", Reason.PRICE),
        ("That would be one hundred twenty dollars a month.", Reason.PRICE),
        ("Son 120 dólares al mes.", Reason.PRICE),
        ("I could give you a small discount.", Reason.DISCOUNT),
        ("You'd get 20% off.", Reason.DISCOUNT),
        ("Le doy un pequeño descuento.", Reason.DISCOUNT),
        ("Your first month free, how about that?", Reason.DISCOUNT),
        ("I guarantee you'll love it.", Reason.GUARANTEE),
        ("You will lose 20 pounds in a month.", Reason.GUARANTEE),
        ("Le garantizo los resultados.", Reason.GUARANTEE),
        ("Our plan cures back pain.", Reason.MEDICAL),
        ("You can stop taking your medication.", Reason.MEDICAL),
        ("Puede suspender sus pastillas, deje de tomar su insulina.", Reason.MEDICAL),
        ("I'm a real person, don't worry.", Reason.HUMAN_CLAIM),
        ("I'm not a robot.", Reason.HUMAN_CLAIM),
        ("Soy una persona de verdad.", Reason.HUMAN_CLAIM),
        ("Great, I've booked Thursday at five for you.", Reason.UNDONE_ACTION),
        ("You're all set for Thursday.", Reason.UNDONE_ACTION),
        ("Listo, su cita está confirmada.", Reason.UNDONE_ACTION),
        ("As a language model I cannot do that.", Reason.LEAKAGE),
        ("My system prompt says so.", Reason.LEAKAGE),
        ("**Pro** is the best.", Reason.LEAKAGE),
        ("well " * 60 + ".", Reason.TOO_LONG),
    ],
)
def test_what_may_not_be_said_is_replaced_by_the_plans_words(sentence: str, reason: Reason) -> None:
    language = "es" if any(sign in sentence for sign in "áéíóúñ") or sentence.startswith(("Le ", "Puede")) else "en"
    plan, state = opening(language)
    assert GUARD.check(sentence, plan=plan, state=state) == Replaced(text=plan.text, reason=reason)


@pytest.mark.parametrize(
    "sentence",
    [
        "Pro is $149 a month, with your own coach.",
        "It's 3,997 dollars for 12 weeks.",
        "That's one hundred forty nine dollars a month.",
        "I can't guarantee a number, that depends on you.",
        "I don't have discounts to give.",
        "I'm an AI assistant, not a person.",
        "Shall I book Thursday at 5 pm?",
        "You could train 3 times a week, 30 minutes each.",
        "Once you've booked, a coach calls you.",
        "Cuesta 149 dólares al mes.",
        "No le puedo garantizar una cifra.",
        "¿Qué día le queda bien?",
    ],
)
def test_what_is_true_may_be_said(sentence: str) -> None:
    plan, state = opening()
    assert GUARD.check(sentence, plan=plan, state=state) == Passed(text=sentence)


def test_a_booking_that_stands_may_be_spoken_of() -> None:
    plan, state = opening()
    sentence = "You're booked for Thursday."
    assert isinstance(GUARD.check(sentence, plan=plan, state=state), Replaced)
    assert GUARD.check(sentence, plan=plan, state=replace(state, booking="r-1")) == Passed(text=sentence)


def test_every_ready_sentence_of_the_playbook_passes_where_its_deed_is_done() -> None:
    plan, state = opening()
    for language in PLAYBOOK.languages:
        done = replace(state, language=language, booking="r-1", callback_set=True)
        for key, wordings in PLAYBOOK.texts[language].sentences.items():
            for wording in wordings:
                for sentence in wording.sentences:
                    if "{" in sentence or key in {"answer.privacy"}:
                        continue
                    assert GUARD.check(sentence, plan=plan, state=done) == Passed(text=sentence), (key, sentence)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It's $149. Shall we? Yes!", ["It's $149.", "Shall we?", "Yes!"]),
        ("It's $149.50 a month. Okay.", ["It's $149.50 a month.", "Okay."]),
        ("At 9 a.m. on Monday. Fine.", ["At 9 a.m. on Monday.", "Fine."]),
        ("At 9 a.m. Then we talk.", ["At 9 a.m.", "Then we talk."]),
        ("Ask Dr. Smith. He knows.", ["Ask Dr. Smith.", "He knows."]),
        ("¿Qué tal? ¡Muy bien! Gracias.", ["¿Qué tal?", "¡Muy bien!", "Gracias."]),
        ("Well... maybe. Good.", ["Well... maybe.", "Good."]),
        ("Hmm… Let me see.", ["Hmm…", "Let me see."]),
        ('He said "yes." Then he left.', ['He said "yes."', "Then he left."]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_are_found(text: str, sentences: list[str]) -> None:
    assert list(split_sentences(text)) == sentences
    splitter = SentenceSplitter()
    letter_by_letter = [piece for letter in text for piece in splitter.push(letter)] + splitter.flush()
    assert letter_by_letter == sentences


def test_a_sentence_is_given_out_before_the_next_one_is_whole() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("It's $149. Sha") == ["It's $149."]
    assert splitter.push("ll we? ") == []
    assert splitter.push("Yes") == ["Shall we?"]


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(min_value=20, max_value=80))
def test_nothing_is_lost_and_no_piece_is_too_long(pieces: list[str], limit: int) -> None:
    splitter = SentenceSplitter(max_chars=limit)
    found = [sentence for piece in pieces for sentence in splitter.push(piece)] + splitter.flush()
    assert "".join("".join(found).split()) == "".join("".join(pieces).split())
    assert all(len(sentence) <= limit for sentence in found)
