# ruff: noqa: E501 - word lists and patterns are data, a line a purpose
"""Whether what the listener says while the bot speaks takes the floor: a judgement on words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from bot.analysis.clause import bare
from bot.analysis.echo_words import BotWords
from bot.analysis.floor_words import BY_LANGUAGE, FloorWords
from bot.analysis.optout import asks_no_contact
from bot.domain import Expected


class Floor(StrEnum):
    """What the bot must do about words that are said over its own."""

    TAKES = "takes"
    LISTENS = "listens"
    UNCLEAR = "unclear"


class FloorJudge(Protocol):
    """Judges words said while the bot speaks."""

    def judge(self, text: str, *, language: str, bot_was_saying: str, expects: Expected) -> Floor:
        """Whether the words take the floor; `bot_was_saying` is what was audible of the bot up to now."""
        ...

    def is_echo(self, text: str, *, bot_was_saying: str) -> bool:
        """Whether the words are the bot's own, come back."""
        ...


_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_LAUGHTER: Final = re.compile(r"(?:a?(?:ha|he|hi|ho|ja|je|ji){2,}[hj]?|ha|heh|ja|je|lol|laughter|laughs|risas)")
_MURMUR: Final = re.compile(r"(?:m+-?h+m+|m+|h+m+|u+h*-?h+u+h*|a+-?j+a+|a+h+|o+h+|u+y+|a+y+)")
_OPT_OUT_CUES: Final = (
    "call", "contact", "list", "number", "alone", "bother", "opt", "unsub", "report", "sue", "block", "rather", "stop", "quit",
    "llam", "molest", "lista", "paz", "marqu", "numero", "borr", "baja", "contac", "denunc", "escrib", "insist",
)  # fmt: skip
_WAITS: Final = re.compile(
    r"^(?:(?:no|hey|okay|yes|yeah|please|oh|oye|si|ay) )*(?:stop|wait|hold on|hang on|espere|espera|pare|alto|basta|un momento|one moment|one second)(?: (?:please|por favor|stop|wait|espere|pare|no))*$"
)
_CONTENT_TO_TAKE: Final = 2
_LONGEST: Final = 40
_LONGEST_PHRASE: Final = 4
_NUMBER: Final = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)\b"
)
_NOD: Final = re.compile(r"\b(?:m+[ -]?h+m+|uh+[ -]?huh|aja+)\b")
_DAY: Final = re.compile(
    r"\b(?:\w+day|tomorrow|today|tonight|morning|afternoon|evening|noon|lunes|martes|miercoles|jueves|viernes|sabado|domingo|manana|hoy|tarde|noche)\b"
)


class LexicalFloorJudge:
    """Judges by a small bilingual lexicon; one serves all calls.

    Keeps nothing but compiled patterns and the bot's latest texts split into words.
    """

    def __init__(self) -> None:
        self._taking = {code: re.compile(words.taking_phrases) for code, words in BY_LANGUAGE.items()}
        self._aside = {code: re.compile(words.aside) for code, words in BY_LANGUAGE.items()}
        self._bot_words = lru_cache(maxsize=256)(_bot_words)

    def judge(self, text: str, *, language: str, bot_was_saying: str, expects: Expected) -> Floor:
        """Whether the words take the floor.

        Order counts: a bare "wait" and an opt-out always take it; then words to somebody else, the bot's own words come back, an answer
        to a question just asked, and at last the lexicon, where a listener's words are followed by what decides.
        """
        known = language[:2].lower() if language[:2].lower() in BY_LANGUAGE else "en"
        plain = bare(text.lower().replace("’", "'"))
        words = _WORD.findall(plain)[:_LONGEST]
        if not words:
            return Floor.UNCLEAR
        joined = " ".join(words)
        if _WAITS.match(joined):
            return Floor.TAKES
        verdict = self._judge_words(words, joined, known, bot_was_saying=bot_was_saying, expects=expects)
        if verdict is not Floor.TAKES and any(cue in joined for cue in _OPT_OUT_CUES) and asks_no_contact(joined):
            return Floor.TAKES
        return verdict

    def is_echo(self, text: str, *, bot_was_saying: str) -> bool:
        """Whether at least 70 % of the words are the bot's, in its order; False where too few to tell."""
        return self._bot_words(bot_was_saying).is_echo(_bot_words(text).words[:_LONGEST])

    def _judge_words(
        self, words: Sequence[str], joined: str, language: str, *, bot_was_saying: str, expects: Expected
    ) -> Floor:
        lexicon = BY_LANGUAGE[language]
        if self._aside[language].search(joined) and not any(word in lexicon.business for word in words):
            return Floor.LISTENS
        if bot_was_saying and self._echoes(words, lexicon, bot_was_saying):
            return Floor.LISTENS
        if _asks(bot_was_saying) and _answers(words, joined, lexicon, expects):
            return Floor.TAKES
        rest = _without_listening(words, lexicon.listening)
        if not rest:
            return Floor.LISTENS
        if any(word in lexicon.business and word not in bare(bot_was_saying.lower()) for word in rest):
            return Floor.TAKES
        return self._judge_rest(rest, lexicon, language)

    def _echoes(self, words: Sequence[str], lexicon: FloorWords, bot_was_saying: str) -> bool:
        """Whether the words are the bot's own, with none among them that takes the floor and is not the bot's."""
        bot = self._bot_words(bot_was_saying)
        return bot.is_echo(words) and not any(word in lexicon.taking and word not in bot.positions for word in words)

    def _judge_rest(self, words: Sequence[str], lexicon: FloorWords, language: str) -> Floor:
        if any(word in lexicon.taking for word in words):
            return Floor.TAKES
        joined = " ".join(words)
        if self._taking[language].search(joined):
            return Floor.TAKES
        if all(word in lexicon.beginnings or _MURMUR.fullmatch(word) for word in words):
            return Floor.UNCLEAR
        content = sum(word not in lexicon.function and word not in lexicon.beginnings for word in words)
        return Floor.TAKES if content >= _CONTENT_TO_TAKE else Floor.UNCLEAR


def _bot_words(text: str) -> BotWords:
    return BotWords(tuple(_WORD.findall(bare(text.lower().replace("’", "'")))))


def _asks(bot_was_saying: str) -> bool:
    return bot_was_saying.rstrip(" \"'”’").endswith("?")


def _answers(words: Sequence[str], joined: str, lexicon: FloorWords, expects: Expected) -> bool:
    """Whether the words can be the answer to the question that has just been asked."""
    if expects is Expected.YES_NO:
        return any(word in lexicon.agreeing for word in words) or _NOD.search(joined) is not None
    if expects is Expected.NUMBER:
        return _NUMBER.search(joined) is not None
    return expects is Expected.DATE and (_DAY.search(joined) is not None or _NUMBER.search(joined) is not None)


def _without_listening(words: Sequence[str], listening: frozenset[tuple[str, ...]]) -> Sequence[str]:
    """The words from the first that is no listener's phrase on; empty where all of them are."""
    index = 0
    while index < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - index), 0, -1):
            if tuple(words[index : index + length]) in listening:
                index += length
                break
        else:
            if not (_LAUGHTER.fullmatch(words[index]) or _MURMUR.fullmatch(words[index])):
                return words[index:]
            index += 1
    return ()
