"""Where words go in a picture: wrapped to the room there is, stacked where there is none."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath


@dataclass(frozen=True, slots=True)
class Block:
    """Words to place at `x` (points from the left)."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with its place: left edge and distance from the lane in points, lines top to bottom."""

    anchor: float
    left: float
    offset: float
    width: float
    height: float
    lines: tuple[str, ...]


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width in points of one line at this font size."""
    width, _, _ = _measure().get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return width


def wrap(text: str, *, size: float, width: float, max_lines: int) -> tuple[str, ...]:
    """Break words into lines of at most `width` points; what is too much ends in an ellipsis."""
    words = text.split()
    lines: list[str] = []
    for word in words:
        candidate = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(candidate, size) <= width:
            lines[-1] = candidate
        else:
            lines.append(word)
    if len(lines) > max_lines:
        lines[max_lines - 1 :] = [lines[max_lines - 1] + " …"]
    return tuple(_shorten(line, size, width) for line in lines)


def pack(
    blocks: Sequence[Block],
    *,
    size: float,
    line_height: float,
    right_edge: float,
    width_range: tuple[float, float] = (84.0, 230.0),
    max_lines: int = 5,
    gap: float = 8.0,
) -> tuple[Placed, ...]:
    """Place blocks along a lane so that none overlap: first beside each other, else farther from the lane."""
    placed: list[Placed] = []
    ordered = sorted(blocks, key=lambda block: block.x)
    for index, block in enumerate(ordered):
        following = ordered[index + 1].x if index + 1 < len(ordered) else right_edge
        room = min(max(following - block.x - gap, width_range[0]), width_range[1])
        lines = wrap(block.text, size=size, width=room, max_lines=max_lines)
        if not lines:
            continue
        width = max(text_width(line, size) for line in lines)
        left = max(0.0, min(block.x, right_edge - width))
        height = len(lines) * line_height
        offset = _free_offset(placed, left, width, height, gap)
        placed.append(Placed(block.x, left, offset, width, height, lines))
    return tuple(placed)


def _free_offset(placed: Sequence[Placed], left: float, width: float, height: float, gap: float) -> float:
    """The smallest distance from the lane at which a rectangle is free."""
    beside = [other for other in placed if left < other.left + other.width + gap and other.left < left + width + gap]
    for offset in sorted({0.0, *(other.offset + other.height + 2.0 for other in beside)}):
        if all(offset >= o.offset + o.height or offset + height <= o.offset for o in beside):
            return offset
    return max((o.offset + o.height + 2.0 for o in beside), default=0.0)


def _shorten(line: str, size: float, width: float) -> str:
    if text_width(line, size) <= width:
        return line
    kept = line.removesuffix(" …")
    while kept and text_width(kept + "…", size) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"


@functools.cache
def _measure() -> TextToPath:
    return TextToPath()
