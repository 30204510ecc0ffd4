"""What the text models see of a text: words, pairs of words, pieces of words, and the concepts they touch.

Case, apostrophes and most punctuation carry nothing, since recognisers drop them; accents are folded, and words that
bear some count once more as written. A feature's number is the CRC-32 of its name, so that no vocabulary of strings
has to be kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.analysis.models.concepts import load_concepts
from bot.analysis.plain import fold

Numbers = NDArray[np.uint32]
MAX_CHARS: Final = 600
"""Of a text that is looked at: the end of a longer one."""
_TOKEN: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[?!]|[^\w\s.,;:'\"()…¿¡-]")
_APOSTROPHE: Final = str.maketrans({"’": "'", "‘": "'"})
_EDGES: Final = ".,;:!?¡¿…\"'()"
_SHORTEST, _LONGEST = 2, 5
_NEAR: Final = 3
_MAX_CONCEPTS: Final = 60


@dataclass(frozen=True)
class TextFeatures:
    """A text's distinct features as sorted numbers: of its wording, and of its concepts."""

    wording: Numbers
    concepts: Numbers


def text_features(text: str, *, language: str) -> TextFeatures:
    """The features of a text in "en" or "es"."""
    text = text[-MAX_CHARS:]
    words = tokens(text)
    return TextFeatures(
        wording=numbered([*_word_names(words), *_accented(text)]),
        concepts=numbered(list(_concept_names(words, language=language))),
    )


def tokens(text: str) -> list[str]:
    """The words of a text, folded, without apostrophes ("don't" and "dont" are one); "?", "!" and signs stand alone."""
    return [token.replace("'", "") for token in _TOKEN.findall(fold(text))]


def concepts_of(text: str, *, language: str) -> list[str]:
    """The distinct concepts that a text touches, sorted."""
    return sorted({concept for _, concept in load_concepts(language).found(tokens(text[-MAX_CHARS:]))})


def numbered(names: Sequence[str]) -> Numbers:
    """The distinct numbers of features' names, sorted."""
    return np.unique(np.fromiter((crc32(name.encode()) for name in names), dtype=np.uint32, count=len(names)))


def _word_names(words: Sequence[str]) -> Iterator[str]:
    for word, following in zip(["<s>", *words], [*words, "</s>"], strict=True):
        yield f"w {word}"
        yield f"w {word} {following}"
    for word in set(words):
        padded = f"<{word}>"
        for length in range(_SHORTEST, _LONGEST + 1):
            for start in range(len(padded) - length + 1):
                yield f"c {padded[start : start + length]}"


def _accented(text: str) -> Iterator[str]:
    if not text.isascii():
        for word in text.lower().translate(_APOSTROPHE).split():
            if not word.isascii():
                yield f"a {word.strip(_EDGES)}"


def _concept_names(words: Sequence[str], *, language: str) -> Iterator[str]:
    """Single concepts, which come together, and which follow each other closely."""
    found = load_concepts(language).found(words)[:_MAX_CONCEPTS]
    distinct = sorted({concept for _, concept in found})
    for index, concept in enumerate(distinct):
        yield f"k {concept}"
        for other in distinct[index + 1 :]:
            yield f"kp {concept} {other}"
    for index, (place, concept) in enumerate(found):
        for later, following in found[index + 1 :]:
            if later - place > _NEAR:
                break
            if later > place:
                yield f"ko {concept}>{following}"
