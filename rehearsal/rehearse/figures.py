"""Figures of a run: series of seconds with their percentiles, shares of cases. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

PERCENTILES = (50, 95, 99)


def percentile(values: Iterable[float], percent: float) -> float:
    """The percentile (0..100) with linear interpolation between neighbours.

    Raises:
        ValueError: there are no values, or the percentage is outside 0..100.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values have no percentile")
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile is within 0..100, not {percent}")
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(slots=True)
class Share:
    """In how many of all cases something happened."""

    hits: int = 0
    of: int = 0

    def count(self, hit: bool) -> None:
        """Add a case."""
        self.of += 1
        self.hits += hit

    @property
    def value(self) -> float | None:
        """The share, 0..1; None without cases."""
        return self.hits / self.of if self.of else None


@dataclass(slots=True)
class Figures:
    """All measures of some calls, by name; several calls' figures add up."""

    series: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    shares: dict[str, Share] = field(default_factory=dict[str, Share])
    single: dict[str, float] = field(default_factory=dict[str, float])
    remarks: list[str] = field(default_factory=list[str])

    def add(self, name: str, value: float) -> None:
        """Add a value to a series."""
        self.series.setdefault(name, []).append(value)

    def count(self, name: str, hit: bool) -> None:
        """Add a case to a share."""
        self.shares.setdefault(name, Share()).count(hit)

    def merge(self, other: Figures) -> None:
        """Add another's values and cases."""
        for name, values in other.series.items():
            self.series.setdefault(name, []).extend(values)
        for name, share in other.shares.items():
            mine = self.shares.setdefault(name, Share())
            mine.hits += share.hits
            mine.of += share.of
        self.single.update(other.single)
        self.remarks.extend(other.remarks)

    def lookup(self, name: str) -> float | None:
        """A figure by its name: `answer.p95` of a series, a share's or a single figure's name; None if unknown."""
        base, _, last = name.rpartition(".")
        values = self.series.get(base)
        if values and last.startswith("p") and last[1:].isdigit():
            return percentile(values, float(last[1:]))
        if base in self.series and last == "n":
            return float(len(self.series[base]))
        if name in self.shares:
            return self.shares[name].value
        return self.single.get(name)

    def as_json(self) -> dict[str, object]:
        """For report.json: seconds to a tenth of a millisecond."""
        return {
            "series": {
                name: {
                    "n": len(values),
                    **{f"p{p}": round(percentile(values, p), 4) for p in PERCENTILES},
                    "values": [round(value, 4) for value in values],
                }
                for name, values in sorted(self.series.items())
                if values
            },
            "shares": {
                name: {"hits": share.hits, "of": share.of, "share": round(share.value, 4)}
                for name, share in sorted(self.shares.items())
                if share.value is not None
            },
            "single": {name: round(value, 6) for name, value in sorted(self.single.items())},
            "remarks": self.remarks,
        }
