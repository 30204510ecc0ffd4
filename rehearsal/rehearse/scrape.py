"""Reads a server's /metrics: counters and histograms of the time between two looks."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Scrape:
    """All samples at one moment, by name with labels as they stand in the text."""

    samples: Mapping[str, float]

    @classmethod
    def parse(cls, text: str) -> Scrape:
        """Read Prometheus' text format; lines that are none are left out."""
        samples: dict[str, float] = {}
        for line in text.splitlines():
            if match := _LINE.match(line):
                try:
                    samples[f"{match[1]}{{{match[2] or ''}}}"] = float(match[3])
                except ValueError:
                    continue
        return cls(samples)

    def total(self, name: str) -> float:
        """The sum of a counter over all its labels."""
        return sum(value for key, value in self.samples.items() if key.startswith(f"{name}{{"))

    def quantile_since(self, before: Scrape, name: str, share: float) -> float | None:
        """A quantile (0..1) of a histogram's observations since another look, interpolated within its bucket.

        None without observations; the last finite bound where it lies beyond.
        """
        buckets: list[tuple[float, float]] = []
        for key, value in self.samples.items():
            if key.startswith(f"{name}_bucket{{") and (match := re.search(r'le="([^"]+)"', key)):
                buckets.append((float(match[1].replace("+Inf", "inf")), value - before.samples.get(key, 0.0)))
        buckets.sort()
        if not buckets or buckets[-1][1] <= 0:
            return None
        wanted = share * buckets[-1][1]
        low, under = 0.0, 0.0
        for bound, count in buckets:
            if count >= wanted:
                return low if math.isinf(bound) else low + (bound - low) * (wanted - under) / max(count - under, 1e-9)
            low, under = bound, count
        return low


async def scrape(url: str) -> Scrape | None:
    """Look at a server's metrics; None where it has none. Safe to cancel."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            reply = await http.get(url)
    except (httpx.HTTPError, TimeoutError):
        return None
    return Scrape.parse(reply.text) if reply.status_code == 200 else None
