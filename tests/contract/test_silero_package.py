"""The voice activity model that comes with pipecat is the `silero-vad` package's own: both give equal outputs."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec

import numpy as np
import onnxruntime
import pytest

from pipelines.voice_activity import WINDOW_SAMPLES, SileroMemory, SileroModel


@pytest.mark.skipif(find_spec("silero_vad") is None, reason="silero-vad is not installed: ngx-voice[silero-vad]")
def test_both_models_hear_the_same() -> None:
    spec = find_spec("silero_vad")
    assert spec is not None and spec.submodule_search_locations is not None
    # Its data is read without importing the package, which would bring torch in.
    path = f"{spec.submodule_search_locations[0]}/data/silero_vad.onnx"
    package = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    ours, memory = SileroModel(), SileroMemory()
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros(32, np.float32)
    chance = np.random.default_rng(3)
    for index in range(100):
        tone = np.sin(np.arange(WINDOW_SAMPLES) * (0.05 + 0.002 * index)) * 0.4
        window = (tone + chance.normal(0, 0.05, WINDOW_SAMPLES)).astype(np.float32)
        samples = np.concatenate((context, window))[np.newaxis, :]
        inputs = {"input": samples, "state": state, "sr": np.array(8000, np.int64)}
        theirs, state = package.run(None, inputs)
        context = window[-32:]
        assert ours.probability(window, memory) == pytest.approx(float(theirs[0, 0]), abs=1e-6)


def test_the_model_file_is_where_we_read_it() -> None:
    assert files("pipecat.audio.vad.data").joinpath("silero_vad.onnx").is_file()
