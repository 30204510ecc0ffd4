"""The main purpose of an utterance: word patterns by language, the contract's order where several fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.analysis import lexicon_en, lexicon_es
from bot.analysis.optout import asks_no_contact
from bot.domain import DeliveryRequest, Intent

ORDER: Final[tuple[Intent, ...]] = (
    Intent.OPT_OUT,
    Intent.WRONG_NUMBER,
    Intent.HUMAN,
    Intent.IS_AI,
    Intent.MACHINE,
    Intent.COMPLAINT,
    Intent.OBJECTION_TRUST,
    Intent.OBJECTION_COMPETITOR,
    Intent.OBJECTION_AUTHORITY,
    Intent.OBJECTION_PRICE,
    Intent.OBJECTION_TIME,
    Intent.OBJECTION_NEED,
    Intent.ASK_DISCOUNT,
    Intent.ASK_PAYMENT,
    Intent.ASK_PRICE,
    Intent.ASK_SCHEDULE,
    Intent.ASK_PRODUCT,
    Intent.CALLBACK,
    Intent.HOLD_ON,
    Intent.REPEAT,
    Intent.AFFIRM,
    Intent.DENY,
    Intent.GOODBYE,
    Intent.GREET,
    Intent.BACKCHANNEL,
    Intent.OTHER,
)
"""What the seller must react to first, first."""

_OPT_OUT_WEIGHT: Final = 4.5
_TIME_WEIGHT: Final = 2.3
_NOT_HEARD_WEIGHT: Final = 2.4
_NOT_HEARD: Final = frozenset({DeliveryRequest.SLOWER, DeliveryRequest.LOUDER})
_FLOOR: Final = 0.9
"""Weight of `other`: what nothing else reaches."""
_ALL_DONE: Final = re.compile(r"\b(?:that's (?:all|it)|eso es todo|nada mas|bye|adios|hasta)\b")
_RIGHT_NOW: Final = re.compile(r"\b(?:now|ahora|ahorita|call|llam\w+)\b")
_SHARPNESS: Final = 2.2
_ORDER_STEP: Final = 0.01


class IntentJudge:
    """Judges intents. Its patterns are compiled once; judging is pure."""

    def __init__(self) -> None:
        self._patterns: Mapping[str, tuple[tuple[Intent, float, re.Pattern[str]], ...]] = {
            language: tuple((intent, weight, re.compile(_bounded(pattern))) for intent, weight, pattern in lexicon)
            for language, lexicon in (("en", lexicon_en.PATTERNS), ("es", lexicon_es.PATTERNS))
        }
        self._delivery = tuple(
            (request, re.compile(_bounded(pattern)))
            for request, pattern in (*lexicon_en.DELIVERY, *lexicon_es.DELIVERY)
        )
        self._refusal = {"en": re.compile(lexicon_en.REFUSAL), "es": re.compile(lexicon_es.REFUSAL)}
        self._emergency = {"en": re.compile(lexicon_en.EMERGENCY), "es": re.compile(lexicon_es.EMERGENCY)}

    def scores(self, words: str, *, language: str, names_time: bool) -> Mapping[Intent, float]:
        """Every intent's score for plain text; they sum to 1. `names_time`: the words name a day or an hour."""
        weights = dict.fromkeys(ORDER, 0.0)
        weights[Intent.OTHER] = _FLOOR
        for intent, weight, pattern in self._patterns.get(language, ()):
            if pattern.search(words):
                weights[intent] = max(weights[intent], weight)
        if asks_no_contact(words):
            weights[Intent.OPT_OUT] = _OPT_OUT_WEIGHT
        if names_time and not weights[Intent.CALLBACK] and not weights[Intent.COMPLAINT]:
            weights[Intent.ASK_SCHEDULE] = max(weights[Intent.ASK_SCHEDULE], _TIME_WEIGHT)
        if not weights[Intent.HOLD_ON] and self.delivery(words) in _NOT_HEARD:
            weights[Intent.REPEAT] = max(weights[Intent.REPEAT], _NOT_HEARD_WEIGHT)
        self._settle(weights, words)
        for place, intent in enumerate(ORDER):
            if weights[intent]:
                weights[intent] += _ORDER_STEP * (len(ORDER) - place)
        powers = {intent: math.exp(_SHARPNESS * weight) for intent, weight in weights.items()}
        total = sum(powers.values())
        return MappingProxyType({intent: power / total for intent, power in powers.items()})

    def refuses(self, words: str, *, language: str) -> bool:
        """Whether the words plainly turn the offer down."""
        return self._refusal.get(language, self._refusal["en"]).search(words) is not None

    def is_emergency(self, words: str, *, language: str) -> bool:
        """Whether the words tell of danger to life."""
        return self._emergency.get(language, self._emergency["en"]).search(words) is not None

    def delivery(self, words: str) -> DeliveryRequest | None:
        """How the caller wants to be spoken to, where plain text says so; in any language: such words are short."""
        return next((request for request, pattern in self._delivery if pattern.search(words)), None)

    def _settle(self, weights: dict[Intent, float], words: str) -> None:
        """Where two patterns overlap by their words, the narrower one counts."""
        if weights[Intent.MACHINE] and len(words.split()) > 6:
            # A recording says long sentences, some of which sound like another purpose.
            weights[Intent.MACHINE] += 1.0
        if weights[Intent.IS_AI] and weights[Intent.HUMAN]:
            weights[Intent.HUMAN] = 0.0
        if weights[Intent.AFFIRM] and weights[Intent.GOODBYE] and not weights[Intent.DENY]:
            weights[Intent.GOODBYE] -= 0.4
        if weights[Intent.GOODBYE] and _ALL_DONE.search(words):
            weights[Intent.DENY] = 0.0
        if weights[Intent.CALLBACK] and _RIGHT_NOW.search(words):
            weights[Intent.OBJECTION_TIME] = 0.0
        if weights[Intent.OBJECTION_COMPETITOR] and weights[Intent.OBJECTION_NEED]:
            weights[Intent.OBJECTION_NEED] = 0.0


def best_intent(scores: Mapping[Intent, float]) -> Intent:
    """The likeliest intent."""
    return max(scores, key=lambda intent: scores[intent])


def _bounded(pattern: str) -> str:
    """Patterns start at a word's start."""
    return rf"(?<!\w)(?:{pattern})"
