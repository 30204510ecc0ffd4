"""A linear model over blocks of hashed features, as it is stored and asked; numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.analysis.models.concepts import concepts_digest

Floats = NDArray[np.float32]
FORMAT: Final = 1
_TINY: Final = 1e-9


class ModelError(ValueError):
    """A stored model cannot be used; says which, why, and what to do."""


@dataclass(frozen=True)
class Seen:
    """One block of what is seen of a text: features' numbers (distinct, sorted) and how much of each."""

    numbers: NDArray[np.uint32]
    amounts: Floats


@dataclass(frozen=True)
class BlockWeights:
    """What is known of a block's features: numbers (sorted), their inverse document frequency, and a row of weights
    each, in steps of `scale` (one a label)."""

    numbers: NDArray[np.uint32]
    idf: Floats
    weights: NDArray[np.int8]
    scale: Floats

    def logits(self, seen: Seen) -> Floats:
        """What the block speaks for, by label: its features are weighted by rarity and brought to length 1."""
        places, amounts = self.known(seen)
        if not len(places):
            return np.zeros(len(self.scale), dtype=np.float32)
        return (amounts @ self.weights[places].astype(np.float32)) * self.scale

    def known(self, seen: Seen) -> tuple[NDArray[np.int64], Floats]:
        """Where the features stand that the model knows, and their amounts after weighting."""
        if not len(self.numbers) or not len(seen.numbers):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        places = np.minimum(np.searchsorted(self.numbers, seen.numbers), len(self.numbers) - 1)
        there = self.numbers[places] == seen.numbers
        places = places[there]
        amounts = seen.amounts[there] * self.idf[places]
        return places, amounts / max(float(np.sqrt(amounts @ amounts)), _TINY)


@dataclass(frozen=True)
class LinearModel:
    """Scores labels. `exclusive`: one label holds (softmax); otherwise each is a question of its own (sigmoid), asked
    so that 0.5 is the threshold. `temperature` was found by cross-validation."""

    name: str
    labels: tuple[str, ...]
    blocks: tuple[BlockWeights, ...]
    bias: Floats
    temperature: float
    exclusive: bool

    def logits(self, seen: Sequence[Seen]) -> Floats:
        """By label, before calibration; `seen` has a block for each of the model's."""
        total = self.bias.copy()
        for block, part in zip(self.blocks, seen, strict=True):
            total += block.logits(part)
        return total

    def scores(self, seen: Sequence[Seen]) -> Mapping[str, float]:
        """Every label's score, 0..1; they sum to 1 if exclusive."""
        values = self.logits(seen) / self.temperature
        if self.exclusive:
            powers = np.exp(values - values.max())
            shares = powers / powers.sum()
        else:
            shares = 1.0 / (1.0 + np.exp(-values))
        return dict(zip(self.labels, (float(share) for share in shares), strict=True))

    def save(self, path: Path) -> None:
        """Writes the model as a compressed npz file."""
        arrays: dict[str, Any] = {
            "format": FORMAT,
            "concepts": concepts_digest(),
            "labels": np.array(self.labels),
            "bias": self.bias,
            "temperature": self.temperature,
            "exclusive": self.exclusive,
        }
        for index, block in enumerate(self.blocks):
            arrays[f"numbers{index}"] = block.numbers
            arrays[f"idf{index}"] = block.idf.astype(np.float16)
            arrays[f"weights{index}"] = block.weights
            arrays[f"scale{index}"] = block.scale
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Reads a model.

        Raises:
            ModelError: the file is missing or damaged, of another format, or trained on other concept lists.
        """
        rebuild = "rebuild it with `python -m bot.analysis.training.train`"
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays: dict[str, Any] = dict(stored)
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(f"{path.name}: expected a stored model, found {error}; {rebuild}") from error
        if int(arrays["format"]) != FORMAT:
            raise ModelError(f"{path.name}: expected format {FORMAT}, found {arrays['format']}; {rebuild}")
        if int(arrays["concepts"]) != concepts_digest():
            raise ModelError(f"{path.name}: was trained on other concept lists than concepts.txt; {rebuild}")
        return cls(
            name=path.stem,
            labels=tuple(str(label) for label in arrays["labels"]),
            blocks=tuple(
                BlockWeights(
                    numbers=arrays[f"numbers{index}"],
                    idf=arrays[f"idf{index}"].astype(np.float32),
                    weights=arrays[f"weights{index}"],
                    scale=arrays[f"scale{index}"],
                )
                for index in range(sum(name.startswith("numbers") for name in arrays))
            ),
            bias=arrays["bias"].astype(np.float32),
            temperature=float(arrays["temperature"]),
            exclusive=bool(arrays["exclusive"]),
        )


def seen(numbers: NDArray[np.uint32]) -> Seen:
    """A block in which each feature counts once."""
    return Seen(numbers=numbers, amounts=np.ones(len(numbers), dtype=np.float32))
