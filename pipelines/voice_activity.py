"""Voice activity: Silero's model, loaded once and shared by all calls, and the judgement of one call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

WINDOW_SAMPLES = 256
"""Samples in one window at 8 kHz (32 ms): what the model takes at a time."""

_CONTEXT_SAMPLES = 32
_RATE = np.array(8000, dtype=np.int64)


class SileroModel:
    """Silero's voice activity model at 8 kHz: one session on one thread; each call brings its own memory.

    The model file is the one pipecat ships, byte-identical to the `silero-vad` package's.
    """

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        path = files("pipecat.audio.vad.data").joinpath("silero_vad.onnx")
        self._session = onnxruntime.InferenceSession(
            path.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def probability(self, window: NDArray[np.float32], memory: SileroMemory) -> float:
        """How likely `window` (256 samples, −1..1) holds speech: 0..1. Updates `memory`; about 0.1 ms."""
        samples = np.concatenate((memory.context, window))[np.newaxis, :]
        outputs = self._session.run(None, {"input": samples, "state": memory.state, "sr": _RATE})
        probability, memory.state = cast("list[NDArray[np.float32]]", outputs)
        memory.context = window[-_CONTEXT_SAMPLES:]
        return float(probability[0, 0])


class SileroMemory:
    """What the model remembers of one call."""

    __slots__ = ("context", "state")

    def __init__(self) -> None:
        self.context: NDArray[np.float32] = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)
        self.state: NDArray[np.float32] = np.zeros((2, 1, 128), dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class VoiceActivityParams:
    """When speech is taken to begin and to end."""

    threshold: float = 0.6
    release_threshold: float = 0.35
    start_seconds: float = 0.16
    stop_seconds: float = 0.2


class VoiceEdge(Enum):
    """A change between speech and silence."""

    STARTED = "started"
    STOPPED = "stopped"


class VoiceActivity:
    """One call's voice activity: feed it samples, it tells when speech starts and stops."""

    def __init__(self, model: SileroModel, params: VoiceActivityParams | None = None) -> None:
        self._model = model
        self.params = params or VoiceActivityParams()
        self._memory = SileroMemory()
        self._pending = np.empty(0, dtype=np.float32)
        window_seconds = WINDOW_SAMPLES / 8000
        self._start_windows = max(1, round(self.params.start_seconds / window_seconds))
        self._stop_windows = max(1, round(self.params.stop_seconds / window_seconds))
        self._run = 0
        self._quiet_windows = 0
        self.speaking = False

    @property
    def silence_seconds(self) -> float:
        """Audio time since the last window that held speech."""
        return self._quiet_windows * WINDOW_SAMPLES / 8000

    def push(self, pcm16: bytes) -> list[VoiceEdge]:
        """Take 16-bit samples at 8 kHz, any number; return the edges they bring, in order."""
        samples = np.frombuffer(pcm16, dtype=np.int16).astype(np.float32) / 32768.0
        self._pending = np.concatenate((self._pending, samples))
        edges: list[VoiceEdge] = []
        while len(self._pending) >= WINDOW_SAMPLES:
            window, self._pending = self._pending[:WINDOW_SAMPLES], self._pending[WINDOW_SAMPLES:]
            edge = self._step(self._model.probability(window, self._memory))
            if edge is not None:
                edges.append(edge)
        return edges

    def _step(self, probability: float) -> VoiceEdge | None:
        self._quiet_windows = 0 if probability >= self.params.threshold else self._quiet_windows + 1
        towards_change = (
            probability < self.params.release_threshold if self.speaking else probability >= self.params.threshold
        )
        self._run = self._run + 1 if towards_change else 0
        if self._run < (self._stop_windows if self.speaking else self._start_windows):
            return None
        self._run = 0
        self.speaking = not self.speaking
        return VoiceEdge.STARTED if self.speaking else VoiceEdge.STOPPED
