"""Written English turned into the words a caller would say: the language model's only kind of token."""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_CURRENCY = {"$": "dollars", "€": "euros", "£": "pounds"}
_SYMBOLS = {"%": "percent", "&": "and", "@": "at", "+": "plus"}
_ORDINAL_ENDS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip

_MONEY = re.compile(r"([$€£])\s*(\d[\d,]*)(?:\.(\d\d))?")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d\d)\b")
_DAYTIME = re.compile(
    rf"(\d|\bo'clock|\bthirty|\bfifteen|\bforty five|\b(?:{'|'.join(_ONES[1:13])}))\s*([ap])\.?\s?m\b\.?", re.IGNORECASE
)
_DOTTED_DAYTIME = re.compile(r"\b([ap])\.m\b\.?", re.IGNORECASE)
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b", re.IGNORECASE)
_DECIMAL = re.compile(r"\b(\d+)\.(\d+)\b")
_NUMBER = re.compile(r"\d[\d,]*")
_DOT_IN_NAME = re.compile(r"(?<=\w)\.(?=[a-z]{2,3}\b)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*\.?|'(?:em|til|cause)\b")


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of `text` as said aloud, in lower case: "$149 at 3:30 pm" -> one hundred forty nine dollars at …"""
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("-", " ")
    text = _DAYTIME.sub(r"\1 \2 m", text)
    text = _DOTTED_DAYTIME.sub(r"\1 m", text)
    text = _MONEY.sub(_money, text)
    text = _CLOCK.sub(lambda match: f"{_clock(int(match[1]), int(match[2]))}", text)
    text = _ORDINAL.sub(lambda match: _ordinal(int(match[1])), text)
    text = _DECIMAL.sub(lambda match: f"{number_words(int(match[1]))} point {_digits(match[2])}", text)
    text = _NUMBER.sub(_number, text)
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, f" {word} ")
    text = _DOT_IN_NAME.sub(" dot ", text)
    return tuple(word.rstrip(".") for word in _WORD.findall(text.lower()))


def number_words(value: int) -> str:
    """An integer from 0 to 999,999,999 in words, American style without "and"; beyond that digit by digit."""
    if value < 0 or value > 999_999_999:
        return _digits(str(value))
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_ONES[value % 10]}" if value % 10 else "")
    for unit, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if value >= unit:
            rest = f" {number_words(value % unit)}" if value % unit else ""
            return f"{number_words(value // unit)} {name}{rest}"
    raise AssertionError("unreachable: every value below 100 is handled above")


def _digits(text: str) -> str:
    return " ".join(_ONES[int(character)] for character in text if character.isdigit())


def _number(match: re.Match[str]) -> str:
    digits = match[0].replace(",", "")
    if len(digits) > 6 or (digits.startswith("0") and len(digits) > 1):
        return f" {_digits(digits)} "
    return f" {number_words(int(digits))} "


def _money(match: re.Match[str]) -> str:
    cents = f" {number_words(int(match[3]))}" if match[3] and int(match[3]) else ""
    return f" {number_words(int(match[2].replace(',', '')))} {_CURRENCY[match[1]]}{cents} "


def _clock(hour: int, minute: int) -> str:
    if minute == 0:
        return number_words(hour)
    return f"{number_words(hour)} {'oh ' if minute < 10 else ''}{number_words(minute)}"


def _ordinal(value: int) -> str:
    head, _, last = number_words(value).rpartition(" ")
    if last in _ORDINAL_ENDS:
        last = _ORDINAL_ENDS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return f"{head} {last}".strip()
