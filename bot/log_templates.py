"""Says what other people's log lines say, without what they were filled with.

Libraries write words that were spoken, frames and payloads into their messages. The literal parts of a message are
read off the source of its logging call; of the rest only what cannot be anybody's words is kept. Where there is no
source, nothing of the message is.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WITHHELD: Final = "[message withheld]"
_HOLE: Final = "…"
_MAX_CACHED: Final = 2000
_MAX_LENGTH: Final = 10_000
_METHODS: Final = frozenset(
    {"trace", "debug", "info", "success", "warning", "warn", "error", "exception", "critical", "log"}
)
_HARMLESS: Final = re.compile(
    r"(?:self|self\.name|self\._name|attempt|attempt_number|\w+\.__class__\.__name__|type\([\w.]+\)(?:\.__name__)?"
    r"|len\([\w.]+\))"
)
_TELLING: Final = re.compile(
    r"\b[A-Z][A-Za-z]*(?:Error|Exception|Timeout|Closed|ClosedOK|Warning)\b"
    r"|\b(?:HTTP|status(?:[ _]code)?)[ :=]+[1-5]\d\d\b"
    r"|\breceived 1\d{3}\b"
)


@dataclass(frozen=True)
class _Template:
    """A message's literal parts, and between them which expressions are harmless."""

    pattern: re.Pattern[str]
    literals: tuple[str, ...]
    harmless: tuple[bool, ...]


def telling_words(text: str) -> str:
    """Error classes and status codes in `text`: what helps and is nobody's words."""
    return " ".join(dict.fromkeys(_TELLING.findall(text)))


class LogTemplates:
    """The literal parts of logging calls, by file and line; remembers what it has read."""

    def __init__(self) -> None:
        self._trees: dict[str, ast.Module | None] = {}
        self._templates: dict[tuple[str, int], _Template | None] = {}

    def clean(self, message: str, *, path: str, line: int) -> str:
        """`message`, logged at `path`:`line`, with only its literal and harmless parts."""
        template = self._template(path, line) if len(message) <= _MAX_LENGTH else None
        found = None if template is None else template.pattern.fullmatch(message)
        if template is None or found is None:
            return " ".join(filter(None, (WITHHELD, telling_words(message))))
        parts = [template.literals[0]]
        values = zip(found.groups(), template.harmless, template.literals[1:], strict=True)
        for value, harmless, literal in values:
            parts += [value if harmless else telling_words(value) or _HOLE, literal]
        return "".join(parts)

    def _template(self, path: str, line: int) -> _Template | None:
        key = (path, line)
        if key not in self._templates:
            if len(self._templates) >= _MAX_CACHED:
                self._templates.clear()
                self._trees.clear()
            self._templates[key] = self._read(path, line)
        return self._templates[key]

    def _read(self, path: str, line: int) -> _Template | None:
        if path not in self._trees:
            self._trees[path] = _parse(path)
        tree = self._trees[path]
        if tree is None:
            return None
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _logs_at(node, line)]
        if not calls:
            return None
        call = min(calls, key=lambda node: (node.end_lineno or line) - node.lineno)
        # `log(level, message)` has its message second.
        position = 1 if isinstance(call.func, ast.Attribute) and call.func.attr == "log" else 0
        return _template_of(call.args[position]) if len(call.args) > position else None


def _parse(path: str) -> ast.Module | None:
    try:
        return ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None


def _logs_at(node: ast.Call, line: int) -> bool:
    named = isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS
    return named and node.lineno <= line <= (node.end_lineno or node.lineno)


def _template_of(message: ast.expr) -> _Template | None:
    literals, harmless = [""], list[bool]()
    match message:
        case ast.Constant(value=str() as text):
            literals = [text]
        case ast.JoinedStr(values=values):
            for value in values:
                if isinstance(value, ast.Constant):
                    literals[-1] += str(value.value)
                elif isinstance(value, ast.FormattedValue):
                    harmless.append(_HARMLESS.fullmatch(ast.unparse(value.value)) is not None)
                    literals.append("")
        case _:
            return None
    pattern = "(.*)".join(map(re.escape, literals))
    return _Template(pattern=re.compile(pattern, re.DOTALL), literals=tuple(literals), harmless=tuple(harmless))
