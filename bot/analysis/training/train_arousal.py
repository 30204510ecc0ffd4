"""Trains arousal from the voice on EmoDB and measures it: `python -m bot.analysis.training.train_arousal CORPORA`.

`CORPORA` holds data/emodb_de/dev (trained on) and data/ravdess_en/dev (measured only, never trained on).
Needs numpy, soundfile and soxr. Writes models/arousal.npz; prints the figures for its card.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
import soxr  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from bot.analysis.prosody import ARTEFACT, ArousalModel, Calibration, ProsodyMeter
from bot.analysis.voice_frames import SAMPLE_RATE, Floats, FrameReader
from bot.analysis.voice_shape import FEATURES, LEVEL, shape_of

HIGH: Final = frozenset({"angry", "happy"})
LOW: Final = frozenset({"neutral", "calm", "sad"})
WIDER_HIGH: Final = HIGH | {"fearful"}
UNUSED: Final = frozenset({"level", "voiced", "pauses", "syllables", "voiced_run"})
"""Level: studio corpora are levelled clip by clip. Rhythm: it knows the corpus's sentences and language. Chosen by
training on one sex and testing on the other through another microphone."""
LEVEL_A_DECIBEL: Final = 0.1
"""Log odds that each decibel above the caller's own calm level adds: not learnt (see UNUSED) but set, low, from what is
known of vocal effort (about 5 to 10 dB from calm to angry speech)."""

_POPULATION_PENALTY: Final = 0.5  # of L2, a clip
_OWN_PENALTY: Final = 0.1
_SPOILT: Final = 7
_DRAWS: Final = 2
_CALIBRATION_SECONDS: Final = 15.0
_ORDERS: Final = 10
_SEED: Final = 4


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A sentence of a speaker: its samples, whether it is high, and its shapes: clean, then through
    telephones and from voices like it."""

    speaker: str
    label: str
    samples: Floats
    shapes: tuple[Floats, ...]

    @property
    def high(self) -> bool:
        """Whether its label stands for high arousal."""
        return self.label in WIDER_HIGH

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE


def read_clips(folder: Path, *, label: str, speaker: str, labels: Iterable[str], variants: bool) -> list[Clip]:
    """The clips of a corpus folder whose label (column `label`) is one of `labels`."""
    reader, chance = FrameReader(), np.random.default_rng(_SEED)
    rooms: dict[str, tuple[_Room, ...]] = {}
    clips: list[Clip] = []
    wanted = frozenset(labels)
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row[label] not in wanted:
                continue
            samples = _read(folder / "wav8k_ulaw" / row["file"])
            own = rooms.setdefault(row[speaker], tuple(_Room.any(chance) for _ in range(_SPOILT if variants else 0)))
            heard = [samples, *(room.spoil(samples, chance) for room in own)]
            shapes = [shape for one in heard if (shape := shape_of(reader.read(one))) is not None]
            if len(shapes) == len(heard):
                clips.append(Clip(speaker=row[speaker], label=row[label], samples=samples, shapes=tuple(shapes)))
    return clips


def _read(path: Path) -> Floats:
    samples, rate = soundfile.read(path, dtype="float64")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if rate != SAMPLE_RATE:
        raise SystemExit(f"{path}: expected {SAMPLE_RATE} Hz, got {rate}")
    return np.asarray(samples, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class _Room:
    """A speaker's telephone, and how their voice is shifted to make more speakers of few: dB an octave from a knee,
    300–3,400 Hz or not, factor of pitch and speed, noise in dB below the voice (None: none)."""

    slope: float
    knee_hz: float
    narrow: bool
    factor: float
    noise_db: float | None

    @staticmethod
    def any(chance: np.random.Generator) -> _Room:
        return _Room(
            slope=chance.uniform(-4, 4),
            knee_hz=chance.uniform(500, 1500),
            narrow=chance.random() < 0.5,
            factor=chance.uniform(0.84, 1.19) if chance.random() < 0.8 else 1.0,
            noise_db=chance.uniform(12, 30) if chance.random() < 0.7 else None,
        )

    def spoil(self, samples: Floats, chance: np.random.Generator) -> Floats:
        shifted = np.asarray(soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * self.factor), dtype=np.float64)
        hertz = np.fft.rfftfreq(len(shifted), 1 / SAMPLE_RATE)
        gain = 10 ** (self.slope * np.clip(np.log2(np.maximum(hertz, 100) / self.knee_hz), -2, 3) / 20)
        if self.narrow:
            gain = gain / np.sqrt(1 + (300 / np.maximum(hertz, 1)) ** 8) / np.sqrt(1 + (hertz / 3400) ** 16)
        heard = np.fft.irfft(np.fft.rfft(shifted) * gain, len(shifted))
        return heard if self.noise_db is None else _noisy(heard, self.noise_db, chance)


def _noisy(samples: Floats, decibels: float, chance: np.random.Generator) -> Floats:
    level = np.sqrt(np.mean(samples**2) / 10 ** (decibels / 10))
    return samples + level * chance.standard_normal(len(samples))


def train(clips: Sequence[Clip]) -> ArousalModel:
    """The model of these clips. The second judge learns from baselines as `Calibration` makes them (calm parts of
    mixed turns) and from calm turns alone."""
    chance = np.random.default_rng(_SEED)
    shapes = np.stack([shape for clip in clips for shape in clip.shapes])
    high = np.array([clip.high for clip in clips for _ in clip.shapes])
    clean = np.stack([clip.shapes[0] for clip in clips])
    mean, scale = shapes.mean(axis=0), clean.std(axis=0)
    population, bias = _fit((shapes - mean) / scale, high, penalty=_POPULATION_PENALTY)
    first = ArousalModel(
        mean=mean,
        scale=scale,
        population=population,
        population_bias=bias,
        own=np.zeros_like(population),
        own_bias=0.0,
    )
    rows: list[Floats] = []
    truths: list[bool] = []
    for speaker in sorted({clip.speaker for clip in clips}):
        own = [clip for clip in clips if clip.speaker == speaker]
        for variant in range(len(own[0].shapes)):
            for _ in range(_DRAWS):
                for calm_only in (False, True):
                    baseline = _baseline(own, variant, first, calm_only, chance)
                    rows.extend((clip.shapes[variant] - baseline) / scale for clip in own)
                    truths.extend(clip.high for clip in own)
    weights, own_bias = _fit(np.stack(rows), np.array(truths), penalty=_OWN_PENALTY)
    weights[LEVEL] = LEVEL_A_DECIBEL * scale[LEVEL]
    return ArousalModel(
        mean=mean, scale=scale, population=population, population_bias=bias, own=weights, own_bias=own_bias
    )


def _baseline(
    own: list[Clip], variant: int, model: ArousalModel, calm_only: bool, chance: np.random.Generator
) -> Floats:
    calibration, seconds = Calibration(), 0.0
    for index in _order(len(own), chance):
        clip = own[index]
        if calm_only and clip.high:
            continue
        shape = clip.shapes[variant]
        logit = model.logit(shape, baseline=None, calibrated=0.0)
        arousal = 0.0 if calm_only else 1 / (1 + float(np.exp(-logit)))
        calibration.learn(shape, seconds=clip.seconds, arousal=arousal)
        seconds += clip.seconds
        if seconds >= _CALIBRATION_SECONDS:
            break
    baseline = calibration.baseline
    if baseline is None:
        raise SystemExit(f"speaker {own[0].speaker}: no calm clip to calibrate on")
    return baseline


def _order(count: int, chance: np.random.Generator) -> list[int]:
    return [int(index) for index in chance.permutation(count)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _fit(rows: Floats, high: NDArray[np.bool_], *, penalty: float) -> tuple[Floats, float]:
    """Logistic regression by Newton's steps, classes weighted alike, L2; weights of UNUSED stay 0."""
    used = np.array([name not in UNUSED for name in FEATURES])
    inputs = np.concatenate([rows[:, used], np.ones((len(rows), 1))], axis=1)
    share = float(high.mean())
    weight: Floats = np.where(high, 0.5 / share, 0.5 / (1 - share)).astype(np.float64)
    ridge = np.eye(inputs.shape[1]) * penalty * len(rows)
    ridge[-1, -1] = 1e-6
    found = np.zeros(inputs.shape[1])
    for _ in range(30):
        guess = 1 / (1 + np.exp(-inputs @ found))
        curve: Floats = (inputs * (weight * guess * (1 - guess))[:, None]).T @ inputs + ridge
        found -= np.linalg.solve(curve, inputs.T @ (weight * (guess - high)) + ridge @ found)
    weights = np.zeros(len(FEATURES))
    weights[used] = found[:-1]
    return weights, float(found[-1])


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Accuracy, mean of both classes' recalls, Brier score, and items."""

    accuracy: float
    balanced: float
    brier: float
    items: int

    def __str__(self) -> str:
        margin = 1.96 * (self.accuracy * (1 - self.accuracy) / max(self.items, 1)) ** 0.5
        return (
            f"accuracy {self.accuracy:.3f} ±{margin:.3f}, balanced {self.balanced:.3f}, "
            f"Brier {self.brier:.3f}, n {self.items}"
        )


def measure(model: ArousalModel, clips: Sequence[Clip], *, calibrate: str) -> list[tuple[float, bool]]:
    """(arousal, truth) of each clip through ProsodyMeter. `calibrate`: "no"; "running": each speaker's clips in a
    random order, each judged before it is learnt from (several orders); "calm": after calm clips of up to 15 s."""
    chance = np.random.default_rng(_SEED)
    results: list[tuple[float, bool]] = []
    for speaker in sorted({clip.speaker for clip in clips}):
        own = [clip for clip in clips if clip.speaker == speaker]
        for _ in range(1 if calibrate == "no" else _ORDERS):
            order = [own[index] for index in _order(len(own), chance)]
            if calibrate == "calm":
                results.extend(_after_calm(model, order))
                continue
            calibration = Calibration()
            for clip in order:
                meter = ProsodyMeter(model=model, calibration=calibration if calibrate == "running" else None)
                meter.hear(clip.samples)
                results.append((meter.end_turn().arousal, clip.high))
    return results


def _after_calm(model: ArousalModel, order: list[Clip]) -> list[tuple[float, bool]]:
    calibration, seconds, learnt = Calibration(), 0.0, set[int]()
    for index, clip in enumerate(order):
        if not clip.high and seconds < _CALIBRATION_SECONDS:
            calibration.learn(clip.shapes[0], seconds=clip.seconds, arousal=0.0)
            seconds += clip.seconds
            learnt.add(index)
    results: list[tuple[float, bool]] = []
    for index, clip in enumerate(order):
        if index not in learnt:
            logit = model.logit(clip.shapes[0], baseline=calibration.baseline, calibrated=calibration.weight)
            results.append((1 / (1 + float(np.exp(-logit))), clip.high))
    return results


def figures(results: Sequence[tuple[float, bool]], *, items: int) -> Figures:
    """Figures of (arousal, truth); `items` is the number of different clips behind them."""
    guess = np.array([arousal for arousal, _ in results])
    truth = np.array([high for _, high in results])
    right = (guess >= 0.5) == truth
    return Figures(
        accuracy=float(right.mean()),
        balanced=float((right[truth].mean() + right[~truth].mean()) / 2),
        brier=float(np.mean((guess - truth) ** 2)),
        items=items,
    )


def save(model: ArousalModel, path: Path) -> None:
    """Write the artefact."""
    np.savez(
        path,
        features=np.array(FEATURES),
        mean=model.mean,
        scale=model.scale,
        population=model.population,
        population_bias=model.population_bias,
        own=model.own,
        own_bias=model.own_bias,
    )


def main() -> None:
    """Cross-validate by speaker, train on all, measure on the other corpus, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--look", action="store_true", help="measure on RAVDESS too")
    arguments = parser.parse_args()
    data = arguments.corpora / "data"
    clips = read_clips(data / "emodb_de" / "dev", label="label", speaker="speaker", labels=HIGH | LOW, variants=True)
    out = sys.stdout.write
    for calibrate in ("no", "running", "calm"):
        results: list[tuple[float, bool]] = []
        for speaker in sorted({clip.speaker for clip in clips}):
            model = train([clip for clip in clips if clip.speaker != speaker])
            results += measure(model, [clip for clip in clips if clip.speaker == speaker], calibrate=calibrate)
        out(f"EmoDB, speaker left out, calibration {calibrate}: {figures(results, items=len(clips))}\n")
    model = train(clips)
    save(model, ARTEFACT)
    if not arguments.look:
        return
    for name, high in (("angry happy / neutral calm sad", HIGH), ("the same and fearful", WIDER_HIGH)):
        other = read_clips(
            data / "ravdess_en" / "dev", label="emotion", speaker="actor", labels=high | LOW, variants=False
        )
        for calibrate in ("no", "running", "calm"):
            found = figures(measure(model, other, calibrate=calibrate), items=len(other))
            out(f"RAVDESS ({name}), calibration {calibrate}: {found}\n")


if __name__ == "__main__":
    main()
