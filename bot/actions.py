"""What a plan asks the world to do, and what came of it. Standard library only; values are frozen.

`plan_turn` returns actions, `bot.tools.run_actions` carries them out, and the receipts go back into `plan_turn`:
only a receipt lets the bot say that something is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias


class ActionError(ValueError):
    """A stored action or receipt cannot be read; says which field, what was expected and what came."""


@dataclass(frozen=True, kw_only=True)
class BookAppointment:
    """Book an appointment at `at` (aware), `minutes` long, said in the caller's zone `zone` (IANA name)."""

    at: datetime
    zone: str
    minutes: int
    name: str | None = None

    def __post_init__(self) -> None:
        _check_aware("BookAppointment", self.at)
        if self.minutes <= 0:
            raise ActionError(f"BookAppointment.minutes: expected a positive number of minutes, got {self.minutes}")


@dataclass(frozen=True)
class RecordOptOut:
    """Never contact this person again."""


@dataclass(frozen=True, kw_only=True)
class ScheduleCallback:
    """Ring this person again at `at` (aware), or whenever somebody can where it is None; `note` says what for."""

    at: datetime | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.at is not None:
            _check_aware("ScheduleCallback", self.at)


@dataclass(frozen=True)
class TransferToPerson:
    """Hand the call to a person, once the talk's last words were heard."""


@dataclass(frozen=True, kw_only=True)
class SendInformation:
    """Send written information on `topic` (a key of the playbook)."""

    topic: str


@dataclass(frozen=True)
class EndCall:
    """End the call once the talk's last words were heard."""


Action: TypeAlias = BookAppointment | RecordOptOut | ScheduleCallback | TransferToPerson | SendInformation | EndCall


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What came of an action: `reference` names the stored thing where `ok`, else `reason` says why not."""

    action: Action
    ok: bool
    reference: str | None = None
    reason: str | None = None


_NAMES: Final[Mapping[type[Action], str]] = {
    BookAppointment: "book_appointment",
    RecordOptOut: "record_opt_out",
    ScheduleCallback: "schedule_callback",
    TransferToPerson: "transfer_to_person",
    SendInformation: "send_information",
    EndCall: "end_call",
}


def action_name(action: Action) -> str:
    """The action's key: its tool's file name, its value of `type` in JSON, its label in logs."""
    return _NAMES[type(action)]


def action_to_dict(action: Action) -> dict[str, str | int | None]:
    """The action as plain JSON values, with its key under `type`; moments as ISO 8601 with offset."""
    values: dict[str, str | int | None] = {"type": action_name(action)}
    match action:
        case BookAppointment():
            values |= {
                "at": action.at.isoformat(),
                "zone": action.zone,
                "minutes": action.minutes,
                "name": action.name,
            }
        case ScheduleCallback():
            values |= {"at": None if action.at is None else action.at.isoformat(), "note": action.note}
        case SendInformation():
            values |= {"topic": action.topic}
        case RecordOptOut() | TransferToPerson() | EndCall():
            pass
    return values


def action_from_dict(values: Mapping[str, object]) -> Action:
    """The action that `action_to_dict` wrote.

    Raises:
        ActionError: an unknown type, or a field that is missing or of another kind.
    """
    match values.get("type"):
        case "book_appointment":
            at = _moment(values, "at")
            if at is None:
                raise ActionError("at: expected a moment in ISO 8601, got null")
            return BookAppointment(
                at=at, zone=_text(values, "zone"), minutes=_whole(values, "minutes"), name=_text_or_none(values, "name")
            )
        case "record_opt_out":
            return RecordOptOut()
        case "schedule_callback":
            return ScheduleCallback(at=_moment(values, "at"), note=_text(values, "note"))
        case "transfer_to_person":
            return TransferToPerson()
        case "send_information":
            return SendInformation(topic=_text(values, "topic"))
        case "end_call":
            return EndCall()
        case other:
            raise ActionError(f"type: expected one of {', '.join(_NAMES.values())}, got {other!r}")


def receipt_to_dict(receipt: Receipt) -> dict[str, object]:
    """The receipt as plain JSON values."""
    return {
        "action": action_to_dict(receipt.action),
        "ok": receipt.ok,
        "reference": receipt.reference,
        "reason": receipt.reason,
    }


def receipt_from_dict(values: Mapping[str, object]) -> Receipt:
    """The receipt that `receipt_to_dict` wrote.

    Raises:
        ActionError: a field that is missing or of another kind.
    """
    action = values.get("action")
    if not isinstance(action, Mapping):
        raise ActionError(f"action: expected an object, got {type(action).__name__}")
    ok = values.get("ok")
    if not isinstance(ok, bool):
        raise ActionError(f"ok: expected true or false, got {type(ok).__name__}")
    return Receipt(
        action=action_from_dict({str(key): value for key, value in action.items()}),  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        ok=ok,
        reference=_text_or_none(values, "reference"),
        reason=_text_or_none(values, "reason"),
    )


def _check_aware(where: str, at: datetime) -> None:
    if at.utcoffset() is None:
        raise ActionError(f"{where}.at: expected a moment with its offset, got {at.isoformat()} without")


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str):
        raise ActionError(f"{key}: expected text, got {type(value).__name__}")
    return value


def _text_or_none(values: Mapping[str, object], key: str) -> str | None:
    return None if values.get(key) is None else _text(values, key)


def _whole(values: Mapping[str, object], key: str) -> int:
    value = values.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ActionError(f"{key}: expected a whole number, got {type(value).__name__}")
    return value


def _moment(values: Mapping[str, object], key: str) -> datetime | None:
    text = _text_or_none(values, key)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ActionError(f"{key}: expected a moment in ISO 8601, got {text!r}") from error
