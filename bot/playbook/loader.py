"""Reads a playbook's files and checks them as a whole: nothing half right gets near a phone."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from bot.domain import Tone
from bot.playbook.keys import OBJECTIONS, OPENERS, REQUIRED, RESERVED_KEYS, TOOLS, dynamic_placeholders
from bot.playbook.model import Playbook, Texts, TierOffer, spoken_price
from bot.sentences import split_sentences

BOOKS: Final = Path(__file__).parent / "books"
MAX_WORDS: Final = 25
"""Words a spoken sentence may have; more than that is not followed by ear."""

MAX_OPENER_WORDS: Final = 4
"""Words an opener may have: it bridges a gap of half a second."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_ROOM_FOR_VALUES: Final = {"moment": 9, "tier_what": 14, "tier_fits": 12, "tier_price": 5, "opens": 2, "closes": 2}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: in which file, under which key, what was expected and what came."""

    file: str
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}"


class PlaybookError(ValueError):
    """A playbook cannot be used; `findings` holds every reason, each with its file and key."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def load_playbook(name_or_path: str) -> Playbook:
    """Load and check a playbook by its name (a folder under `books/`) or by the path of its folder.

    Raises:
        PlaybookError: a file is missing or unreadable, or anything in it is wrong; says where and what.
    """
    folder = _folder(name_or_path)
    loading = _Loading(folder)
    playbook = loading.run()
    if loading.findings or playbook is None:
        raise PlaybookError(tuple(loading.findings))
    return playbook


def check_playbook(path: str) -> list[Finding]:
    """Everything that is wrong with a playbook; empty where it can be used."""
    try:
        load_playbook(path)
    except PlaybookError as error:
        return list(error.findings)
    return []


def _folder(name_or_path: str) -> Path:
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return path
    if re.fullmatch(r"[a-z][a-z0-9_]*", name_or_path) and (BOOKS / name_or_path).is_dir():
        return BOOKS / name_or_path
    known = ", ".join(sorted(book.name for book in BOOKS.iterdir() if book.is_dir()))
    problem = f"expected a folder, or the name of a built-in playbook ({known}); there is none of that name"
    raise PlaybookError((Finding(file=name_or_path, key="PLAYBOOK", problem=problem),))


class _Loading:
    """One loading: collects findings so that a writer sees all of them at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self.findings: list[Finding] = []

    def run(self) -> Playbook | None:
        book = self._toml("playbook.toml")
        if book is None:
            return None
        languages = _languages(book)
        files = {language: self._toml(f"texts.{language}.toml") for language in languages}
        hears = {language: self._lines(f"hears.{language}.txt") for language in languages}
        fixed = {language: self._fixed_values(book, files[language], language) for language in languages}
        texts = {
            language: self._texts(f"texts.{language}.toml", file, fixed[language], hears[language])
            for language, file in files.items()
            if file is not None
        }
        if self.findings:
            return None
        version = self._digest.hexdigest()[:16]
        playbook = self._validate({**book, "name": self._folder.name, "version": version, "texts": texts})
        if playbook is not None:
            self.findings.extend(_references(playbook))
        return playbook

    def _find(self, file: str, key: str, problem: str) -> None:
        self.findings.append(Finding(file=str(self._folder / file), key=key, problem=problem))

    def _read(self, file: str) -> str | None:
        try:
            raw = (self._folder / file).read_bytes()
            text = raw.decode("utf-8")
        except FileNotFoundError:
            self._find(file, "-", "expected this file, it is missing")
        except (OSError, UnicodeDecodeError) as error:
            self._find(file, "-", f"expected readable UTF-8 text, got {error}")
        else:
            self._digest.update(file.encode() + b"\0" + raw + b"\0")
            return text
        return None

    def _toml(self, file: str) -> dict[str, Any] | None:
        text = self._read(file)
        if text is None:
            return None
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._find(file, "-", f"expected TOML, got {error}")
            return None

    def _lines(self, file: str) -> tuple[str, ...]:
        text = self._read(file) or ""
        lines = (" ".join(line.split()) for line in text.splitlines())
        return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))

    def _fixed_values(self, book: Mapping[str, Any], file: Mapping[str, Any] | None, language: str) -> dict[str, str]:
        """Values of the placeholders that are the same in every call."""
        business = _mapping(book.get("business"))
        number = str(business.get("callback_number", ""))
        values = {
            "business": str(business.get("spoken_name", "")),
            "entity": str(business.get("legal_entity", "")),
            "callback_number": _spoken_number(number),
            "minutes": str(book.get("appointment_minutes", "")),
        }
        names = _mapping(_mapping(file or {}).get("tiers"))
        tiers = book.get("tiers")
        for index, raw in enumerate(cast("list[object]", tiers) if isinstance(tiers, list) else []):
            try:
                offer = TierOffer.model_validate(raw)
            except ValidationError as error:
                if language == _languages(book)[0]:
                    self._report("playbook.toml", error, prefix=f"tiers[{index}]")
                continue
            values[f"tier.{offer.key}.price"] = spoken_price(offer, language=language)
            values[f"tier.{offer.key}.name"] = str(_mapping(names.get(offer.key)).get("name", ""))
        return values

    def _texts(
        self, file: str, raw: Mapping[str, Any], fixed: Mapping[str, str], hears: tuple[str, ...]
    ) -> dict[str, Any]:
        unknown = sorted(set(raw) - {"sentences", "tiers"})
        for key in unknown:
            self._find(file, key, "expected one of sentences, tiers; got an unknown table")
        sentences: dict[str, Any] = {}
        for key, wordings in _flat(_mapping(raw.get("sentences"))):
            sentences[key] = [
                self._wording(file, f"sentences.{key}[{index}]", wording, fixed, dynamic_placeholders(key))
                for index, wording in enumerate(wordings)
            ]
        return {"sentences": sentences, "tiers": raw.get("tiers", {}), "hears": hears}

    def _wording(
        self, file: str, where: str, raw: object, fixed: Mapping[str, str], dynamic: frozenset[str]
    ) -> dict[str, Any]:
        table = _mapping(raw)
        text, tone = (raw, None) if isinstance(raw, str) else (table.get("text"), table.get("tone"))
        if not isinstance(text, str) or not text.strip():
            self._find(file, where, f"expected a text or {{tone, text}}, got {raw!r}")
            return {"sentences": ("-",)}
        if tone is not None and tone not in set(Tone):
            self._find(file, f"{where}.tone", f"expected one of {', '.join(Tone)}, got {tone!r}")
            tone = None

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in fixed:
                return fixed[name]
            if name not in dynamic:
                known = ", ".join(sorted({*fixed, *dynamic}))
                self._find(file, where, f"expected a placeholder known here ({known}), got {{{name}}}")
            return match.group(0)

        spoken = split_sentences(_PLACEHOLDER.sub(fill, text))
        for sentence in spoken:
            count = _word_count(sentence)
            if count > MAX_WORDS:
                self._find(file, where, f"expected at most {MAX_WORDS} words a sentence, got {count}: {sentence!r}")
        return {"sentences": spoken, "tone": tone}

    def _validate(self, raw: Mapping[str, Any]) -> Playbook | None:
        try:
            return Playbook.model_validate(raw)
        except ValidationError as error:
            self._report("playbook.toml", error)
            return None

    def _report(self, file: str, error: ValidationError, *, prefix: str = "") -> None:
        for problem in error.errors(include_url=False):
            key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])
            where = f"{prefix}{key}".lstrip(".") or "-"
            named = f"texts.{problem['loc'][1]}.toml" if problem["loc"][:1] == ("texts",) else file
            self._find(named, where, f"{problem['msg']}; got {_short(problem.get('input'))}")


def _references(playbook: Playbook) -> Iterator[Finding]:
    """What points to something that is not there, in either direction."""
    wanted = set(REQUIRED)
    wanted |= {f"ask.{question.key}" for question in playbook.questions}
    wanted |= {f"ack.{question.slot}" for question in playbook.questions}
    wanted |= {f"answer.{answer.key}" for answer in playbook.answers}
    wanted |= OPENERS if playbook.openers else frozenset()
    optional = (
        OPENERS
        | {f"narrower.{question.key}" for question in playbook.questions}
        | {f"ack.{question.slot}.{value.value}" for question in playbook.questions for value in question.values}
        | {
            f"objection.{name}.{number}"
            for name in OBJECTIONS.values()
            for count in range(1, playbook.limits.answers_per_objection + 1)
            for number in (count, f"{count}.lowest")
        }
    )
    tiers = {offer.key for offer in playbook.tiers}
    for language in playbook.languages:
        file = f"{playbook.name}/texts.{language}.toml"
        texts = playbook.texts[language]
        for key in sorted(wanted - set(texts.sentences)):
            yield Finding(file=file, key=f"sentences.{key}", problem="expected a text, it is missing")
        for key in sorted(set(texts.sentences) - wanted - optional):
            yield Finding(file=file, key=f"sentences.{key}", problem="expected a key that something uses, got this one")
        yield from _openers(file, texts)
        for key in sorted(tiers ^ set(texts.tiers)):
            problem = f"expected exactly the tiers {', '.join(sorted(tiers))}, {key} is missing or unknown"
            yield Finding(file=file, key=f"tiers.{key}", problem=problem)
    for question in playbook.questions:
        for value in question.values:
            for key in sorted(set(value.speaks_for) - tiers):
                where = f"questions.{question.key}.values.{value.value}.speaks_for"
                problem = f"expected one of the tiers {', '.join(sorted(tiers))}, got {key}"
                yield Finding(file=f"{playbook.name}/playbook.toml", key=where, problem=problem)
    for stage, tools in playbook.tools.items():
        for tool in sorted(set(tools) - TOOLS):
            problem = f"expected one of {', '.join(sorted(TOOLS))}, got {tool}"
            yield Finding(file=f"{playbook.name}/playbook.toml", key=f"tools.{stage}", problem=problem)
    for digit in sorted(RESERVED_KEYS & set(playbook.keys)):
        problem = f"expected another key than {' and '.join(sorted(RESERVED_KEYS))}, which answer the bot's questions"
        yield Finding(file=f"{playbook.name}/playbook.toml", key=f"keys.{digit}", problem=problem)
    for name, keys in _unique_lists(playbook):
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield Finding(
                file=f"{playbook.name}/playbook.toml", key=name, problem=f"expected keys once, got {key} again"
            )


def _openers(file: str, texts: Texts) -> Iterator[Finding]:
    """Openers that are too long, or too few to differ from turn to turn."""
    for key in sorted(OPENERS & set(texts.sentences)):
        wordings = [" ".join(wording.sentences) for wording in texts.sentences[key]]
        if len(set(wordings)) < 2:
            problem = f"expected at least 2 wordings, so that none comes twice in a row, got {len(set(wordings))}"
            yield Finding(file=file, key=f"sentences.{key}", problem=problem)
        for index, opener in enumerate(wordings):
            if (count := len(opener.split())) > MAX_OPENER_WORDS:
                problem = f"expected at most {MAX_OPENER_WORDS} words, got {count}: {opener!r}"
                yield Finding(file=file, key=f"sentences.{key}[{index}]", problem=problem)


def _unique_lists(playbook: Playbook) -> Iterator[tuple[str, list[str]]]:
    yield "tiers", [offer.key for offer in playbook.tiers]
    yield "questions", [question.key for question in playbook.questions]
    yield "answers", [answer.key for answer in playbook.answers]


def _languages(book: Mapping[str, Any]) -> tuple[str, ...]:
    languages = _mapping(book.get("business")).get("languages")
    if not isinstance(languages, list):
        return ("en",)
    return tuple(str(language) for language in cast("list[object]", languages)) or ("en",)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, list[object]]]:
    for key, value in table.items():
        if isinstance(value, dict) and "text" not in value:
            yield from _flat(cast("dict[str, Any]", value), f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", cast("list[object]", value) if isinstance(value, list) else [value]


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _word_count(sentence: str) -> int:
    room = sum(_ROOM_FOR_VALUES.get(name, 1) for name in _PLACEHOLDER.findall(sentence))
    return room + len(_PLACEHOLDER.sub(" ", sentence).split())


def _spoken_number(e164: str) -> str:
    """A US number as it is read out: "2 1 2, 5 5 5, 0 1 4 2"; others digit by digit."""
    digits = e164.lstrip("+")
    if len(digits) == 11 and digits.startswith("1"):
        return ", ".join(" ".join(part) for part in (digits[1:4], digits[4:7], digits[7:]))
    return " ".join(digits)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
