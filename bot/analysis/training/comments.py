"""The model of feelings in written comments (GoEmotions), and the one that tells a caller's line from a comment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from bot.analysis.models.features import text_features
from bot.analysis.models.linear import LinearModel, Seen, seen
from bot.analysis.training.corpora import LabelledText
from bot.analysis.training.fit import Doubles, Settings, Space, packed
from bot.analysis.training.phrases import read_wordings
from bot.analysis.training.tasks import Task
from bot.domain import EmotionLabel

LABELS: Final = tuple(str(label) for label in EmotionLabel)
SETTINGS: Final = Settings(strength=2.0, balance=0.5, block_weights=(1.0, 1.0), min_count=8, steps=45)
_COMMENTS_FOR_REGISTER: Final = 3000


def comment_blocks(items: Sequence[LabelledText]) -> list[tuple[Seen, Seen]]:
    """Wording and concepts of comments."""
    features = [text_features(item.text, language=item.language) for item in items]
    return [(seen(each.wording), seen(each.concepts)) for each in features]


def fit_comments(items: Sequence[LabelledText], blocks: Sequence[tuple[Seen, Seen]]) -> LinearModel:
    """The model of comments' feelings; tens of thousands of examples, so fitted on the features."""
    truth = np.array([LABELS.index(item.label) for item in items])
    counts = np.bincount(truth, minlength=len(LABELS))
    weights = (counts.mean() / counts[truth]) ** SETTINGS.balance
    space = Space.of(blocks, settings=SETTINGS)
    matrices = space.matrices(blocks)
    rows, bias = _fit_primal(
        sparse.hstack(matrices).tocsr().astype(np.float32), np.eye(len(LABELS))[truth], weights / weights.mean()
    )
    split = np.split(rows, np.cumsum([matrix.shape[1] for matrix in matrices])[:-1])
    return packed("comments", LABELS, space, split, bias, exclusive=True)


def register_task(items: Sequence[LabelledText], blocks: Sequence[tuple[Seen, Seen]]) -> Task:
    """Whether an English text is a caller's line or a written comment."""
    kinds = ("emotion", "intent")
    wordings = [each for kind in kinds for each in read_wordings(kind, language="en")]
    picked = np.random.default_rng(3).choice(len(items), _COMMENTS_FOR_REGISTER, replace=False)
    calls = comment_blocks([LabelledText(text=each.text, label="") for each in wordings])
    return Task(
        name="register",
        labels=("call",),
        examples=[*calls, *(blocks[index] for index in picked)],
        targets=np.array([[1.0]] * len(calls) + [[0.0]] * len(picked)),
        weights=np.ones(len(calls) + len(picked)),
        groups=[*(each.group for each in wordings), *(f"comment {index}" for index in picked)],
        languages=["en"] * (len(calls) + len(picked)),
        texts=[*(each.text for each in wordings), *(items[index].text for index in picked)],
        exclusive=False,
        settings=Settings(strength=3.0, balance=0.0, block_weights=(1.0, 1.0)),
    )


def _fit_primal(matrix: Any, targets: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Rows of weights by feature, and the bias."""
    columns, labels = matrix.shape[1], targets.shape[1]
    flipped = matrix.T.tocsr()
    pull = (SETTINGS.strength * weights[:, None]).astype(np.float32)
    wanted = (pull * targets).astype(np.float32)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        rows = flat.reshape(columns + 1, labels)
        logits = matrix @ rows[:columns].astype(np.float32) + rows[columns].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        total = powers.sum(axis=1, keepdims=True)
        value = -(wanted * (logits - np.log(total))).sum(dtype=np.float64) + 0.5 * (rows[:columns] ** 2).sum()
        slope = pull * (powers / total) - wanted
        gradient = np.concatenate([flipped @ slope + rows[:columns], slope.sum(axis=0, dtype=np.float64)[None]])
        return float(value), gradient.ravel().astype(np.float64)

    found = minimize(
        loss, np.zeros((columns + 1) * labels), jac=True, method="L-BFGS-B",
        options={"maxiter": SETTINGS.steps, "maxcor": 8},
    ).x.reshape(columns + 1, labels)  # fmt: skip
    return found[:columns], found[columns]
