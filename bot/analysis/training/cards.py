"""The card beside each model: what it answers, its data, licence, date, figures and limits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from bot.analysis.training.fit import Doubles
from bot.analysis.training.measure import (
    accuracy,
    brier,
    f1,
    figure,
    macro_f1,
    precision,
    recall,
)
from bot.analysis.training.tasks import OUTSIDE, Task

_OWN: Final = "our own hand-written phrases (`bot/analysis/training/phrases`), Apache-2.0 as the project"
_GO: Final = "GoEmotions training part, items with one Ekman label (39,555 comments, English), Apache-2.0"
_CLINC: Final = "about 600 off-subject questions of clinc150 (training part), CC BY 3.0, Larson et al. 2019"
_ABOUT: Final = {
    "intent": ("Which of 26 purposes an utterance has.", f"{_OWN}; English `other` also: {_CLINC}"),
    "optout": ("Whether somebody asks for no further contact. The rules of `optout.py` are OR-ed with it.", _OWN),
    "comments": ("Which of seven feelings a written English comment carries.", _GO),
    "register": ("Whether an English text reads like a caller's line or a written comment.", f"{_OWN}; {_GO}"),
    "emotion": ("Which of seven feelings a caller's words carry; the comments' model is one of its features.", _OWN),
    "valence": ("Whether the feeling is good, bad or neither.", _OWN),
    "signals": ("Which sales signals a caller's words show.", _OWN),
    "floor": ("Whether words said over the bot's take the floor; the word rules are among its features.", _OWN),
    "tier": ("Which tier of the default playbook fits, from the caller's lines alone.", _OWN),
    "objection": ("Which objection comes next, from the caller's lines.", _OWN),
    "needs": ("What the caller needs.", _OWN),
    "stage": ("The seller's next stage, from where the talk stands.", _OWN),
}
_LIMITS: Final = """\
- The phrases are written, not recorded, and deliberately varied and hard; real recognisers slip in other ways too.
- Held-out figures are of texts by the same writers; a stranger's texts may be easier or harder.
- Trained with the concept lists (`concepts.txt`) and the word rules as they stood; after changing either, rebuild with
  `python -m bot.analysis.training.train`. A model refuses to load with other concept lists.
- English (mostly US) and Spanish (Spain, Mexico, Argentina, Colombia, US).
- Not made to decide price or eligibility."""


def write_card(
    folder: Path, name: str, task: Task | None, held_out: Doubles | None, *, today: date, temperature: float = 1.0
) -> None:
    """Writes NAME.md; `held_out` are the cross-validated logits, None where the figures are those of `evaluate`."""
    purpose, data = _ABOUT[name.removesuffix("_en").removesuffix("_es")]
    lines = [
        f"# {name}",
        "",
        purpose,
        "",
        f"- Data: {data}.",
        "- Licence of the model: Apache-2.0.",
        f"- Made: {today}.",
    ]
    lines.append("- Kind: linear over hashed words, pieces of words, concepts and rules' opinions; 8-bit weights.")
    if task is not None and held_out is not None:
        lines.append(f"- Examples: {len(task.examples)} in {len(set(task.groups))} groups; labels: {len(task.labels)}.")
        lines += ["", "## Cross-validation by group (5 folds, 95 % intervals)", *figures(task, held_out, temperature)]
    else:
        lines.append("- Figures: `python -m bot.analysis.training.evaluate` (development part of the corpus).")
    (folder / f"{name}.md").write_text("\n".join([*lines, "", "## Limits", _LIMITS, ""]), encoding="utf-8")


def figures(task: Task, held_out: Doubles, temperature: float = 1.0) -> list[str]:
    """Lines of figures, a language each."""
    lines: list[str] = []
    for language in sorted(set(task.languages) - {OUTSIDE}):
        rows = np.array([each == language for each in task.languages])
        groups = [group for group, there in zip(task.groups, rows, strict=True) if there]
        logits, targets = held_out[rows] / temperature, task.targets[rows]
        if task.exclusive:
            truth, said = targets.argmax(axis=1), logits.argmax(axis=1)
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            majority = np.bincount(truth).max() / len(truth)
            lines.append(
                f"- {language}: macro-F1 {figure(macro_f1, truth, said, groups=groups)}, "
                f"accuracy {figure(accuracy, truth, said, groups=groups)} (majority {majority:.3f}), "
                f"Brier {brier(targets, powers / powers.sum(axis=1, keepdims=True)):.3f}"
            )
            continue
        for column, label in enumerate(task.labels):
            truth, said = targets[:, column] > 0, logits[:, column] > 0
            lines.append(
                f"- {language} {label}: F1 {figure(f1, truth, said, groups=groups)}, recall {recall(truth, said):.3f}, "
                f"precision {precision(truth, said):.3f} (always yes: F1 {f1(truth, np.ones_like(truth)):.3f})"
            )
    return lines
