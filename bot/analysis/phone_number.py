# ruff: noqa: E501 - patterns and word lists are data
"""Phone numbers as they are dictated: digits one by one or in groups, "double five", corrections; as E.164."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

from bot.analysis.numbers import HUNDREDS, with_digits

_ZERO: Final = re.compile(
    r"\b(?:oh|o|nought)\b(?= (?:\d+|oh|o|zero|one|two|three|four|five|six|seven|eight|nine|double|triple)\b)|(?<=\d )(?:oh|o)\b|(?<=(?:one|two|six|ten) )(?:oh|o)\b|(?<=(?:four|five|nine|zero) )(?:oh|o)\b|(?<=(?:three|seven|eight) )(?:oh|o)\b"
)
_REPEAT: Final = re.compile(r"\b(double|triple|treble|doble) (\d)\b")
_HUNDRED: Final = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine) hundred (?=(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine|double|triple)\b(?: \w+){2})"
)
_CIENTOS: Final = re.compile(
    r"\b(cien|\w{2,8}cientos|quinientos) (?=(?:cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|doble) (?:cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|doble)\b)"
)
_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_JOIN: Final = (
    r"(?:\s*[-.()/]\s*|\s+(?:and |then |y |dash |hyphen |guion |punto |dot |luego |despues |area code )?|\s*\)\s*)"
)
_RUN: Final = re.compile(
    rf"(?P<plus>\+\s*|\bplus |\bmas (?=\d))?(?<![\w.@$])\(?\d+(?:{_JOIN}\(?\d+)*(?!\d|th\b|st\b|%)"
)
_NO_PHONE: Final = re.compile(
    r"\b(?:card|ssn|social security|social|licen[sc]e|account|policy|passport|order|routing|iban|tarjeta|cuenta|dni|nif|curp|rfc|cedula|"
    r"seguro social|licencia|pasaporte|pedido|poliza)(?: (?:number|numero|no|es|is|it's|credit|debit|de credito|de debito|'s|the|el|la))*\W*$"
)
_DATE: Final = re.compile(r"^(?:19|20)\d\d[- ][01]\d[- ][0-3]\d\b")
_CORRECTION: Final = re.compile(
    r"^\s*(?:;|no|sorry|wait|actually|i mean|perdon|digo|mejor dicho|ay|disculpe|disculpa|espere|it's|it ends in|ends in|termina en|the last (?:4|four|2|3) (?:is|are|digits are)|los ultimos (?:\d )?(?:son|es)|es|that's|make that|correction|correccion|[,.\s])+\s*$"
)
_SHORTEST: Final = 7
_LONGEST: Final = 15
_SHORTEST_WITH_COUNTRY: Final = 11


@dataclass(frozen=True, kw_only=True)
class PhoneNumber:
    """A number in E.164, and the text (with digits) without it."""

    e164: str
    rest: str


def find_phone(words: str, *, language: str, region: str) -> PhoneNumber | None:
    """The last phone number of plain text; national numbers are read as the region's.

    A few digits after a correction ("0142, no, 0143") replace the end of what was said before them.
    """
    text = _dictated(words, language)
    found: str | None = None
    digits_before = ""
    end_before = 0
    spans: list[tuple[int, int]] = []
    for match in _RUN.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _NO_PHONE.search(text[: match.start()]) or _DATE.match(match.group()):
            continue
        corrects = bool(digits_before) and _CORRECTION.match(text[end_before : match.start()]) is not None
        number = _parse(digits, plus=match.group("plus") is not None, region=region)
        if number is None and corrects and 2 <= len(digits) < len(digits_before):
            digits = digits_before[: -len(digits)] + digits
            number = _parse(digits, plus=False, region=region)
        elif number is None and found is None and corrects and len(digits_before) < _SHORTEST:
            number = _parse(digits_before + digits, plus=False, region=region)
        if number is not None:
            found = number
            spans.append(match.span())
        digits_before, end_before = digits, match.end()
    if found is None:
        return None
    for start, end in reversed(spans):
        text = f"{text[:start]} ; {text[end:]}"
    return PhoneNumber(e164=found, rest=" ".join(text.split()))


def _dictated(words: str, language: str) -> str:
    text = (
        _HUNDRED.sub(lambda match: f"{_DIGITS.index(match.group(1))}00 ", words)
        if language == "en"
        else _CIENTOS.sub(lambda match: f"{HUNDREDS.get(match.group(1), 0)} ", words)
    )
    if language == "en":
        text = _ZERO.sub("zero", _ZERO.sub("zero", text))
    digits = with_digits(text, language=language)
    digits = re.sub(r"\bso (?=\d)", " ", digits)
    return _REPEAT.sub(lambda match: " ".join([match.group(2)] * (2 if match.group(1).startswith("do") else 3)), digits)


def _parse(digits: str, *, plus: bool, region: str) -> str | None:
    if not _SHORTEST <= len(digits) <= _LONGEST:
        return None
    tried: list[tuple[str, str | None]] = [(f"+{digits}", None)] if plus else [(digits, region)]
    if not plus and len(digits) >= _SHORTEST_WITH_COUNTRY:
        tried.append((f"+{digits}", None))
    for valid in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for text, where in tried:
            try:
                number = phonenumbers.parse(text, where)
            except phonenumbers.NumberParseException:
                continue
            if len(digits) < 9 and number.country_code == 1:
                continue
            if valid(number) and (len(digits) >= 9 or phonenumbers.is_valid_number(number)):
                if valid is phonenumbers.is_possible_number and text.startswith("+") and not plus:
                    continue
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None
