"""What the API shows, as JSON. Moments are ISO 8601 with their offset; numbers E.164, null where withheld."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from bot.domain import Booking, Call, Direction, Emotion, EmotionLabel, Intent, Outcome, Prospect, Speaker, Stage, Turn
from bot.stores.records.protocol import CallPage


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class CallBody(_Shown):
    """A call; without `ended_at` and `outcome` while it goes on."""

    sid: str
    direction: Direction
    caller: str | None
    callee: str | None
    playbook: str
    language: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None

    @classmethod
    def of(cls, call: Call) -> Self:
        """The body for a call as recorded."""
        return cls.model_validate(call)


class BookingBody(_Shown):
    """An appointment that stands."""

    reference: str
    at: datetime
    minutes: int
    zone: str
    name: str | None

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """The body for a booking as recorded."""
        return cls.model_validate(booking)


class CallDetailBody(CallBody):
    """A call with what was agreed in it."""

    bookings: tuple[BookingBody, ...] = ()


class CallPageBody(_Shown):
    """Calls, newest first; `next_cursor` is the next page's `cursor`, null on the last page."""

    items: tuple[CallBody, ...]
    next_cursor: str | None

    @classmethod
    def of(cls, page: CallPage) -> Self:
        """The body for a page of the records."""
        return cls(items=tuple(map(CallBody.of, page.calls)), next_cursor=page.next_cursor)


class EmotionBody(_Shown):
    """What a turn felt like: scores sum to 1, valence is −1..1, arousal and signals 0..1."""

    label: EmotionLabel
    scores: dict[str, float]
    valence: float
    arousal: float
    signals: dict[str, float]

    @classmethod
    def of(cls, emotion: Emotion) -> Self:
        """The body for a turn's emotion."""
        return cls(
            label=emotion.label,
            scores=dict(emotion.scores),
            valence=emotion.valence,
            arousal=emotion.arousal,
            signals=dict(emotion.signals),
        )


class TurnBody(_Shown):
    """A turn of a talk: of the bot's, what the caller heard. `tier` is a key of the playbook."""

    speaker: Speaker
    text: str
    at: datetime
    language: str
    stage: Stage
    interrupted: bool
    answer_ms: int | None
    intent: Intent | None
    emotion: EmotionBody | None
    tier: str | None

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """The body for a turn as recorded."""
        return cls(
            speaker=turn.speaker,
            text=turn.text,
            at=turn.at,
            language=turn.language,
            stage=turn.stage,
            interrupted=turn.interrupted,
            answer_ms=turn.answer_ms,
            intent=turn.intent,
            emotion=None if turn.emotion is None else EmotionBody.of(turn.emotion),
            tier=None if turn.tier is None else turn.tier.key,
        )


class TranscriptBody(_Shown):
    """A call's talk, in order."""

    call_sid: str
    turns: tuple[TurnBody, ...]


class ProspectBody(_Shown):
    """A person, known by their number; `opted_out` means: never contact this number."""

    e164: str
    name: str | None
    language: str | None
    zone: str | None
    region: str | None
    opted_out: bool

    @classmethod
    def of(cls, prospect: Prospect) -> Self:
        """The body for a person as recorded."""
        return cls.model_validate(prospect)
