"""Bounds that a run must keep: `answer.p95<=0.6`, or with `ratio:` in front, against the peer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rehearsal.rehearse.figures import Figures

_FORM = re.compile(r"^(ratio:)?([a-z_]+(?:\.(?:p\d{1,2}|n))?)\s*(<=|>=)\s*(\d+(?:\.\d+)?)$")


class RequirementError(ValueError):
    """A bound that cannot be read; says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One bound: a figure's name, and the most or least that it may be; `ratio` compares with the peer's figure."""

    figure: str
    at_most: bool
    bound: float
    ratio: bool = False

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read one.

        Raises:
            RequirementError: it has another form.
        """
        match = _FORM.match(text.strip())
        if match is None:
            raise RequirementError(
                f"expected a bound like answer.p95<=0.6 or ratio:yield.p95<=0.8, got {text!r}: figures are series "
                "with .p50, .p95, .p99, .n, and shares by their names in report.json"
            )
        return cls(figure=match[2], at_most=match[3] == "<=", bound=float(match[4]), ratio=match[1] is not None)

    def failure(self, ours: Figures, peer: Figures | None) -> str | None:
        """Why the bound is not kept, None where it is. A figure that was not measured keeps no bound."""
        value = ours.lookup(self.figure)
        if self.ratio:
            base = peer.lookup(self.figure) if peer is not None else None
            value = value / base if value is not None and base else None
        name = f"{'ratio of ' if self.ratio else ''}{self.figure}"
        if value is None:
            return f"{name} was not measured"
        kept = value <= self.bound if self.at_most else value >= self.bound
        return None if kept else f"{name} is {value:.3f}, must be {'<=' if self.at_most else '>='} {self.bound:g}"
