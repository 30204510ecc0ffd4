"""The demo on the terminal: the talk as it happens, then a table of outcomes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.domain import Speaker, Turn
from pipelines.events import CallEvent, CallOver, SentenceBegun, TurnTaken
from rehearsal.demo.result import SceneResult


class Screen:
    """Prints one call after another."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._started_at = 0.0

    def say(self, text: str) -> None:
        """A remark of the demo's own."""
        self._console.print(Text(text, style="dim"))

    def raise_curtain(self, title: str) -> None:
        """A call begins."""
        self._started_at = time.monotonic()
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left")

    def show(self, event: CallEvent) -> None:
        """Something happened in the call."""
        match event:
            case SentenceBegun(text=text, answer_ms=answer_ms):
                note = f"answered in {answer_ms / 1000:.2f} s" if answer_ms is not None else ""
                self._line("NGX", text, note, style="cyan")
            case TurnTaken(turn=turn) if turn.speaker is Speaker.CALLER:
                self._line("Caller", turn.text, describe_turn(turn), style="bold")
            case TurnTaken(turn=turn) if turn.interrupted:
                self._line("", f"(interrupted; heard: “{turn.text}”)", "", style="yellow")
            case CallOver(outcome=outcome):
                self._line("", f"call over: {outcome.value}", "", style="green")
            case _:
                pass

    def _line(self, who: str, words: str, note: str, *, style: str) -> None:
        at = time.monotonic() - self._started_at
        text = Text(f"{int(at) // 60}:{int(at) % 60:02d}  {who:<7}", style="dim")
        text.append(words, style=style)
        if note:
            text.append(f"   {note}", style="dim italic")
        self._console.print(text, soft_wrap=False)

    def show_results(self, results: Sequence[SceneResult]) -> None:
        """The table of outcomes."""
        table = Table(title="Outcomes", title_justify="left", title_style="bold")
        for column in ("call", "outcome", "length", "answers in", "cut", "tier"):
            table.add_column(column)
        for result in results:
            median = result.median_answer_ms
            table.add_row(
                result.title,
                Text(result.outcome, style="green" if result.as_expected else "red"),
                f"{result.seconds:.0f} s",
                f"{median / 1000:.2f} s" if median is not None else "–",
                str(result.interruptions),
                result.tier or "–",
            )
        self._console.print()
        self._console.print(table)

    def show_path(self, path: Path) -> None:
        """Where everything is; the last line."""
        self._console.print(Text(f"Listen, read and look: {path}"), soft_wrap=True)


def describe_turn(turn: Turn) -> str:
    """Emotion, tier and stage of a turn in a few words."""
    parts = [turn.emotion.label.value if turn.emotion else "", turn.tier.key if turn.tier else "", turn.stage.value]
    return " · ".join(part for part in parts if part)
