"""A plan in the making: words are picked, the next state is gathered, and the notices put first where they are due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from bot.actions import Action
from bot.domain import EmotionLabel, Expected, Outcome, Stage, Tone
from bot.playbook.model import Playbook, Wording
from bot.policy.plan import TurnPlan
from bot.policy.spoken_time import spoken_moment
from bot.policy.state import Awaiting, CallState

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_FREE: Final = frozenset({"ack", "ask", "objection", "product", "off_topic", "acknowledge", "greet", "feeling"})
"""Groups of texts that a model may word in its own way; every other text is spoken as it stands."""
_NEUTRAL: Final = frozenset({"ask", "propose.check", "session.offer", "anything_else", "more_questions", "acknowledge"})
"""Texts that leave the choice to what stands beside them."""
_COMMITTING: Final = frozenset({"book_appointment"})
"""Tools that bind the caller to something: out of a model's reach while words are not to be relied on."""
_PLAIN: Final = "the caller asked for plain speech: common words, sentences of at most 12 words, one thing at a time"
_EXPECTS: Final[Mapping[Awaiting, Expected]] = {
    Awaiting.NOTHING: Expected.OPEN,
    Awaiting.OPENING: Expected.OPEN,
    Awaiting.TIER_CHECK: Expected.YES_NO,
    Awaiting.SESSION_OFFER: Expected.YES_NO,
    Awaiting.SESSION_TIME: Expected.DATE,
    Awaiting.NAME: Expected.OPEN,
    Awaiting.CONFIRM: Expected.YES_NO,
    Awaiting.CALLBACK_OFFER: Expected.YES_NO,
    Awaiting.CALLBACK_TIME: Expected.DATE,
    Awaiting.WRONG_NUMBER: Expected.YES_NO,
    Awaiting.CHOICE: Expected.OPEN,
    Awaiting.MORE_QUESTIONS: Expected.OPEN,
    Awaiting.ANYTHING_ELSE: Expected.OPEN,
    Awaiting.KEY_CONFIRM: Expected.YES_NO,
    Awaiting.RESCUE: Expected.YES_NO,
    Awaiting.KEYS: Expected.OPEN,
}


class Draft:
    """One turn being planned. Lives for one call of `plan_turn`."""

    def __init__(self, *, playbook: Playbook, state: CallState, now: datetime) -> None:
        self.playbook = playbook
        self.state = state.changed(heard_count=state.heard_count + 1)
        self.now = now
        self.sentences: list[str] = []
        self.facts: list[str] = []
        self.actions: tuple[Action, ...] = ()
        self.goal = "go on"
        self.hint = ""
        self.ends_call = False
        self.interruptible = True
        self.aside = False
        """These words pass: what was said before them stays what can be repeated."""
        self.spoken_keys: list[str] = []
        self._free = False
        self._fixed = False
        self._noticed = False
        self._tone: Tone | None = None

    @property
    def language(self) -> str:
        """The language of this turn."""
        return self.state.language

    @property
    def tone(self) -> Tone:
        """How the turn should sound after what the caller felt."""
        if self._tone is not None:
            return self._tone
        if self.state.mood.frustration >= 0.5:
            return Tone.CALM
        emotion = next((turn.emotion for turn in reversed(self.state.turns) if turn.emotion), None)
        if emotion is not None and emotion.label in {EmotionLabel.SADNESS, EmotionLabel.FEAR}:
            return Tone.WARM
        if self.state.mood.interest >= 0.5 or self.state.mood.valence >= 0.4:
            return Tone.UPBEAT
        return Tone.FRIENDLY

    def update(self, **changes: Any) -> None:
        """Change fields of the next state."""
        self.state = self.state.changed(**changes)

    def set_slot(self, key: str, value: str | None) -> None:
        """Remember or (None) forget a slot."""
        slots = {name: known for name, known in self.state.slots.items() if name != key}
        if value is not None:
            slots[key] = value
        self.update(slots=MappingProxyType(slots))

    def count(self, field: str, key: str) -> int:
        """Count `key` in a counting field of the state; return how often it was there before."""
        counts: Mapping[str, int] = getattr(self.state, field)
        before = counts.get(key, 0)
        self.update(**{field: MappingProxyType({**counts, key: before + 1})})
        return before

    def say(self, key: str, **values: str) -> None:
        """Add the playbook's words for `key`, in a wording that fits the tone and was used least."""
        spoken = self.words(key, **values)
        self.sentences.extend(spoken)
        self.spoken_keys.append(key)
        if key in _NEUTRAL or key.partition(".")[0] in _NEUTRAL:
            return
        if self._is_free(key):
            self._free = True
        else:
            self._fixed = True
            self.facts.extend(spoken)

    def words(self, key: str, **values: str) -> tuple[str, ...]:
        """The words for `key`, filled in; counts as their use. Empty where the playbook has none."""
        wordings = self.playbook.wordings(self.language, key)
        if not wordings:
            return ()
        chosen = _suitable(wordings, self.tone)
        if self.state.delivery.plain:
            chosen = (min(chosen, key=_longest_sentence),)
        wording = chosen[self.count("used", key) % len(chosen)]
        filled = {"name_tail": self._name_tail(), **values}
        return tuple(_PLACEHOLDER.sub(lambda match: filled.get(match.group(1), ""), text) for text in wording.sentences)

    def repeat(self, sentences: tuple[str, ...]) -> None:
        """Say words that were said before."""
        self.sentences.extend(sentences)
        self._fixed = True

    def has(self, key: str) -> bool:
        """Whether the playbook words this in the call's language."""
        return bool(self.playbook.wordings(self.language, key))

    def moment_text(self, iso: str) -> str:
        """A stored moment as it is spoken."""
        return spoken_moment(datetime.fromisoformat(iso), language=self.language)

    def expect(
        self, awaiting: Awaiting, *, stage: Stage, expects: Expected | None = None, question: str | None = None
    ) -> None:
        """Set what the bot's question is about, and so what the next words will answer."""
        expected = expects if expects is not None else _EXPECTS.get(awaiting, Expected.OPEN)
        self.update(awaiting=awaiting, question=question, stage=stage, expects=expected)

    def act(self, *actions: Action, goal: str) -> None:
        """Do something first; what is said follows from its receipts."""
        self.actions = actions
        self.sentences.clear()
        self.goal = goal

    def end(self, outcome: Outcome) -> None:
        """This turn ends the call."""
        self.ends_call = True
        self.update(
            ended=True,
            outcome=outcome,
            stage=Stage.FAREWELL,
            awaiting=Awaiting.NOTHING,
            question=None,
            expects=Expected.NOTHING,
        )

    def finish(self) -> TurnPlan:
        """The plan, with the notices in front where the caller has not heard them yet."""
        if not self.actions and not self.ends_call and not self._noticed:
            self._complete_notices()
        sentences = tuple(self.sentences)
        # What was said when something is only done in this turn, or nothing said, stays what can be repeated.
        self.update(
            pending_actions=self.actions,
            last_words=sentences if sentences and not (self.actions or self.aside) else self.state.last_words,
            aside=self.aside,
        )
        return TurnPlan(
            state=self.state,
            stage=self.state.stage,
            goal=self.goal,
            sentences=sentences,
            approved=self._fixed or not self._free,
            facts=tuple(dict.fromkeys(self.facts)),
            tools=self._tools(),
            tone=self.tone,
            hint="; ".join(hint for hint in (self.hint, _PLAIN if self.state.delivery.plain else "") if hint),
            expects=self.state.expects,
            actions=self.actions,
            ends_call=self.ends_call,
            outcome=self.state.outcome,
            interruptible=self.interruptible,
        )

    def notice(self, *, disclosure: str, storage: str) -> list[str]:
        """The words of the notices that are still due, remembered so that the heard ledger can find them."""
        due: list[str] = []
        self._noticed = True
        if not self.state.disclosure_heard:
            words = self.words(disclosure)
            self.update(disclosure_words=" ".join(words))
            due.extend(words)
        if not self.state.storage_notice_heard:
            words = self.words(storage)
            self.update(storage_words=" ".join(words))
            due.extend(words)
        if due:
            self._fixed = True
        return due

    def _tools(self) -> tuple[str, ...]:
        tools = self.playbook.tools.get(self.state.stage, ())
        return tuple(tool for tool in tools if tool not in _COMMITTING) if self.state.degraded else tools

    def _complete_notices(self) -> None:
        due = self.notice(disclosure="notice.disclosure_again", storage="notice.storage_again")
        # Words that are repeated may hold a notice already.
        self.sentences = due + [sentence for sentence in self.sentences if sentence not in due]

    def _is_free(self, key: str) -> bool:
        group, _, rest = key.partition(".")
        if group == "answer":
            answer = self.playbook.answer(rest)
            return answer is not None and not answer.approved
        return group in _FREE

    def _name_tail(self) -> str:
        name = self.state.slots.get("name", "").split()
        return f", {name[0]}" if name else ""


def _longest_sentence(wording: Wording) -> int:
    return max(len(sentence.split()) for sentence in wording.sentences)


def _suitable(wordings: tuple[Wording, ...], tone: Tone) -> tuple[Wording, ...]:
    fitting = tuple(wording for wording in wordings if wording.tone == tone)
    return fitting or tuple(wording for wording in wordings if wording.tone is None) or wordings
