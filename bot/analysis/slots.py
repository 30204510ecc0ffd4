# ruff: noqa: E501 - patterns are data
"""What an utterance names: day and hour, name, number, e-mail address, phone number, duration."""

from __future__ import annotations

import re
from typing import Final

from bot.analysis.amounts import find_duration, find_number, without_pronouns
from bot.analysis.mail_address import find_address
from bot.analysis.moments import Frame, read_moment
from bot.analysis.names import find_name
from bot.analysis.numbers import with_digits
from bot.analysis.phone_number import find_phone
from bot.analysis.places import with_named_hours
from bot.analysis.plain import plain

Slot = str | int | float

_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d.])")
_COMMA: Final = re.compile(r"(?<![\d.,])(\d+),(\d{1,2})(?![\d,])")
_APPROXIMATE: Final = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|\d+(?::\d\d)?)-?ish\b",
    re.IGNORECASE,
)
_PARENTHESES: Final = re.compile(r"[()]")
_SLASH: Final = re.compile(r"(?<=\d)/(?=\d)")
_SLASH_WORD: Final = "zzslash"  # through `plain`, which keeps letters only
_PERCENT: Final = re.compile(r" por ciento\b")
_EXTENSION: Final = re.compile(
    r"\b(?:ext|extension|interno|anexo|ends in|ending in|termina en|terminado en|acaba en)(?: numero| number)?(?: \d+)+\b"
)
_NOISE: Final = re.compile(r"\b(?:y pico|mas o menos|pasaditas|en total)\b")

_LONGEST: Final = 500  # characters: the last of a kind counts, and patterns must not hold up a call


def find_slots(raw: str, words: str, *, frame: Frame, expects_name: bool, region: str = "US") -> dict[str, Slot]:
    """The slots of an utterance, given as the recogniser wrote it and as plain text. Several of a kind: the last.

    What belongs to one slot is not read again for the next: a number is left only where nothing else took it.
    `words` is taken for the callers' sake: figures, commas and capitals that it lost are read from `raw`.
    `expects_name`: the bot has just asked for a name, so bare words may be one. `region` is for national numbers.
    """
    slots: dict[str, Slot] = {}
    raw = raw[-_LONGEST:]
    text = _spoken(raw, frame.language)
    address = find_address(text, language=frame.language)
    if address is not None:
        slots["email"] = address.address
        text = address.rest
    name = find_name(raw if address is None else address.rest, written=raw, expected=expects_name and address is None)
    phone = find_phone(text, language=frame.language, region=region)
    if phone is not None:
        slots["phone"] = phone.e164
        text = _EXTENSION.sub(" ; ", phone.rest)
    digits = with_digits(_NOISE.sub(" ", _PERCENT.sub(" %", without_pronouns(text))), language=frame.language)
    digits = with_named_hours(digits)
    duration = find_duration(digits)
    if duration is not None:
        slots["duration_minutes"] = duration.minutes
        digits = duration.rest
    moment = read_moment(digits, frame)
    if moment is not None:
        slots["datetime"] = moment.iso
        digits = moment.rest
    if name is not None:
        slots["name"] = name
    number = find_number(digits, language=frame.language)
    if number is not None:
        slots["number"] = number
    return slots


def _spoken(raw: str, language: str) -> str:
    """Plain text in which figures still mean what was written: "1.500" and "2,5" in Spanish, "12/5", "(212) 555"."""
    text = _PARENTHESES.sub(" ", raw)
    text = _SLASH.sub(_SLASH_WORD, text)
    if language == "es":
        text = _THOUSANDS.sub(lambda match: match.group().replace(".", ""), text)
        text = _COMMA.sub(r"\1.\2", text)
    text = _APPROXIMATE.sub(r"at \1", text)
    return plain(text).replace(_SLASH_WORD, "/")
