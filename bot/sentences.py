"""Sentences of running text, for the ear: where one ends in English and Spanish, also while the text still arrives."""

from __future__ import annotations

import re
from typing import Final

MAX_CHARS: Final = 240
"""A sentence longer than this is cut at a comma or a space: a voice must not wait for it, nor a caller endure it."""

_ABBREVIATIONS: Final = frozenset(
    ["dr", "mr", "mrs", "ms", "st", "jr", "sr", "sra", "srta", "dra", "vs", "etc", "no", "ud", "uds", "approx", "inc",
     "llc", "av", "aprox", "u.s", "e.g", "i.e", "a.m", "p.m", "ee", "uu"]
)  # fmt: skip
_NEVER_END: Final = frozenset(["dr", "mr", "mrs", "ms", "sra", "srta", "dra", "vs", "e.g", "i.e", "st"])
_END: Final = re.compile(r"([.!?…]+)([\"'”’»)\]]*)(?=\s|$)")


class SentenceSplitter:
    """Cuts a stream of text into sentences as soon as each is whole.

    A mark ends a sentence only once a space follows it, so that "$149." waits for "50"; abbreviations, initials,
    decimals and "a.m." do not end one unless what follows starts anew. Nothing is lost: the pieces joined by spaces
    give the text, white space aside.
    """

    def __init__(self, *, max_chars: int = MAX_CHARS) -> None:
        self._max_chars = max_chars
        self._buffer = ""

    def push(self, text: str) -> list[str]:
        """Take the next piece of text; return the sentences that are now whole, in order."""
        self._buffer += text
        return self._drain(final=False)

    def flush(self) -> list[str]:
        """The text is at its end: return what is left."""
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> list[str]:
        found: list[str] = []
        while True:
            cut = _sentence_end(self._buffer, final=final)
            if cut is None or cut > self._max_chars:
                # A run-on is cut early even where its end is known.
                if len(self._buffer) <= self._max_chars:
                    break
                cut = _soft_cut(self._buffer, self._max_chars)
            piece, self._buffer = self._buffer[:cut].strip(), self._buffer[cut:].lstrip()
            if piece:
                found.append(piece)
        if final:
            rest, self._buffer = self._buffer.strip(), ""
            if rest:
                found.append(rest)
        return found


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a whole text."""
    splitter = SentenceSplitter()
    return tuple([*splitter.push(text), *splitter.flush()])


def _sentence_end(text: str, *, final: bool) -> int | None:
    for match in _END.finditer(text):
        after = text[match.end() :].lstrip()
        if not after and not final:
            return None  # what follows decides
        if not _ends_here(text[: match.start()], match.group(1), after):
            continue
        return match.end()
    return None


def _ends_here(before: str, mark: str, after: str) -> bool:
    if mark != ".":
        # An ellipsis inside a sentence goes on in lower case: "well… maybe".
        return not (mark in {"...", "…", ".."} and after[:1].islower())
    last = before.split()[-1].lower().lstrip("(\"'¿¡") if before.split() else ""
    if last in _NEVER_END or (len(last) == 1 and last.isalpha() and last not in {"a", "i", "y", "o"}):
        return not after
    if last in _ABBREVIATIONS:
        return not after or after[0].isupper() or after[0] in "¿¡\"'"
    return True


def _soft_cut(text: str, limit: int) -> int:
    window = text[:limit]
    for mark in (", ", "; ", " "):
        at = window.rfind(mark)
        if at > limit // 3:
            return at + len(mark)
    return limit
