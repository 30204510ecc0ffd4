"""All judgements of an utterance in one go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from bot.analysis.emotion import EmotionJudge
from bot.analysis.intent import IntentJudge, best_intent
from bot.analysis.language import LanguageJudge
from bot.analysis.moments import Frame
from bot.analysis.optout import asks_no_contact
from bot.analysis.plain import phrase_pattern, plain
from bot.analysis.slots import find_slots
from bot.analysis.tier import TierJudge
from bot.domain import Intent, Understanding
from bot.playbook.model import Phrases, Playbook
from bot.policy.state import Awaiting, CallState

_Patterns = Mapping[str, re.Pattern[str]]


MAX_CHARS: Final = 2000
"""Of an utterance; what is longer is a recogniser gone wrong, and must not hold up the call."""
_GREETS_OR_AGREES: Final = frozenset({"bueno", "pues bueno"})
_YES_OR_NO: Final = frozenset(
    {
        Awaiting.TIER_CHECK,
        Awaiting.SESSION_OFFER,
        Awaiting.CONFIRM,
        Awaiting.KEY_CONFIRM,
        Awaiting.CALLBACK_OFFER,
        Awaiting.RESCUE,
        Awaiting.WRONG_NUMBER,
    }
)
_READ_BACK: Final = frozenset({Awaiting.CONFIRM, Awaiting.KEY_CONFIRM})


class Analyst:
    """Understands utterances. Build one for a playbook (about a second: the language model is read); it holds no state
    of calls, so all calls may share it. `understand` takes well under 10 ms."""

    def __init__(self, playbook: Playbook, *, region: str = "US") -> None:
        self._playbook = playbook
        self._region = region
        self._language = LanguageJudge(languages=playbook.languages)
        self._intent = IntentJudge()
        self._emotion = EmotionJudge()
        self._tier = TierJudge(playbook)
        self._topics = {answer.key: _by_language(answer.phrases) for answer in playbook.answers}
        self._values = {
            question.key: [(value.value, _by_language(value.phrases)) for value in question.values]
            for question in playbook.questions
        }

    def understand(self, text: str, *, hint: str | None, state: CallState, now: datetime) -> Understanding:
        """What `text` means in this call. `hint` is the recogniser's language, `now` is aware."""
        text = text[:MAX_CHARS]
        words = plain(text)
        language = self._language.judge(words, hint=hint, current=state.language)
        frame = Frame(now=now, zone=self._playbook.business.zone, language=language, day=_agreed_day(state))
        slots = find_slots(text, words, frame=frame, expects_name=_expects_name(state), region=self._region)
        scores = self._intent.scores(words, language=language, names_time="datetime" in slots)
        answers = self._answers(words, language=language, state=state)
        return Understanding(
            language=language,
            intent=_in_context(best_intent(scores), words, state),
            intent_scores=MappingProxyType({str(intent): score for intent, score in scores.items()}),
            optout=asks_no_contact(words),
            emotion=self._emotion.judge(words),
            tier=self._tier.judge(words, language=language, before=state.tier, answers=answers),
            slots=MappingProxyType(slots),
            answers=answers,
            topic=self._topic(words, language=language),
            refuses=self._intent.refuses(words, language=language),
            emergency=self._intent.is_emergency(words, language=language),
            delivery=self._intent.delivery(words),
        )

    def _answers(self, words: str, *, language: str, state: CallState) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for question in self._playbook.questions:
            open_now = state.awaiting is Awaiting.QUESTION and state.question == question.key
            if not (open_now or question.volunteered):
                continue
            hits = [
                (match.start(), value)
                for value, patterns in self._values[question.key]
                if (pattern := patterns.get(language)) is not None and (match := pattern.search(words)) is not None
            ]
            if hits:
                found[question.slot] = min(hits)[1]
        return MappingProxyType(found)

    def _topic(self, words: str, *, language: str) -> str | None:
        best: tuple[int, str] | None = None
        for key, patterns in self._topics.items():
            pattern = patterns.get(language)
            match = pattern.search(words) if pattern is not None else None
            if match is not None and (best is None or len(match.group()) > best[0]):
                best = (len(match.group()), key)
        return best[1] if best is not None else None


def _by_language(phrases: Phrases) -> _Patterns:
    return {language: phrase_pattern(texts) for language, texts in phrases.items()}


def _in_context(intent: Intent, words: str, state: CallState) -> Intent:
    """What a word that answers the phone as well as a question means after a question."""
    if intent is Intent.GREET and words in _GREETS_OR_AGREES and state.awaiting in _YES_OR_NO:
        return Intent.AFFIRM
    return intent


def _expects_name(state: CallState) -> bool:
    """Whether bare words may be a name: it was just asked for, or is still missing when the time is read back."""
    return state.awaiting is Awaiting.NAME or (state.awaiting in _READ_BACK and "name" not in state.slots)


def _agreed_day(state: CallState) -> date | None:
    """The day that an hour alone belongs to, once one was named."""
    named = state.slots.get("day") or state.slots.get("moment", "")[:10]
    if not named or state.awaiting not in {Awaiting.SESSION_TIME, Awaiting.NAME, *_READ_BACK}:
        return None
    return date.fromisoformat(named)
