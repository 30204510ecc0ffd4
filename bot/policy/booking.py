"""Days and hours the caller names: checked against the opening hours, read back, booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.actions import BookAppointment, ScheduleCallback
from bot.domain import Stage
from bot.playbook.model import Hours
from bot.policy.draft import Draft
from bot.policy.spoken_time import spanish_hour, spoken_clock, spoken_day, spoken_weekdays
from bot.policy.state import Awaiting
from bot.policy.steering import pursue_session

Slots = Mapping[str, str | int | float]


def has_moment(slots: Slots) -> bool:
    """Whether the utterance named a day, with or without an hour."""
    return "datetime" in slots


def take_session_time(draft: Draft, slots: Slots) -> None:
    """The caller named a time for the consultation: keep it where it can be, else ask for another."""
    draft.update(wants_session=True)
    named = str(slots["datetime"])
    moment, day = parse_moment(named)
    if day is not None:
        _take_day(draft, day)
        return
    if moment is None:
        pursue_session(draft)
        return
    problem = _outside_hours(draft, moment.astimezone(_zone(draft)))
    if moment <= draft.now:
        draft.say("session.past")
    elif problem is not None:
        key, values = problem
        draft.say(key, **values)
        if key == "session.closed_hour":
            draft.set_slot("day", moment.astimezone(_zone(draft)).date().isoformat())
    else:
        draft.set_slot("day", None)
        draft.set_slot("moment", moment.isoformat())
        pursue_session(draft)
        return
    _ask_other(draft)


def book(draft: Draft, *, by_key: bool = False) -> None:
    """The caller agreed to the time read back: book it, and speak of it only with the receipt.

    While words are not to be relied on, only a key agrees. This is the one place where a booking begins.
    """
    slots = draft.state.slots
    if draft.state.degraded and not by_key:
        pursue_session(draft)
        return
    action = BookAppointment(
        at=datetime.fromisoformat(slots["moment"]),
        zone=draft.playbook.business.zone,
        minutes=draft.playbook.appointment_minutes,
        name=slots.get("name"),
    )
    draft.act(action, goal="book the consultation")


def ask_for_key(draft: Draft) -> None:
    """Words came where only a key counts: ask for it, and after enough asking leave the booking to a person."""
    if draft.count("asked", "key_confirm") >= draft.playbook.limits.asks_per_question:
        note = f"wants the consultation at {draft.state.slots['moment']}, no key came"
        draft.act(ScheduleCallback(note=note), goal="have a person settle the booking")
        return
    draft.say("session.press_key")
    draft.goal = "get the key that confirms"
    draft.expect(Awaiting.KEY_CONFIRM, stage=Stage.CLOSE)


def is_open(draft: Draft) -> bool:
    """Whether somebody is there now, by the playbook's hours."""
    return _outside_hours(draft, draft.now.astimezone(_zone(draft))) is None


def schedule_callback(draft: Draft, slots: Slots, *, note: str = "") -> None:
    """Put a call-back in: at the moment named, or whenever somebody can."""
    moment, day = parse_moment(str(slots.get("datetime", "")))
    if moment is not None and moment <= draft.now:
        moment = None
    if day is not None:
        note = f"{note} on {day.isoformat()}".strip()
        draft.set_slot("callback_day", day.isoformat())
    draft.act(ScheduleCallback(at=moment, note=note), goal="put the call-back in")


def pending_day(draft: Draft) -> str | None:
    """The day that was named without an hour, as it is spoken."""
    day = draft.state.slots.get("day")
    return spoken_day(date.fromisoformat(day), language=draft.language) if day else None


def parse_moment(text: str) -> tuple[datetime | None, date | None]:
    """An ISO 8601 slot: a moment with its offset, or a day alone."""
    try:
        if len(text) == 10:
            return None, date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, None
    return (moment, None) if moment.utcoffset() is not None else (None, moment.date())


def _take_day(draft: Draft, day: date) -> None:
    if day < draft.now.astimezone(_zone(draft)).date():
        draft.say("session.past")
        _ask_other(draft)
    elif _hours_of(draft, day) is None:
        draft.say("session.closed_day", weekday=spoken_weekdays(day, language=draft.language))
        _ask_other(draft)
    else:
        draft.set_slot("moment", None)
        draft.set_slot("day", day.isoformat())
        pursue_session(draft)


def _ask_other(draft: Draft) -> None:
    draft.set_slot("moment", None)
    draft.goal = "find another time for the consultation"
    draft.expect(Awaiting.SESSION_TIME, stage=Stage.CLOSE)


def _outside_hours(draft: Draft, local: datetime) -> tuple[str, dict[str, str]] | None:
    weekday = spoken_weekdays(local.date(), language=draft.language)
    hours = _hours_of(draft, local.date())
    if hours is None:
        return "session.closed_day", {"weekday": weekday}
    opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
    if opens <= local.time() < closes:
        return None
    said = (
        {"opens": spanish_hour(opens.hour, opens.minute), "closes": spanish_hour(closes.hour, closes.minute)}
        if draft.language == "es"
        else {
            "opens": spoken_clock(datetime.combine(local.date(), opens, local.tzinfo), language="en"),
            "closes": spoken_clock(datetime.combine(local.date(), closes, local.tzinfo), language="en"),
        }
    )
    return "session.closed_hour", {"weekday": weekday, **said}


def _hours_of(draft: Draft, day: date) -> Hours | None:
    return next((hours for hours in draft.playbook.hours if day.weekday() in hours.days), None)


def _zone(draft: Draft) -> ZoneInfo:
    return ZoneInfo(draft.playbook.business.zone)
