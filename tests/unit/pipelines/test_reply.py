"""A reply's ledger: what was heard of it, and what is still to be said."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.conversation import CallStarted, new_state, plan_turn
from bot.domain import Direction
from bot.playbook import load_playbook
from pipelines.reply import Reply


def _reply() -> Reply:
    playbook = load_playbook("ngx")
    now = datetime(2026, 3, 2, 15, tzinfo=UTC)
    state = new_state(playbook, direction=Direction.INBOUND)
    plan = plan_turn(playbook, state, CallStarted(direction=Direction.INBOUND), now)
    assert len(plan.sentences) >= 3
    return Reply(plan=plan, began_at=now)


def test_a_reply_heard_to_its_end_has_no_rest() -> None:
    reply = _reply()
    for sentence in reply.plan.sentences:
        reply.note(sentence, heard=sentence)
    assert not reply.cut and reply.rest() == ()
    assert reply.heard == reply.full == " ".join(reply.plan.sentences)


def test_the_sentence_that_broke_off_is_said_again_and_counted_once() -> None:
    reply = _reply()
    first, second, *others = reply.plan.sentences
    reply.note(first, heard=first)
    reply.note(second, heard=second.split()[0])
    assert reply.cut and reply.rest() == (second, *others)
    reply.go_on()
    assert not reply.cut and reply.heard == first
    for sentence in (second, *others):
        reply.note(sentence, heard=sentence)
    assert reply.full == " ".join(reply.plan.sentences)


def test_a_models_own_words_are_not_followed_by_the_ready_ones() -> None:
    reply = _reply()
    reply.note("A model's own words.", heard="A model's own words.")
    reply.note("And its question?", heard="And")
    assert reply.rest() == ("And its question?",)


def test_nothing_heard_leaves_the_ready_words() -> None:
    reply = _reply()
    reply.cut = True
    assert reply.rest() == reply.plan.sentences and reply.heard == ""
