"""`ngx-voice rehearse` as a command: its usage, and a short run against its own server and the plain peer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telephony.cli import build_cli

TINY = """
about: one question
calls:
  - times: 1
    voices: [rms]
    steps:
      - {say: "How much does it cost?", kind: question}
      - {listen: 1}
"""


@pytest.mark.parametrize(
    ("arguments", "meaning"),
    [
        (["--profile", "nonsense"], "no latency profile"),
        (["--scenario", "nonsense"], "no scenario"),
        (["--peer", "other"], "only plain"),
        (["--require", "answer"], "expected a bound"),
        (["--require", "ratio:answer.p50<=1"], "--peer plain"),
        (["--server", "http://127.0.0.1:1"], "TWILIO_AUTH_TOKEN"),
    ],
)
def test_wrong_usage_is_named_with_status_2(
    arguments: list[str], meaning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    result = CliRunner().invoke(build_cli(), ["rehearse", *arguments])
    assert result.exit_code == 2
    assert meaning in result.output


def test_an_unreachable_server_is_a_failure_with_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token")
    scenario = tmp_path / "tiny.yaml"
    scenario.write_text(TINY)
    arguments = ["--server", "http://127.0.0.1:9", "--scenario", str(scenario), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(build_cli(), ["rehearse", *arguments])
    assert result.exit_code == 1
    assert "unreachable" in result.output


def test_a_short_run_against_both_servers_leaves_its_report(tmp_path: Path) -> None:
    scenario = tmp_path / "tiny.yaml"
    scenario.write_text(TINY)
    arguments = ["--scenario", str(scenario), "--peer", "plain", "--out", str(tmp_path / "out"), "--no-pin"]
    result = CliRunner().invoke(build_cli(), ["rehearse", *arguments, "--require", "answer.n>=1"])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["ngx"]["series"]["answer"]["n"] == report["plain"]["series"]["answer"]["n"] == 1
    assert report["ratios"]["answer.p50"] > 0
    assert report["ngx"]["single"]["core_per_call"] > 0
    assert (tmp_path / "out" / "report.png").is_file()
