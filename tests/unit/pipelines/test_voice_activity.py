"""Voice activity: one model, many calls, and edges at speech."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from pipelines.voice_activity import (
    SILENT_DB,
    WINDOW_SECONDS,
    SileroMemory,
    SileroModel,
    VoiceActivity,
    VoiceActivityParams,
    VoiceEdge,
)


@pytest.fixture(scope="module")
def model() -> SileroModel:
    return SileroModel()


@pytest.fixture(scope="module")
def speech() -> NDArray[np.int16]:
    """A recorded sentence at 8 kHz between two seconds of silence."""
    corpora = os.environ.get("NGX_CORPORA")
    if corpora is None:
        pytest.skip("NGX_CORPORA is not set: no recorded speech")
    samples, rate = soundfile.read(Path(corpora) / "speech/en/harvard_spk1_snt1.wav", dtype="float32")
    at_8k = soxr.resample(samples, rate, 8000)
    silence = np.zeros(16000, dtype=np.float32)
    return (np.concatenate((silence, at_8k / np.abs(at_8k).max() * 0.5, silence)) * 32767).astype(np.int16)


def _edges(activity: VoiceActivity, samples: NDArray[np.int16], chunk: int = 160) -> list[tuple[float, VoiceEdge]]:
    found: list[tuple[float, VoiceEdge]] = []
    for start in range(0, len(samples), chunk):
        at = (start + chunk) / 8000
        windows = activity.push(samples[start : start + chunk].tobytes())
        found += [(at, window.edge) for window in windows if window.edge is not None]
    return found


def test_speech_starts_after_silence_and_stops_before_it(model: SileroModel, speech: NDArray[np.int16]) -> None:
    edges = _edges(VoiceActivity(model), speech)
    assert edges[0][1] is VoiceEdge.STARTED
    assert 2.0 < edges[0][0] < 2.8
    assert edges[-1][1] is VoiceEdge.STOPPED


def test_silence_and_steady_noise_are_not_speech(model: SileroModel) -> None:
    noise = np.random.default_rng(1).normal(0, 300, 40000).astype(np.int16)
    assert _edges(VoiceActivity(model), np.zeros(40000, dtype=np.int16)) == []
    assert _edges(VoiceActivity(model), noise) == []


def test_the_size_of_chunks_does_not_matter(model: SileroModel, speech: NDArray[np.int16]) -> None:
    kinds = [[edge for _, edge in _edges(VoiceActivity(model), speech, chunk)] for chunk in (160, 333, 4000)]
    assert kinds[0] == kinds[1] == kinds[2]


def test_calls_that_share_the_model_do_not_disturb_each_other(model: SileroModel, speech: NDArray[np.int16]) -> None:
    alone = _edges(VoiceActivity(model), speech)
    mine, other = VoiceActivity(model), VoiceActivity(model)
    noise = np.random.default_rng(2).normal(0, 3000, len(speech)).astype(np.int16)
    together: list[tuple[float, VoiceEdge]] = []
    for start in range(0, len(speech), 160):
        other.push(noise[start : start + 160].tobytes())
        windows = mine.push(speech[start : start + 160].tobytes())
        together += [((start + 160) / 8000, window.edge) for window in windows if window.edge is not None]
    assert together == alone


class _CountingModel(SileroModel):
    """The model, and how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def probability(self, window: NDArray[np.float32], memory: SileroMemory) -> float:
        self.runs += 1
        return super().probability(window, memory)


def _noise(seconds: float, db: float, seed: int = 3) -> NDArray[np.int16]:
    wave = np.random.default_rng(seed).normal(0, 10 ** (db / 20), round(seconds * 8000))
    return (np.clip(wave, -1, 1) * 32767).astype(np.int16)


def test_each_window_tells_its_level_and_its_samples(model: SileroModel) -> None:
    tone = (0.1 * np.sin(2 * np.pi * 500 * np.arange(256) / 8000) * 32768).astype(np.int16)
    windows = VoiceActivity(model).push(tone.tobytes() + np.zeros(256, dtype=np.int16).tobytes())
    assert windows[0].level_db == pytest.approx(-23.0, abs=0.1)
    assert windows[0].samples.tolist() == pytest.approx((tone / 32768).tolist())
    assert windows[1].level_db == SILENT_DB


def test_a_silent_line_and_steady_noise_cost_few_runs_of_the_model() -> None:
    for sound in (np.zeros(80000, dtype=np.int16), _noise(10, -60), _noise(10, -42)):
        model = _CountingModel()
        windows = VoiceActivity(model).push(sound.tobytes())
        assert model.runs < 0.25 * len(windows)


@pytest.mark.parametrize("noise_db", [-60.0, -45.0])
def test_what_is_saved_on_noise_does_not_delay_speech(
    model: SileroModel, speech: NDArray[np.int16], noise_db: float
) -> None:
    line = speech + _noise(len(speech) / 8000, noise_db)[: len(speech)]
    always = VoiceActivityParams(gate_db=-300.0, gate_above_floor_db=-300.0)
    first = [_edges(VoiceActivity(model, params), line)[0] for params in (always, VoiceActivityParams())]
    assert first[0][1] is first[1][1] is VoiceEdge.STARTED
    assert first[1][0] <= first[0][0] + WINDOW_SECONDS


def test_speech_and_silence_are_measured_in_audio_time(model: SileroModel, speech: NDArray[np.int16]) -> None:
    activity = VoiceActivity(model)
    lasted = 0.0
    for window_start in range(0, len(speech), 256):
        activity.push(speech[window_start : window_start + 256].tobytes())
        lasted = max(lasted, activity.speech_seconds)
    assert 0.3 < lasted < len(speech) / 8000 - 3.5
    assert activity.speech_seconds == 0.0
    assert activity.silence_seconds == pytest.approx(2.0, abs=0.5)
