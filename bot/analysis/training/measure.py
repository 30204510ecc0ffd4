"""Cross-validation by group, and figures with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.analysis.training.fit import Doubles, Space, balanced, fit_dual, kernel
from bot.analysis.training.tasks import Task, folds_of

Labels = NDArray[np.int64]
_RESAMPLES: Final = 200
FOLDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value with its 95 % interval (bootstrap over groups)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def cross_validate(task: Task, *, count: int = FOLDS) -> Doubles:
    """Held-out logits of every example: each is scored by a model that never saw its group.

    Rarity of features is counted over all texts (it knows no labels), weights are learnt on the other folds alone.
    """
    folds = folds_of(task.groups, count=count)
    matrices = Space.of(task.examples, settings=task.settings).matrices(task.examples)
    alike = kernel(matrices, matrices)
    weights = balanced(task.targets, task.weights, settings=task.settings, exclusive=task.exclusive)
    logits = np.zeros(task.targets.shape)
    for fold in range(count):
        train, test = folds != fold, folds == fold
        parts, bias = fit_dual(
            alike[np.ix_(train, train)],
            task.targets[train],
            weights[train],
            settings=task.settings,
            exclusive=task.exclusive,
        )
        logits[test] = alike[np.ix_(test, train)] @ parts + bias
    return logits


def macro_f1(truth: Labels, said: Labels) -> float:
    """Mean F1 over the labels that occur in truth."""
    return float(np.mean([f1(truth == label, said == label) for label in np.unique(truth)]))


def accuracy(truth: Labels, said: Labels) -> float:
    """Share that is right."""
    return float(np.mean(truth == said))


def f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """F1 of a yes."""
    return 2.0 * float(np.sum(truth & said)) / max(1.0, float(np.sum(truth) + np.sum(said)))


def recall(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """Share of the true ones that were found."""
    return float(np.sum(truth & said)) / max(1.0, float(np.sum(truth)))


def precision(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """Share of the found ones that are true."""
    return recall(said, truth)


def brier(targets: Doubles, scores: Doubles) -> float:
    """Mean squared distance of the scores from what was true, summed over labels; 0 is best."""
    return float(((scores - targets) ** 2).sum(axis=1).mean())


def figure(
    measure: Callable[..., float], truth: NDArray[np.generic], said: NDArray[np.generic], *, groups: Sequence[str]
) -> Figure:
    """A measure with its interval; whole groups are drawn again."""
    names, members = np.unique(np.array(groups), return_inverse=True)
    places = [np.flatnonzero(members == index) for index in range(len(names))]
    random = np.random.default_rng(1)
    values = [
        measure(truth[drawn], said[drawn])
        for drawn in (
            np.concatenate([places[index] for index in random.integers(0, len(names), len(names))])
            for _ in range(_RESAMPLES)
        )
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return Figure(value=measure(truth, said), low=float(low), high=float(high))
