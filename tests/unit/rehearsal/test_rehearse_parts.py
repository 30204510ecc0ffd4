"""The parts of a rehearsal: scenario files, casting, figures, bounds, metrics, processes, the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from rehearsal.line import Ear, EchoSettings, Phone, find_speech
from rehearsal.mulaw import FRAME_SAMPLES, RATE, SILENT_FRAME, decode, encode
from rehearsal.rehearse.cast import Cue, cast_scenarios
from rehearsal.rehearse.figures import Figures, percentile
from rehearsal.rehearse.picture import draw_report
from rehearsal.rehearse.process_usage import usage_of
from rehearsal.rehearse.report import Report
from rehearsal.rehearse.requirement import Requirement, RequirementError
from rehearsal.rehearse.scenario import (
    IntoBot,
    Kind,
    ScenarioError,
    load_scenario,
    parse_scenario,
    scenario_names,
)
from rehearsal.rehearse.scrape import Scrape
from rehearsal.rehearse.sounds import SOUNDS, make_sound
from rehearsal.voices import synthesise

ONE_CALL = """
about: one
calls:
  - times: 2
    language: en
    voices: [rms, slt]
    steps:
      - {say: [["My number is", 0.9, "five five five."]], kind: dictation}
      - {sound: [cough, door], kind: noise, when: {into_bot: 1.5}}
      - {listen: 3}
"""


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_with_us_can_be_cast(name: str) -> None:
    cast = cast_scenarios([load_scenario(name)], seed=1, corpora=None)
    assert cast.calls
    assert all(call.steps for call in cast.calls)


def test_the_default_run_has_twenty_cases_of_every_class() -> None:
    scenarios = [scenario for name in scenario_names() if (scenario := load_scenario(name)).by_default]
    cast = cast_scenarios(scenarios, seed=1, corpora=None)
    cues = [cue for call in cast.calls for cue in call.steps if isinstance(cue, Cue)]
    for kind in (Kind.BACKCHANNEL, Kind.NOISE, Kind.SIDE_TALK, Kind.BARGE_IN, Kind.QUESTION, Kind.OPEN_QUESTION):
        assert sum(cue.kind is kind for cue in cues) >= 20, kind
    assert sum(len(cue.pauses) for cue in cues) >= 20


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("into_bot: 1.5", "into_bot: soon"), "steps[2]: when"),
        (("kind: noise", "kind: party"), "steps[2]: kind"),
        (("listen: 3", "listen: 3000"), "steps[3]: listen"),
        (("times: 2", "times: none"), "times"),
        (("language: en", "language: de"), "language"),
        (("{listen: 3}", "{listen: 3, say: hello}"), "steps[3]"),
        (("0.9,", "-0.9,"), "steps[1]: say"),
        (("about: one", "abuot: one"), "unknown key abuot"),
        (("calls:", "calls: ["), "no YAML"),
    ],
)
def test_a_broken_scenario_is_refused_with_its_place(change: tuple[str, str], place: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(ONE_CALL.replace(*change), name="broken")
    assert place in str(caught.value)


def test_an_unknown_scenario_names_those_that_there_are() -> None:
    with pytest.raises(ScenarioError, match="talk"):
        load_scenario("nonsense")


def test_marked_pauses_are_as_long_as_they_are_marked() -> None:
    cast = cast_scenarios([parse_scenario(ONE_CALL, name="one")], seed=1, corpora=None)
    cue = cast.calls[0].steps[0]
    assert isinstance(cue, Cue)
    [pause] = cue.pauses
    assert pause.end - pause.start == pytest.approx(0.9, abs=0.001)
    silent = cue.audio[round(pause.start * RATE) : round(pause.end * RATE)]
    assert not silent.any()
    before, after = find_speech(encode(cue.audio), merge_seconds=0.6)
    assert before.end == pytest.approx(pause.start, abs=0.06)
    assert after.start == pytest.approx(pause.end, abs=0.06)


def has_moment(cue: Cue) -> bool:
    return isinstance(cue.when, IntoBot)


def test_equal_seeds_cast_equal_calls_and_others_do_not() -> None:
    scenario = parse_scenario(ONE_CALL, name="one")
    moments = [
        [step.when.seconds for call in cast.calls for step in call.steps if isinstance(step, Cue) and has_moment(step)]
        for cast in (cast_scenarios([scenario], seed=seed, corpora=None) for seed in (1, 1, 2))
    ]
    assert moments[0] == moments[1] != moments[2]


def test_missing_recordings_are_replaced_and_said_so() -> None:
    cast = cast_scenarios([load_scenario("talk")], seed=1, corpora=None)
    assert any("NGX_CORPORA" in remark for remark in cast.remarks)


@pytest.mark.skipif("NGX_CORPORA" not in os.environ, reason="NGX_CORPORA is not set: no recorded speech here")
def test_recorded_callers_are_known_to_the_recogniser_by_their_words() -> None:
    cast = cast_scenarios([load_scenario("talk")], seed=1, corpora=Path(os.environ["NGX_CORPORA"]))
    assert not cast.remarks
    assert any(clip.transcript == "Something is terribly wrong." for clip in cast.clips)


def test_the_clips_manifest_is_what_the_recogniser_reads(tmp_path: Path) -> None:
    from rehearsal.standins.clips import ClipBook

    cast = cast_scenarios([parse_scenario(ONE_CALL, name="one")], seed=1, corpora=None)
    assert ClipBook().add_manifest(cast.write_clips(tmp_path)) == len(cast.clips) == 4


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_made_sounds_can_be_heard_and_do_not_clip(name: str) -> None:
    sound = make_sound(name, seed=3)
    assert sound.dtype == np.int16
    assert find_speech(encode(sound))
    assert int(np.abs(sound.astype(np.int32)).max()) < 32767
    assert not np.array_equal(sound, make_sound(name, seed=4))


def test_echo_comes_back_late_and_quieter() -> None:
    phone = Phone(noise_dbfs=None, echo=EchoSettings(gain_db=-20.0, delay_seconds=0.2))
    voice = encode(synthesise("Hello there, this is a test of the echo."))[: 60 * FRAME_SAMPLES]
    back = bytearray()
    for start in range(0, len(voice), FRAME_SAMPLES):
        phone.hear(frame=voice[start : start + FRAME_SAMPLES])
        back += phone.speak()
    for _ in range(20):
        phone.hear(frame=SILENT_FRAME)
        back += phone.speak()
    said, heard = decode(voice).astype(float), decode(back).astype(float)
    lag = int(np.argmax(np.correlate(heard, said, "valid")))
    assert lag / RATE == pytest.approx(0.2, abs=0.01)  # the room adds its own
    loss = 10 * np.log10(np.sum(heard**2) / np.sum(said**2))
    assert loss == pytest.approx(-20, abs=2.5)


def test_an_echo_louder_than_its_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="gain_db"):
        EchoSettings(gain_db=3.0, delay_seconds=0.2)


def test_percentiles_lie_between_their_neighbours() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert percentile([4.0, 1.0, 3.0, 2.0], 95) == pytest.approx(3.85)
    assert percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_figures_of_several_calls_add_up() -> None:
    one, other = Figures(), Figures()
    one.add("answer", 0.2)
    one.count("missed_turn", False)
    other.add("answer", 0.4)
    other.count("missed_turn", True)
    one.merge(other)
    assert one.lookup("answer.p50") == pytest.approx(0.3)
    assert one.lookup("missed_turn") == 0.5
    assert one.lookup("answer.n") == 2
    assert one.lookup("unheard_of") is None


def filled(answer: float) -> Figures:
    figures = Figures(single={"core_per_call": 0.05})
    figures.add("answer", answer)
    figures.count("false_stop_noise", False)
    return figures


@pytest.mark.parametrize(
    ("bound", "kept"),
    [
        ("answer.p95<=0.5", True),
        ("answer.p95 <= 0.3", False),
        ("answer.n>=1", True),
        ("ratio:answer.p50<=0.6", True),
        ("ratio:answer.p50<=0.4", False),
        ("false_stop_noise<=0.05", True),
        ("yield.p95<=0.3", False),
    ],
)
def test_bounds_are_kept_or_not(bound: str, kept: bool) -> None:
    assert (Requirement.parse(bound).failure(filled(0.4), filled(0.8)) is None) is kept


@pytest.mark.parametrize("text", ["answer.p95<0.5", "answer", "<=3", "answer.p95<=fast"])
def test_a_bound_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RequirementError, match="expected a bound like"):
        Requirement.parse(text)


def test_quantiles_count_only_what_was_observed_in_between() -> None:
    form = 'lag_bucket{{le="0.01"}} {}\nlag_bucket{{le="0.1"}} {}\nlag_bucket{{le="+Inf"}} {}\ncalls_total{{a="b"}} 3\n'
    before, after = Scrape.parse(form.format(100, 100, 100)), Scrape.parse(form.format(100, 110, 110))
    assert after.quantile_since(before, "lag", 0.5) == pytest.approx(0.055)
    assert before.quantile_since(before, "lag", 0.5) is None
    assert after.total("calls_total") == 3


def test_usage_counts_children_too() -> None:
    child = "import time; [x for x in range(10**7)]; time.sleep(9)"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(9)"
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        deadline = time.monotonic() + 8
        usage = usage_of(process.pid)
        while (usage.processes < 2 or usage.cpu_seconds < 0.1) and time.monotonic() < deadline:
            time.sleep(0.05)
            usage = usage_of(process.pid)
        process.kill()
    assert usage.processes == 2
    assert usage.cpu_seconds >= 0.1
    assert usage.memory_mb > 5
    assert usage_of(process.pid).processes == 0


def test_a_report_is_written_shown_and_drawn(tmp_path: Path) -> None:
    report = Report(about={"profile": "constant"}, ours=filled(0.4), peer=filled(0.8), failures=("a call failed",))
    content = json.loads(report.save(folder=tmp_path / "new").read_text())
    assert content["ngx"]["series"]["answer"]["p50"] == 0.4
    assert content["ratios"]["answer.p50"] == 0.5
    assert content["failures"] == ["a call failed"]
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    report.show(console)
    shown = console.export_text()
    assert "0.400" in shown and "a call failed" in shown and "0 of 1" in shown
    assert draw_report(report, path=tmp_path / "report.png").stat().st_size > 10_000


@pytest.mark.parametrize("merge_seconds", [0.05, 0.3, 1.5])
def test_speech_found_at_once_is_what_an_ear_finds_frame_by_frame(merge_seconds: float) -> None:
    words = np.concatenate([synthesise("Wait a moment."), np.zeros(3001, np.int16), synthesise("Here I am.")])
    data = encode(words)
    ear = Ear(merge_seconds=merge_seconds)
    for start in range(0, len(data), FRAME_SAMPLES):
        ear.hear(frame=data[start : start + FRAME_SAMPLES], position=start)
    assert find_speech(data, merge_seconds=merge_seconds) == ear.segments()
    assert find_speech(b"") == ()
