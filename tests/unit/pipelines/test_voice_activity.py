"""Voice activity: one model, many calls, and edges at speech."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from pipelines.voice_activity import SileroModel, VoiceActivity, VoiceEdge


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
        found += [(at, edge) for edge in activity.push(samples[start : start + chunk].tobytes())]
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
        together += [((start + 160) / 8000, e) for e in mine.push(speech[start : start + 160].tobytes())]
    assert together == alone
