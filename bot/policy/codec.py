"""A call's state as JSON and back, strict on the way in: a half-read state must never steer a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from bot.actions import ActionError, action_from_dict, action_to_dict
from bot.domain import (
    Delivery,
    Direction,
    Emotion,
    EmotionLabel,
    Expected,
    Intent,
    Outcome,
    Speaker,
    Stage,
    Tier,
    Turn,
)
from bot.policy.state import LATER_FIELDS, SCHEMA_VERSION, Awaiting, CallState, Mood, StateError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def state_to_json(state: CallState) -> str:
    """The state as one line of JSON."""
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    return json.dumps({"schema": SCHEMA_VERSION, **values}, default=_plain, ensure_ascii=False, separators=(",", ":"))


def state_from_json(text: str) -> CallState:
    """The state that `state_to_json` wrote.

    Raises:
        StateError: no JSON, another schema version, or a field that is unknown, missing or of another kind; only
            those that joined the schema later may be missing.
    """
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise StateError(f"state: expected JSON, got {len(text)} characters that are none") from error
    if not isinstance(raw, dict):
        raise StateError(f"state: expected an object, got {type(raw).__name__}")
    values = cast("dict[str, Any]", raw)
    if values.get("schema") != SCHEMA_VERSION:
        raise StateError(f"schema: expected {SCHEMA_VERSION}, got {values.get('schema')!r}")
    known = {field.name for field in fields(CallState)}
    differing = (set(values) - {"schema"}) ^ known
    if not differing <= LATER_FIELDS:
        names = ", ".join(sorted(differing - LATER_FIELDS))
        raise StateError(f"state: expected exactly the fields of schema {SCHEMA_VERSION}, differing: {names}")
    parsed: dict[str, Any] = {}
    for name in known - differing:
        try:
            parsed[name] = _PARSERS.get(name, _text)(values[name])
        except (StateError, ActionError, ValueError, TypeError, KeyError) as error:
            raise StateError(f"{name}: {error}") from error
    return CallState(**parsed)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Turn | Emotion | Tier | Mood | Delivery):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return action_to_dict(cast("Any", value))


def _expect(value: object, kind: type[T] | tuple[type[T], ...], what: str) -> T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise StateError(f"expected {what}, got {type(value).__name__}")
    return value


def _text(value: object) -> str:
    return _expect(value, str, "text")


def _flag(value: object) -> bool:
    return _expect(value, bool, "true or false")


def _count(value: object) -> int:
    return _expect(value, int, "a whole number")


def _number(value: object) -> float:
    return float(_expect(value, (int, float), "a number"))


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", _expect(value, dict, "an object"))


def _list(value: object) -> list[Any]:
    return cast("list[Any]", _expect(value, list, "a list"))


def _or_none(parse: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else parse(value)


def _mapping(parse: Callable[[object], T]) -> Callable[[object], Mapping[str, T]]:
    return lambda value: MappingProxyType({_text(key): parse(item) for key, item in _object(value).items()})


def _tuple(parse: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    return lambda value: tuple(parse(item) for item in _list(value))


def _one_of(kind: type[E]) -> Callable[[object], E]:
    return lambda value: kind(_text(value))


def _emotion(value: object) -> Emotion:
    raw = _object(value)
    return Emotion(
        label=EmotionLabel(_text(raw["label"])),
        scores=_mapping(_number)(raw["scores"]),
        valence=_number(raw["valence"]),
        arousal=_number(raw["arousal"]),
        signals=_mapping(_number)(raw["signals"]),
    )


def _tier(value: object) -> Tier:
    raw = _object(value)
    return Tier(key=_text(raw["key"]), scores=_mapping(_number)(raw["scores"]), reasons=_tuple(_text)(raw["reasons"]))


def _mood(value: object) -> Mood:
    raw = _object(value)
    return Mood(
        valence=_number(raw["valence"]), frustration=_number(raw["frustration"]), interest=_number(raw["interest"])
    )


def _delivery(value: object) -> Delivery:
    raw = _object(value)
    return Delivery(pace=_number(raw["pace"]), gain_db=_number(raw["gain_db"]), plain=_flag(raw["plain"]))


def _turn(value: object) -> Turn:
    raw = _object(value)
    return Turn(
        speaker=Speaker(_text(raw["speaker"])),
        text=_text(raw["text"]),
        at=datetime.fromisoformat(_text(raw["at"])),
        language=_text(raw["language"]),
        stage=Stage(_text(raw["stage"])),
        interrupted=_flag(raw["interrupted"]),
        answer_ms=_or_none(_count)(raw["answer_ms"]),
        intent=_or_none(_one_of(Intent))(raw["intent"]),
        emotion=_or_none(_emotion)(raw["emotion"]),
        tier=_or_none(_tier)(raw["tier"]),
    )


_COUNTS = _mapping(_count)
_PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "direction": _one_of(Direction),
    "tier": _tier,
    "stage": _one_of(Stage),
    "slots": _mapping(_text),
    "mood": _mood,
    "turns": _tuple(_turn),
    "asked": _COUNTS,
    "objections": _COUNTS,
    "used": _COUNTS,
    "awaiting": _one_of(Awaiting),
    "question": _or_none(_text),
    "expects": _one_of(Expected),
    "last_words": _tuple(_text),
    "proposed": _or_none(_text),
    "opener": _or_none(_text),
    "delivery": _delivery,
    "booking": _or_none(_text),
    "booked_at": _or_none(_text),
    "outcome": _or_none(_one_of(Outcome)),
    "pending_actions": _tuple(lambda value: action_from_dict(_object(value))),
    **dict.fromkeys(
        ("misunderstandings", "silences", "off_topic", "refusals", "heard_count", "openers_in_row"),
        _count,
    ),
    **dict.fromkeys(
        (
            "disclosure_heard",
            "storage_notice_heard",
            "on_hold",
            "question_unheard",
            "wants_session",
            "wants_callback",
            "callback_set",
            "booking_failed",
            "hearing_lost",
            "aside",
            "degraded",
            "opted_out",
            "opt_out_recorded",
            "ended",
        ),
        _flag,
    ),
}
"""Field → how it is read; what is not here is text."""
