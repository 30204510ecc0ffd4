"""A playbook as loaded and checked: frozen models, prices in spoken form, words by language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.domain import Expected, Intent, Stage, Tone

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Phrases = Mapping[str, tuple[Words, ...]]
"""Language → phrases as a recogniser writes them; `*` at a word's end stands for any ending."""


class Part(BaseModel):
    """Base of every part of a playbook: frozen, and unknown keys are errors, since they are typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Business(Part):
    """Who is selling. `legal_entity` and `callback_number` are what the law asks to be said on our own calls."""

    name: Words
    spoken_name: Words
    legal_entity: Words
    callback_number: E164
    zone: str
    languages: tuple[Literal["en", "es"], ...] = Field(min_length=1)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"expected an IANA zone such as America/New_York, got {zone!r}") from error
        return zone


class Hours(Part):
    """Opening hours of a group of weekdays (0 is Monday), in the business's zone."""

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(min_length=1)
    opens: Clock
    closes: Clock


class Limits(Part):
    """When enough is enough: all are counts."""

    max_turns: int = Field(default=40, ge=5, le=200)
    max_silences: int = Field(default=2, ge=1, le=5)
    answers_per_objection: int = Field(default=2, ge=1, le=3)
    asks_per_question: int = Field(default=2, ge=1, le=3)
    session_offers: int = Field(default=3, ge=1, le=5)


class Evidence(Part):
    """Words that speak for a tier (negative weight: against it), in log-odds; `reason` is shown to people."""

    reason: Words
    weight: float = Field(ge=-5, le=5)
    phrases: Phrases


class TierOffer(Part):
    """One offer: its price and whom it fits. `prior` is its log-odds before anything was said."""

    key: Key
    amount: Decimal = Field(gt=0)
    currency: Literal["USD"] = "USD"
    period: Literal["month", "12_weeks"]
    prior: float = 0.0
    evidence: tuple[Evidence, ...] = ()


class SlotValue(Part):
    """One value that a question's slot may take, and the words that give it.

    `speaks_for`: tiers for which this answer is evidence, in log-odds.
    """

    value: Key
    phrases: Phrases
    speaks_for: Mapping[str, Annotated[float, Field(ge=-5, le=5)]] = {}


class Question(Part):
    """A discovery question.

    `accepts` are intents that count as its answer while it is open ("no time" is one). `volunteered`: its values are
    also taken from what callers say unasked.
    """

    key: Key
    slot: Key
    stage: Stage
    expects: Expected
    values: tuple[SlotValue, ...] = ()
    accepts: tuple[Intent, ...] = ()
    volunteered: bool = False


class Answer(Part):
    """A fact the caller may ask about. `approved`: spoken word for word, without a model."""

    key: Key
    approved: bool = True
    action: Literal["send_information"] | None = None
    phrases: Phrases


class Wording(Part):
    """One way to say something: its sentences, each short enough for the ear, and the tone it was written for."""

    sentences: tuple[Words, ...] = Field(min_length=1)
    tone: Tone | None = None


class TierText(Part):
    """How an offer is called and described in one language."""

    name: Words
    what: Words
    fits: Words


class Texts(Part):
    """Every word of one language. Placeholders of fixed value are already filled in."""

    sentences: Mapping[str, tuple[Wording, ...]]
    tiers: Mapping[str, TierText]
    hears: tuple[str, ...]


class Playbook(Part):
    """A playbook, whole and checked. `version` is a hash of its files' content. `openers`: replies that a model words
    may begin with a few words of the playbook's."""

    name: Key
    version: str
    business: Business
    hours: tuple[Hours, ...]
    appointment_minutes: int = Field(ge=5, le=240)
    transfer_number: E164 | None = None
    openers: bool = False
    keys: Mapping[Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")], Literal["opt_out", "human"]]
    limits: Limits
    tiers: tuple[TierOffer, ...] = Field(min_length=1)
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    tools: Mapping[Stage, tuple[Key, ...]]
    texts: Mapping[str, Texts]

    @property
    def default_language(self) -> str:
        """The language in which a call opens when nothing is known."""
        return self.business.languages[0]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages spoken, the default one first."""
        return self.business.languages

    def tier(self, key: str) -> TierOffer:
        """The offer of that key.

        Raises:
            KeyError: there is none.
        """
        for offer in self.tiers:
            if offer.key == key:
                return offer
        raise KeyError(key)

    def question(self, key: str) -> Question | None:
        """The discovery question of that key, or None."""
        return next((question for question in self.questions if question.key == key), None)

    def answer(self, key: str) -> Answer | None:
        """The answer of that key, or None."""
        return next((answer for answer in self.answers if answer.key == key), None)

    def wordings(self, language: str, key: str) -> tuple[Wording, ...]:
        """Every way to say `key` in that language; empty where the playbook has no such text."""
        return self.texts[language].sentences.get(key, ())

    def sentences(self, language: str, key: str) -> tuple[str, ...]:
        """The first wording of `key`, for words outside a planned turn (`full_house`, `degraded.hearing` …)."""
        wordings = self.wordings(language, key)
        return wordings[0].sentences if wordings else ()

    def price(self, tier: str, *, language: str) -> str:
        """A tier's price as it is spoken, such as "149 dollars a month"."""
        return spoken_price(self.tier(tier), language=language)

    def caller_sentences(self, language: str) -> tuple[str, ...]:
        """What callers of this product typically say, lower case and without punctuation, for a recogniser's model."""
        return self.texts[language].hears


def spoken_price(offer: TierOffer, *, language: str) -> str:
    """The price of an offer as it is spoken in that language: digits that every voice reads rightly."""
    cents = offer.amount % 1
    if language == "es":
        amount = f"{offer.amount:.2f}" if cents else f"{int(offer.amount)}"
        return f"{amount} dólares {'al mes' if offer.period == 'month' else 'por 12 semanas'}"
    amount = f"{offer.amount:,.2f}" if cents else f"{int(offer.amount):,}"
    return f"{amount} dollars {'a month' if offer.period == 'month' else 'for 12 weeks'}"
