# ruff: noqa: E501 - patterns and word lists are data
"""Days as people name them: weekdays, dates, "tomorrow", "in a fortnight", in English and Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_WEEKDAYS: Final = {
    **{name: index for index, name in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())},
    **{name: index for index, name in enumerate("mon tues wed thurs fri sat sun".split())},
    **{name: index for index, name in enumerate("lunes martes miercoles jueves viernes sabado domingo".split())},
}
_MONTH_NAMES: Final = {
    **{
        name: index + 1
        for index, name in enumerate(
            "january february march april may june july august september october november december".split()
        )
    },
    **{name: index + 1 for index, name in enumerate("jan feb mar apr may jun jul aug sept oct nov dec".split())},
    **{
        name: index + 1
        for index, name in enumerate(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
        )
    },
    "setiembre": 9,
    "sep": 9,
}
_DAY_WORDS: Final = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_MONTHS: Final = "|".join(sorted(_MONTH_NAMES, key=len, reverse=True))
_YEAR: Final = r"(?:(?:\s+(?:of|de|del))?\s+(?P<year>20\d\d|20\s[2-9]\d))?"
_ISO_DAY: Final = re.compile(r"\b(20\d\d)[-/ ](\d\d)[-/ ](\d\d)\b")
_SLASHED: Final = re.compile(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?\b")
_MONTH_FIRST: Final = re.compile(
    rf"\b(?P<month>{_MONTHS})\s+(?:the\s+|el\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d| of us)(?!\s*(?:am|pm|:|o'clock)){_YEAR}\b"
)
_DAY_FIRST: Final = re.compile(
    rf"\b(?:the\s+|el\s+)?(?P<day>\d{{1,2}}|primero|1ro)(?:st|nd|rd|th)?\s+(?:day\s+)?(?:of\s+|de\s+)?(?P<month>{_MONTHS}){_YEAR}\b"
)
_NTH: Final = re.compile(
    r"\b(?:(?:the|on)\s+(\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:1\b|one|option|plan|time|choice|thing|thought|thoughts|half|floor|call|week|month|street|avenue))"
    r"|(?:el|dia|para el|el dia)\s+(\d{1,2}|primero)\b(?!\s*(?:de la|am|pm|:|por ciento|%))"
    r"|(?<!\ba )(?<!\bone )(?<!\b1 )(\d{1,2})(?:st|nd|rd|th)$)"
)
_WEEKDAY_NUMBER: Final = re.compile(
    rf"\b(?P<day>{_DAY_WORDS}) (?:the |el |dia )?(?P<number>\d{{1,2}}|primero|uno)(?:st|nd|rd|th)?\b(?!\s*(?:am|pm|:|o'clock|y media|y cuarto|[0-5]\d\b|de la|h\b))"
)
_MONTH_LATER: Final = re.compile(
    r"\b(?:next month|of next month|del (?:proximo mes|mes que viene|mes proximo)|del otro mes)\b"
)
_NEXT_WEEK: Final = r"(?:(?:of |in )?(?:the )?(?:next|following) week|week after|(?:de |en )?(?:la )?(?:semana (?:que viene|proxima|siguiente|entrante)|(?:proxima|otra|siguiente) semana))"
_WEEKDAY: Final = re.compile(
    rf"\b(?P<before>{_NEXT_WEEK} (?:on |el )?)?(?P<from>(?:a|1|one) week from |de (?:este )?)?(?P<day>{_DAY_WORDS})s?\b"
    rf"(?P<after> {_NEXT_WEEK}| (?:in |en )?(?:ocho|8)(?: dias)?\b| week\b(?! after))?"
)
_AHEAD: Final = re.compile(
    r"\b(?:(?:in|en|dentro de|de aqui a)\s+(?P<count>an?|una?|a couple of|a couple|un par de|\d+)\s+(?P<unit>days?|dias?|weeks?|semanas?|fortnights?|(?<=a )month|(?<=un )mes)"
    r"|(?P<later>a|1|2|\d+)\s+(?P<laterunit>weeks?|days?)\s+from\s+(?P<base>today|now|tomorrow))\b"
)
_WORDS: Final = (
    (re.compile(r"\b(?:(?:the )?day after tomorrow|pasado manana)\b|(?<=tomorrow )(?:but )?the day after\b"), 2),
    (re.compile(r"\b(?:a week from tomorrow|(?:de )?manana en (?:ocho|8)(?: dias)?)\b"), 8),
    (re.compile(r"\b(?:a week from today|(?:de )?hoy en (?:ocho|8)(?: dias)?|in a week)\b"), 7),
    (re.compile(r"\btomorrow\b|\btmrw\b|(?<!la )(?<!\bde )(?<!pasado )(?<!esta )(?<!tu )\bmanana\b(?! en (?:ocho|8))|(?<=\d )de manana\b|\bde manana\b(?= (?:a|por|en) )"), 1),
)  # fmt: skip
_TODAY: Final = re.compile(
    r"\b(?:today|tonight|this (?:morning|afternoon|evening)|later on|hoy|esta (?:manana|tarde|noche)|al rato)\b"
)
_NOT_BEFORE: Final = re.compile(
    r"(?:\bnot|\binstead of|\brather than|\bcan't(?: do| make(?: it)?| come)?|\bcannot(?: do| make)?|\bcouldn't|\bwon't work|\bno puedo|\bno podria"
    r"|\ben vez del?|\ben lugar del?|\by no|\bbusy|\bocupad[oa]|\bexcept|\bexcepto|\bmenos|\bexceto|\bany ?(?:day|time) but)(?: on| the| this| next| for| it)*(?: el| este| proximo| para| los)*\s*$"
)
_NOT_AFTER: Final = re.compile(
    r"^(?: \w+)?(?: at \d+(?: pm| am)?| morning| afternoon)? (?:doesn't|does not|won't|isn't|is not|is no good|is bad|is out|i can't|i'm busy|is full|no puedo|no me (?:sirve|va|viene|queda|funciona|es posible)|imposible|estoy ocupad|tengo ocupad|trabajo)\b"
)


@dataclass(frozen=True, kw_only=True)
class NamedDay:
    """A day somebody named and where it stands in the text; an empty span still says which half of a day is meant."""

    start: int
    end: int
    day: date


def find_days(words: str, *, today: date, language: str) -> list[NamedDay]:
    """All days that plain text with digits names, in order; those that are ruled out ("not Thursday") left out."""
    found = [*_dates(words, today, language)]
    if not found:
        found += _weekday_numbers(words, today)
    found += [
        one
        for one in _numbered(words, today)
        if not any(one.start < other.end and other.start < one.end for other in found)
    ]
    if not found:
        found += _ahead(words, today)
    if not found:
        found += _relative(words, today)
    found.sort(key=lambda one: (one.start, one.end))
    return [one for one in found if not _ruled_out(words, one)]


def _ruled_out(words: str, named: NamedDay) -> bool:
    return (
        _NOT_BEFORE.search(words[: named.start]) is not None
        or _NOT_AFTER.search(words[_end(words, named) :]) is not None
    )


def _end(words: str, named: NamedDay) -> int:
    today = _TODAY.match(words, named.start)
    return today.end() if today is not None else named.end


def _dates(words: str, today: date, language: str) -> list[NamedDay]:
    found: list[NamedDay] = []
    for match in _ISO_DAY.finditer(words):
        _add(found, match, _date(int(match.group(1)), int(match.group(2)), int(match.group(3))))
    for match in _SLASHED.finditer(words):
        first, second = int(match.group(1)), int(match.group(2))
        month, number = (first, second) if language == "en" and first <= 12 else (second, first)
        year = int(match.group(3)) if match.group(3) else None
        _add(found, match, _dated(today, month, number, year + 2000 if year is not None and year < 100 else year))
    for pattern in (_MONTH_FIRST, _DAY_FIRST):
        for match in pattern.finditer(words):
            if any(one.start <= match.start() < one.end or match.start() <= one.start < match.end() for one in found):
                continue
            if match.group("month") == "may" and re.search(
                r"\b(?:i|you|we|he|she|it|they|that) $", words[: match.start()]
            ):
                continue
            number = 1 if match.group("day").startswith(("primero", "1ro")) else int(match.group("day"))
            year = int(match.group("year").replace(" ", "")) if match.group("year") else None
            _add(found, match, _dated(today, _MONTH_NAMES[match.group("month")], number, year))
    return found


def _weekday_numbers(words: str, today: date) -> list[NamedDay]:
    """ "Friday the 4th", "el lunes 30": where the number falls on that weekday in the next months."""
    found: list[NamedDay] = []
    for match in _WEEKDAY_NUMBER.finditer(words):
        number = 1 if match.group("number") in {"primero", "uno"} else int(match.group("number"))
        for ahead in range(120):
            day = today + timedelta(days=ahead)
            if day.day == number and day.weekday() == _WEEKDAYS[match.group("day")]:
                _add(found, match, day)
                break
    return found


def _numbered(words: str, today: date) -> list[NamedDay]:
    """ "The fifteenth", "el quince"; of next month where that is said."""
    found: list[NamedDay] = []
    later = _MONTH_LATER.search(words)
    for match in _NTH.finditer(words):
        text = next(group for group in match.groups() if group)
        number = 1 if text == "primero" else int(text)
        start = today
        if later is not None:
            start = date(today.year + today.month // 12, today.month % 12 + 1, 1)
        _add(found, match, _upcoming(start, None, number))
    return found


def _ahead(words: str, today: date) -> list[NamedDay]:
    found: list[NamedDay] = []
    for match in _AHEAD.finditer(words):
        count = _count(match.group("count") or match.group("later"))
        unit = match.group("unit") or match.group("laterunit")
        if unit.startswith("m"):
            index = today.month - 1 + count
            day = _date(today.year + index // 12, index % 12 + 1, min(today.day, 28)) if count < 24 else None
            _add(found, match, day)
            continue
        days = count * (14 if unit.startswith("fort") else 7 if unit.startswith(("w", "sem")) else 1)
        base = 1 if match.group("base") == "tomorrow" else 0
        weekday = _WEEKDAY.search(words)
        if weekday is not None and days % 7 == 0:
            monday = today - timedelta(days=today.weekday())
            _add(found, match, monday + timedelta(days=min(days, 700) + _WEEKDAYS[weekday.group("day")]))
            continue
        _add(found, match, today + timedelta(days=min(days, 730) + base))
    return found


def _relative(words: str, today: date) -> list[NamedDay]:
    found: list[NamedDay] = []
    for pattern, days in _WORDS:
        for match in pattern.finditer(words):
            if not any(one.start < match.end() and match.start() < one.end for one in found):
                _add(found, match, today + timedelta(days=days))
    for match in _WEEKDAY.finditer(words):
        weekday = _WEEKDAYS[match.group("day")]
        if match.group("day") in {"mon", "sat", "sun", "wed"} and not match.group("after"):
            continue  # rather words than days
        ahead = (weekday - today.weekday() - 1) % 7 + 1
        after = match.group("after") or ""
        if match.group("before") or "sem" in after or "next" in after or "following" in after:
            ahead = 7 - today.weekday() + weekday
        elif match.group("from") and (match.group("from").endswith("from ") or "ocho" in after or "8" in after):
            ahead += 7
        elif "ocho" in after or " 8" in after or after == " week":
            ahead += 7
        _add(found, match, today + timedelta(days=ahead))
    if not found:
        for match in _TODAY.finditer(words):
            found.append(NamedDay(start=match.start(), end=match.start(), day=today))
    elif (today_said := list(_TODAY.finditer(words))) and today_said[-1].start() > max(one.end for one in found):
        found.append(NamedDay(start=today_said[-1].start(), end=today_said[-1].start(), day=today))
    return found


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 2 if "couple" in text or "par" in text else 1


def _add(found: list[NamedDay], match: re.Match[str], day: date | None) -> None:
    if day is not None:
        found.append(NamedDay(start=match.start(), end=match.end(), day=day))


def _dated(today: date, month: int, number: int, year: int | None) -> date | None:
    return _date(year, month, number) if year is not None else _upcoming(today, month, number)


def _upcoming(today: date, month: int | None, number: int) -> date | None:
    """The next day of that month (None: of any month) and number, today included."""
    for ahead in range(50):
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
