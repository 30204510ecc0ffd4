"""A run's report: the table on the terminal and report.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rehearsal.rehearse.figures import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure as the report shows it: `target` is the bound of each percentile or of the value, where there is one.

    `scale` turns the figure into the unit shown.
    """

    name: str
    title: str
    unit: str = "s"
    scale: float = 1.0
    targets: tuple[float | None, ...] = ()


SERIES = (
    Row(name="answer", title="answer", targets=(0.25, 0.45)),
    Row(name="content", title="content"),
    Row(name="content_model", title="content, model's words", targets=(0.65,)),
    Row(name="seam", title="seam after an opener", targets=(0.15, 0.40)),
    Row(name="answer_after_pauses", title="answer after dictation"),
    Row(name="yield", title="yield", targets=(None, 0.16)),
    Row(name="yield_over_echo", title="yield over echo", targets=(None, 0.30)),
    Row(name="greeting", title="greeting", targets=(0.20,)),
    Row(name="pause_resumed", title="pause, resumed", targets=(None, 0.60)),
    Row(name="asked_again_after", title="silent caller asked again"),
    Row(name="late_audio", title="gap by late audio"),
    Row(name="line_lateness", title="the caller's own lateness"),
)

SHARES = (
    Row(name="false_stop_backchannel", title="false stops: backchannel", unit="%", scale=100, targets=(0.05,)),
    Row(name="false_stop_noise", title="false stops: noise", unit="%", scale=100, targets=(0.05,)),
    Row(name="false_stop_side_talk", title="false stops: side talk", unit="%", scale=100),
    Row(name="false_stop_echo", title="false stops: echo", unit="%", scale=100, targets=(0.02,)),
    Row(name="false_start", title="false starts in pauses", unit="%", scale=100, targets=(0.05,)),
    Row(name="false_start_in_speech", title="false starts in speech", unit="%", scale=100),
    Row(name="missed_turn", title="missed turns", unit="%", scale=100),
    Row(name="left_in_silence", title="silent caller left alone", unit="%", scale=100),
    Row(name="talked_on", title="did not yield", unit="%", scale=100),
)

SINGLE = (
    Row(name="core_per_call", title="core a call", unit="", targets=(0.02,)),
    Row(name="mb_per_call", title="memory a call", unit="MB", targets=(5.0,)),
    Row(name="loop_lag_p99", title="event loop lag p99", unit="s"),
    Row(name="late_frames", title="late gaps a minute of talk", unit=""),
    Row(name="caller_core_per_call", title="the caller's own core", unit=""),
    Row(name="standins_core_per_call", title="the stand-ins' core a call", unit=""),
)

_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a run found. `about` says how it was made; `peer` are the plain bot's figures, where it was rung."""

    about: dict[str, object]
    ours: Figures
    peer: Figures | None = None
    failures: tuple[str, ...] = ()

    def ratios(self) -> dict[str, float]:
        """Ours over the peer's, for every figure that both have."""
        if self.peer is None:
            return {}
        names = [f"{row.name}.p{p}" for row in SERIES for p in _PERCENTILES[:2]]
        names += [row.name for row in (*SHARES, *SINGLE)]
        pairs = {name: (self.ours.lookup(name), self.peer.lookup(name)) for name in names}
        return {name: round(ours / peer, 3) for name, (ours, peer) in pairs.items() if ours is not None and peer}

    def save(self, *, folder: Path) -> Path:
        """Write report.json and return its path.

        Raises:
            OSError: it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "report.json"
        content = {
            **self.about,
            "ngx": self.ours.as_json(),
            "plain": self.peer.as_json() if self.peer else None,
            "ratios": self.ratios(),
            "failures": list(self.failures),
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        return path

    def show(self, console: Console) -> None:
        """Print the tables."""
        console.print(self._series_table())
        console.print(self._value_table())
        for remark in dict.fromkeys([*self.ours.remarks, *(self.peer.remarks if self.peer else [])]):
            console.print(Text(f"note: {remark}", style="dim"))
        for failure in self.failures:
            console.print(Text(f"FAILED: {failure}", style="bold red"))

    def _series_table(self) -> Table:
        table = Table(title="Times in seconds", title_justify="left", title_style="bold")
        for column in ("measure", "n", "p50", "p95", "p99", "target p50 / p95"):
            table.add_column(column, justify="left" if column == "measure" else "right")
        if self.peer is not None:
            for column in ("plain p50", "plain p95", "ours : plain p50", "p95"):
                table.add_column(column, justify="right")
        for row in SERIES:
            values = self.ours.series.get(row.name)
            others = self.peer.series.get(row.name) if self.peer else None
            if not values and not others:
                continue
            cells: list[Text | str] = [row.title, str(len(values or []))]
            for index, percent in enumerate(_PERCENTILES):
                target = row.targets[index] if index < len(row.targets) else None
                cells.append(_judged(self.ours.lookup(f"{row.name}.p{percent}"), target, "{:.3f}"))
            cells.append(" / ".join("–" if target is None else f"{target:g}" for target in row.targets))
            if self.peer is not None:
                cells += [_plain(self.peer.lookup(f"{row.name}.p{p}"), "{:.3f}") for p in (50, 95)]
                cells += [_plain(self._ratio(f"{row.name}.p{p}"), "{:.2f}") for p in (50, 95)]
            table.add_row(*cells)
        return table

    def _value_table(self) -> Table:
        table = Table(title="Shares and costs", title_justify="left", title_style="bold")
        for column in ("measure", "cases", "value", "target"):
            table.add_column(column, justify="left" if column == "measure" else "right")
        if self.peer is not None:
            table.add_column("plain", justify="right")
            table.add_column("ours : plain", justify="right")
        for row in (*SHARES, *SINGLE):
            ours, peers = self.ours.lookup(row.name), self.peer.lookup(row.name) if self.peer else None
            if ours is None and peers is None:
                continue
            share = self.ours.shares.get(row.name)
            form = "{:.1f} %" if row.unit == "%" else "{:.4g} " + row.unit
            target = row.targets[0] if row.targets else None
            cells: list[Text | str] = [
                row.title,
                f"{share.hits} of {share.of}" if share else "",
                _judged(ours, target, form, row.scale),
                "" if target is None else form.format(target * row.scale).strip(),
            ]
            if self.peer is not None:
                cells += [_plain(peers, form, row.scale), _plain(self._ratio(row.name), "{:.2f}")]
            table.add_row(*cells)
        return table

    def _ratio(self, name: str) -> float | None:
        ours, peer = self.ours.lookup(name), self.peer.lookup(name) if self.peer else None
        return ours / peer if ours is not None and peer else None


def _plain(value: float | None, form: str, scale: float = 1.0) -> str:
    return "–" if value is None else form.format(value * scale).strip()


def _judged(value: float | None, target: float | None, form: str, scale: float = 1.0) -> Text:
    style = "" if value is None or target is None else "green" if value <= target else "red"
    return Text(_plain(value, form, scale), style=style)
