"""Speaking as the caller wishes: slower, louder, and back; for the rest of the call."""

from __future__ import annotations

from typing import Final

from bot.domain import Delivery, DeliveryRequest, Intent, Understanding
from bot.policy.draft import Draft
from bot.policy.steering import steer

_ABOUT_SPEECH: Final = frozenset({Intent.REPEAT, Intent.HOLD_ON, Intent.OTHER, Intent.BACKCHANNEL, Intent.GREET})
"""Intents with which a wish about our speech is the matter itself; with any other it is granted in passing."""
_HELPS: Final = frozenset({DeliveryRequest.SLOWER, DeliveryRequest.LOUDER})


def grant_delivery(draft: Draft, heard: Understanding, *, before: Delivery) -> bool:
    """Say in half a sentence that the wish is granted, and say the last words again in the new manner.

    `before` is how the bot spoke so far; the draft's state has the new manner. False where the utterance is about
    something else, or nothing was wished.
    """
    request = heard.delivery
    if request is None or heard.intent not in _ABOUT_SPEECH or heard.answers or "datetime" in heard.slots:
        return False
    granted = draft.state.delivery != before
    draft.say(f"delivery.{request}" if granted or request not in _HELPS else "delivery.limit")
    # Who could not follow gets all of it again, who was only displeased the question.
    last = draft.state.last_words if request in _HELPS else draft.state.last_words[-1:]
    if last:
        draft.repeat(last)
        draft.aside = True
    else:
        steer(draft)
    draft.goal = "speak as the caller wishes, and say it again"
    return True
