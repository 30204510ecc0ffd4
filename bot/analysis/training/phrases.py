"""Reads our own hand-written phrases. A group (a line, a dialogue) may never be split between train and test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.analysis.plain import fold

PHRASES: Final = Path(__file__).parent / "phrases"
LANGUAGES: Final = ("en", "es")
_OPTIONS: Final = re.compile(r"^\{([^}]*)\}\s*")
_NOT_WORDS: Final = re.compile(r"[^\w]+")


class PhraseError(ValueError):
    """A phrase file has a line that cannot be read; says where and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One wording of a group. `weight` counts its raw twins; `group` is unique over all files."""

    text: str
    language: str
    label: str
    group: str
    options: Mapping[str, str]
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A written talk: `turns` are (speaker, text), speaker "bot" or "caller"."""

    language: str
    group: str
    turns: tuple[tuple[str, str], ...]
    tier: str
    objection: str
    stage: str
    needs: frozenset[str]


def read_wordings(kind: str, *, language: str, root: Path = PHRASES) -> list[Wording]:
    """All wordings of `kind` ("intent", "emotion" or "floor"); for a folder the label is the file's name.

    Raises:
        PhraseError: a line has no words or its braces are not closed.
    """
    place = root / language / kind
    files = sorted(place.glob("*.txt")) if place.is_dir() else [place.with_suffix(".txt")]
    return [wording for file in files for wording in _wordings(file, language=language)]


def read_dialogues(*, language: str, root: Path = PHRASES) -> list[Dialogue]:
    """All dialogues of a language.

    Raises:
        PhraseError: a head lacks a key, or a line has no speaker.
    """
    return [
        _dialogue(block, language=language, group=f"{language}/{file.stem}:{number}")
        for file in sorted((root / language / "dialogues").glob("*.txt"))
        for number, block in _blocks(file)
    ]


def twin_key(text: str) -> str:
    """What is left of a text when case, punctuation and accents are taken away; raw twins share it."""
    return _NOT_WORDS.sub(" ", fold(text).replace("'", "")).strip()


def _wordings(file: Path, *, language: str) -> Iterator[Wording]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{file.name}:{number}"
        options, rest = _options(line.strip(), where)
        twins: dict[str, list[str]] = {}
        for text in filter(None, (part.strip(" |") for part in rest.split(" | "))):
            twins.setdefault(twin_key(text) or text, []).append(text)
        if not twins:
            raise PhraseError(f"{where}: expected wordings after the braces, found none")
        for texts in twins.values():
            yield Wording(
                text=texts[0],
                language=language,
                label=file.stem,
                group=f"{language}/{file.parent.name}/{where}",
                options=options,
                weight=1.0 + 0.3 * (len(texts) - 1),
            )


def _options(line: str, where: str) -> tuple[dict[str, str], str]:
    """The options in braces (a bare word is its own value) and what follows them."""
    if not line.startswith("{"):
        return {}, line
    match = _OPTIONS.match(line)
    if match is None:
        raise PhraseError(f"{where}: expected the braces to be closed, found {line[:40]!r}")
    options: dict[str, str] = {}
    for part in match.group(1).split(";"):
        name, _, value = part.strip().partition("=")
        if name:
            options[name.strip()] = value.strip().strip('"') or name.strip()
    return options, line[match.end() :]


def _blocks(file: Path) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    start = 1
    for number, line in enumerate([*file.read_text(encoding="utf-8").splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if line.strip():
            start = start if block else number
            block.append(line.strip())
        elif block:
            yield start, block
            block = []


def _dialogue(block: list[str], *, language: str, group: str) -> Dialogue:
    options, rest = _options(block[0], group)
    missing = {"tier", "objection", "stage"} - options.keys()
    if missing or rest:
        raise PhraseError(f"{group}: expected a head with tier, objection, stage and needs, found {block[0]!r}")
    turns: list[tuple[str, str]] = []
    for line in block[1:]:
        speaker, colon, text = line.partition(":")
        if speaker not in {"B", "C"} or not colon:
            raise PhraseError(f'{group}: expected "B: …" or "C: …", found {line[:40]!r}')
        turns.append(("bot" if speaker == "B" else "caller", text.strip()))
    return Dialogue(
        language=language,
        group=group,
        turns=tuple(turns),
        tier=options["tier"],
        objection=options["objection"],
        stage=options["stage"],
        needs=frozenset(filter(None, options.get("needs", "").split(","))),
    )
