"""Rebuilds every text model: `python -m bot.analysis.training.train [--corpora FOLDER]`.

Reads our own phrases and, of the outside corpora, GoEmotions and clinc150. Needs scipy, which the product does not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from bot.analysis.models.bundle import FOLDER, text_blocks
from bot.analysis.models.hints import RuleHints
from bot.analysis.models.linear import LinearModel
from bot.analysis.training.cards import write_card
from bot.analysis.training.comments import comment_blocks, fit_comments, register_task
from bot.analysis.training.corpora import read_goemotions, read_off_subject
from bot.analysis.training.fit import Doubles, Space, balanced, best_shift, calibrate, fit_dual, kernel, packed
from bot.analysis.training.measure import cross_validate
from bot.analysis.training.phrases import LANGUAGES
from bot.analysis.training.tasks import (
    Task,
    dialogue_tasks,
    emotion_task,
    floor_task,
    intent_task,
    optout_task,
    signals_task,
    valence_task,
)

OFF_SUBJECT: Final = 500
"""How many outside texts stand for `other` in English; there is no such corpus in Spanish."""
_BETA: Final[Mapping[str, float]] = {"optout_en": 1.5, "optout_es": 1.5}
"""Recall counts more where people's rights are at stake."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model with the task it was trained on and its held-out logits (after the shift of thresholds)."""

    model: LinearModel
    task: Task
    held_out: Doubles


def train(task: Task) -> Trained:
    """Fits a task's model on all its examples; temperature and thresholds come from cross-validation."""
    held_out = cross_validate(task)
    temperature = calibrate(held_out, task.targets, exclusive=task.exclusive)
    shift = np.zeros(len(task.labels))
    if not task.exclusive:
        beta = _BETA.get(task.name, 1.0)
        shift = np.array(
            [best_shift(held_out[:, column], task.targets[:, column], beta=beta) for column in range(len(task.labels))]
        )
    space = Space.of(task.examples, settings=task.settings)
    matrices = space.matrices(task.examples)
    weights = balanced(task.targets, task.weights, settings=task.settings, exclusive=task.exclusive)
    parts, bias = fit_dual(
        kernel(matrices, matrices), task.targets, weights, settings=task.settings, exclusive=task.exclusive
    )
    rows = [np.asarray(matrix.T @ parts) for matrix in matrices]
    model = packed(task.name, task.labels, space, rows, bias + shift, exclusive=task.exclusive)
    return Trained(model=replace(model, temperature=temperature), task=task, held_out=held_out + shift)


def train_all(corpora: Path, *, folder: Path) -> None:
    """Trains all models and writes them, each with its card, into `folder`."""
    hints = RuleHints()
    items = read_goemotions(corpora, part="train")
    blocks = comment_blocks(items)
    comments = fit_comments(items, blocks)
    comments.save(folder / "comments.npz")
    write_card(folder, "comments", None, None, today=datetime.now(UTC).date())
    _done("comments")
    _keep(train(register_task(items, blocks)), folder)
    intents: dict[str, LinearModel] = {}
    for language in LANGUAGES:
        outside = read_off_subject(corpora, count=OFF_SUBJECT) if language == "en" else ()
        intents[language] = _keep(train(intent_task(hints, language=language, off_subject=outside)), folder)
        _keep(train(optout_task(hints, language=language)), folder)

    def intent_scores(text: str, language: str) -> Mapping[str, float]:
        return intents[language].scores(text_blocks(text, language=language, hints=hints))

    for felt in (emotion_task, valence_task, signals_task):
        _keep(train(felt(hints, comments)), folder)
    _keep(train(floor_task(hints, intent_scores)), folder)
    for task in dialogue_tasks(intent_scores):
        _keep(train(task), folder)


def _keep(trained: Trained, folder: Path) -> LinearModel:
    trained.model.save(folder / f"{trained.model.name}.npz")
    write_card(folder, trained.model.name, trained.task, trained.held_out, today=datetime.now(UTC).date(),
               temperature=trained.model.temperature)  # fmt: skip
    _done(trained.model.name)
    return trained.model


def _done(name: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {name}\n")
    sys.stdout.flush()


def corpora_folder(argument: str | None) -> Path:
    """Where the outside corpora are: the argument, else the folder `data` under NGX_CORPORA.

    Raises:
        SystemExit: neither is there.
    """
    place = Path(argument) if argument else Path(os.environ.get("NGX_CORPORA", "")) / "data"
    if not (place / "goemotions").is_dir():
        raise SystemExit(f"expected the corpora's folder (--corpora, or NGX_CORPORA with data/), found none at {place}")
    return place


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", help="folder that holds goemotions/")
    parser.add_argument("--into", default=str(FOLDER), help="where the models go")
    arguments = parser.parse_args()
    train_all(corpora_folder(arguments.corpora), folder=Path(arguments.into))


if __name__ == "__main__":
    main()
