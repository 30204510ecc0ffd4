"""report.png: every measure of a run at a glance, with its target and the peer's figures beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rehearsal.rehearse.figures import Figures, percentile
from rehearsal.rehearse.report import SERIES, SHARES, SINGLE, Report, Row

_OURS, _PEER, _TARGET = "#0f6e75", "#b0b8c1", "#c0392b"
_INK, _FAINT, _GRID = "#1f2933", "#7b8794", "#e4e7eb"
_MOST_DOTS = 400


def draw_report(report: Report, *, path: Path) -> Path:
    """Draw and return the path.

    Raises:
        OSError: it cannot be written.
    """
    series = [row for row in SERIES if _has(report, row)]
    shares = [row for row in SHARES if _has(report, row)]
    single = [row for row in SINGLE if _has(report, row)]
    heights = [0.62 * max(1, len(series)) + 0.9, 0.42 * max(1, len(shares)) + 0.9]
    figure = Figure(figsize=(12.0, sum(heights) + 1.6), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_title(report), x=0.01, ha="left", fontsize=13, color=_INK)
    grid = figure.add_gridspec(2, 2, height_ratios=heights, width_ratios=[3, 1.15])
    _draw_series(figure.add_subplot(grid[0, :]), report, series)
    _draw_shares(figure.add_subplot(grid[1, 0]), report, shares)
    _draw_costs(figure.add_subplot(grid[1, 1]), report, single)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def _title(report: Report) -> str:
    about = report.about
    text = f"Rehearsal · {about.get('profile')} · {about.get('calls_made')} calls, {about.get('calls_at_once')} at once"
    return f"{text} · {about.get('date')}"


def _has(report: Report, row: Row) -> bool:
    names = [row.name, f"{row.name}.p50"]
    return any(f is not None and f.lookup(name) is not None for f in (report.ours, report.peer) for name in names)


def _draw_series(axes: Axes, report: Report, rows: Sequence[Row]) -> None:
    """Each value a dot; p50 and p95 as bars across; targets as red ticks."""
    _style(axes, rows)
    legend = "seconds: every value, p50 (thick), p95 (thin); ours green, plain grey, target red"
    axes.set_title(legend, loc="left", fontsize=10, color=_FAINT)
    longest = 0.5
    for place, row in enumerate(rows):
        for figures, offset, colour in ((report.ours, -0.16, _OURS), (report.peer, 0.2, _PEER)):
            values = figures.series.get(row.name) if figures is not None else None
            if not values:
                continue
            p50, p95 = percentile(values, 50), percentile(values, 95)
            longest = max(longest, min(p95 * 1.25, 3.0))
            shown = values[:: max(1, len(values) // _MOST_DOTS)]
            axes.plot(shown, [place + offset] * len(shown), "o", ms=3.5, alpha=0.3, color=colour, mew=0)
            axes.plot([p50, p50], [place + offset - 0.15, place + offset + 0.15], lw=4, color=colour)
            axes.plot([p95, p95], [place + offset - 0.15, place + offset + 0.15], lw=1.6, color=colour)
            axes.annotate(
                f"{p50:.2f} / {p95:.2f}  (n {len(values)})",
                (1.005, place + offset),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                color=colour if figures is report.ours else _FAINT,
                annotation_clip=False,
            )
        for target, width in zip(row.targets, (3.0, 1.4), strict=False):
            if target is not None:
                axes.plot([target, target], [place - 0.42, place + 0.42], lw=width, color=_TARGET, alpha=0.6)
    axes.set_xlim(0, longest)


def _draw_shares(axes: Axes, report: Report, rows: Sequence[Row]) -> None:
    _style(axes, rows)
    axes.set_title("shares in %", loc="left", fontsize=10, color=_FAINT)
    for place, row in enumerate(rows):
        for figures, offset, colour in ((report.ours, -0.17, _OURS), (report.peer, 0.19, _PEER)):
            share = figures.shares.get(row.name) if figures is not None else None
            if share is None or share.value is None:
                continue
            axes.barh(place + offset, share.value * 100, height=0.32, color=colour)
            axes.annotate(
                f"{share.hits} of {share.of}",
                (share.value * 100, place + offset),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=_INK if figures is report.ours else _FAINT,
            )
        if row.targets and row.targets[0] is not None:
            target = row.targets[0] * 100
            axes.plot([target, target], [place - 0.42, place + 0.42], lw=2.0, color=_TARGET, alpha=0.6)
    axes.set_xlim(0, 112)


def _draw_costs(axes: Axes, report: Report, rows: Sequence[Row]) -> None:
    axes.axis("off")
    axes.set_title("costs", loc="left", fontsize=10, color=_FAINT)
    lines = [(row.title, _value(report.ours, row), _value(report.peer, row), row) for row in rows]
    step = min(0.2, 1.0 / max(1, len(lines)))
    for number, (title, ours, peer, row) in enumerate(lines):
        height = 0.95 - number * step
        axes.text(0.0, height, title, fontsize=9, color=_FAINT, transform=axes.transAxes)
        axes.text(0.0, height - 0.45 * step, ours, fontsize=13, color=_OURS, transform=axes.transAxes)
        rest = f"plain {peer}" if report.peer is not None else ""
        if row.targets and row.targets[0] is not None:
            rest = f"{rest}   target {row.targets[0]:g}"
        axes.text(0.42, height - 0.45 * step, rest.strip(), fontsize=8, color=_FAINT, transform=axes.transAxes)


def _value(figures: Figures | None, row: Row) -> str:
    value = figures.lookup(row.name) if figures is not None else None
    return "–" if value is None else f"{value * row.scale:.3g} {row.unit}".strip()


def _style(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yticks(range(len(rows)), [row.title for row in rows], fontsize=9, color=_INK)
    axes.set_ylim(max(1, len(rows)) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=8, colors=_FAINT)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
