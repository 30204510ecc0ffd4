"""Fits linear models. Few examples and many features: the solution is a sum over examples, so it is sought there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize, minimize_scalar

from bot.analysis.models.linear import BlockWeights, LinearModel, Seen

Matrix = Any
"""A scipy.sparse CSR matrix; its stubs do not type it."""
Doubles = NDArray[np.float64]
_STEPS: Final = 127


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a model is fitted: `strength` of the data against the prior, `balance` of the labels (0: as they come, 1: all
    alike), weights of the blocks, and how often a feature must be seen."""

    strength: float = 5.0
    balance: float = 0.5
    block_weights: tuple[float, ...] = (1.0, 1.0, 1.0)
    min_count: int = 2
    steps: int = 40


@dataclass(frozen=True, kw_only=True)
class Space:
    """The features that a model knows, a block each."""

    numbers: tuple[NDArray[np.uint32], ...]
    idf: tuple[Doubles, ...]
    block_weights: tuple[float, ...]

    @classmethod
    def of(cls, examples: Sequence[Sequence[Seen]], *, settings: Settings) -> Space:
        """The features that come often enough, and how rare they are."""
        numbers: list[NDArray[np.uint32]] = []
        idfs: list[Doubles] = []
        for block in zip(*examples, strict=True):
            found, counts = np.unique(np.concatenate([part.numbers for part in block]), return_counts=True)
            kept = counts >= settings.min_count
            numbers.append(found[kept].astype(np.uint32))
            idfs.append(np.log((1.0 + len(examples)) / (1.0 + counts[kept])) + 1.0)
        return cls(numbers=tuple(numbers), idf=tuple(idfs), block_weights=settings.block_weights[: len(numbers)])

    def matrices(self, examples: Sequence[Sequence[Seen]]) -> list[Matrix]:
        """A row an example, a matrix a block, rows of length sqrt(the block's weight)."""
        return [self._matrix(index, [each[index] for each in examples]) for index in range(len(self.numbers))]

    def _matrix(self, index: int, parts: Sequence[Seen]) -> Matrix:
        blank = np.zeros((0, 1), dtype=np.float32)
        block = BlockWeights(
            numbers=self.numbers[index],
            idf=self.idf[index].astype(np.float32),
            weights=blank.astype(np.int8),
            scale=blank[:, 0],
        )
        known = [block.known(part) for part in parts]
        rows = np.concatenate([np.full(len(places), row) for row, (places, _) in enumerate(known)])
        columns = np.concatenate([places for places, _ in known])
        amounts = np.concatenate([values for _, values in known]) * np.sqrt(self.block_weights[index])
        return sparse.csr_matrix((amounts, (rows, columns)), shape=(len(parts), len(self.numbers[index])))


def kernel(left: Sequence[Matrix], right: Sequence[Matrix]) -> Doubles:
    """How alike examples are."""
    return np.sum([(a @ b.T).toarray() for a, b in zip(left, right, strict=True)], axis=0)


def fit_dual(
    alike: Doubles, targets: Doubles, weights: Doubles, *, settings: Settings, exclusive: bool
) -> tuple[Doubles, Doubles]:
    """Each example's part in each label's score, and the bias. `targets` is one-hot or, if not exclusive, 0/1."""
    count, labels = targets.shape
    pull = settings.strength * weights * (np.ones((1, labels)) if weights.ndim == 2 else 1.0)
    pull = pull if pull.ndim == 2 else pull[:, None]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        parts, bias = flat[: count * labels].reshape(count, labels), flat[count * labels :]
        spread = alike @ parts
        logits = spread + bias
        if exclusive:
            logits = logits - logits.max(axis=1, keepdims=True)
            total = np.log(np.exp(logits).sum(axis=1, keepdims=True))
            value = -(pull * targets * (logits - total)).sum()
            guess = np.exp(logits - total)
        else:
            value = (pull * (np.logaddexp(0.0, logits) - targets * logits)).sum()
            guess = 1.0 / (1.0 + np.exp(-logits))
        slope = pull * (guess - targets)
        gradient = alike @ (slope + parts)
        return float(value + 0.5 * (parts * spread).sum()), np.concatenate([gradient.ravel(), slope.sum(axis=0)])

    found = minimize(
        loss, np.zeros(count * labels + labels), jac=True, method="L-BFGS-B", options={"maxiter": settings.steps}
    ).x
    return found[: count * labels].reshape(count, labels), found[count * labels :]


def balanced(targets: Doubles, weights: Doubles, *, settings: Settings, exclusive: bool) -> Doubles:
    """Examples' weights with rare labels raised."""
    if exclusive:
        mass = (weights[:, None] * targets).sum(axis=0)
        return weights * (targets @ (mass.mean() / np.maximum(mass, 1e-9)) ** settings.balance)
    mass = (weights[:, None] * targets).sum(axis=0) / weights.sum()
    raised = ((1.0 - mass) / np.maximum(mass, 1e-9)) ** settings.balance
    return weights[:, None] * np.where(targets > 0, raised, 1.0)


def calibrate(logits: Doubles, targets: Doubles, *, exclusive: bool) -> float:
    """The temperature under which held-out logits are likeliest."""

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        if exclusive:
            scaled = scaled - scaled.max(axis=1, keepdims=True)
            return float(-(targets * (scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))).sum())
        return float((np.logaddexp(0.0, scaled) - targets * scaled).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def best_shift(logits: Doubles, truth: Doubles, *, beta: float = 1.0) -> float:
    """What to add to a question's held-out logits so that 0 is the threshold of the best F-beta."""
    order = np.argsort(-logits)
    hits = np.cumsum(truth[order])
    said = np.arange(1, len(order) + 1)
    score = (1 + beta**2) * hits / (said + beta**2 * truth.sum())
    best = int(score.argmax())
    after = logits[order[min(best + 1, len(order) - 1)]]
    return -float((logits[order[best]] + after) / 2)


def packed(
    name: str, labels: Sequence[str], space: Space, weights: Sequence[Doubles], bias: Doubles, *, exclusive: bool
) -> LinearModel:
    """A model ready to be stored: weights in 8 bits, features dropped that came out as nothing."""
    blocks: list[BlockWeights] = []
    for index, matrix in enumerate(weights):
        full = matrix * np.sqrt(space.block_weights[index])
        scale = np.maximum(np.abs(full).max(axis=0), 1e-9) / _STEPS if len(full) else np.ones(len(bias))
        steps = np.rint(full / scale).astype(np.int8)
        # Every feature counts for a text's length, so none is dropped; empty rows cost next to nothing when packed.
        blocks.append(
            BlockWeights(
                numbers=space.numbers[index],
                idf=space.idf[index].astype(np.float16).astype(np.float32),
                weights=steps,
                scale=scale.astype(np.float32),
            )
        )
    return LinearModel(
        name=name,
        labels=tuple(labels),
        blocks=tuple(blocks),
        bias=bias.astype(np.float32),
        temperature=1.0,
        exclusive=exclusive,
    )
