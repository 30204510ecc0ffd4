"""`ngx-voice rehearse` behind its options: checks them, runs, prints, writes the report."""

from __future__ import annotations

import os
from pathlib import Path

import uvloop
from rich.console import Console
from rich.text import Text

from bot.playbook import PlaybookError
from rehearsal.line import LineSettings
from rehearsal.rehearse.picture import draw_report
from rehearsal.rehearse.rehearsal import Options, rehearse
from rehearsal.rehearse.requirement import Requirement, RequirementError
from rehearsal.rehearse.scenario import ScenarioError, load_scenario
from rehearsal.rehearse.server_process import ServerFailed
from rehearsal.standins.profile import LatencyProfile
from rehearsal.voices import VoiceUnavailable

_FILE_WIDTH = 140
"""Columns of the tables where they go into a file or a log."""


class UsageError(ValueError):
    """The options are wrong: exit status 2."""


def read_options(
    *,
    scenarios: tuple[str, ...],
    profile: str,
    calls: int,
    duration: float | None,
    peer: str,
    server: str,
    seed: int,
    pin: bool,
    niceness: int,
    require: tuple[str, ...],
) -> Options:
    """Check the command line.

    Raises:
        UsageError: an option is wrong; says how.
    """
    if peer not in ("", "plain"):
        raise UsageError(f"--peer knows only plain, got {peer!r}")
    if peer and server:
        raise UsageError("--peer starts servers of its own: it cannot go with --server")
    token = os.environ.get("TWILIO_AUTH_TOKEN")
    if server and not token:
        raise UsageError("--server needs that server's TWILIO_AUTH_TOKEN in the environment, to sign as Twilio does")
    try:
        LatencyProfile.named(profile)
        requirements = tuple(Requirement.parse(text) for text in require)
        for name in scenarios:
            load_scenario(name)
        if server:
            LineSettings(public_url=server, auth_token=token or "")
    except (RequirementError, ScenarioError, ValueError) as error:
        raise UsageError(str(error)) from error
    if any(requirement.ratio for requirement in requirements) and not peer:
        raise UsageError("a ratio: bound needs --peer plain")
    if niceness < 0 and os.geteuid() != 0:
        raise UsageError("only root may run with a negative --niceness")
    corpora = os.environ.get("NGX_CORPORA")
    return Options(
        scenarios=scenarios,
        profile=profile,
        calls_at_once=calls,
        seed=seed,
        duration_seconds=duration,
        with_peer=bool(peer),
        server=server.rstrip("/") or None,
        auth_token=token,
        pin=pin,
        niceness=niceness,
        requirements=requirements,
        corpora=Path(corpora) if corpora else None,
    )


def run(options: Options, *, out: Path) -> int:
    """Rehearse, print, write; 0 when every call was one and every bound was kept."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    try:
        report = uvloop.run(rehearse(options, tell=lambda line: console.print(Text(line, style="dim"))))
        report.show(console)
        paths = [report.save(folder=out), draw_report(report, path=out / "report.png")]
    except (ScenarioError, VoiceUnavailable, ServerFailed, PlaybookError, OSError) as error:
        Console(stderr=True, highlight=False).print(Text(f"ngx-voice: {error}"))
        return 1
    console.print(Text("Report: " + ", ".join(map(str, paths))), soft_wrap=True)
    return 1 if report.failures else 0
