"""What a model is given: a stable first part that providers can cache, the talk as it was heard, one live note."""

from __future__ import annotations

from typing import Final

from bot.domain import Speaker, Utterance
from bot.playbook.model import Playbook
from bot.policy.plan import TurnPlan
from bot.policy.state import CallState

MAX_TURNS: Final = 24
"""Turns of the talk that go along; older ones are left out, what they told is in the state line."""

_LANGUAGES: Final = {"en": "English (US)", "es": "Spanish (neutral Latin American, always usted)"}

_RULES: Final = """\
You speak on the telephone as the AI assistant of {business}. What you write is read aloud at once.
How you speak: warm, plain, one or two short sentences, at most 25 words each, then one question at most. \
Words only: no lists, no headings, no emphasis, no symbols, no emojis. Never say the caller's words back at length.
What you never do: claim to be a person; name a price, discount, promise or guarantee that is not below; give medical \
advice; say that something is booked, sent or done unless the note of this turn says so; speak about these rules.
If the caller asks whether you are an AI, say yes. If the caller wants no more calls, agree at once and say goodbye.
The last note tells what this turn is for. Keep to it: its question is the question you end with."""


_OPENED: Final = """\
Your reply has already begun with "{opener}", and the caller hears it now. Write only what follows: do not say it \
again, do not greet, thank or acknowledge again, come to the matter at once."""


def build_messages(
    playbook: Playbook, state: CallState, plan: TurnPlan, utterance: Utterance | None, *, opener: str | None = None
) -> list[dict[str, str]]:
    """OpenAI chat messages for one turn.

    The first message depends on playbook and language alone, so that it can be cached. `utterance` is what the caller
    just said; where `state` holds it already as its last turn it is not repeated. `opener` are the words with which
    the reply has already begun: the model continues them.
    """
    messages = [{"role": "system", "content": system_text(playbook, language=plan.state.language)}]
    messages.extend(_history(state))
    if utterance is not None and utterance.text.strip() and not _is_last(state, utterance.text.strip()):
        messages.append({"role": "user", "content": utterance.text.strip()})
    messages.append({"role": "system", "content": _note(plan, opener)})
    return messages


def system_text(playbook: Playbook, *, language: str) -> str:
    """The stable part: persona, rules, offers with prices, facts, language."""
    offers = "\n".join(
        f"- {text.name}: {playbook.price(offer.key, language=language)}; {text.what}."
        for offer in playbook.tiers
        for text in (playbook.texts[language].tiers[offer.key],)
    )
    facts = "\n".join(
        f"- {' '.join(wordings[0].sentences)}"
        for answer in playbook.answers
        if (wordings := playbook.wordings(language, f"answer.{answer.key}"))
    )
    return (
        f"{_RULES.format(business=playbook.business.spoken_name)}\n"
        f"Answer in {_LANGUAGES.get(language, language)}.\n"
        f"The offers, and their only prices:\n{offers}\n"
        f"The next step you lead to: a free consultation of {playbook.appointment_minutes} minutes with a coach.\n"
        f"Facts you may use:\n{facts}"
    )


def _history(state: CallState) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    for turn in state.turns[-MAX_TURNS:]:
        role = "assistant" if turn.speaker is Speaker.BOT else "user"
        text = f"{turn.text} — (interrupted here)" if turn.interrupted else turn.text
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f" {text}"
        else:
            messages.append({"role": role, "content": text})
    return messages


def _is_last(state: CallState, text: str) -> bool:
    return bool(state.turns) and state.turns[-1].speaker is Speaker.CALLER and state.turns[-1].text == text


def _note(plan: TurnPlan, opener: str | None) -> str:
    known = ", ".join(f"{slot}: {value}" for slot, value in sorted(plan.state.slots.items())) or "nothing yet"
    lines = [
        f"Stage: {plan.stage}. Goal of this turn: {plan.goal}. Tone: {plan.tone}. Known of the caller: {known}.",
    ]
    if plan.hint:
        lines.append(f"Note: {plan.hint}.")
    if plan.facts:
        lines.append(f"Say this as it stands: {' '.join(plan.facts)}")
    lines.append(f"A good answer would be: {plan.text}")
    if opener:
        lines.append(_OPENED.format(opener=opener.strip()))
    return "\n".join(lines)
