# ruff: noqa: E501 - the rules are word lists, a line a purpose
"""The last look at a model's sentence before it is spoken: what may not be said is replaced by the plan's own words.

Simple word rules, a first version. They err towards the ready sentence: it is always right, if less lively.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from bot.analysis.numbers import with_digits
from bot.analysis.plain import plain
from bot.playbook.model import Playbook
from bot.policy.plan import TurnPlan
from bot.policy.state import CallState
from bot.sentences import SentenceSplitter, split_sentences

__all__ = ["Guard", "Passed", "Reason", "Replaced", "SentenceSplitter", "split_sentences"]

MAX_WORDS: Final = 45
"""Words of a model's sentence that still can be followed by ear."""


class Reason(StrEnum):
    """Why a sentence was replaced; the label of the metric."""

    PRICE = "price"
    DISCOUNT = "discount"
    GUARANTEE = "guarantee"
    MEDICAL = "medical"
    HUMAN_CLAIM = "human_claim"
    UNDONE_ACTION = "undone_action"
    LEAKAGE = "leakage"
    TOO_LONG = "too_long"


@dataclass(frozen=True, kw_only=True)
class Passed:
    """The sentence may be spoken as it is."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """The sentence must not be spoken: speak `text` (the plan's ready words) instead, and end the model's reply."""

    text: str
    reason: Reason


_MONEY: Final = re.compile(
    r"(?:\$|us\$|usd)\s*(\d+(?:,\d{3})*(?:\.\d+)?)|(\d+(?:,\d{3})*(?:\.\d+)?)\s*(?:dollars?|bucks?|usd|dolares|\$|pesos|euros?|a month|"
    r"per month|al mes|por mes|mensual\w*)"
)
_DISCOUNT: Final = re.compile(
    r"\b\d+\s*(?:%|percent|por ciento)\s*(?:off|discount|less|cheaper|de descuento|menos)|\bhalf (?:off|price)|\bmitad de precio|"
    r"(?:special|exclusive|limited) (?:offer|deal|price|discount)|oferta especial|(?:give|offer|get) you (?:a|an|some) .{0,20}discount|"
    r"(?:le|te) (?:doy|ofrezco|puedo dar|hago) (?:un )?.{0,20}descuento|free (?:month|week|trial)|(?:month|week)s? (?:is |are )?free|(?:mes|semana|prueba) gratis|"
    r"\bfirst month free|primer mes gratis|waive"
)
_GUARANTEE: Final = re.compile(
    r"\bguarant\w+|\bgarantiz\w+|\bgarantia\b|\bi promise\b|\ble prometo que\b|100 ?(?:%|percent|por ciento) (?:sure|safe|effective|seguro|efectivo)|"
    r"\byou(?:'ll| will) (?:definitely |certainly |surely )?lose \d+|\bva a (?:bajar|perder) \d+|\bmoney back\b|\bno risk\b|\bsin riesgo\b"
)
_DENIED: Final = re.compile(
    r"\b(?:can't|cannot|can not|don't|do not|won't|never|no|not|without|ni|sin|nunca|tampoco)\b[^,;]{0,24}$"
)
_MEDICAL: Final = re.compile(
    r"\b(?:cures?|curing|heals?|treats? (?:your|the|diabetes|depression|any)|diagnos\w+|prescri\w+|reverses? (?:your )?diabetes|"
    r"(?:stop|skip|reduce|replace) (?:taking )?your (?:medic\w+|insulin|pills)|lowers? your (?:blood pressure|cholesterol|blood sugar)|"
    r"(?:le )?cura\b|sana (?:la|el|su)|diagnostic\w+|recet\w+|(?:deje|suspenda|reduzca) (?:de tomar )?(?:su|sus|la|los) (?:medic\w+|insulina|pastillas)|"
    r"baja (?:la|su) presion|revierte la diabetes)\b"
)
_HUMAN: Final = re.compile(
    r"\bi(?:'m| am) (?:a |an |really |actually |your )*(?:real |actual |live )?(?:human|person|woman|man|coach|trainer|nutritionist|employee)\b|"
    r"\bi(?:'m| am) not (?:a |an )?(?:robot|bot|machine|ai|computer|artificial)|\bas a (?:human|person|woman|man|coach)\b|"
    r"\bsoy (?:una |un )?(?:persona|humana|humano|mujer|hombre|coach|entrenador\w*|nutricionista)\b|\bno soy (?:una |un )?(?:robot|maquina|bot|inteligencia|ia\b)"
)
_UNDONE: Final = re.compile(
    r"\b(?:i(?:'ve| have)|i|we(?:'ve| have)) (?:just |already |now )?(?:booked|scheduled|reserved|sent|emailed|texted|transferred|removed|"
    r"cancelled|canceled|confirmed|put you down|added you|signed you up)\b|\byou(?:'re| are) (?:all |now |already )*(?:booked|set|scheduled|confirmed|signed up|enrolled|off (?:our|the) list)\b|"
    r"\byour (?:appointment|booking|consultation|session) is (?:booked|confirmed|scheduled|set|reserved)\b|"
    r"\b(?:ya )?(?:le|lo|la) (?:he )?(?:reserv(?:e|ado)|agend(?:e|ado)|envi(?:e|ado)|mand(?:e|ado)|inscri(?:bi|to)|transfer(?:i|ido)|confirm(?:e|ado))\b|"
    r"\b(?:su|la) (?:cita|consulta|sesion|reserva) (?:ya )?(?:esta|queda|quedo|ha quedado) (?:reservad|confirmad|agendad|list)\w+|\bqueda (?:reservad|confirmad|agendad)\w+"
)  # fmt: skip
_LEAKAGE: Final = re.compile(
    r"\b(?:system prompt|my (?:instructions|prompt|guidelines|programming)|language model|openai|chat ?gpt|as an ai\b(?! assistant)|"
    r"i was (?:told|instructed|programmed) to|ready sentence|live hint|developer message|tool call|function call|json|"
    r"modelo de lenguaje|mis instrucciones|me (?:indicaron|programaron|instruyeron)|mensaje del sistema)\b|[{}<>]|```|\*\*|^#"
)


class Guard:
    """Checks a model's sentences against one playbook. Stateless after construction."""

    def __init__(self, playbook: Playbook) -> None:
        self._prices = frozenset(offer.amount for offer in playbook.tiers)

    def check(self, sentence: str, *, plan: TurnPlan, state: CallState) -> Passed | Replaced:
        """Judge one sentence of a reply to `plan`; `state` is the state it is spoken in."""
        reason = self._reason(sentence, state)
        return Passed(text=sentence) if reason is None else Replaced(text=plan.text, reason=reason)

    def _reason(self, sentence: str, state: CallState) -> Reason | None:
        words = plain(sentence)
        digits = with_digits(words, language=state.language)
        if _LEAKAGE.search(sentence.lower()) or _LEAKAGE.search(words):
            return Reason.LEAKAGE
        if not self._prices_stand(digits):
            return Reason.PRICE
        for pattern, reason in (
            (_DISCOUNT, Reason.DISCOUNT),
            (_GUARANTEE, Reason.GUARANTEE),
            (_MEDICAL, Reason.MEDICAL),
        ):
            if any(_DENIED.search(digits[: match.start()]) is None for match in pattern.finditer(digits)):
                return reason
        if _HUMAN.search(words):
            return Reason.HUMAN_CLAIM
        if _UNDONE.search(words) and state.booking is None and not state.callback_set:
            return Reason.UNDONE_ACTION
        return Reason.TOO_LONG if len(sentence.split()) > MAX_WORDS else None

    def _prices_stand(self, digits: str) -> bool:
        for match in _MONEY.finditer(digits):
            try:
                amount = Decimal((match.group(1) or match.group(2)).replace(",", ""))
            except InvalidOperation:
                return False
            if amount not in self._prices:
                return False
        return True
