"""Reads the sentences that callers say to any phone seller, with their alternatives and classes spelled out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

VARIANTS = 8
"""Most variants made of one line unless it begins with `40x`.

Classes go on where the line before left them, so that all members are used.
"""

_ALTERNATIVES = re.compile(r"\(([^()]*\|[^()]*)\)")
_TIMES = re.compile(r"^(\d+)x\s+")
_CLASS = re.compile(r"\{(\w+)\}")


class CallerSentencesError(ValueError):
    """A line of the sentence file cannot be read."""


def english_caller_sentences() -> tuple[str, ...]:
    """The package's own sentences, each in lower case and in speech's own words."""
    text = files("pipelines.embedded").joinpath("data", "caller_sentences_en.txt").read_text("utf-8")
    return expand_sentences(text.splitlines())


def expand_sentences(lines: Sequence[str]) -> tuple[str, ...]:
    """All lines with `(a|b)` and `{class}` replaced; the same input always gives the same sentences.

    Raises:
        CallerSentencesError: a class is used and never defined.
    """
    classes = dict(_classes(lines))
    turns = dict.fromkeys(classes, 0)
    found: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text[0] in "#@":
            continue
        most = VARIANTS
        if times := _TIMES.match(text):
            most, text = int(times[1]), text[times.end() :]
        for variant in range(_variants(text, classes=classes, number=number, most=most)):
            found[_expand(text, variant=variant, classes=classes, turns=turns)] = None
    return tuple(found)


def _classes(lines: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in lines:
        if line.startswith("@"):
            name, _, members = line[1:].strip().partition(" ")
            yield name, tuple(member.strip() for member in members.split("|"))


def _variants(text: str, *, classes: dict[str, tuple[str, ...]], number: int, most: int) -> int:
    sizes = [len(match.split("|")) for match in _ALTERNATIVES.findall(text)]
    for name in _CLASS.findall(text):
        if name not in classes:
            raise CallerSentencesError(f"line {number}: class {{{name}}} is not defined by a line '@{name} …'")
        sizes.append(len(classes[name]))
    return min(most, math.prod(sizes))


def _expand(text: str, *, variant: int, classes: dict[str, tuple[str, ...]], turns: dict[str, int]) -> str:
    def alternative(match: re.Match[str]) -> str:
        options = match[1].split("|")
        return options[variant % len(options)].strip()

    def member(match: re.Match[str]) -> str:
        options = classes[match[1]]
        chosen = options[turns[match[1]] % len(options)]
        turns[match[1]] += 1
        return chosen

    return " ".join(_CLASS.sub(member, _ALTERNATIVES.sub(alternative, text)).split())
