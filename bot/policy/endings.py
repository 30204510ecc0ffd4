"""How a call ends: each way with its words and its outcome."""

from __future__ import annotations

from bot.actions import RecordOptOut
from bot.domain import Direction, Outcome, Speaker, Stage
from bot.policy.draft import Draft
from bot.policy.state import Awaiting, CallState
from bot.policy.steering import offer_callback


def say_goodbye(draft: Draft, *, refused: bool = False) -> None:
    """The caller is done: a goodbye that fits what came of the call."""
    state = draft.state
    draft.goal = "say goodbye"
    outcome = final_outcome(state, refused=refused)
    if outcome is Outcome.ABANDONED and any(turn.speaker is Speaker.CALLER for turn in state.turns):
        outcome = Outcome.NOT_INTERESTED  # they talked to us and took their leave
    if outcome is Outcome.BOOKED and state.booked_at:
        draft.say("goodbye.booked", moment=draft.moment_text(state.booked_at))
    elif outcome is Outcome.NOT_INTERESTED and refused:
        draft.say("goodbye.not_interested")
    else:
        draft.say("goodbye.plain")
    draft.end(outcome)


def say_time_is_up(draft: Draft) -> None:
    """The call has gone on long enough."""
    draft.goal = "end the call"
    draft.say("goodbye.limit")
    draft.end(final_outcome(draft.state))


def final_outcome(state: CallState, *, refused: bool = False) -> Outcome:
    """What a call counts as when it ends in this state. Use it for a caller who hangs up, too."""
    if state.opted_out:
        return Outcome.OPTED_OUT
    if state.outcome is not None:
        return state.outcome
    if state.hearing_lost:
        return Outcome.FAILED  # that we could not hear them says nothing about their interest
    spoke = any(turn.speaker is Speaker.CALLER for turn in state.turns)
    return Outcome.NOT_INTERESTED if spoke or refused else Outcome.ABANDONED


def opt_out(draft: Draft) -> None:
    """Never again: record it first, then confirm and hang up. Nothing else is said from here on."""
    draft.update(opted_out=True, stage=Stage.FAREWELL, awaiting=Awaiting.NOTHING, question=None)
    draft.act(RecordOptOut(), goal="record that this person wants no further contact")
    draft.interruptible = False


def confirm_opt_out(draft: Draft, *, recorded: bool) -> None:
    """Say what came of the wish, honestly, and hang up."""
    draft.goal = "confirm the opt-out and say goodbye"
    draft.update(opt_out_recorded=recorded)
    draft.say("opt_out.done" if recorded else "opt_out.failed")
    draft.interruptible = False
    draft.end(Outcome.OPTED_OUT)


def wrong_number(draft: Draft) -> None:
    """Somebody else's number: apologise, and on our own calls offer never to call it again."""
    if draft.state.direction is Direction.INBOUND:
        draft.goal = "say goodbye to a wrong number"
        draft.say("wrong_number.inbound")
        draft.end(Outcome.WRONG_NUMBER)
        return
    draft.goal = "apologise for the wrong number"
    draft.say("wrong_number.offer")
    draft.update(outcome=Outcome.WRONG_NUMBER)
    draft.expect(Awaiting.WRONG_NUMBER, stage=Stage.WRAP_UP)


def leave_wrong_number(draft: Draft) -> None:
    """The wrong number wants nothing more."""
    draft.goal = "say goodbye to a wrong number"
    draft.say("wrong_number.bye")
    draft.end(Outcome.WRONG_NUMBER)


def emergency(draft: Draft) -> None:
    """Somebody is in danger: point to those who can help, and free the line."""
    draft.goal = "send the caller to the emergency services"
    draft.say("emergency")
    draft.interruptible = False
    draft.end(Outcome.EMERGENCY)


def leave_machine(draft: Draft) -> None:
    """A recording answered: hang up without a word."""
    draft.goal = "leave the recording alone"
    draft.end(Outcome.VOICEMAIL)


def refuse(draft: Draft, *, firmly: bool) -> None:
    """The caller does not want what was offered: one gentle way back, then a goodbye.

    Somebody whom we called and who says "not interested" gets the goodbye at once.
    """
    draft.update(refusals=draft.state.refusals + 1, wants_session=False)
    offered = draft.state.asked.get("callback_offer", 0) > 0
    if offered or draft.state.refusals > 1 or (firmly and draft.state.direction is Direction.OUTBOUND):
        say_goodbye(draft, refused=True)
        return
    draft.say("refuse.first")
    offer_callback(draft)
