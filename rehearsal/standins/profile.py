"""How fast a stand-in answers, and how it misbehaves.

`LatencyProfile` says how long each vendor takes; `Dice` draws single delays from it. `FaultScript` holds the
misbehaviour a test wants, for all requests or for the n-th, and may be changed while calls run.
"""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import resources
from typing import Any

_P95 = 1.6449  # standard deviations from the median to the 95th percentile


@dataclass(frozen=True)
class LatencyProfile:
    """Delays of the vendors in milliseconds at the median, and their spread.

    Times of Flux and Nova count from the arrival of the caller's last speech sample. `p95_ms` names a field
    and its 95th percentile: that field is then drawn from a lognormal distribution, all others are constant.
    """

    name: str = "constant"
    flux_start_ms: float = 240.0  # speech heard before StartOfTurn
    flux_update_every_ms: float = 240.0
    flux_eager_ms: float = 120.0
    flux_end_of_turn_ms: float = 260.0
    flux_incomplete_ms: float = 1500.0  # silence that ends a turn inside a sentence
    flux_eager_in_pause_share: float = 1.0  # pauses inside a sentence in which Flux takes the turn for over, 0..1
    nova_final_ms: float = 250.0
    nova_interim_every_ms: float = 300.0
    prerecorded_ms: float = 400.0
    llm_first_token_ms: float = 350.0
    llm_tokens_per_second: float = 80.0  # 0: no limit
    tts_first_chunk_ms: float = 130.0
    tts_realtime_factor: float = 0.15  # seconds of synthesis for a second of audio; 0: at once
    rest_ms: float = 0.0
    fault_share: float = 0.0  # requests and connections that go wrong, 0..1
    p95_ms: Mapping[str, float] | None = None

    @classmethod
    def named(cls, name: str) -> LatencyProfile:
        """Load a profile of `rehearsal/profiles`.

        Raises:
            ValueError: no profile of that name, or it holds an unknown key.
        """
        folder = resources.files("rehearsal") / "profiles"
        file = folder / f"{name}.toml"
        if not file.is_file():
            known = sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
            raise ValueError(f"no latency profile {name!r}; there are: {', '.join(known)}")
        return cls.parse(name, tomllib.loads(file.read_text(encoding="utf-8")))

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> LatencyProfile:
        """Build a profile from a file's content; what is not named keeps its default.

        Raises:
            ValueError: an unknown key or a value that is no number of milliseconds.
        """
        known = {field.name for field in fields(cls)} - {"name", "p95_ms"}
        spread = data.get("p95_ms", {})
        values = {key: value for key, value in data.items() if key != "p95_ms"}
        for key, value in [*values.items(), *spread.items()]:
            if key not in known:
                raise ValueError(f"latency profile {name!r}: unknown key {key!r}; known are {', '.join(sorted(known))}")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"latency profile {name!r}: {key} must be a number of at least 0, not {value!r}")
            if key.endswith("_share") and value > 1:
                raise ValueError(f"latency profile {name!r}: {key} must be at most 1, not {value!r}")
        return replace(cls(name=name), **values, p95_ms=dict(spread) or None)


class Dice:
    """Draws single delays of a profile; equal seeds give equal sequences."""

    def __init__(self, profile: LatencyProfile, *, seed: int = 0) -> None:
        self.profile = profile
        self._random = random.Random(seed)

    def draw_ms(self, field: str) -> float:
        """One delay of the profile's field, in milliseconds."""
        median = float(getattr(self.profile, field))
        p95 = (self.profile.p95_ms or {}).get(field)
        if p95 is None or median <= 0 or p95 <= median:
            return median
        return self._random.lognormvariate(math.log(median), math.log(p95 / median) / _P95)

    def happens(self, share: float) -> bool:
        """Whether something that happens in this share of cases (0..1) does so this time."""
        return share >= 1.0 or (share > 0.0 and self._random.random() < share)

    def seconds(self, field: str) -> float:
        """One delay of the profile's field, in seconds."""
        return self.draw_ms(field) / 1000.0


class FaultKind(StrEnum):
    """What can go wrong with a vendor."""

    SLOW = "slow"  # every answer comes `delay_ms` later
    HALF_OPEN = "half_open"  # accepts, then silence
    STATUS = "status"  # refuses with an HTTP status
    MALFORMED = "malformed"  # answers what is no valid message
    CLOSED = "closed"  # ends the connection after `after_messages` answers


@dataclass(frozen=True)
class Fault:
    """One misbehaviour; fields that its kind does not use are ignored."""

    kind: FaultKind
    delay_ms: float = 0.0
    status: int = 500
    after_messages: int = 1

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Fault:
        """Read a fault from JSON.

        Raises:
            ValueError: unknown kind or field, or a value of the wrong kind.
        """
        unknown = set(data) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a fault has no field {', '.join(sorted(unknown))}")
        return cls(
            kind=FaultKind(data.get("kind", "")),
            delay_ms=float(data.get("delay_ms", 0.0)),
            status=int(data.get("status", 500)),
            after_messages=int(data.get("after_messages", 1)),
        )


def slow(delay_ms: float) -> Fault:
    """Every answer comes this much later."""
    return Fault(FaultKind.SLOW, delay_ms=delay_ms)


def refuse(status: int) -> Fault:
    """An HTTP status with the vendor's own body; a WebSocket handshake is refused with it."""
    return Fault(FaultKind.STATUS, status=status)


HALF_OPEN = Fault(FaultKind.HALF_OPEN)
MALFORMED = Fault(FaultKind.MALFORMED)


def closed(*, after_messages: int = 1) -> Fault:
    """The connection ends in the middle, after so many answers."""
    return Fault(FaultKind.CLOSED, after_messages=after_messages)


_CHANCE_FAULTS = (slow(3000.0), HALF_OPEN, refuse(500), refuse(429), MALFORMED, closed(after_messages=2))


class FaultScript:
    """The misbehaviour of one stand-in: for all requests, for the n-th from now, or for a share of them by chance.

    A request is an HTTP request or a WebSocket connection. `set` also reaches connections that are open.
    """

    def __init__(self, *, share: float = 0.0, seed: int = 0) -> None:
        self._always: Fault | None = None
        self._by_number: dict[int, Fault] = {}
        self._share = share
        self._random = random.Random(seed)
        self.requests = 0

    def set(self, fault: Fault | None) -> None:
        """Misbehave like this from now on, for every request; None ends it."""
        self._always = fault

    def on(self, number: int, fault: Fault) -> None:
        """Misbehave for the `number`-th request from now (1 is the next one)."""
        self._by_number[self.requests + number] = fault

    def clear(self) -> None:
        """Behave again."""
        self._always = None
        self._by_number.clear()

    def begin(self) -> int:
        """Count a request; the returned number is its ticket for `of`."""
        self.requests += 1
        if self._share and self._random.random() < self._share:
            self._by_number.setdefault(self.requests, self._random.choice(_CHANCE_FAULTS))
        return self.requests

    def of(self, ticket: int) -> Fault | None:
        """The fault that this request has at this moment."""
        return self._by_number.get(ticket, self._always)
