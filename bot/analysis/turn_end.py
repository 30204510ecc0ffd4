# ruff: noqa: E501 - word lists and patterns are data, a line a purpose
"""Whether what a caller has said so far is a complete turn: a pure judgement on words, asked many times a second.

The recogniser's punctuation is weak evidence (interim results end in "." wrongly), so the words decide. The errors
are not equal: COMPLETE where the caller goes on interrupts them, UNCLEAR costs a third of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from bot.analysis import clause_en, clause_es, clause_words_en, clause_words_es
from bot.analysis.clause import Reading, Shape, bare
from bot.analysis.dictation import Dictation, judge_dictation
from bot.domain import Expected


class TurnEnd(StrEnum):
    """How the words so far end."""

    COMPLETE = "complete"
    UNCLEAR = "unclear"
    UNFINISHED = "unfinished"


_WORD: Final = re.compile(r"[^\W_]+(?:['.@:+&-][^\W_]+)*|@")
_HANGING: Final = re.compile(r"(?:\.\.\.|…|[,;:–—-])\s*$")
_ASKED: Final = re.compile(r"\?\s*$")
_READERS: Final[Mapping[str, Callable[..., Reading]]] = {
    "en": clause_en.read_english,
    "es": clause_es.read_spanish,
}
_YES_NO: Final = {"en": clause_words_en.YES_NO, "es": clause_words_es.YES_NO}
_FILLERS: Final = {"en": clause_words_en.FILLERS, "es": clause_words_es.FILLERS}
_MURMUR: Final = re.compile(r"(?:(?:mm+|m|uh|ah|aha|ajá|mhm+|a)[ -]?(?:h+u+h|h+m+|mm+|ha|já)?[ ,]*)+")
_YES_WITHOUT_ACCENT: Final = re.compile(r"^si(?=[,.])")
_LONGEST_READ: Final = 40
"""Words: what is older does not change how a turn ends."""
_STORY_WORDS: Final = {"en": 4, "es": 4}
_TURNING: Final = frozenset("but if because and or so pero si porque y o aunque".split())
_SHORT_ANSWER: Final = 4
_DAYS: Final = {
    "en": re.compile(
        r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|today|tomorrow|tonight|noon|midday|week(?:end|day)s?|"
        r"(?:next|this) (?:week|month|morning|afternoon|evening)|morning|afternoon|evening|\d{1,2}(?::\d\d)? ?[ap]\.?m|o'?clock|"
        r"half past \w+|(?:at|around|about|after|before|by) (?:\d{1,2}(?::\d\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon)|"
        r"in (?:an hour|half an hour|\w+ (?:minutes|hours|days|weeks))|"
        r"(?:\d{1,2}|\w{2,})(?:st|nd|rd|th)(?<!first)|any ?time|whenever|later|now|soon)\b"
    ),
    "es": re.compile(
        r"\b(?:lunes|martes|miercoles|jueves|viernes|sabados?|domingos?|hoy|manana|pasado manana|tarde|noche|mediodia|"
        r"fin de semana|(?:proxima|otra|esta) semana|semana que viene|proximo mes|mes que viene|las? (?:\d{1,2}(?::\d\d)?|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)|"
        r"en (?:una hora|media hora|\w+ (?:minutos|horas|dias|semanas))|(?:el|dia) (?:\d{1,2}|\w+)|cuando (?:quiera|guste|pueda)|ahora|ahorita|luego|despues|cualquier (?:dia|hora|momento))\b"
    ),
}  # fmt: skip
_MONTH_LAST: Final = re.compile(
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december)$|"
    r"(?:^|\b(?:the|el) )(?:twenty|thirty|veinte|treinta)$|\bthe (?:twenty|thirty)$"
)


def judge_turn_end(text: str, *, language: str, expects: Expected, in_pieces: bool = False) -> TurnEnd:
    """Whether the caller's words so far are a complete turn.

    `text` is raw recogniser output, punctuated or not; `language` "en" or "es" (any other is read as English);
    `expects` is what was asked for; `in_pieces` says that the caller paused within this turn before, so that what is
    only probably complete is waited for. Pure; well under 100 µs for 30 words.
    """
    spoken = text.lower().replace("’", "'").replace("‘", "'").strip()
    words = _WORD.findall(_YES_WITHOUT_ACCENT.sub("sí", spoken))[-_LONGEST_READ:]
    if not words:
        return TurnEnd.UNCLEAR
    known = language[:2].lower() if language[:2].lower() in _READERS else "en"
    dictation = judge_dictation(spoken, words, language=known, numbers_expected=expects is Expected.NUMBER)
    if dictation is Dictation.UNDER_WAY:
        return TurnEnd.UNFINISHED
    if dictation is Dictation.DOUBTFUL:
        return TurnEnd.UNCLEAR
    if dictation is Dictation.WHOLE:
        return TurnEnd.COMPLETE
    if _MURMUR.fullmatch(spoken.rstrip(" .,!?")):
        return TurnEnd.COMPLETE if expects is Expected.YES_NO else TurnEnd.UNCLEAR
    if words[-1] in _FILLERS[known] and len(words) > 1:
        return TurnEnd.UNFINISHED
    words = [word for word in words if word not in _FILLERS[known] or word == "este"] or words
    reading = _READERS[known](words, asked_yes_no=expects is Expected.YES_NO)
    verdict = _verdict(reading, words, language=known, expects=expects, in_pieces=in_pieces)
    return _with_punctuation(verdict, reading, spoken)


def _verdict(reading: Reading, words: Sequence[str], *, language: str, expects: Expected, in_pieces: bool) -> TurnEnd:
    shape = reading.shape
    if shape is Shape.OPEN:
        return TurnEnd.UNFINISHED
    if expects is Expected.DATE or expects is Expected.NUMBER:
        asked_for = _answers_figure(bare(" ".join(words)), language=language, expects=expects)
        if asked_for is not None and shape in {Shape.FRAGMENT, Shape.ANSWER, Shape.LIKELY}:
            return TurnEnd.UNCLEAR if in_pieces and asked_for is TurnEnd.COMPLETE else asked_for
    if shape is Shape.SURE:
        short_story = expects is Expected.STORY and len(words) <= 2 and words[0] in _YES_NO[language]
        return TurnEnd.UNCLEAR if short_story else TurnEnd.COMPLETE
    if expects is Expected.STORY:
        return _story(reading, words, language=language, in_pieces=in_pieces)
    if shape is Shape.CLAUSE:
        return TurnEnd.UNCLEAR if in_pieces and len(words) <= _SHORT_ANSWER else TurnEnd.COMPLETE
    if in_pieces or shape is Shape.FRAGMENT:
        yes_no = expects is Expected.YES_NO and words[0] in _YES_NO[language] and len(words) <= _SHORT_ANSWER
        yes_no = yes_no and not _TURNING.intersection(words)
        return TurnEnd.COMPLETE if yes_no and not in_pieces else TurnEnd.UNCLEAR
    if shape is Shape.ANSWER:
        return TurnEnd.COMPLETE
    return TurnEnd.COMPLETE if expects in {Expected.YES_NO, Expected.NOTHING} else TurnEnd.UNCLEAR


def _story(reading: Reading, words: Sequence[str], *, language: str, in_pieces: bool) -> TurnEnd:
    """A story is longer than a clause: one that tells of what was, or is short, may well go on."""
    if reading.shape is not Shape.CLAUSE:
        return TurnEnd.UNCLEAR
    if reading.clauses >= 2 and len(words) > _STORY_WORDS[language] + 2:
        return TurnEnd.COMPLETE
    enough = len(words) >= _STORY_WORDS[language] and not reading.narrative
    return TurnEnd.COMPLETE if enough and not in_pieces else TurnEnd.UNCLEAR


def _answers_figure(folded: str, *, language: str, expects: Expected) -> TurnEnd | None:
    """The verdict on a bare answer to a question for a day or a number; None where it holds neither."""
    if expects is Expected.DATE:
        if _MONTH_LAST.search(folded):
            return TurnEnd.UNFINISHED
        return TurnEnd.COMPLETE if _DAYS[language].search(folded) else None
    return TurnEnd.COMPLETE if any(_is_number(word) for word in folded.split()) else None


_NUMBER_WORDS: Final = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty thirty forty fifty sixty seventy eighty ninety hundred thousand once twice cero un uno una dos tres cuatro cinco seis siete ocho nueve diez "
    "once doce trece catorce quince veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento doscientos trescientos "
    "quinientos mil veinticinco veintiuno veintidos".split()
)  # fmt: skip


def _is_number(word: str) -> bool:
    return word in _NUMBER_WORDS or word[0].isdigit()


def _with_punctuation(verdict: TurnEnd, reading: Reading, spoken: str) -> TurnEnd:
    """Punctuation only shades: a comma or dots at the end hold back, a question mark helps a fragment."""
    if verdict is TurnEnd.COMPLETE and reading.shape is not Shape.SURE and _HANGING.search(spoken):
        return TurnEnd.UNCLEAR
    if (
        verdict is TurnEnd.UNCLEAR
        and reading.shape in {Shape.ANSWER, Shape.LIKELY, Shape.CLAUSE}
        and _ASKED.search(spoken)
    ):
        return TurnEnd.COMPLETE
    return verdict
