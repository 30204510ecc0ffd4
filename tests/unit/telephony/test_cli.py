"""The command line: exit status, and failures as lines."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.stores.errors import StoreUnavailable
from telephony import cli
from telephony.serve import RefusedToServe
from telephony.server import BindError

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("TWILIO_", "DEEPGRAM_", "OPENAI_", "ELEVENLABS_", "NGX_")) or name in {"PORT", "PLAYBOOK"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.build_cli(), list(arguments))


def test_help_names_the_commands():
    result = run("--help")
    assert result.exit_code == 0
    for name in ("serve", "doctor", "playbook"):
        assert name in result.output


@pytest.mark.parametrize("arguments", [("no-such-command",), ("serve", "--no-such-option"), ("playbook", "check")])
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_malformed_settings_are_lines_and_exit_with_1(command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("PUBLIC_URL", "https://voice.example.com/path")
    result = run(command)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and "Traceback" not in result.output
    assert lines[0].startswith("ngx-voice: PORT: ") and lines[1].startswith("ngx-voice: PUBLIC_URL: ")


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable("Redis does not answer"),
        ExceptionGroup("tasks", [BindError("PORT=1: cannot listen")]),
        RefusedToServe("PUBLIC_URL is public"),
        PermissionError(13, "Permission denied", "data"),
    ],
)
def test_what_a_person_can_mend_is_a_line(error: Exception, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit) as caught, cli.failures_in_a_line():
        raise error
    said = capsys.readouterr().err
    assert caught.value.exit_code == 1 and said.startswith("ngx-voice: ") and said.count("\n") == 1


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError), cli.failures_in_a_line():
        raise ZeroDivisionError


def test_a_playbook_is_checked():
    assert run("playbook", "check", "ngx").exit_code == 0


def test_a_broken_playbook_exits_with_1_and_says_where(tmp_path: Path):
    (tmp_path / "playbook.toml").write_text("tiers = [\n")
    result = run("playbook", "check", str(tmp_path))
    assert result.exit_code == 1
    assert str(tmp_path) in result.stdout and "Traceback" not in result.output


def test_an_extra_that_is_missing_is_named_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    point = EntryPoint(name="rehearsal", value="no_such_package.commands:register", group=cli.GROUP)
    monkeypatch.setattr(cli, "entry_points", lambda *, group: [point])
    result = run("--help")
    assert result.exit_code == 0 and "serve" in result.output
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no_such_package" in said and "ngx-voice[rehearsal]" in said


def test_an_entry_point_adds_its_commands(monkeypatch: pytest.MonkeyPatch):
    class Point:
        name = "more"

        def load(self):
            def register(app: typer.Typer) -> None:
                @app.command()
                def greet() -> None:
                    typer.echo("hello")

            return register

    monkeypatch.setattr(cli, "entry_points", lambda *, group: [Point()])
    assert run("greet").output == "hello\n"


def test_importing_the_command_line_loads_none_of_the_heavy_rooms():
    code = (
        "import sys, telephony.cli; telephony.cli.build_cli(); "
        "print([name for name in ('pipecat', 'sqlalchemy', 'fastapi', 'twilio', 'redis', 'numpy', 'matplotlib') "
        "if name in sys.modules])"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environ)
    assert done.stdout.strip() == "[]", done.stderr
