# ruff: noqa: E501 - patterns and word lists are data
"""Days and hours as people name them, in English and Spanish, as ISO 8601.

Rules of the contract: a bare weekday is the next one after today; an hour without am/pm falls within 08–20; the offset
is the one in force at that moment in the zone, or in the place the speaker names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.analysis.clocks import find_clock, one_of_range, with_one
from bot.analysis.days import find_days
from bot.analysis.numbers import with_digits
from bot.analysis.places import zone_in

_IN: Final = re.compile(
    r"\b(?:in|en|dentro de|within)\s+(?:about\s+|like\s+|unos?\s+|unas\s+|como\s+)?"
    r"(?:(?P<half>half an hour|a half hour|media hora|media horita)|(?P<quarters>(?:3 quarters of an hour|3 cuartos de hora))|(?P<quarter>(?:a )?quarter of an hour|un cuarto de hora|cuarto de hora)|(?P<bare>hora y media)|"
    r"(?P<count>an?|una?|a couple of|a couple|un par de|a few|\d+)(?P<plus> and a half)?\s+(?P<unit>minutes?|minutos?|mins?|hours?|horas?|horitas?)"
    r"(?:\s+(?P<extra>and a half|y media|y cuarto|and (?:a )?quarter|(?:and |y )?(?P<more>\d+)(?: minutes| minutos)?))?)\b"
    r"|\b(?P<from>an|\d+|half an)\s+(?P<fromunit>minutes?|hours?)\s+from\s+now\b"
)
_BLANK: Final = " ; "


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Against what a time is read: the moment of speaking (aware), the caller's zone, and a day already agreed."""

    now: datetime
    zone: str
    language: str
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A moment or a day in ISO 8601, and the text without the words that named it."""

    iso: str
    rest: str


def find_moment(text: str, frame: Frame) -> str | None:
    """The day or moment that plain text names: `YYYY-MM-DD` or a full ISO 8601 moment; None where there is none.

    People correct themselves: the last one named counts.
    """
    moment = read_moment(with_digits(text, language=frame.language), frame)
    return moment.iso if moment is not None else None


def read_moment(digits: str, frame: Frame) -> Moment | None:
    """As `find_moment`, from plain text with digits, and with the text that is left."""
    words = with_one(digits)
    named = zone_in(words)
    zone = ZoneInfo(frame.zone)
    if named is not None:
        zone = ZoneInfo(named[0])
        words = _without(words, [named[1]])
    local = frame.now.astimezone(zone)
    soon = _soon(words, local)
    if soon is not None:
        return soon
    days = find_days(words, today=local.date(), language=frame.language)
    rest = _without(words, [(one.start, one.end) for one in days if one.end > one.start])
    rest = one_of_range(rest) if days else rest
    clock = find_clock(rest, language=frame.language, dated=bool(days))
    if not days:
        if clock is None or not (clock.marked or frame.day is not None):
            return None
        day = frame.day or _next_occurrence(local, clock.at)
        moment = datetime.combine(day, clock.at, zone)
        return Moment(iso=moment.isoformat(), rest=_without_clocks(rest, frame.language))
    day = days[-1].day
    if clock is None:
        return Moment(iso=day.isoformat(), rest=rest)
    if clock.next_day:
        day += timedelta(days=1)
    rest = _without(rest, [(clock.start, clock.end)])
    return Moment(iso=datetime.combine(day, clock.at, zone).isoformat(), rest=_without_clocks(rest, frame.language))


def _without(words: str, spans: list[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        words = f"{words[:start]}{_BLANK}{words[end:]}"
    return " ".join(words.split())


def _without_clocks(words: str, language: str) -> str:
    """The text without any hour; of a moment that was corrected the first hours are left too."""
    while (other := find_clock(words, language=language)) is not None and other.marked:
        words = _without(words, [(other.start, other.end)])
    return words


def _next_occurrence(local: datetime, clock: time) -> date:
    return local.date() if clock > local.time() else local.date() + timedelta(days=1)


def _soon(words: str, local: datetime) -> Moment | None:
    """A length of time from now ("in an hour and a half"), the last one named."""
    matches = list(_IN.finditer(words))
    if not matches:
        return None
    match = matches[-1]
    minutes = _minutes(match)
    if minutes is None:
        return None
    moment = (local.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)).astimezone(local.tzinfo)
    return Moment(iso=moment.replace(second=0, microsecond=0).isoformat(), rest=_without(words, [match.span()]))


def _minutes(match: re.Match[str]) -> int | None:
    if match.group("half"):
        return 30
    if match.group("bare"):
        return 90
    if match.group("quarters"):
        return 45
    if match.group("quarter"):
        return 15
    text = match.group("count") or match.group("from")
    unit = match.group("unit") or match.group("fromunit")
    if text == "half an":
        return 30
    count = int(text) if text.isdigit() else 2 if "couple" in text or "par" in text else 3 if "few" in text else 1
    if count > 100_000:
        return None
    if unit.startswith("m"):
        return count
    extra = match.group("extra") or ""
    added = (
        int(match.group("more"))
        if match.group("more")
        else 30
        if re.search(r"half|media", extra)
        else 15
        if extra
        else 0
    )
    return count * 60 + added + (30 if match.group("plus") else 0)
