"""Latency profiles, fault scripts, and running stand-ins for other processes."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx
import numpy as np
import pytest
import soundfile
from standin_helpers import WAIT_SECONDS

from rehearsal.standins.__main__ import main
from rehearsal.standins.openai import OpenAIStandin
from rehearsal.standins.profile import HALF_OPEN, Dice, Fault, FaultKind, FaultScript, LatencyProfile, refuse, slow
from rehearsal.standins.server import StandinThread, serve
from rehearsal.voices import synthesise


def test_a_spread_field_has_the_published_median_and_95th_percentile() -> None:
    dice = Dice(LatencyProfile.named("published"), seed=1)
    drawn = [dice.draw_ms("flux_end_of_turn_ms") for _ in range(4000)]
    assert np.median(drawn) == pytest.approx(260, rel=0.1)
    assert np.quantile(drawn, 0.95) == pytest.approx(1500, rel=0.15)
    assert {dice.draw_ms("flux_eager_ms") for _ in range(20)} == {120.0}


def test_equal_seeds_draw_equal_delays() -> None:
    profile = LatencyProfile.named("published")
    first, second, other = Dice(profile, seed=5), Dice(profile, seed=5), Dice(profile, seed=6)
    drawn = [first.draw_ms("llm_first_token_ms") for _ in range(5)]
    assert drawn == [second.draw_ms("llm_first_token_ms") for _ in range(5)]
    assert drawn != [other.draw_ms("llm_first_token_ms") for _ in range(5)]


@pytest.mark.parametrize("data", [{"nonsense_ms": 1}, {"nova_final_ms": "fast"}, {"nova_final_ms": -1}])
def test_a_wrong_profile_is_refused_with_the_key(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(data))):
        LatencyProfile.parse("mine", data)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="constant, instant, published"):
        LatencyProfile.named("missing")


def test_faults_hold_for_the_nth_request_or_for_all() -> None:
    script = FaultScript()
    script.on(2, refuse(429))
    assert [script.of(script.begin()) for _ in range(3)] == [None, refuse(429), None]
    open_one = script.begin()
    script.set(HALF_OPEN)
    assert script.of(open_one) == HALF_OPEN
    script.clear()
    assert script.of(open_one) is None


def test_a_fault_is_read_from_json() -> None:
    assert Fault.parse({"kind": "slow", "delay_ms": 250}) == slow(250)
    assert Fault.parse({"kind": "status", "status": 401}).kind is FaultKind.STATUS
    for wrong in ({"kind": "explode"}, {"kind": "slow", "delay": 1}, {}):
        with pytest.raises(ValueError):
            Fault.parse(wrong)


async def test_stopping_a_stand_in_frees_its_port() -> None:
    async with serve(OpenAIStandin()) as address:
        port = address.port
    async with serve(OpenAIStandin(), port=port) as again:
        assert again.port == port
        with pytest.raises(OSError):
            async with serve(OpenAIStandin(), port=port):
                pass


def test_a_thread_serves_synchronous_clients_and_ends() -> None:
    standin = StandinThread(OpenAIStandin())
    with standin:
        answer = httpx.get(f"{standin.address.http}/v1/models", headers={"Authorization": "Bearer x"})
        assert answer.status_code == 200
    with pytest.raises(RuntimeError, match="not running"):
        _ = standin.address


async def test_another_process_gets_the_addresses_and_ends_with_its_parent(tmp_path) -> None:
    soundfile.write(tmp_path / "yes.wav", synthesise("Yes please."), 8000)
    manifest = tmp_path / "clips.json"
    manifest.write_text(json.dumps([{"path": "yes.wav", "transcript": "Yes please."}]))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rehearsal.standins", "--profile", "instant", "--clips", str(manifest),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout
    try:
        async with asyncio.timeout(WAIT_SECONDS), httpx.AsyncClient() as client:
            addresses = json.loads(await process.stdout.readline())
            assert set(addresses) == {"deepgram", "openai", "elevenlabs", "twilio"}
            answer = await client.post(
                addresses["deepgram"]["http"] + "/v1/listen",
                content=(tmp_path / "yes.wav").read_bytes(),
                headers={"Authorization": "Token x"},
            )
            assert answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"] == "yes please"
            process.stdin.close()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_a_wrong_profile_or_manifest_ends_the_command_with_2(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", "missing"]) == 2
    assert "no latency profile" in capsys.readouterr().err
    (tmp_path / "clips.json").write_text('[{"path": "gone.wav", "transcript": "x"}]')
    assert main(["--clips", str(tmp_path / "clips.json")]) == 2
    assert "clips.json" in capsys.readouterr().err
