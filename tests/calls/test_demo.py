"""The demo as people run it: the command, its exit status, what it shows and what it leaves."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import wave
from pathlib import Path

import pytest

_COMMAND = (sys.executable, "-m", "telephony", "demo")


async def _run(*arguments: str, folder: Path, seconds: float) -> tuple[int, str]:
    """Run the demo in an empty folder; its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *arguments,
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": os.getcwd()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(seconds):
        printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


def _page(printed: str) -> Path:
    """The page whose path is printed last."""
    return Path(printed.strip().splitlines()[-1].rpartition(": ")[2])


async def test_three_callers_end_as_their_scenes_want_it(tmp_path: Path) -> None:
    status, printed = await _run(folder=tmp_path, seconds=300)
    assert status == 0, printed
    assert [word for word in ("booked", "opted_out") if word in printed] == ["booked", "opted_out"]
    assert "Embedded engines" in printed and "stand-in recogniser" in printed
    page = _page(printed)
    assert page == tmp_path / "demo" / "index.html"
    html = page.read_text("utf-8")
    for key, outcome in (("interested", "booked"), ("optout", "opted_out"), ("spanish", "booked")):
        with wave.open(str(page.with_name(f"{key}.wav"))) as recording:
            assert recording.getnchannels() == 2
            assert recording.getnframes() > 8 * recording.getframerate()
        assert page.with_name(f"{key}.png").read_bytes().startswith(b"\x89PNG")
        transcript = json.loads(page.with_name(f"{key}.json").read_text("utf-8"))
        assert transcript["outcome"] == outcome
        assert {turn["who"] for turn in transcript["turns"]} == {"bot", "caller"}
        assert f"{key}.wav" in html and f"{key}.png" in html


async def test_recorded_human_speech_goes_through_as_the_caller(tmp_path: Path) -> None:
    corpora = os.environ.get("NGX_CORPORA")
    if corpora is None:
        pytest.skip("NGX_CORPORA is not set: no recorded speech")
    recording = Path(corpora) / "speech/en/harvard_spk1_snt1.wav"
    status, printed = await _run("--caller", str(recording), folder=tmp_path, seconds=120)
    assert status == 0, printed
    page = _page(printed)
    transcript = json.loads(page.with_name("recording.json").read_text("utf-8"))
    assert transcript["turns"][0]["who"] == "bot"
    assert len([turn for turn in transcript["turns"] if turn["who"] == "bot"]) >= 2, "nothing was said to the person"


async def test_a_recording_that_is_none_is_named_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    status, printed = await _run("--caller", "noise.wav", folder=tmp_path, seconds=60)
    assert status == 1
    assert "noise.wav" in printed and "Traceback" not in printed
