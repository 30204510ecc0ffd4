# ruff: noqa: E501 - patterns and word lists are data
"""Hours as people name them, in English and Spanish. An hour without am/pm falls within 08–20."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Final

_MORNING: Final = re.compile(
    r"\b(?:morning|(?:de|por|en|a) la manana|esta manana|(?:de|por|en) la madrugada)\b|(?<=\d)\s?am\b"
)
_EVENING: Final = re.compile(
    r"\b(?:afternoon|evening|tonight|at night|night|(?:de|por|en|a) la tarde|(?:de|por|en|a) la noche|esta tarde|esta noche|"
    r"tardecita|del dia|tarde|noche|after work|after lunch)\b|(?<=\d)\s?pm\b"
)
_ONE_O_CLOCK: Final = re.compile(r"\bla una\b")
_NOON: Final = re.compile(r"\b(?:noon|midday|mediodia|medio dia)\b")
_MIDNIGHT: Final = re.compile(r"\b(?:midnight|medianoche|media noche)\b")
_LEAD: Final = (
    r"(?:at|around|about|by|like|to|till|before|after|make it|how about|let's say|from|between|a las?|las?|sobre las?|"
    r"tipo|until|say|o'clock|eso de las|hacia las|desde las|hasta las|antes de las|despues de las|pasadas las)"
)
_CLOCK: Final = re.compile(
    rf"(?:\b(?P<lead>{_LEAD})\s+)?"
    r"(?:(?P<past>half past|half|(?:a )?quarter past|(?:a )?quarter after|(?:a )?quarter to|(?:a )?quarter of|(?:a )?quarter till|"
    r"\d{1,2} (?:minutes )?past|\d{1,2} (?:minutes )?after|(?:5|10|20|25) to|\d{1,2} minutes to|(?:5|10|20|25) till|\d{1,2} minutes till|"
    r"(?:un )?cuarto (?:para|pa) las?|\d{1,2} (?:minutos )?(?:para|pa) las?)\s+)?"
    r"(?<![\d.$/])\b(?P<hour>\d{1,2})(?:[:.](?P<colon>[0-5]\d)|\s?h\s?(?P<h>[0-5]\d)|\s(?:oh|o)\s(?P<oh>\d))?(?!\d|th|st|nd|rd|%|[.,/]\d)"
    r"(?:\s+(?P<es>y media|y cuarto|menos cuarto|menos (?:un )?cuarto|y \d{1,2}|con \d{1,2}|menos \d{1,2})|\s+(?P<minute>[0-5]\d)(?!\d|\s*(?:dollars|euros|pesos|minutes|minutos)))?"
    r"(?:\s*(?P<mark>am|pm|o'?clock|oclock|en punto|h\b|hrs?\b|horas\b|hours\b|a m|p m))?"
)
_MILITARY: Final = re.compile(r"\b(?P<hour>[01]\d|2[0-3]|[89])(?P<minute>[0-5]\d) (?:hours|horas|hrs|h)\b")
_TWELVE_NOON: Final = re.compile(r"\b12 (?=(?:noon|midday|midnight)\b)")
_FOUR_FIGURES: Final = re.compile(r"\b(\d{1,2})([0-5]\d)\s?(am|pm)\b")
_NO_CLOCK: Final = re.compile(
    r"^\s*(?:dollars?|dolares|euros?|pesos|bucks|pounds?|kilos?|libras|days?|dias?|weeks?|semanas?|months?|meses|years?|anos|"
    r"minutes?|minutos|hours? |horas (?:a|al|por|de)\b|kids?|hijos|children|times?|veces|percent|por ciento|people|personas|guests?|of us|adults?|adultos|"
    r"a month|al mes|million|thousand|mil\b|sessions?|sesiones|sets|reps|miles?|feet|point|punto|coma)"
)
_RANGE: Final = re.compile(
    r"\b(?:from|between|de|entre)(?: las?)? \d{1,2}(?: y media|:\d\d| 30)? (?:to|and|until|a|y|hasta)(?: las?)? (\d{1,2})\b(?! (?:de|of)\b)"
)
_NO_LEAD: Final = re.compile(
    r"(?:\b(?:for|para|age|edad|number|numero|of|with|con|por|tengo|have|hay|son|we are|we're|somos)(?: the| los)?)\s*$"
)
_HALF_NEXT: Final = re.compile(
    r"\s*(?:(?:in|de|por|en) (?:the|la) (?:morning|afternoon|evening|manana|tarde|noche)|at night|tonight)\b"
)
_MOST: Final = 40  # numbers looked at: nobody names more hours in a breath
_ROUND: Final = frozenset({"15", "30", "45"})


@dataclass(frozen=True, kw_only=True)
class Clock:
    """An hour named in a text, its span, whether something marks it as one, and whether it is the night's end of the
    day named (midnight after "tonight": the day that follows)."""

    at: time
    start: int
    end: int
    marked: bool
    next_day: bool = False


def with_one(words: str) -> str:
    """Hours in one form: "a la una" with a digit, "0730pm" with a colon."""
    return _TWELVE_NOON.sub("", _FOUR_FIGURES.sub(r"\1:\2 \3", _ONE_O_CLOCK.sub("la 1", words)))


def one_of_range(words: str) -> str:
    """Of "from six to seven" the last."""
    return _RANGE.sub(r"at \1", words)


def find_clock(words: str, *, language: str, dated: bool = False) -> Clock | None:
    """The last hour of plain text with digits, marked ones first; None where no number can be one.

    `dated`: a day was named beside it, so a weak lead ("after six") is enough.
    """
    best: Clock | None = None
    for match in _MILITARY.finditer(words):
        best = _span(match, time(int(match.group("hour")), int(match.group("minute"))), marked=True)
    if best is None:
        for match in list(_CLOCK.finditer(words))[-_MOST:]:
            clock = _read(match, words, language, dated)
            if clock is not None and (best is None or clock.marked or not best.marked):
                best = clock
    if best is None or not best.marked or (best.at == time(12) and _NOON.search(words)):
        for pattern, at in ((_NOON, time(12)), (_MIDNIGHT, time(0))):
            match = pattern.search(words)
            if match is not None:
                return _span(match, at, marked=True)
    return best


def _span(match: re.Match[str], at: time, *, marked: bool, next_day: bool = False) -> Clock:
    return Clock(at=at, start=match.start(), end=match.end(), marked=marked, next_day=next_day)


def _read(match: re.Match[str], words: str, language: str, dated: bool) -> Clock | None:
    before, after = words[: match.start()], words[match.end() :]
    lead, mark = match.group("lead"), match.group("mark")
    past = match.group("past")
    if past == "half" and language != "en":
        return None
    if _NO_CLOCK.match(after) or (
        lead in {"to", "about", "like", "from", "by", "after", "before", "say"} and not (dated or _likely(match, words))
    ):
        return None
    exact = mark or past or match.group("colon") or match.group("es") or _HALF_NEXT.match(after)
    if not exact and _NO_LEAD.search(before if lead is None else ""):
        return None
    hour = int(match.group("hour"))
    if (lead or "").split()[-1:] == ["la"] and hour != 1:
        lead = None
    minute = int(match.group("colon") or match.group("minute") or match.group("oh") or match.group("h") or 0)
    if hour > 24 or minute > 59:
        return None
    round_minute = match.group("minute") in _ROUND and 1 <= hour <= 12
    named = [lead, *(match.group(name) for name in ("past", "colon", "es", "mark", "oh", "h"))]
    marked = any(named) or round_minute
    night = re.match(r"\s*(?:de|por|en) la noche\b|\s*at night\b|\s*tonight\b", after) is not None
    half_said = bool(_MORNING.search(words) or _EVENING.search(words))
    shifted, next_day = _half(hour, mark or "", words, after, night)
    if hour == 0 and not match.group("colon"):
        return None
    total = shifted * 60 + minute + _shift(past or match.group("es") or "")
    if not mark and not half_said and hour == 8 and total < 8 * 60:
        total += 12 * 60  # a quarter to eight: 19:45
    at = time(total // 60 % 24, total % 60)
    if dated and not (marked or half_said or before.rstrip().endswith(";") or after.lstrip().startswith(";")):
        return None
    return _span(match, at, marked=marked or half_said, next_day=next_day)


def _likely(match: re.Match[str], words: str) -> bool:
    """Whether a weak lead ("about five") stands before an hour: it is marked otherwise, or a day or half-day is named."""
    if any(match.group(name) for name in ("past", "colon", "es", "mark", "oh")) or match.group("minute") in _ROUND:
        return True
    return bool(_MORNING.search(words) or _EVENING.search(words) or re.search(r"\bday\b|\btomorrow\b", words)) or (
        match.group("lead") in {"about", "like", "after", "before", "by"}
        and re.search(
            r"\b(?:call|ring|back|available|time|anytime|sometime|table|appointment|free|come|meet|start|finish|off|works?|at)\b",
            words,
        )
        is not None
    )


def _half(hour: int, mark: str, words: str, after: str, night: bool) -> tuple[int, bool]:
    """The hour of 24, and whether it belongs to the day after ("las doce de la noche")."""
    if hour > 12 or hour == 0:
        return hour % 24, hour == 24
    mark = mark.replace(" ", "")
    near_late, near_early = _EVENING.match(after.strip()), _MORNING.match(after.strip())
    late = mark == "pm" or (mark != "am" and not near_early and bool(near_late or _EVENING.search(words)))
    early = mark == "am" or (not late and bool(_MORNING.search(words)))
    if hour == 12 and mark not in {"am", "pm"}:
        return (0, True) if night else (12, False)
    if late:
        return hour % 12 + 12, False
    if early:
        return hour % 12, False
    return (hour + 12, False) if 1 <= hour <= 7 else (hour, False)


def _shift(words: str) -> int:
    """Minutes that "half past", "quarter to", "y media", "menos diez", "diez para las" add."""
    if not words:
        return 0
    number = re.search(r"\d+", words)
    minutes = int(number.group()) if number else 30 if re.search(r"half|media", words) else 15
    return -minutes if re.search(r"\b(?:to|of|till|menos|para|pa)\b", words) else minutes
