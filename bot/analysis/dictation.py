# ruff: noqa: E501 - word lists and patterns are data, a line a purpose
"""Whether something that is being dictated is whole: a telephone number, an e-mail address, a spelled word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from bot.analysis.clause import bare
from bot.analysis.numbers import HUNDREDS, SMALL, TENS, with_digits


class Dictation(StrEnum):
    """What the end of a text shows of a dictation."""

    NONE = "none"
    UNDER_WAY = "under_way"
    DOUBTFUL = "doubtful"
    WHOLE = "whole"


_ZEROS: Final = {"en": frozenset(("oh", "o", "nought")), "es": frozenset[str]()}
_REPEATS: Final[Mapping[str, int]] = {"double": 2, "triple": 3, "treble": 3, "doble": 2}
_FIGURES: Final = re.compile(r"[+(]?\d[\d().-]*\d|\d")
_JOINING: Final = {
    "en": frozenset(("and", "plus", "area", "code", "dash", "hyphen")),
    "es": frozenset(("y", "mas", "guion")),
}
_PHONE_CUES: Final = {
    "en": re.compile(r"\b(?:(?:number|phone|cell|mobile|code|call me (?:on|at)|reach me (?:on|at))\b.{0,24}|^(?:it'?s|it is|that'?s|sure|yes|yeah|okay|ok))$"),
    "es": re.compile(r"\b(?:(?:numero|telefono|celular|movil|llameme al|llamame al|marque(?:me)? al)\b.{0,24}|^(?:es|es el|si|claro))$"),
}  # fmt: skip
_MAIL_CUE: Final = re.compile(
    r"\b(?:e ?-?mail|mail|correo|email)\b(?: (?:address|electronico|personal))? (?:is|es|would be|seria)\b"
)
_MAIL_HOST: Final = re.compile(
    r"(?:\bat|\barroba|@) ?(?:gmail|g mail|hotmail|hot mail|yahoo|outlook|icloud|i cloud|proton|protonmail|aol|msn)(?: ?(?:dot|punto|\.) ?)?$"
)
_MAIL_OPEN: Final = re.compile(r"(?:\b(?:arroba|dot|punto|underscore|guion bajo)|@[\w-]*|\w\.)$")
_MAIL_WHOLE: Final = re.compile(
    r"(?:(?:@|\bat |\barroba ).*(?:\.| dot | punto )(?:com|net|org|edu|es|mx|co|ar|io|us|cl|pe|info|gob|gov)|@[\w.-]+\.[a-z]{2,})(?: (?:please|por favor))?$"
)
_MAIL_MARKS: Final = ("@", "mail", "correo", "arroba", " dot", "punto", "yahoo", "outlook", "icloud")
_MAIL_CUE_WORDS: Final = 10
_LONGEST_ORDINARY: Final = 2  # digits of a number that is rather an age, an hour, an amount
_SHORTEST_RUN: Final = 3
_CARD: Final = 16


def judge_dictation(text: str, words: Sequence[str], *, language: str, numbers_expected: bool) -> Dictation:
    """Whether the text ends in a dictation, and in which state.

    `text` is lower case as recognised, `words` its words; `numbers_expected` says that a number was asked for.
    A telephone number is whole with 10 digits (United States, Mexico, Colombia …; 11 with the 1 before it), in Spanish
    also with 9 that start as Spain's do, or with a country's code; 7 may be a local number or the way to 10.
    """
    mail = _mail(text)
    if mail is not Dictation.NONE:
        return mail
    if _spelling(words):
        return Dictation.UNDER_WAY
    if not _ends_in_number(words[-1], language):
        return Dictation.NONE
    start, digits, groups = _run(words, language)
    before = " ".join(bare(word) for word in words[:start])
    cue = _PHONE_CUES[language].search(before) is not None
    asked = cue or (numbers_expected and not before)
    if len(digits) < _SHORTEST_RUN and not ((cue and "number" in before) or "numero" in before or "telefono" in before):
        return Dictation.DOUBTFUL if numbers_expected and groups > 1 else Dictation.NONE
    if groups == 1 and not asked and not digits.startswith("+") and len(digits) < 7:
        return Dictation.NONE
    if groups == 2 and len(digits) <= 4 and not asked:
        return Dictation.NONE  # "five thirty", "twenty twenty-six"
    return _length(digits, language)


def _length(digits: str, language: str) -> Dictation:
    count = len(digits)
    if count in {10, _CARD} or (count == 11 and digits[0] == "1"):
        return Dictation.WHOLE
    if language == "es":
        if count == 9 and digits[0] in "679":
            return Dictation.WHOLE
        if (count == 11 and digits.startswith("34")) or (
            count in {12, 13} and digits[:2] in {"52", "54", "57", "51", "56"}
        ):
            return Dictation.WHOLE
    if count in {7, 9} or count > 11:
        return Dictation.DOUBTFUL
    return Dictation.UNDER_WAY


def _ends_in_number(word: str, language: str) -> bool:
    folded = bare(word)
    return (
        folded in SMALL[language]
        or folded in TENS[language]
        or folded in _ZEROS[language]
        or folded in _REPEATS
        or folded == "hundred"
        or (language == "es" and folded in HUNDREDS)
        or _FIGURES.fullmatch(folded) is not None
    )


def _run(words: Sequence[str], language: str) -> tuple[int, str, int]:
    """Where the run of numbers at the end begins, its digits, and in how many numbers they came."""
    start = len(words)
    while start > 0 and (_ends_in_number(words[start - 1], language) or bare(words[start - 1]) in _JOINING[language]):
        start -= 1
    while start < len(words) and bare(words[start]) in _JOINING[language]:
        start += 1
    spoken = ["zero" if bare(word) in _ZEROS[language] else bare(word) for word in words[start:]]
    digits: list[str] = []
    groups, times = 0, 1
    for token in with_digits(" ".join(spoken), language=language).split():
        if token in _REPEATS:
            times = _REPEATS[token]
            continue
        figures = "".join(sign for sign in token if sign.isdigit())
        if figures:
            digits.append(figures * times)
            groups += 1
        times = 1
    if groups == 1 and words and re.search(r"[-() .]", words[-1]):
        groups = 2
    return start, "".join(digits), groups


def _mail(text: str) -> Dictation:
    if not any(mark in text for mark in _MAIL_MARKS):
        return Dictation.NONE
    folded = bare(text).rstrip(" .,?!…")
    if _MAIL_WHOLE.search(folded):
        return Dictation.WHOLE
    if _MAIL_HOST.search(folded) or (("@" in folded or " arroba" in folded) and _MAIL_OPEN.search(folded)):
        return Dictation.UNDER_WAY
    cue = _MAIL_CUE.search(folded)
    if cue is None:
        return Dictation.NONE
    rest = folded[cue.end() :].split()
    if len(rest) > _MAIL_CUE_WORDS or (
        rest and rest[0] in {"the", "not", "el", "la", "no", "correct", "correcto", "right"}
    ):
        return Dictation.NONE
    return Dictation.UNDER_WAY


def _spelling(words: Sequence[str]) -> bool:
    """Whether letters are being named one by one ("j o h n"), which may go on after any of them."""
    letters = [bare(word) for word in words[-3:]]
    if len(letters) == 3 and all(len(word) == 1 and word.isalpha() for word in letters):
        return True
    tail = letters[-2:]
    return (
        len(tail) == 2
        and all(len(word) == 1 and word.isalpha() for word in tail)
        and tail != ["y", "o"]
        and tail[0] not in {"a", "i"}
    )
