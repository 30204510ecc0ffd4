"""What the end-of-turn judgement of either language says about a stretch of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_ACCENTS: Final = tuple(zip("áéíóúüñàèâêôîìòûùç", "aeiouunaeaeoiiouuc", strict=True))


def bare(lower: str) -> str:
    """Lower-case text without accents; a small part of the cost of a full Unicode decomposition, which counts here."""
    if lower.isascii():
        return lower
    for accented, plain in _ACCENTS:
        lower = lower.replace(accented, plain)
    return lower


def ends_with_any(words: Sequence[str], phrases: frozenset[str], *, longest: int = 5) -> bool:
    """Whether the last words are one of the phrases; cheaper than a pattern of as many alternatives."""
    ending = ""
    for word in reversed(words[-longest:]):
        ending = f"{word} {ending}" if ending else word
        if ending in phrases:
            return True
    return False


class Shape(StrEnum):
    """How whole a stretch of words is, from hanging in the air to beyond doubt."""

    OPEN = "open"
    """Something must follow: an article, "the problem is that", "if I sign up"."""
    FRAGMENT = "fragment"
    """No clause and no known answer; may well go on."""
    ANSWER = "answer"
    """No clause, but a whole answer to an open question: "losing weight", "both of them"."""
    LIKELY = "likely"
    """A clause that is whole but often goes on: "I don't know", "I have tried"."""
    CLAUSE = "clause"
    """A whole statement."""
    SURE = "sure"
    """A question, a request, a greeting, a farewell, a closing word: the speaker hands over."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A stretch of words as read: its shape, and how many clauses it holds."""

    shape: Shape
    clauses: int = 0
    narrative: bool = False
    """Tells of what was: stories are longer than one clause."""
