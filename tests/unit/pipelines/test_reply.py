"""A reply's ledger: what was heard of it, and what it was to be."""

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


def test_a_reply_heard_to_its_end_is_whole() -> None:
    reply = _reply()
    for sentence in reply.plan.sentences:
        reply.note(sentence, heard=sentence)
    assert not reply.cut
    assert reply.heard == reply.full == " ".join(reply.plan.sentences)


def test_a_sentence_that_broke_off_cuts_the_reply() -> None:
    reply = _reply()
    first, second, *_ = reply.plan.sentences
    reply.note(first, heard=first)
    reply.note(second, heard=second.split()[0])
    assert reply.cut and reply.heard == f"{first} {second.split()[0]}"
    assert reply.full == " ".join(reply.plan.sentences)


def test_nothing_heard_of_a_cut_reply_leaves_what_it_was_to_be() -> None:
    reply = _reply()
    reply.cut = True
    assert reply.full == " ".join(reply.plan.sentences) and reply.heard == ""
