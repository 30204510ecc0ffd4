"""Number words as digits, in English and Spanish: "twenty fifth" → "25th", "ciento cuarenta y nueve" → "149"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_EN_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_EN_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_ES_UNITS: Final = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis "
    "veintisiete veintiocho veintinueve"
).split()
_ES_TENS: Final = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_ES_HUNDREDS: Final = (
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
).split()

SMALL: Final[Mapping[str, Mapping[str, int]]] = {
    "en": {word: value for value, word in enumerate(_EN_UNITS)},
    "es": {**{word: value for value, word in enumerate(_ES_UNITS)}, "veintiun": 21, "veintiuna": 21, "un": 1},
}
TENS: Final[Mapping[str, Mapping[str, int]]] = {
    "en": {word: 20 + 10 * index for index, word in enumerate(_EN_TENS)},
    "es": {word: 30 + 10 * index for index, word in enumerate(_ES_TENS)},
}
HUNDREDS: Final[Mapping[str, int]] = {
    **{word: 100 * (index + 1) for index, word in enumerate(_ES_HUNDREDS)},
    **{word[:-2] + "as": 100 * (index + 1) for index, word in enumerate(_ES_HUNDREDS) if word.endswith("os")},
    "cien": 100,
}
_ORDINALS: Final = {
    **{word: index + 1 for index, word in enumerate(_EN_ORDINALS)},
    "twentieth": 20,
    "thirtieth": 30,
    "thirty-first": 31,
}
_MILLIONS: Final = frozenset({"million", "millon", "millones"})


def with_digits(text: str, *, language: str) -> str:
    """Plain text with its number words as digits. Digits said one by one stay apart ("five five five" → "5 5 5")."""
    words = text.replace("-", " ").split()
    result: list[str] = []
    index = 0
    while index < len(words):
        value, used, ordinal = _read(words, index, language)
        if used == 0:
            result.append(words[index])
            index += 1
            continue
        result.append(f"{value}th" if ordinal else str(value))
        index += used
    return " ".join(result)


def _read(words: list[str], start: int, language: str) -> tuple[int, int, bool]:
    """The number that starts at a word: value, words used (0: none), and whether it is an ordinal."""
    total, group, index, ordinal = 0, None, start, False
    small, tens = SMALL.get(language, {}), TENS.get(language, {})
    last = ""  # kind of the last word: a unit after a ten joins it, a ten after a unit does not
    while index < len(words) and not ordinal:
        word = words[index]
        after = words[index + 1] if index + 1 < len(words) else ""
        if language == "en" and word in _ORDINALS and last in {"", "tens", "hundred"}:
            group, ordinal = (group or 0) + _ORDINALS[word], True
        elif word in small and (
            last in {"", "hundred", "thousand", "million"} or (last == "tens" and 0 < small[word] < 10)
        ):
            if last == "hundred" and after == "hundred":
                break
            if word == "un" and last != "tens" and after not in {"mil", "millon"}:
                break
            group, last = (group or 0) + small[word], "unit"
        elif word in tens and last in {"", "hundred", "thousand", "million"}:
            group, last = (group or 0) + tens[word], "tens"
        elif language == "es" and word in HUNDREDS and last in {"", "thousand", "million"}:
            group, last = (group or 0) + HUNDREDS[word], "hundred"
        elif language == "en" and word == "hundred" and last in {"", "unit"}:
            group, last = 100 * (group or 1), "hundred"
        elif word in {"thousand", "mil"} and last in {"", "unit", "tens", "hundred", "million"}:
            total, group, last = total + 1000 * (group or 1), 0, "thousand"
        elif word in _MILLIONS and last in {"unit", "tens", "hundred", "thousand"}:
            total, group, last = 1_000_000 * (total + (group or 0)), 0, "million"
        elif (
            word == "and"
            and language == "en"
            and last in {"hundred", "thousand", "million"}
            and (after in small or after in tens)
        ):
            pass
        elif word == "y" and language == "es" and last == "tens" and 0 < small.get(after, 0) < 10:
            pass
        else:
            break
        index += 1
    used = index - start
    return (total + (group or 0), used, ordinal) if used and (group is not None or total) else (0, 0, False)
