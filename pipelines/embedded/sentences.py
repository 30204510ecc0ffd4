"""Cuts a text where a voice may breathe, so that the first sound need not wait for the last word."""

from __future__ import annotations

import re

PAUSE_SECONDS = 0.25
"""Silence between two sentences of one text."""

LONGEST = 220
"""Characters beyond which a sentence is also cut at a comma, or at a space where it has none."""

_END = re.compile(r"(?<=[.!?…])[\"'\u201d\u2019)]*\s+(?=[^a-z\s])|\n+")
_ABBREVIATION = re.compile(r"(?:^|[\s.])(?:[A-Za-z]|[Mm]rs?|[Mm]s|[Dd]r|[Ss]t|[Ss]ra?|[Vv]s|[Nn]o|[Ee]tc)\.$")


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of `text` in order; together they hold all its words."""
    pieces: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        piece = text[begin : match.end()].strip()
        if not _ABBREVIATION.search(piece):
            pieces.extend(_shortened(piece))
            begin = match.end()
    pieces.extend(_shortened(text[begin:].strip()))
    return tuple(pieces)


def _shortened(sentence: str) -> list[str]:
    pieces: list[str] = []
    while len(sentence) > LONGEST:
        cut = max(sentence.rfind(mark, 40, LONGEST) for mark in (", ", "; ", ": "))
        if cut < 0:
            cut = sentence.rfind(" ", 1, LONGEST)
        if cut < 0:
            cut = LONGEST - 1
        pieces.append(sentence[: cut + 1].strip())
        sentence = sentence[cut + 1 :].strip()
    return [*pieces, sentence] if sentence else pieces
