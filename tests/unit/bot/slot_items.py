"""Reads the hand-made slot items of `data/slots_*.txt`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.analysis.moments import Frame
from bot.analysis.plain import plain
from bot.analysis.slots import Slot, find_slots

_DATA = Path(__file__).parent / "data"
_OPTIONS = re.compile(r"^\{(.*?)\}\s*")
_NUMERIC = {"number", "duration_minutes"}
HELD_OUT_EVERY = 3


@dataclass(frozen=True, kw_only=True)
class SlotItem:
    """An utterance with the frame it is said in and the slots it names."""

    text: str
    language: str
    now: datetime
    zone: str
    region: str
    asked: bool
    slots: dict[str, Slot]

    def found(self) -> dict[str, Slot]:
        """What is read from it."""
        frame = Frame(now=self.now, zone=self.zone, language=self.language)
        return find_slots(self.text, plain(self.text), frame=frame, expects_name=self.asked, region=self.region)


def read_items(name: str, *, language: str) -> list[SlotItem]:
    """All items of a file under data/."""
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [_item(line, language) for line in lines if line and not line.startswith("#")]


def _item(line: str, language: str) -> SlotItem:
    options: dict[str, str] = {}
    match = _OPTIONS.match(line)
    if match is not None:
        line = line[match.end() :]
        for part in match.group(1).split(";"):
            key, _, value = part.strip().partition("=")
            options[key] = value
    text, _, wanted = line.rpartition(" => ")
    slots: dict[str, Slot] = {}
    for pair in [] if wanted == "-" else wanted.split(" | "):
        key, _, value = pair.partition("=")
        slots[key] = json.loads(value) if key in _NUMERIC else value
    return SlotItem(
        text=text,
        language=language,
        now=datetime.fromisoformat(options.get("now", "2026-11-23T10:00:00-05:00")),
        zone=options.get("zone", "America/New_York"),
        region=options.get("region", "US"),
        asked="asked" in options,
        slots=slots,
    )
