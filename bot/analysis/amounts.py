# ruff: noqa: E501 - patterns and word lists are data
"""Numbers that stand for themselves, and lengths of time in minutes; from plain text with digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = re.compile(
    r"\b(?:(?P<half>half an hour|a half hour|half hour|media hora|media horita)|(?P<quarters>3 quarters of an hour|3 cuartos de hora)|"
    r"(?P<quarter>(?:a )?quarter of an hour|quarter hour|(?:un )?cuarto de hora)|"
    r"(?P<count>(?:an?|una?|a couple of|a couple|un par de)(?=[\s-])|\d+(?:\.\d+)?)(?P<plus> and a half)?[\s-]*(?P<unit>minutes?|minutos?|minutitos?|mins?|min|hours?|hrs?|horas?|horita)"
    r"(?:,? (?P<extra>and a half|y media|y cuarto|and (?:a )?quarter|(?:and |y |con )?(?P<more>\d+)(?P<moreunit> minutes| minutos| min)?))?|"
    r"(?P<bare>hora) (?P<bareextra>y media|y cuarto))\b"
)
_NOT_LENGTH_BEFORE: Final = re.compile(
    r"\b(?:in|en|dentro de|hace|desde hace|within|faltan)(?: about| unos| unas| como| like)?\s*$"
)
_NOT_LENGTH_AFTER: Final = re.compile(
    r"^\s*(?:ago|from now|earlier|atras|hours time|past|to|till|after|before|para las?|pasadas|antes)\b"
)
_NOT: Final = re.compile(r"\b(?:not|and not|y no|instead of|rather than|en vez de|en lugar de)(?: for| the)?\s*$")
_SAID_NOT: Final = re.compile(r"\bdij[eo] (?:que )?[\w. ]+ no\s*$")
_MILLIONS: Final = "million|millon|millones"
_THOUSANDS: Final = "thousand|mil|k|grand"
_SCALED: Final = re.compile(
    rf"(?<![\w.])\$?(\d+(?:\.\d+)?) ?(hundred|{_THOUSANDS}|{_MILLIONS})\b(?: (\d{{1,3}})\b(?! (?:hundred|{_THOUSANDS})))?"
)
_HALF_OF: Final = re.compile(r"\b(?:half a|medio|half) (1000000|million|millon)\b")
_AND_HALF: Final = re.compile(r"(?<![\w.])(\d+)(?: (?:y medi[oa]|and a half))\b")
_POINT: Final = re.compile(r"(?<![\w.])(\d+) (?:point|punto|coma|con) (\d+(?: \d(?!\d))*)\b")
_PAIRED: Final = re.compile(r"(?<![\w.$:])([1-9]) ([1-9]\d)\b(?!\s*(?:%|th|am|pm))(?! \d)")
_YEARLIKE: Final = re.compile(r"(?<![\w.$:])(1[1-9]|20|[2-9]\d) (0?[1-9]|[1-9]\d)\b(?! \d)")
_APART: Final = re.compile(r"(?<![\w.])\d(?: \d){2,}(?![\w.])")
_THOUSAND_END: Final = re.compile(r"\b(\d+000) (\d) ([1-9]\d)\b")
_METRES: Final = re.compile(r"(?<=\bmido )(1|2) (\d\d)\b")
_RUN: Final = re.compile(r"(?<![\w.])\d{1,4}(?: \d{1,4}){2,}(?![\w.])")
"""Pieces of a dictated number that is not whole."""
_DOZEN: Final = re.compile(r"\b(?:(?:a|1) dozen|una docena)\b")
_A_BIG: Final = re.compile(r"\b(?:a|an) (100|1000|1000000)\b")
_PRONOUN_ONE: Final = re.compile(
    r"\b(?:(?:the|that|this|which|another|no|any|every|first|second|next|last|other|each|some|cheaper|best|good|bigger|smaller|expensive|better|new|old|right|wrong|same|only)\s+one(?! (?:ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|oh|hundred|thousand)\b)|one's|"
    r"(?<!at )(?<!to )(?<!by )(?<!around )one\s+(?:moment|second|sec|minute|of|more|on|to|that|who|day|thing|last|by|another|for|with|is|at|has|would|where|question|time|way)|"
    r"uno\s+(?:de(?! (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre)\b)|que|mismo|por|nunca|no|se|sabe|momento|otro|mas)|cada uno|ninguno|(?:the|that|this|a|my)\s+(?!(?:ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one|two|three|four|five|six|seven|eight|nine|oh|hundred)\b)\w+\s+one(?! (?:ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|oh|hundred|thousand|two|three|four|five|six|seven|eight|nine|zero)\b)|(?:ese|este|otro|alg)\s*uno|"
    r"(?:a |one )?hundred percent (?:sure|certain|agree|agreed|yes)|cien por ciento (?:seguro|segura|de acuerdo))\b"
)
_NUMBER: Final = re.compile(r"(?<![\w@.:/-])[$€]?(\d+)(?:\.(\d+))?(?![\w:@/])(?!\.\d)(?:\s?%)?")
_CODE: Final = 8
_LONGEST: Final = 12
"""Figures; what has more is a card or an account, and belongs into no record."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """Minutes, and the text without the words that named them."""

    minutes: int
    rest: str


def without_pronouns(words: str) -> str:
    """Plain text without the "one" that counts nothing ("the second one")."""
    return _PRONOUN_ONE.sub(" ; ", words)


def find_duration(digits: str) -> Duration | None:
    """The last length of time ("for half an hour"); not a moment ("in half an hour", "half an hour ago")."""
    found: tuple[int, re.Match[str]] | None = None
    spans: list[tuple[int, int]] = []
    for match in _LENGTH.finditer(digits):
        if found is not None and _NOT.search(digits[: match.start()]):
            spans.append(match.span())
            continue
        if _NOT_LENGTH_BEFORE.search(digits[: match.start()]) or _NOT_LENGTH_AFTER.match(digits[match.end() :]):
            continue
        found = _minutes(match), match
        spans.append(match.span())
    if found is None:
        return None
    rest = digits
    for start, end in reversed(spans):
        rest = f"{rest[:start]} ; {rest[end:]}"
    return Duration(minutes=found[0], rest=rest)


def _minutes(match: re.Match[str]) -> int:
    if match.group("half"):
        return 30
    if match.group("quarters"):
        return 45
    if match.group("quarter"):
        return 15
    if match.group("bare"):
        return 90 if "media" in match.group("bareextra") else 75
    text = match.group("count")
    count = float(text) if text[0].isdigit() else 2.0 if "couple" in text or "par" in text else 1.0
    if match.group("plus"):
        count += 0.5
    if count > 10_000:
        return 10_000
    extra = match.group("extra") or ""
    if match.group("unit").startswith("m"):
        return round(count)
    added = (
        int(match.group("more"))
        if match.group("more")
        else 30
        if re.search(r"half|media", extra)
        else 15
        if extra
        else 0
    )
    return round(count * 60) + added


def find_number(digits: str, *, language: str) -> int | float | None:
    """The last number of plain text with digits: "2 50" is 250, "1.5 million", "2 and a half"."""
    text = _HALF_OF.sub("500000", digits)
    text = _DOZEN.sub("12", text)
    text = _A_BIG.sub(r"\1", text)
    text = _POINT.sub(_point, text)
    text = _SCALED.sub(_scaled, text)
    text = _AND_HALF.sub(_and_half, text)
    text = _METRES.sub(r"\1.\2", text) if language == "es" else text
    text = _THOUSAND_END.sub(lambda match: str(int(match.group(1)) + int(match.group(2) + match.group(3))), text)
    text = _RUN.sub(_undictated, text)
    text = _APART.sub(_joined, text)
    if language == "en":
        text = _PAIRED.sub(r"\1\2", text)
        text = _YEARLIKE.sub(lambda match: match.group(1) + match.group(2).zfill(2), text)
    found = list(_NUMBER.finditer(text))
    if len(found) > 1 and (_NOT.search(text[: found[-1].start()]) or _SAID_NOT.search(text[: found[-1].start()])):
        found.pop()
    if not found:
        return None
    whole, fraction = found[-1].group(1), found[-1].group(2)
    if len(whole) > _LONGEST:
        return None
    value = float(f"{whole}.{fraction[:9]}") if fraction else int(whole)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _undictated(match: re.Match[str]) -> str:
    pieces = match.group().split()
    grouped = max(map(len, pieces)) > 1
    dictated = grouped and (len(pieces) > 3 or (min(map(len, pieces)) > 1 and sum(map(len, pieces)) >= _CODE))
    return " ; " if dictated else match.group()


def _joined(match: re.Match[str]) -> str:
    """Figures named one by one as one number, unless there are so many that they were dictated for something else."""
    figures = match.group().replace(" ", "")
    return figures if len(figures) <= _CODE else " ; "


def _point(match: re.Match[str]) -> str:
    whole, fraction = match.group(1), match.group(2).replace(" ", "")
    for scale in (1_000_000, 1000):
        if fraction.endswith("0" * (len(str(scale)) - 1)):
            return _text(float(f"{whole}.{fraction[: -(len(str(scale)) - 1)]}") * scale)
    return f"{whole}.{fraction}"


def _scaled(match: re.Match[str]) -> str:
    word = match.group(2)
    scale = 100 if word == "hundred" else 1_000_000 if word.startswith("mill") else 1000
    return _text(float(match.group(1)) * scale + float(match.group(3) or 0))


def _and_half(match: re.Match[str]) -> str:
    value = int(match.group(1))
    unit = next((unit for unit in (1_000_000, 1000) if value and value % unit == 0), 1)
    return _text(value + unit / 2)


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0")
