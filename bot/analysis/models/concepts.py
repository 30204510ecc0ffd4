"""Which concepts a text touches: word lists written by hand (`concepts.txt`), the same names in both languages.

They let the models learn from one wording what another says, and from one language what the other says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from zlib import crc32

CONCEPTS: Final = Path(__file__).parent / "concepts.txt"
LANGUAGES: Final = ("en", "es")
_LONGEST_PHRASE: Final = 6
_SHORTEST_STEM: Final = 2


class ConceptError(ValueError):
    """The concept file cannot be read; says where and what was expected."""


@dataclass(frozen=True)
class Concepts:
    """The word lists of one language: whole phrases and beginnings, each with the concepts they belong to."""

    phrases: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]

    def found(self, words: Sequence[str]) -> list[tuple[int, str]]:
        """The concepts that folded words touch, each with the place of the word it begins at, in order."""
        return [
            (start, concept)
            for start in range(len(words))
            for candidate in _runs(words, start)
            for concept in self._of(candidate)
        ]

    def _of(self, phrase: str) -> Iterator[str]:
        yield from self.phrases.get(phrase, ())
        last = phrase.rfind(" ") + 1
        for length in range(last + _SHORTEST_STEM, len(phrase) + 1):
            yield from self.stems.get(phrase[:length], ())


def _runs(words: Sequence[str], start: int) -> Iterator[str]:
    run = ""
    for word in words[start : start + _LONGEST_PHRASE]:
        run = f"{run} {word}" if run else word
        yield run


@cache
def load_concepts(language: str) -> Concepts:
    """The concepts of a language ("en" or "es").

    Raises:
        ConceptError: a head is missing, or a concept has not one line for each language.
    """
    phrases: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    for concept, lines in _blocks():
        if len(lines) != len(LANGUAGES):
            raise ConceptError(f"concept {concept}: expected a line for each of {LANGUAGES}, found {len(lines)}")
        for phrase in filter(None, (part.strip() for part in lines[LANGUAGES.index(language)].split(","))):
            target, key = (stems, phrase[:-1]) if phrase.endswith("*") else (phrases, phrase.replace("'", ""))
            target.setdefault(key, set()).add(concept)
    return Concepts(
        phrases={key: tuple(sorted(found)) for key, found in phrases.items()},
        stems={key: tuple(sorted(found)) for key, found in stems.items()},
    )


def concepts_digest() -> int:
    """A number that changes with the word lists: models know by it that they were trained on these."""
    return crc32(CONCEPTS.read_bytes())


def _blocks() -> Iterator[tuple[str, list[str]]]:
    name, lines = "", list[str]()
    for number, line in enumerate([*CONCEPTS.read_text(encoding="utf-8").splitlines(), "@"], start=1):
        if line.startswith("@"):
            if name:
                yield name, lines
            name, lines = line[1:].strip(), []
        elif line.strip() and not line.startswith("#"):
            if not name:
                raise ConceptError(f"{CONCEPTS.name}:{number}: expected a concept's name (@name) before its words")
            lines.append(line)
