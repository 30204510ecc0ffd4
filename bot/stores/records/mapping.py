"""Rows from and to the values of `bot.domain`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from bot.domain import (
    Booking,
    Call,
    Direction,
    Emotion,
    EmotionLabel,
    Intent,
    Outcome,
    Prospect,
    Speaker,
    Stage,
    Tier,
    Turn,
)
from bot.stores.records.protocol import Callback
from bot.stores.records.tables import BookingRow, CallbackRow, CallRow, ProspectRow, TurnRow


def call_values(call: Call) -> dict[str, Any]:
    """The columns of a call that begins."""
    return {
        "tenant_id": call.tenant_id,
        "sid": call.sid,
        "direction": call.direction.value,
        "caller": call.caller,
        "callee": call.callee,
        "playbook": call.playbook,
        "language": call.language,
        "started_at": call.started_at,
        "transcript_stored": False,
    }


def call_from(row: CallRow) -> Call:
    """A call as recorded."""
    return Call(
        sid=row.sid,
        direction=Direction(row.direction),
        caller=row.caller,
        callee=row.callee,
        started_at=row.started_at,
        playbook=row.playbook,
        language=row.language,
        ended_at=row.ended_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        tenant_id=row.tenant_id,
    )


def turn_values(turn: Turn, *, tenant_id: str, call_sid: str, position: int) -> dict[str, Any]:
    """The columns of a turn."""
    return {
        "tenant_id": tenant_id,
        "call_sid": call_sid,
        "position": position,
        "speaker": turn.speaker.value,
        "text": turn.text,
        "at": turn.at,
        "language": turn.language,
        "stage": turn.stage.value,
        "interrupted": turn.interrupted,
        "answer_ms": turn.answer_ms,
        "intent": None if turn.intent is None else turn.intent.value,
        "emotion": None if turn.emotion is None else _emotion_values(turn.emotion),
        "tier": None if turn.tier is None else _tier_values(turn.tier),
    }


def turn_from(row: TurnRow) -> Turn:
    """A turn as recorded."""
    return Turn(
        speaker=Speaker(row.speaker),
        text=row.text,
        at=row.at,
        language=row.language,
        stage=Stage(row.stage),
        interrupted=row.interrupted,
        answer_ms=row.answer_ms,
        intent=None if row.intent is None else Intent(row.intent),
        emotion=None if row.emotion is None else _emotion_from(row.emotion),
        tier=None if row.tier is None else _tier_from(row.tier),
    )


def prospect_from(row: ProspectRow, *, opted_out: bool) -> Prospect:
    """A person as recorded."""
    return Prospect(
        e164=row.e164,
        name=row.name,
        language=row.language,
        zone=row.zone,
        region=row.region,
        opted_out=opted_out,
    )


def booking_from(row: BookingRow) -> Booking:
    """An appointment as recorded; its moment in UTC."""
    return Booking(
        reference=row.reference,
        call_sid=row.call_sid,
        at=row.at,
        minutes=row.minutes,
        zone=row.zone,
        name=row.name,
    )


def callback_from(row: CallbackRow) -> Callback:
    """A call-back as recorded; its moment in UTC."""
    return Callback(reference=row.reference, call_sid=row.call_sid, e164=row.e164, at=row.at, note=row.note)


def _emotion_values(emotion: Emotion) -> dict[str, Any]:
    return {
        "label": emotion.label.value,
        "scores": _plain(emotion.scores),
        "valence": emotion.valence,
        "arousal": emotion.arousal,
        "signals": _plain(emotion.signals),
    }


def _emotion_from(values: dict[str, Any]) -> Emotion:
    return Emotion(
        label=EmotionLabel(values["label"]),
        scores=MappingProxyType(values["scores"]),
        valence=values["valence"],
        arousal=values["arousal"],
        signals=MappingProxyType(values["signals"]),
    )


def _tier_values(tier: Tier) -> dict[str, Any]:
    return {"key": tier.key, "scores": _plain(tier.scores), "reasons": list(tier.reasons)}


def _tier_from(values: dict[str, Any]) -> Tier:
    return Tier(key=values["key"], scores=MappingProxyType(values["scores"]), reasons=tuple(values["reasons"]))


def _plain(scores: Any) -> dict[str, float]:
    return {str(label): float(score) for label, score in scores.items()}
