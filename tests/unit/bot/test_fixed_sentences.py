"""The sentences that can be synthesised before anybody rings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.conversation import new_state, plan_turn
from bot.domain import Direction
from bot.playbook import Playbook, load_playbook
from bot.playbook.fixed import fixed_sentences
from bot.policy.heard import CallStarted

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook("ngx")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("direction", list(Direction))
def test_the_greeting_that_the_policy_speaks_comes_first(
    playbook: Playbook, language: str, direction: Direction
) -> None:
    plan = plan_turn(
        playbook, new_state(playbook, language=language, direction=direction), CallStarted(direction=direction), NOW
    )
    assert plan.sentences
    assert set(plan.sentences) <= set(fixed_sentences(playbook, language=language)[:12])


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_of_the_caller_is_in_them(playbook: Playbook, language: str) -> None:
    sentences = fixed_sentences(playbook, language=language)
    assert not [sentence for sentence in sentences if "{" in sentence]
    assert len(set(sentences)) == len(sentences)


def test_a_sentence_with_the_callers_name_is_fixed_where_no_name_is_known(playbook: Playbook) -> None:
    named = [
        sentence
        for wordings in playbook.texts["en"].sentences.values()
        for wording in wordings
        for sentence in wording.sentences
        if "{name_tail}" in sentence and "{moment}" not in sentence
    ]
    assert named
    assert {sentence.replace("{name_tail}", "") for sentence in named} <= set(fixed_sentences(playbook, language="en"))


def test_offers_are_spoken_with_the_playbooks_prices(playbook: Playbook) -> None:
    sentences = fixed_sentences(playbook, language="en")
    for tier in playbook.tiers:
        assert [sentence for sentence in sentences if playbook.price(tier.key, language="en") in sentence]


def test_every_approved_answer_is_there(playbook: Playbook) -> None:
    sentences = set(fixed_sentences(playbook, language="es"))
    for answer in playbook.answers:
        assert set(playbook.sentences("es", f"answer.{answer.key}")) <= sentences


def test_a_language_that_the_playbook_does_not_speak_is_an_error(playbook: Playbook) -> None:
    with pytest.raises(KeyError):
        fixed_sentences(playbook, language="fr")


def test_openers_come_after_the_greetings_in_one_breath(playbook: Playbook) -> None:
    openers = [
        " ".join(wording.sentences)
        for key, wordings in playbook.texts["en"].sentences.items()
        if key.startswith("opener.")
        for wording in wordings
    ]
    assert openers
    assert set(openers) <= set(fixed_sentences(playbook, language="en")[: 12 + len(openers)])
