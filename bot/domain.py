"""The nouns of a call, shared by every room. Standard library only; values are frozen and compare by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

DEFAULT_TENANT = "default"


class Direction(StrEnum):
    """Who rang whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Speaker(StrEnum):
    """Who said a turn."""

    BOT = "bot"
    CALLER = "caller"


class Stage(StrEnum):
    """Where a sale stands; the policy steers by it."""

    OPEN = "open"
    DISCOVER = "discover"
    QUALIFY = "qualify"
    PROPOSE = "propose"
    OBJECTION = "objection"
    CLOSE = "close"
    WRAP_UP = "wrap_up"
    FAREWELL = "farewell"


class Outcome(StrEnum):
    """How a call ended; the contract's list."""

    BOOKED = "booked"
    SOLD = "sold"
    CALLBACK = "callback"
    TRANSFERRED = "transferred"
    INFO_SENT = "info_sent"
    NOT_INTERESTED = "not_interested"
    OPTED_OUT = "opted_out"
    WRONG_NUMBER = "wrong_number"
    EMERGENCY = "emergency"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    ABANDONED = "abandoned"
    DROPPED = "dropped"
    FAILED = "failed"


class Intent(StrEnum):
    """The main purpose of an utterance; the contract defines each."""

    GREET = "greet"
    AFFIRM = "affirm"
    DENY = "deny"
    BACKCHANNEL = "backchannel"
    HOLD_ON = "hold_on"
    REPEAT = "repeat"
    ASK_PRICE = "ask_price"
    ASK_PRODUCT = "ask_product"
    ASK_SCHEDULE = "ask_schedule"
    ASK_DISCOUNT = "ask_discount"
    ASK_PAYMENT = "ask_payment"
    OBJECTION_PRICE = "objection_price"
    OBJECTION_TIME = "objection_time"
    OBJECTION_NEED = "objection_need"
    OBJECTION_TRUST = "objection_trust"
    OBJECTION_AUTHORITY = "objection_authority"
    OBJECTION_COMPETITOR = "objection_competitor"
    CALLBACK = "callback"
    HUMAN = "human"
    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    IS_AI = "is_ai"
    MACHINE = "machine"
    GOODBYE = "goodbye"
    COMPLAINT = "complaint"
    OTHER = "other"


class EmotionLabel(StrEnum):
    """The feeling carried by words: Ekman's six and neutral."""

    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    JOY = "joy"
    SADNESS = "sadness"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


class Signal(StrEnum):
    """What a seller listens for; each 0..1, present from 0.5."""

    INTEREST = "interest"
    HESITATION = "hesitation"
    CONFUSION = "confusion"
    FRUSTRATION = "frustration"
    URGENCY = "urgency"
    TRUST = "trust"
    SKEPTICISM = "skepticism"


class Expected(StrEnum):
    """What a turn expects to hear next; turn-taking waits accordingly."""

    YES_NO = "yes_no"
    NUMBER = "number"
    DATE = "date"
    STORY = "story"
    OPEN = "open"
    NOTHING = "nothing"


def _frozen(values: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(values))


@dataclass(frozen=True, kw_only=True)
class Emotion:
    """What an utterance feels like.

    `scores` holds every label and sums to 1; `valence` is −1..1; `arousal` 0..1, high from 0.5;
    `signals` holds all seven, each 0..1.
    """

    label: EmotionLabel = EmotionLabel.NEUTRAL
    scores: Mapping[str, float] = field(default_factory=lambda: _frozen({EmotionLabel.NEUTRAL: 1.0}))
    valence: float = 0.0
    arousal: float = 0.3
    signals: Mapping[str, float] = field(default_factory=lambda: _frozen({}))


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Which offer of the playbook fits so far: its key, every tier's probability, and why."""

    key: str
    scores: Mapping[str, float]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What the caller said in one turn.

    `language` is the recogniser's own opinion where it has one; `understood` is False where the recogniser
    heard speech but does not vouch for the words.
    """

    text: str
    language: str | None = None
    understood: bool = True


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of a talk as it goes into memory: for the bot, what the caller heard of it."""

    speaker: Speaker
    text: str
    at: datetime
    language: str
    stage: Stage
    interrupted: bool = False
    answer_ms: int | None = None
    intent: Intent | None = None
    emotion: Emotion | None = None
    tier: Tier | None = None


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A person, known by the number they call from or are called on."""

    e164: str
    name: str | None = None
    language: str | None = None
    zone: str | None = None
    region: str | None = None
    opted_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """A phone call as recorded. `caller` and `callee` are E.164 or None where withheld."""

    sid: str
    direction: Direction
    caller: str | None
    callee: str | None
    started_at: datetime
    playbook: str
    language: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    tenant_id: str = DEFAULT_TENANT


@dataclass(frozen=True, kw_only=True)
class Booking:
    """An appointment that stands: its reference, moment (aware) and length."""

    reference: str
    call_sid: str
    at: datetime
    minutes: int
    zone: str
    name: str | None = None


class Tone(StrEnum):
    """How a turn should sound; the playbook may word a sentence for one of them."""

    FRIENDLY = "friendly"
    UPBEAT = "upbeat"
    WARM = "warm"
    CALM = "calm"


class DeliveryRequest(StrEnum):
    """How a caller wants to be spoken to; beside the intent, since it can come with any."""

    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"


_PACES = (1.0, 0.85, 0.75)
_GAINS_DB = (0.0, 4.0, 7.0)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How the bot speaks in this call.

    `pace` is a factor on the voice's usual speed, `gain_db` is added to its volume, `plain` asks for short sentences.
    """

    pace: float = 1.0
    gain_db: float = 0.0
    plain: bool = False

    def adjusted(self, request: DeliveryRequest) -> Delivery:
        """One step in the direction asked for; the same where there is none left. "Faster" and "quieter" only undo."""
        pace, gain_db = self.pace, self.gain_db
        match request:
            case DeliveryRequest.SLOWER:
                pace = next((step for step in _PACES if step < pace), pace)
            case DeliveryRequest.FASTER:
                pace = next((step for step in reversed(_PACES) if step > pace), pace)
            case DeliveryRequest.LOUDER:
                gain_db = next((step for step in _GAINS_DB if step > gain_db), gain_db)
            case DeliveryRequest.QUIETER:
                gain_db = next((step for step in reversed(_GAINS_DB) if step < gain_db), gain_db)
        return Delivery(pace=pace, gain_db=gain_db, plain=(pace, gain_db) != (_PACES[0], _GAINS_DB[0]))


def _no_texts() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What an utterance means, as the analysis sees it.

    `intent_scores` holds all 26 labels and sums to 1. `slots` holds the contract's slots that were found (`datetime`
    and `date` in ISO 8601, `number`, `phone`, `email`, `name`, `duration_minutes`). `answers` are the playbook's own
    slots read from the words (question slot → value). `topic` is the key of a playbook answer that fits the words.
    `refuses` marks a plain refusal of the offer ("not interested"), which is no opt-out. `delivery` is a wish to be
    spoken to slower, louder …, whatever else was said.
    """

    language: str
    intent: Intent
    intent_scores: Mapping[str, float]
    optout: bool
    emotion: Emotion
    tier: Tier
    slots: Mapping[str, str | int | float]
    answers: Mapping[str, str] = field(default_factory=_no_texts)
    topic: str | None = None
    refuses: bool = False
    emergency: bool = False
    delivery: DeliveryRequest | None = None
