"""The description of a tool as chat models read it, out of the function itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import datetime
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

_KINDS: Final[dict[object, dict[str, str]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
}


def tool_schema(tool: Callable[..., Any]) -> dict[str, Any]:
    """OpenAI's function description of `tool`: its first sentence, and its arguments as documented under `Args:`.

    Raises:
        ValueError: an argument without documentation, or of a type that has no place in JSON.
    """
    documentation = inspect.getdoc(tool) or ""
    meanings = _arguments(documentation)
    hints = get_type_hints(tool)
    properties: dict[str, dict[str, str]] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(tool).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue  # the context is ours, not the model's
        if name not in meanings:
            raise ValueError(f"{tool.__name__}: expected {name} under Args in its docstring, found {list(meanings)}")
        properties[name] = {**_kind(tool, name, hints[name]), "description": meanings[name]}
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
    return {
        "type": "function",
        "function": {
            "name": tool.__name__,
            "description": documentation.partition("\n")[0],
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            },
        },
    }


def _kind(tool: Callable[..., Any], name: str, hint: object) -> dict[str, str]:
    kinds = [part for part in get_args(hint) or (hint,) if part is not NoneType]
    if len(kinds) != 1 or kinds[0] not in _KINDS:
        raise ValueError(f"{tool.__name__}: expected {name} to be text, a number, a truth or a moment, got {hint}")
    return _KINDS[kinds[0]]


def _arguments(documentation: str) -> dict[str, str]:
    section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", documentation, flags=re.MULTILINE)
    if section is None:
        return {}
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section.group(1), flags=re.MULTILINE)
    return {name: " ".join(meaning.split()) for name, meaning in found}
