"""A few words that may start a reply at once, while the model still words the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from bot.domain import EmotionLabel, Intent, Tone, Understanding
from bot.policy.draft import Draft
from bot.policy.plan import TurnPlan
from bot.policy.wording import is_question

_UPSET: Final = frozenset({EmotionLabel.ANGER, EmotionLabel.DISGUST, EmotionLabel.SADNESS, EmotionLabel.FEAR})
IN_A_ROW: Final = 3
"""Replies on end that may begin with one. A model's first words come 0.4 s after what people leave between turns, so
most of its replies need one; replies in fixed words, which come at once, break the row."""

_START: Final = 5
"""Words at the reply's start that must not say again what the opener said."""


def offer_opener(draft: Draft, plan: TurnPlan, *, heard: Understanding, text: str) -> TurnPlan:
    """The plan with an opener that fits, where a model words it and one is due.

    After `IN_A_ROW` replies that began with one, only a question of the caller gets another. Never twice the same in a
    row, never one that the ready words begin with.
    """
    due = draft.playbook.openers and plan.sentences and not (plan.approved or plan.actions or plan.ends_call)
    asks = heard.intent.value.startswith("ask_") or (heard.intent is Intent.OTHER and is_question(text))
    kind = _kind(draft, heard, plan.tone)
    if not due or kind is None or (draft.state.openers_in_row >= IN_A_ROW and not asks):
        return plan
    state, key = plan.state, f"opener.{kind}"
    openers = [" ".join(wording.sentences) for wording in draft.playbook.wordings(state.language, key)]
    used = state.used.get(key, 0)
    turn = used % len(openers) if openers else 0
    fitting = (
        opener
        for opener in (*openers[turn:], *openers[:turn])
        if opener != state.opener and not _says_again(opener, plan.text)
    )
    opener = next(fitting, None)
    if opener is None:
        return plan
    state = state.changed(opener=opener, used=MappingProxyType({**state.used, key: used + 1}))
    return replace(plan, opener=opener, state=state)


def _kind(draft: Draft, heard: Understanding, tone: Tone) -> str | None:
    """What the plan is, as far as an opener goes; None where none would sound right."""
    groups = {key.partition(".")[0] for key in draft.spoken_keys}
    if heard.emotion.label in _UPSET or tone in {Tone.CALM, Tone.WARM} or "feeling" in groups:
        return "calm"
    if "objection" in groups:
        return "objection"
    if groups & {"product", "answer"}:
        return "question"
    if "ack" in groups:
        return "story"
    return "plain" if groups & {"off_topic", "acknowledge"} else None


def _says_again(opener: str, reply: str) -> bool:
    """Whether the reply's first words repeat the opener: its first word, or two of its words side by side."""
    mine, theirs = _words(opener), _words(reply)[:_START]
    pairs = set(pairwise(theirs))
    return mine[:1] == theirs[:1] or any(pair in pairs for pair in pairwise(mine))


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
