"""How stirred a caller sounds: arousal from pitch, spectrum, level, rate and pauses, against the caller's own voice.

A label learnt on one corpus does not carry to another; arousal does. It is calibrated on the caller's calm parts:
before any, the voice is held against the people trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bot.analysis.voice_frames import HOP, HOP_SECONDS, WINDOW, Floats, FrameReader, Frames
from bot.analysis.voice_shape import FEATURES, LEAST_VOICED, shape_of, voiced_mask

ARTEFACT: Final = Path(__file__).parent / "models" / "arousal.npz"
NEUTRAL: Final = 0.3
"""Arousal while nothing is known of the voice, as `Emotion` has it."""

_HALF_CALIBRATED: Final = 1.5  # calm seconds with which the caller's own voice counts as much as the population
_CALIBRATED: Final = 60.0  # calm seconds after which the baseline stands
_LEAST_CALM: Final = 0.05  # share that even a stirred turn adds: a voice always bright is learnt in the end
_BATCH: Final = 10 * HOP  # samples; the small pieces of a telephone are measured together, which is cheaper
_LONGEST_TURN: Final = round(15.0 / HOP_SECONDS)  # frames; a turn is judged by its last 15 s
_FULL_SCALE: Final = 32768.0


class VoiceModelError(Exception):
    """The artefact cannot be used."""


@dataclass(frozen=True, kw_only=True)
class VoiceReading:
    """What a turn's voice shows so far: `arousal` 0..1 (high from 0.5), `seconds` heard, `voiced_seconds` of them with
    voice, its median `pitch_hz` (None while too little is voiced), `calibrated` 0..1: how far the caller's own voice
    is known."""

    arousal: float
    seconds: float
    voiced_seconds: float
    pitch_hz: float | None
    calibrated: float


@dataclass(frozen=True, kw_only=True)
class ArousalModel:
    """Two linear judges over the features of `voice_shape`: against the population, and against the caller's own
    calm voice. Arrays are (features,); weights of unused features are 0. Frozen, shared by all calls."""

    mean: Floats
    scale: Floats
    population: Floats
    population_bias: float
    own: Floats
    own_bias: float

    @staticmethod
    def load(path: Path = ARTEFACT) -> ArousalModel:
        """The trained model.

        Raises VoiceModelError where the file is missing, broken or made for other features.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                names = [str(name) for name in held["features"]]
                arrays = {
                    key: np.asarray(held[key], dtype=np.float64) for key in ("mean", "scale", "population", "own")
                }
                biases = {key: float(held[key]) for key in ("population_bias", "own_bias")}
        except (OSError, KeyError, ValueError) as error:
            raise VoiceModelError(f"{path}: expected the arousal model, got {error}; retrain it") from error
        if names != FEATURES or any(array.shape != (len(FEATURES),) for array in arrays.values()):
            raise VoiceModelError(f"{path}: made for other features than {', '.join(FEATURES)}; retrain it")
        return ArousalModel(
            mean=arrays["mean"],
            scale=arrays["scale"],
            population=arrays["population"],
            population_bias=biases["population_bias"],
            own=arrays["own"],
            own_bias=biases["own_bias"],
        )

    def logit(self, shape: Floats, *, baseline: Floats | None, calibrated: float) -> float:
        """Log odds of high arousal; `baseline` is the caller's calm shape, `calibrated` its weight 0..1."""
        known = float((shape - self.mean) / self.scale @ self.population) + self.population_bias
        if baseline is None:
            return known
        own = float((shape - baseline) / self.scale @ self.own) + self.own_bias
        return (1 - calibrated) * known + calibrated * own


class Calibration:
    """A caller's own calm voice, learnt turn by turn; one for each caller, kept in memory only and never stored."""

    def __init__(self) -> None:
        self._sum = np.zeros(len(FEATURES))
        self._seconds = 0.0

    @property
    def seconds(self) -> float:
        """Calm seconds learnt."""
        return self._seconds

    @property
    def weight(self) -> float:
        """How much the caller's own voice counts, 0..1."""
        return self._seconds / (self._seconds + _HALF_CALIBRATED)

    @property
    def baseline(self) -> Floats | None:
        """The calm shape, or None before the first turn."""
        return self._sum / self._seconds if self._seconds > 0 else None

    def learn(self, shape: Floats, *, seconds: float, arousal: float) -> None:
        """Take a turn in, the more the calmer it was, until the baseline stands."""
        if self._seconds >= _CALIBRATED:
            return
        weight = seconds * ((1 - arousal) ** 2 + _LEAST_CALM)
        self._sum += weight * shape
        self._seconds += weight


class ProsodyMeter:
    """Measures one caller's voice while it comes in. `push` costs well under 10 ms for a second of audio; call it and
    `reading` off the frame path. Not shared between calls."""

    def __init__(self, *, model: ArousalModel, calibration: Calibration | None = None) -> None:
        self._model = model
        self._calibration = calibration if calibration is not None else Calibration()
        self._reader = FrameReader()
        self._rest = np.zeros(0)
        self._parts: list[Frames] = []
        self._samples = 0

    @property
    def calibration(self) -> Calibration:
        """The caller's calibration."""
        return self._calibration

    def push(self, pcm16: bytes) -> None:
        """Hear more of the turn: 16 bit little-endian mono samples at 8 kHz, in pieces of any length.

        Raises ValueError for half a sample.
        """
        if len(pcm16) % 2:
            raise ValueError(f"expected whole 16 bit samples, got {len(pcm16)} bytes")
        self.hear(np.frombuffer(pcm16, dtype="<i2") / _FULL_SCALE)

    def hear(self, samples: Floats) -> None:
        """As `push`, with floats in −1..1."""
        self._samples += len(samples)
        self._rest = np.concatenate([self._rest, samples])
        if len(self._rest) >= WINDOW + _BATCH:
            self._measure()

    def reading(self) -> VoiceReading:
        """What the turn shows so far."""
        return self._read()[0]

    def end_turn(self) -> VoiceReading:
        """The turn's last reading; the calibration learns from it and the next turn begins."""
        reading, shape = self._read()
        if shape is not None:
            self._calibration.learn(shape, seconds=reading.seconds, arousal=reading.arousal)
        self._rest, self._parts, self._samples = np.zeros(0), [], 0
        return reading

    def _measure(self) -> None:
        frames = self._reader.read(self._rest)
        self._rest = self._rest[len(frames) * HOP :]
        self._parts.append(frames)
        if sum(len(part) for part in self._parts) > 2 * _LONGEST_TURN:
            self._parts = [Frames.joined(self._parts).last(_LONGEST_TURN)]

    def _read(self) -> tuple[VoiceReading, Floats | None]:
        self._measure()
        frames = Frames.joined(self._parts).last(_LONGEST_TURN)
        shape = shape_of(frames)
        voiced = voiced_mask(frames)
        count = int(voiced.sum())
        weight = self._calibration.weight
        arousal = NEUTRAL
        if shape is not None:
            logit = self._model.logit(shape, baseline=self._calibration.baseline, calibrated=weight)
            arousal = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
        reading = VoiceReading(
            arousal=arousal,
            seconds=self._samples / (HOP / HOP_SECONDS),
            voiced_seconds=count * HOP_SECONDS,
            pitch_hz=float(np.median(frames.pitch_hz[voiced])) if count >= LEAST_VOICED else None,
            calibrated=weight,
        )
        return reading, shape
