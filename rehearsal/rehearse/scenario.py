"""Scenario files: who calls, what they say or do and when, and what is measured by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, cast

import yaml

MAX_SECONDS = 120.0
"""Longest time that a step may name."""


class ScenarioError(ValueError):
    """A scenario file cannot be used: says which file, which place in it, and what was expected."""


class Kind(StrEnum):
    """What a step of a caller is, and so what is measured by it."""

    QUESTION = "question"
    """A complete turn: the answer is due at once."""
    OPEN_QUESTION = "open_question"
    """A complete turn whose answer a model words."""
    DICTATION = "dictation"
    """A turn with marked pauses, in which the bot must stay silent."""
    BARGE_IN = "barge_in"
    """Words of substance over the bot, which must yield."""
    BACKCHANNEL = "backchannel"
    """A listener's noise over the bot, which must go on."""
    NOISE = "noise"
    """A cough, a door, music, the line, over the bot, which must go on."""
    SIDE_TALK = "side_talk"
    """Words to somebody else over the bot, which must go on."""
    SILENCE = "silence"
    """The caller says nothing for long, and should be asked whether they are there."""
    STATEMENT = "statement"
    """Said to move the talk on; not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterBot:
    """When the bot has talked and then been silent for so long."""

    seconds: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class IntoBot:
    """When the bot's present reply has been heard for so long."""

    seconds: float = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class InPause:
    """When the bot has talked for a moment and takes a breath of so long."""

    seconds: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """So long after the caller's step before."""

    seconds: float


When = AfterBot | IntoBot | InPause | Later


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Something to say; of several wordings the calls take one after another. Numbers are pauses in seconds."""

    wordings: tuple[tuple[str | float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A made sound, by name (see `sounds`); of several names the calls take one after another."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A stretch of a recording."""

    path: str
    transcript: str = ""
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Stretches of recordings under NGX_CORPORA/speech, one for each call in turn; `otherwise` where there are none."""

    clips: tuple[Clip, ...]
    otherwise: Words | Sound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The caller makes a sound. `gain_db` is added to its usual level."""

    kind: Kind
    what: Words | Sound | Recorded
    when: When
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """The caller is silent for so long; as a kind of its own it is measured."""

    seconds: float
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoRange:
    """Echo of the bot's voice; each call takes one gain and one delay within these ranges."""

    gain_db: tuple[float, float]
    delay_seconds: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """One kind of call, made so many `times`, by callers who speak with these voices in turn."""

    times: int
    language: str
    voices: tuple[str, ...]
    steps: tuple[Act | Listen, ...]
    echo: EchoRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named set of calls; `by_default` is whether a run without names holds it."""

    name: str
    about: str
    calls: tuple[CallPlan, ...]
    by_default: bool = True


def scenario_names() -> tuple[str, ...]:
    """The scenarios that come with us."""
    folder = resources.files("rehearsal.rehearse") / "scenarios"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_scenario(name: str) -> Scenario:
    """Read a scenario by the name of one that comes with us, or by its file's path.

    Raises:
        ScenarioError: there is none, or it is not usable.
    """
    file = resources.files("rehearsal.rehearse") / "scenarios" / f"{name}.yaml"
    path = Path(name)
    try:
        if name in scenario_names():
            return parse_scenario(file.read_text(encoding="utf-8"), name=name)
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return parse_scenario(path.read_text(encoding="utf-8"), name=path.stem)
    except OSError as error:
        raise ScenarioError(f"scenario {name}: {error}") from error
    raise ScenarioError(f"no scenario {name!r}: expected a YAML file or one of {', '.join(scenario_names())}")


def parse_scenario(text: str, *, name: str) -> Scenario:
    """Read a scenario's YAML.

    Raises:
        ScenarioError: it is not usable; names the place.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScenarioError(f"scenario {name}: no YAML: {error}") from error
    top = _mapping(data, name, {"about", "calls", "by_default"})
    calls = _list(top.get("calls"), f"{name}: calls")
    return Scenario(
        name=name,
        about=str(top.get("about", "")),
        by_default=bool(top.get("by_default", True)),
        calls=tuple(_call(item, f"{name}: calls[{number}]") for number, item in enumerate(calls, 1)),
    )


def _call(data: object, place: str) -> CallPlan:
    call = _mapping(data, place, {"times", "language", "voices", "echo", "steps"})
    language = call.get("language", "en")
    if language not in ("en", "es"):
        raise ScenarioError(f"{place}: language must be en or es, got {language!r}")
    times = call.get("times", 1)
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= 1000:
        raise ScenarioError(f"{place}: times must be a number of 1..1000, got {times!r}")
    steps = _list(call.get("steps"), f"{place}: steps")
    return CallPlan(
        times=times,
        language=language,
        voices=_texts(call.get("voices", ()), f"{place}: voices"),
        steps=tuple(_step(item, f"{place}: steps[{number}]") for number, item in enumerate(steps, 1)),
        echo=_echo(call["echo"], f"{place}: echo") if "echo" in call else None,
    )


def _echo(data: object, place: str) -> EchoRange:
    echo = _mapping(data, place, {"gain_db", "delay_ms"})
    gain = _range(echo.get("gain_db"), f"{place}: gain_db", -60.0, 0.0)
    delay = _range(echo.get("delay_ms"), f"{place}: delay_ms", 20.0, 2000.0)
    return EchoRange(gain_db=gain, delay_seconds=(delay[0] / 1000, delay[1] / 1000))


def _step(data: object, place: str) -> Act | Listen:
    step = _mapping(data, place, {"say", "sound", "recorded", "otherwise", "listen", "kind", "when", "gain_db"})
    sources = [key for key in ("say", "sound", "recorded", "listen") if key in step]
    if len(sources) != 1:
        found = ", ".join(sources) or "none"
        raise ScenarioError(f"{place}: expected one of say, sound, recorded, listen, got {found}")
    if "listen" in step:
        kind = _kind(step, place) if "kind" in step else None
        return Listen(seconds=_seconds(step["listen"], f"{place}: listen"), kind=kind)
    return Act(
        kind=_kind(step, place),
        what=_what(step, place),
        when=_when(step.get("when", {"after_bot": 0.8}), f"{place}: when"),
        gain_db=_number(step.get("gain_db", 0.0), f"{place}: gain_db", -40.0, 20.0),
    )


def _kind(step: Mapping[str, Any], place: str) -> Kind:
    try:
        return Kind(step.get("kind", ""))
    except ValueError:
        raise ScenarioError(f"{place}: kind must be one of {', '.join(Kind)}, got {step.get('kind')!r}") from None


def _what(step: Mapping[str, Any], place: str) -> Words | Sound | Recorded:
    if "say" in step:
        return _words(step["say"], f"{place}: say")
    if "sound" in step:
        return Sound(names=_texts(step["sound"], f"{place}: sound"))
    clips = _list(step["recorded"], f"{place}: recorded")
    otherwise = _mapping(step["otherwise"], f"{place}: otherwise", {"say", "sound"}) if "otherwise" in step else None
    return Recorded(
        clips=tuple(_clip(clip, f"{place}: recorded[{number}]") for number, clip in enumerate(clips, 1)),
        otherwise=cast("Words | Sound", _what(otherwise, place)) if otherwise else None,
    )


def _words(data: object, place: str) -> Words:
    """A text, or a list of wordings: each a text, or a list of texts and pauses."""
    wordings: list[tuple[str | float, ...]] = []
    for item in data if isinstance(data, list) else [data]:  # pyright: ignore[reportUnknownVariableType]
        parts = cast("list[object]", item if isinstance(item, list) else [item])
        if not all(isinstance(part, str | int | float) and part for part in parts) or not isinstance(parts[0], str):
            raise ScenarioError(f"{place}: expected words, or lists of words and pauses in seconds, got {item!r}")
        wordings.append(tuple(part if isinstance(part, str) else _seconds(part, place) for part in parts))
    return Words(wordings=tuple(wordings))


def _clip(data: object, place: str) -> Clip:
    clip = _mapping(data, place, {"path", "transcript", "from", "to"})
    if not isinstance(clip.get("path"), str):
        raise ScenarioError(f"{place}: path must name a recording, got {clip.get('path')!r}")
    return Clip(
        path=clip["path"],
        transcript=str(clip.get("transcript", "")),
        start=_number(clip.get("from", 0.0), f"{place}: from", 0.0, MAX_SECONDS),
        end=_seconds(clip["to"], f"{place}: to") if "to" in clip else None,
    )


def _when(data: object, place: str) -> When:
    kinds: dict[str, type[When]] = {"after_bot": AfterBot, "into_bot": IntoBot, "in_pause": InPause, "later": Later}
    if not isinstance(data, dict) or len(data) != 1 or next(iter(data)) not in kinds:  # pyright: ignore[reportUnknownArgumentType]
        raise ScenarioError(f"{place}: expected one of {', '.join(kinds)} with its seconds, got {data!r}")
    [(name, seconds)] = cast("dict[str, object]", data).items()
    return kinds[name](seconds=_seconds(seconds, place))


def _mapping(data: object, place: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ScenarioError(f"{place}: expected keys {', '.join(sorted(known))}, got {data!r}")
    found = cast("dict[str, Any]", data)
    if unknown := sorted(set(map(str, found)) - known):
        raise ScenarioError(f"{place}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return found


def _list(data: object, place: str) -> Sequence[object]:
    if not isinstance(data, list) or not data:
        raise ScenarioError(f"{place}: expected a list with something in it, got {data!r}")
    return cast("list[object]", data)


def _texts(data: object, place: str) -> tuple[str, ...]:
    items = [data] if isinstance(data, str) else data
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):  # pyright: ignore[reportUnknownVariableType]
        raise ScenarioError(f"{place}: expected names, got {data!r}")
    return tuple(cast("Sequence[str]", items))


def _range(data: object, place: str, low: float, high: float) -> tuple[float, float]:
    ends = cast("list[object]", data if isinstance(data, list) else [data, data])
    if len(ends) != 2:
        raise ScenarioError(f"{place}: expected a number or two, got {data!r}")
    first, last = (_number(end, place, low, high) for end in ends)
    return min(first, last), max(first, last)


def _seconds(data: object, place: str) -> float:
    return _number(data, place, 0.0, MAX_SECONDS)


def _number(data: object, place: str, low: float, high: float) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not low <= data <= high:
        raise ScenarioError(f"{place}: expected a number of {low:g}..{high:g}, got {data!r}")
    return float(data)
