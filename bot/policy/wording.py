"""How an utterance is put: as a question, as an agreement, as no answer at all."""

from __future__ import annotations

import re
from typing import Final

_QUESTION: Final = re.compile(
    r"^(?:and |so |but |y |pero )?(what|who|where|when|why|how|which|can|could|do|does|is|are|will|would|tell me|"
    r"qu[eé]|qui[eé]n|d[oó]nde|cu[aá]ndo|por qu[eé]|c[oó]mo|cu[aá]l|puede|es|tiene|hay)\b|\?",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"^\W*(?:um+|uh+|hm+|eh+|well|pues|este|i guess|maybe|no idea|(?:i )?(?:really )?(?:don't|do not|dont) know|"
    r"(?:i'm )?not sure|"
    r"no (?:lo )?s[eé]|no estoy segur[oa]|no tengo idea|quiz[aá]s?|tal vez|[\s,.…])+\W*$",
    re.IGNORECASE,
)
_AGREES: Final = re.compile(
    r"\b(?:ok(?:ay|ey)?|right|uh-? ?huh|uhuh|mm-? ?hm+|mhm+|aj[aá]|vale|ya|got it|thanks?|thank you|gracias)\b",
    re.IGNORECASE,
)
_NAMES_LANGUAGE: Final = re.compile(r"\b(?:english|spanish|espa[nñ]ol|ingl[eé]s)\b", re.IGNORECASE)


def says_nothing(text: str) -> bool:
    """Whether the words leave a question open: "I don't know", "um"."""
    return _NOTHING.search(text) is not None


def agrees(text: str) -> bool:
    """Whether a listener's murmur can be taken for a yes: "okay" can, "I see" cannot."""
    return _AGREES.search(text) is not None


def is_question(text: str) -> bool:
    """Whether the words ask something, as far as their first word or a question mark shows."""
    return _QUESTION.search(text.strip(" ¿")) is not None


def names_language(text: str) -> bool:
    """Whether the words speak of a language: with a switch, that is a wish to go on in it."""
    return _NAMES_LANGUAGE.search(text) is not None
