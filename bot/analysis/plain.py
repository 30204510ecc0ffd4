"""Text as the word rules compare it: whatever the recogniser wrote, in one plain form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_MERIDIEM: Final = re.compile(r"\b([ap])\.?\s?m\b\.?", re.IGNORECASE)
_KEEP: Final = re.compile(r"[^\w\s'@:.+$%-]|(?<!\w)[':.-]+|[':.-]+(?!\w)", re.UNICODE)
_FILLERS: Final = re.compile(
    r"\b(?:uh+(?![- ]?huh)|um+|uhm+|er+m?|(?<!mm[- ])(?<!m[- ])hm+|ah+|eh+|mm+(?![- ]?hm)|"
    r"you know|i mean|este|o sea|digamos)\b(?!-)",
    re.IGNORECASE,
)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SPELLED: Final = re.compile(r"(?<![\w'])((?:[a-z] ){2,}[a-z]|a i)(?![\w'])")


def fold(text: str) -> str:
    """Lower case without accents: "Sí, MAÑANA" → "si, manana"."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'").replace("‘", "'"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def plain(text: str) -> str:
    """Folded, without punctuation and fillers; "p. m." is "pm", letters spelled one by one stand together."""
    folded = _MERIDIEM.sub(lambda match: f"{match.group(1)}m", fold(text))
    words = _KEEP.sub(" ", _THOUSANDS.sub("", folded))
    words = _FILLERS.sub(" ", words)
    words = _SPELLED.sub(lambda match: match.group(1).replace(" ", ""), " ".join(words.split()))
    return " ".join(words.split())


def phrase_pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the phrases in plain text; `*` at a word's end stands for any ending."""
    alternatives = sorted((_one(phrase) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b" if alternatives else r"(?!)")


def _one(phrase: str) -> str:
    return r"\s+".join(re.escape(word).replace(r"\*", r"\w*") for word in fold(phrase).split())
