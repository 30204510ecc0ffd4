"""A picture of a call: who spoke when, how soon the bot answered and yielded, what it made of the caller."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch

from rehearsal.line.ear import Segment
from rehearsal.line.measure import Answer, Yield
from rehearsal.line.result import CallResult
from rehearsal.text_packing import Block, Placed, pack, text_width, wrap

_CALLER, _BOT, _ALARM = "#2f6db3", "#d9822b", "#c0392b"
_INK, _FAINT, _GRID = "#1f2933", "#7b8794", "#e4e7eb"
_QUICK, _SLOW = "#2e7d4f", "#b7791f"
_LABEL_COLOURS = {"emotion": "#7b3f9d", "tier": "#0f6e75", "stage": "#52606d"}

_WIDTH, _MARGIN_LEFT, _MARGIN_RIGHT = 820.0, 58.0, 20.0
_PLOT = _WIDTH - _MARGIN_LEFT - _MARGIN_RIGHT
_HEAD, _FOOT = 42.0, 34.0
_BAR, _MIDDLE, _AXIS, _ROW_GAP, _PAD = 13.0, 34.0, 18.0, 14.0, 5.0
_WORDS_SIZE, _WORDS_LINE = 8.5, 11.0
_SMALL_SIZE, _CHIP_LINE = 7.5, 14.0
_BOLD = 1.13  # bold letters are this much wider than the plain ones that are measured
_ROW_SECONDS = 24.0
_DPI = 2000 / _WIDTH * 72


@dataclass(frozen=True, slots=True)
class Label:
    """A change worth seeing: `kind` is emotion, tier or stage."""

    at: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the picture shows; times in seconds since the answer. Words stand at the segment that carries them."""

    title: str
    seconds: float
    caller: tuple[Segment, ...]
    bot: tuple[Segment, ...]
    answers: tuple[Answer, ...] = ()
    yields: tuple[Yield, ...] = ()
    clears: tuple[float, ...] = ()
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the picture, laid out: times from `start` to `end`, heights in points."""

    start: float
    end: float
    chips: tuple[Placed, ...]
    above: tuple[Placed, ...]
    below: tuple[Placed, ...]
    middle: tuple[Placed, ...]

    @property
    def caller_base(self) -> float:
        return _AXIS + _extent(self.below) + 2 * _PAD + _BAR + max(_MIDDLE, _extent(self.middle) + 14.0)

    @property
    def bot_base(self) -> float:
        return _AXIS + _extent(self.below) + 2 * _PAD

    @property
    def chips_base(self) -> float:
        return self.caller_base + _BAR + _PAD + _extent(self.above) + _PAD

    @property
    def height(self) -> float:
        return self.chips_base + _extent(self.chips) + 2.0

    def x(self, at: float) -> float:
        return (at - self.start) / (self.end - self.start) * _PLOT


def timeline_of(
    *,
    result: CallResult,
    title: str,
    bot_words: Sequence[tuple[float, str]] = (),
    caller_words: Sequence[tuple[float, str]] = (),
    labels: Sequence[Label] = (),
) -> Timeline:
    """The timeline of a rehearsed call. `bot_words` are (seconds, sentence) and go to the talk nearest in time;

    `caller_words` likewise replace what the caller's script knows (what was recognised, say).
    """
    return Timeline(
        title=title,
        seconds=max(result.seconds, result.recording.seconds),
        caller=_with_words(result.caller, caller_words) if caller_words else result.caller,
        bot=_with_words(result.bot, bot_words),
        answers=result.answers,
        yields=result.yields,
        clears=result.clears,
        labels=tuple(labels),
    )


def draw_timeline(*, timeline: Timeline, path: Path) -> Path:
    """Draw a PNG and return its path.

    Raises:
        OSError: the file cannot be written.
    """
    rows = _lay_out(timeline)
    height = _HEAD + _FOOT + sum(row.height + _ROW_GAP for row in rows)
    figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    _draw_head(figure, timeline, height)
    top = height - _HEAD
    for row in rows:
        box = (_MARGIN_LEFT / _WIDTH, (top - row.height) / height, _PLOT / _WIDTH, row.height / height)
        axes = figure.add_axes(box)
        _draw_row(axes, row, timeline)
        top -= row.height + _ROW_GAP
    _draw_legend(figure, timeline)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI, facecolor="white", metadata={"Title": timeline.title})
    return path


# Layout


def _lay_out(timeline: Timeline) -> list[_Row]:
    total = max(timeline.seconds, 1.0)
    count = math.ceil(total / _ROW_SECONDS)
    length = math.ceil(total / count * 2) / 2
    return [_lay_out_row(timeline, n * length, (n + 1) * length) for n in range(count)]


def _lay_out_row(timeline: Timeline, start: float, end: float) -> _Row:
    def x(at: float) -> float:
        return (at - start) / (end - start) * _PLOT

    def words(segments: Sequence[Segment]) -> tuple[Placed, ...]:
        blocks = [Block(x(s.start), s.text) for s in segments if s.text and start <= s.start < end]
        return pack(blocks, size=_WORDS_SIZE, line_height=_WORDS_LINE, right_edge=_PLOT)

    def single_lines(blocks: Sequence[Block], gap: float) -> tuple[Placed, ...]:
        return pack(
            blocks,
            size=_SMALL_SIZE,
            line_height=_CHIP_LINE,
            right_edge=_PLOT,
            width_range=(160.0, 160.0),
            max_lines=1,
            gap=gap,
        )

    chips = [Block(x(lb.at) + 3.0, f"{lb.kind}: {lb.text}") for lb in timeline.labels if start <= lb.at < end]
    notes = [Block(x(at + seconds), text) for at, seconds, text in _notes(timeline) if start <= at + seconds < end]
    centred = [Block(max(0.0, b.x - _BOLD * text_width(b.text, _SMALL_SIZE) - 5.0), b.text) for b in notes]
    return _Row(
        start,
        end,
        chips=single_lines(chips, 12.0),
        above=words(timeline.caller),
        below=words(timeline.bot),
        middle=single_lines(centred, 5.0),
    )


def _notes(timeline: Timeline) -> list[tuple[float, float, str]]:
    """Times and texts between the lanes: answers and yields, (at, seconds, text)."""
    notes = [(a.at, a.seconds, _milliseconds(a.seconds)) for a in timeline.answers]
    return notes + [(y.at, 0.0, f"{_yield_word(y)} {_milliseconds(y.seconds)}") for y in timeline.yields]


def _yield_word(item: Yield) -> str:
    return "yields after" if item.cleared else "talks on"


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)} ms"


def _extent(placed: Sequence[Placed]) -> float:
    return max((p.offset + p.height for p in placed), default=0.0)


def _with_words(segments: Sequence[Segment], words: Sequence[tuple[float, str]]) -> tuple[Segment, ...]:
    """Give each sentence to the segment whose start or span is nearest; several on one are joined."""
    texts: dict[int, list[str]] = {}
    for at, text in words:
        if segments:
            nearest = min(range(len(segments)), key=lambda n: _distance(segments[n], at))
            texts.setdefault(nearest, []).append(text)
    return tuple(Segment(s.start, s.end, " ".join(texts.get(n, []))) for n, s in enumerate(segments))


def _distance(segment: Segment, at: float) -> float:
    inside = segment.start - 0.05 <= at <= segment.end
    return 0.0 if inside else min(abs(segment.start - at), abs(segment.end - at))


# Drawing


def _draw_head(figure: Figure, timeline: Timeline, height: float) -> None:
    y = 1 - 20.0 / height
    waits = sorted(answer.seconds for answer in timeline.answers)
    facts = [f"{timeline.seconds:.1f} s"]
    if waits:
        facts.append(f"answers: median {_milliseconds(median(waits))}, slowest {_milliseconds(waits[-1])}")
    if timeline.yields:
        facts.append(f"{len(timeline.yields)} interruption{'s' if len(timeline.yields) > 1 else ''}")
    line = "   ·   ".join(facts)
    room = _WIDTH - _MARGIN_RIGHT - 40.0 - text_width(line, 8.5)
    title = " ".join(wrap(timeline.title, size=13.0 * _BOLD, width=room, max_lines=1))
    figure.text(14 / _WIDTH, y, title, size=13, weight="bold", color=_INK, va="center", parse_math=False)
    figure.text(1 - _MARGIN_RIGHT / _WIDTH, y, line, size=8.5, color=_FAINT, ha="right", va="center")


def _draw_row(axes: Axes, row: _Row, timeline: Timeline) -> None:
    axes.set_xlim(0, _PLOT)
    axes.set_ylim(0, row.height)
    axes.axis("off")
    _draw_clock(axes, row, timeline.seconds)
    for name, base, colour in (("Caller", row.caller_base, _CALLER), ("Bot", row.bot_base, _BOT)):
        axes.text(-10, base + _BAR / 2, name, size=9, weight="bold", color=colour, ha="right", va="center")
    _draw_bars(axes, row, timeline.caller, row.caller_base, _CALLER)
    _draw_bars(axes, row, timeline.bot, row.bot_base, _BOT)
    _draw_words(axes, row.above, base=row.caller_base + _BAR + _PAD, up=True)
    _draw_words(axes, row.below, base=row.bot_base - _PAD, up=False)
    _draw_answers(axes, row, timeline)
    _draw_yields(axes, row, timeline)
    _draw_notes(axes, row, timeline)
    _draw_chips(axes, row, timeline)


def _draw_clock(axes: Axes, row: _Row, seconds: float) -> None:
    lanes = (row.bot_base, row.caller_base + _BAR)
    seconds_shown = range(math.ceil(row.start), math.floor(row.end) + 1)
    axes.vlines([row.x(s) for s in seconds_shown if s % 5], *lanes, color=_GRID, lw=0.4, zorder=0)
    axes.vlines([row.x(s) for s in seconds_shown if s % 5 == 0], *lanes, color=_GRID, lw=0.9, zorder=0)
    for second in seconds_shown:
        if second % 5 == 0:
            text = f"{second // 60}:{second % 60:02d}"
            axes.text(row.x(second), 3, text, size=7.5, color=_FAINT, ha="center", va="bottom")
    for base in (row.caller_base, row.bot_base):
        end = row.x(min(row.end, max(seconds, row.start)))
        axes.plot([0, end], [base + _BAR / 2] * 2, color=_GRID, lw=1.2, zorder=0)
    if row.start <= seconds <= row.end:
        axes.plot([row.x(seconds)] * 2, lanes, color=_FAINT, lw=1.2)


def _draw_bars(axes: Axes, row: _Row, segments: Sequence[Segment], base: float, colour: str) -> None:
    for segment in segments:
        start, end = max(segment.start, row.start), min(segment.end, row.end)
        if start >= end:
            continue
        width = max(row.x(end) - row.x(start), 1.5)
        style = f"round,pad=0,rounding_size={min(3.0, width / 2)}"
        axes.add_patch(FancyBboxPatch((row.x(start), base), width, _BAR, boxstyle=style, fc=colour, ec="none"))


def _draw_words(axes: Axes, placed: Sequence[Placed], *, base: float, up: bool) -> None:
    for item in placed:
        if item.offset > 0:
            reach = base + item.offset if up else base - item.offset
            axes.plot([item.anchor + 0.5] * 2, [base, reach], color=_GRID, lw=0.8, zorder=0)
        top = base + item.offset + item.height if up else base - item.offset
        for number, line in enumerate(item.lines):
            y = top - (number + 0.5) * _WORDS_LINE
            axes.text(item.left, y, line, size=_WORDS_SIZE, color=_INK, va="center", parse_math=False)


def _draw_answers(axes: Axes, row: _Row, timeline: Timeline) -> None:
    for answer in timeline.answers:
        onset = answer.at + answer.seconds
        if not row.start <= onset < row.end:
            continue
        begin = (row.x(max(answer.at, row.start)), row.caller_base)
        arrow = {"arrowstyle": "-|>", "color": _answer_colour(answer.seconds), "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=(row.x(onset), row.bot_base + _BAR), xytext=begin, arrowprops=arrow)


def _draw_yields(axes: Axes, row: _Row, timeline: Timeline) -> None:
    for item in timeline.yields:
        if row.start <= item.at < row.end:
            x = row.x(item.at)
            axes.plot([x, x], [row.bot_base, row.caller_base + _BAR], color=_ALARM, lw=1.2, ls=(0, (3, 2)))
    for clear in timeline.clears:
        if row.start <= clear < row.end:
            y = row.bot_base + _BAR / 2
            axes.plot([row.x(clear)], [y], marker="X", ms=7, mfc=_ALARM, mec="white", mew=0.8, zorder=5)


def _draw_notes(axes: Axes, row: _Row, timeline: Timeline) -> None:
    colours = {_milliseconds(a.seconds): _answer_colour(a.seconds) for a in timeline.answers}
    box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.9}
    for item in row.middle:
        text = item.lines[0]
        y = row.bot_base + _BAR + 7.0 + item.offset + item.height / 2
        colour = colours.get(text, _ALARM)
        axes.text(item.left, y, text, size=_SMALL_SIZE, color=colour, va="center", weight="bold", bbox=box, zorder=6)


def _draw_chips(axes: Axes, row: _Row, timeline: Timeline) -> None:
    for item in row.chips:
        text = item.lines[0]
        colour = _LABEL_COLOURS.get(text.split(":", 1)[0], _FAINT)
        y = row.chips_base + item.offset + item.height / 2
        box = {"boxstyle": "round,pad=0.28,rounding_size=0.5", "fc": "white", "ec": colour, "lw": 0.8}
        axes.text(item.left, y, text, size=_SMALL_SIZE, color=colour, va="center", bbox=box, parse_math=False)


def _answer_colour(seconds: float) -> str:
    """Green up to 0.8 s, amber up to Twilio's upper limit of 1.4 s mouth to ear, red above."""
    return _QUICK if seconds <= 0.8 else _SLOW if seconds <= 1.4 else _ALARM


def _draw_legend(figure: Figure, timeline: Timeline) -> None:
    handles: list[Patch | Line2D] = [
        Patch(fc=_CALLER, label="caller speaks"),
        Patch(fc=_BOT, label="bot heard by the caller"),
        Line2D([], [], color=_QUICK, lw=1.5, label="answer ≤ 800 ms"),
        Line2D([], [], color=_SLOW, lw=1.5, label="≤ 1400 ms"),
        Line2D([], [], color=_ALARM, lw=1.5, label="slower"),
    ]
    if timeline.yields:
        handles.append(Line2D([], [], color=_ALARM, lw=1.2, ls=(0, (3, 2)), label="caller interrupts"))
    if timeline.clears:
        handles.append(Line2D([], [], color=_ALARM, lw=0, marker="X", ms=6, label="playback cleared"))
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(_MARGIN_LEFT / _WIDTH - 0.01, 0.0),
        ncols=len(handles),
        frameon=False,
        fontsize=8,
        labelcolor=_FAINT,
        handlelength=1.6,
        columnspacing=1.8,
    )
