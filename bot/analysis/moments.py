# ruff: noqa: E501 - patterns and word lists are data
"""Days and hours as people name them, in English and Spanish, as ISO 8601.

Rules of the contract: a bare weekday is the next one after today; an hour without am/pm falls within 08–20; the offset
is the one in force at that moment in the zone, or in the place the speaker names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.analysis.numbers import with_digits

_WEEKDAYS: Final = {
    **{name: index for index, name in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())},
    **{name: index for index, name in enumerate("lunes martes miercoles jueves viernes sabado domingo".split())},
}
_MONTH_NAMES: Final = {
    **{
        name: index + 1
        for index, name in enumerate(
            "january february march april may june july august september october november december".split()
        )
    },
    **{
        name: index + 1
        for index, name in enumerate(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
        )
    },
    "setiembre": 9,
}
_PLACES: Final[Mapping[str, str]] = {
    r"(?:eastern|new york|del este|nueva york|miami)": "America/New_York",
    r"(?:central|chicago|texas|houston|dallas|hora del centro)": "America/Chicago",
    r"(?:mountain|denver|de la montana)": "America/Denver",
    r"(?:pacific|los angeles|california|seattle|del pacifico)": "America/Los_Angeles",
    r"(?:mexico city|ciudad de mexico|mexico)": "America/Mexico_City",
    r"(?:madrid|spain|espana)": "Europe/Madrid",
    r"(?:london|londres)": "Europe/London",
}
_PLACE_PATTERNS: Final = tuple(
    (re.compile(rf"\b(?:{names}\s+time|hora\s+(?:de\s+)?{names})\b"), zone) for names, zone in _PLACES.items()
)

_DAY_WORDS: Final = "|".join(_WEEKDAYS)
_MONTHS: Final = "|".join(_MONTH_NAMES)
_IN: Final = re.compile(
    r"\b(?:in|en|dentro de)\s+(an?|una?|half an|media|\d+)\s+(minutes?|minutos?|hours?|horas?|hora|days?|dias?|weeks?|semanas?)\b"
)
_MONTH_DAY: Final = re.compile(
    rf"\b(?:({_MONTHS})\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?!\s*(?:am|pm|:))|"
    rf"(?:the\s+|el\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of|de)\s+({_MONTHS}))\b"
)
_NTH: Final = re.compile(
    r"\b(?:the\s+(\d{1,2})(?:st|nd|rd|th)(?!\s+(?:1\b|one|option|plan|time|choice|thing|half))|(?:el|dia)\s+(\d{1,2})(?!\s*(?:de la|am|pm|:)))\b"
)
_WEEKDAY: Final = re.compile(rf"\b({_DAY_WORDS})s?\b")
_ISO_DAY: Final = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_AFTER_TOMORROW: Final = re.compile(r"\b(?:day after tomorrow|pasado manana)\b")
_TOMORROW: Final = re.compile(r"\btomorrow\b|(?<!la )(?<!de )(?<!pasado )\bmanana\b")
_TODAY: Final = re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening)|hoy|esta (?:manana|tarde|noche))\b")

_MORNING: Final = re.compile(
    r"\b(?:morning|de la manana|por la manana|en la manana|esta manana|de la madrugada)\b|\bam\b"
)
_EVENING: Final = re.compile(
    r"\b(?:afternoon|evening|tonight|at night|tarde|de la noche|por la noche|en la noche|esta noche)\b|\bpm\b"
)
_ONE_O_CLOCK: Final = re.compile(r"\bla una\b")
_NOON: Final = re.compile(r"\b(?:noon|midday|mediodia|medio dia)\b")
_MIDNIGHT: Final = re.compile(r"\b(?:midnight|medianoche)\b")
_CLOCK: Final = re.compile(
    r"(?:\b(?P<lead>at|around|about|by|like|to|make it|a las?|las?|como a las|tipo|until|say)\s+)?"
    r"(?:(?P<past>half past|quarter past|quarter to|\d{1,2} past|\d{1,2} to)\s+)?"
    r"\b(?P<hour>\d{1,2})(?::(?P<colon>\d{2}))?(?!\d|th|st|nd|rd|%|\.\d)"
    r"(?:\s+(?P<es>y media|y cuarto|menos cuarto|y \d{1,2}|menos \d{1,2})|\s+(?P<minute>[0-5]\d)(?!\d|\s*dollars))?"
    r"(?:\s*(?P<mark>am|pm|o'?clock|en punto|h\b|hours\b))?"
)
_NO_CLOCK: Final = re.compile(
    r"^\s*(?:dollars?|dolares|pounds?|kilos?|libras|days?|dias?|weeks?|semanas?|months?|meses|years?|anos|minutes?|"
    r"minutos|hours? (?:a|per)|kids?|hijos|children|times?|veces|percent|por ciento|people|personas|a month|al mes)"
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Against what a time is read: the moment of speaking (aware), the caller's zone, and a day already agreed."""

    now: datetime
    zone: str
    language: str
    day: date | None = None


def find_moment(text: str, frame: Frame) -> str | None:
    """The day or moment that plain text names: `YYYY-MM-DD` or a full ISO 8601 moment; None where there is none.

    People correct themselves: the last one named counts.
    """
    words = _ONE_O_CLOCK.sub("la 1", with_digits(text, language=frame.language))
    zone = _named_zone(words) or frame.zone
    local = frame.now.astimezone(ZoneInfo(zone))
    relative = _relative(words, local)
    if isinstance(relative, datetime):
        return relative.isoformat()
    found = _find_day(words, local.date())
    if relative is not None:
        found = (relative, "")
    day, rest = found if found is not None else (None, words)
    clock, marked = _find_clock(rest if day is not None else words)
    if day is None:
        if clock is None or not (marked or frame.day is not None):
            return None
        day = frame.day or _next_occurrence(local, clock)
    if clock is None:
        return day.isoformat()
    return datetime.combine(day, clock, ZoneInfo(zone)).isoformat()


def _named_zone(words: str) -> str | None:
    return next((zone for pattern, zone in _PLACE_PATTERNS if pattern.search(words)), None)


def _next_occurrence(local: datetime, clock: time) -> date:
    return local.date() if clock > local.time() else local.date() + timedelta(days=1)


def _relative(words: str, local: datetime) -> datetime | date | None:
    match = _IN.search(words)
    if match is None:
        return None
    unit = match.group(2)
    if match.group(1) in {"half an", "media"}:
        return (local + timedelta(minutes=30)).replace(second=0, microsecond=0)
    count = int(match.group(1)) if match.group(1).isdigit() else 1
    if unit.startswith("min"):
        return (local + timedelta(minutes=count)).replace(second=0, microsecond=0)
    if unit.startswith(("hour", "hora")):
        return (local + timedelta(hours=count)).replace(second=0, microsecond=0)
    days = count * (7 if unit.startswith(("week", "sem")) else 1)
    return local.date() + timedelta(days=min(days, 730))


def _find_day(words: str, today: date) -> tuple[date, str] | None:
    """The last day named, and the words without it (its digits must not be read as an hour)."""
    found: list[tuple[int, int, date]] = []
    for match in _ISO_DAY.finditer(words):
        day = _date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
        if day is not None:
            found.append((match.start(), match.end(), day))
    for match in _MONTH_DAY.finditer(words):
        month = _MONTH_NAMES[match.group(1) or match.group(4)]
        day = _upcoming(today, month, int(match.group(2) or match.group(3)))
        if day is not None:
            found.append((match.start(), match.end(), day))
    if not found:
        for match in _NTH.finditer(words):
            day = _upcoming(today, None, int(match.group(1) or match.group(2)))
            if day is not None:
                found.append((match.start(), match.end(), day))
    if not found:
        found.extend(_simple_days(words, today))
    if not found:
        return None
    day = max(found)[2]
    for start, end, _ in sorted(found, reverse=True):
        words = f"{words[:start]} {words[end:]}"
    return day, words


def _simple_days(words: str, today: date) -> list[tuple[int, int, date]]:
    found: list[tuple[int, int, date]] = []
    for match in _WEEKDAY.finditer(words):
        ahead = (_WEEKDAYS[match.group(1)] - today.weekday() - 1) % 7 + 1
        found.append((match.start(), match.end(), today + timedelta(days=ahead)))
    for pattern, days in ((_AFTER_TOMORROW, 2), (_TOMORROW, 1), (_TODAY, 0)):
        for match in pattern.finditer(words):
            inside = any(start <= match.start() < end for start, end, _ in found)
            if not inside:
                # An empty span: "tonight" still says which half of the day is meant.
                end = match.start() if days == 0 else match.end()
                found.append((match.start(), end, today + timedelta(days=days)))
    return found


def _upcoming(today: date, month: int | None, number: int) -> date | None:
    """The next day of that month (None: of any month) and number, today included."""
    for ahead in range(13):
        year, index = divmod(today.month - 1 + ahead, 12)
        if month is not None and index + 1 != month:
            continue
        day = _date(today.year + year, index + 1, number)
        if day is not None and day >= today:
            return day
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _find_clock(words: str) -> tuple[time | None, bool]:
    """The last hour named, and whether something marks it as one."""
    best: tuple[time, bool] | None = None
    for match in _CLOCK.finditer(words):
        marked = any(match.group(name) for name in ("lead", "past", "colon", "es", "mark"))
        if _NO_CLOCK.match(words[match.end() :]) or (match.group("lead") == "to" and not match.group("mark")):
            continue
        clock = _clock(match, words)
        if clock is not None and (best is None or marked or not best[1]):
            best = (clock, marked or _half_of_day(words))
    if best is None or not best[1]:
        if _NOON.search(words):
            return time(12), True
        if _MIDNIGHT.search(words):
            return time(0), True
    return best if best is not None else (None, False)


def _half_of_day(words: str) -> bool:
    return bool(_MORNING.search(words) or _EVENING.search(words))


def _clock(match: re.Match[str], words: str) -> time | None:
    hour = int(match.group("hour"))
    minute = int(match.group("colon") or match.group("minute") or 0)
    shift = _shift(match.group("past") or match.group("es") or "")
    if hour > 24 or minute > 59:
        return None
    after = words[match.end() :]
    mark = match.group("mark") or ""
    late = mark == "pm" or (mark != "am" and bool(_EVENING.search(after) or _EVENING.search(words)))
    early = mark == "am" or (not late and bool(_MORNING.search(words)))
    if hour <= 12:
        if late:
            hour = hour % 12 + 12
        elif early:
            hour = hour % 12
        elif 1 <= hour <= 7:
            hour += 12
    total = hour * 60 + minute + shift
    return time(total // 60 % 24, total % 60)


def _shift(words: str) -> int:
    """Minutes that "half past", "quarter to", "y media", "menos diez" add."""
    if not words:
        return 0
    number = re.search(r"\d+", words)
    minutes = int(number.group()) if number else 30 if re.search(r"half|media", words) else 15
    return -minutes if re.search(r"\bto\b|menos", words) else minutes
