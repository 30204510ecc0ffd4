"""Reads the outside corpora. They are never committed; `GoEmotions` and `clinc150` may be trained on, the rest only
measured (see the cards beside the models)."""

from __future__ import annotations

import csv
import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NOT_OFF_SUBJECT: Final = frozenset(
    "yes no maybe greeting goodbye repeat are_you_a_bot thank_you calories nutrition_info schedule_meeting "
    "what_is_your_name who_made_you what_can_i_ask_you who_do_you_work_for where_are_you_from how_old_are_you "
    "change_speed change_volume cancel make_call text meeting_schedule insurance payday credit_limit".split()
)
"""Intents of clinc150 that a caller may well have."""
_TAGS: Final = re.compile(r"#\w+|https?://\S+|\(?\bUSER\)?")
_EMOEVENT: Final = {"others": "neutral"}


@dataclass(frozen=True, kw_only=True)
class LabelledText:
    """A text of an outside corpus with its label in our terms."""

    text: str
    label: str
    language: str = "en"


def read_goemotions(root: Path, *, part: str) -> list[LabelledText]:
    """Items of GoEmotions with exactly one Ekman label; `part` is "train" or "dev". `root` is the corpora's folder.

    Raises:
        FileNotFoundError: the corpus is not there.
    """
    folder = root / "goemotions"
    mapping = json.loads((folder / "ekman_mapping.json").read_text(encoding="utf-8"))
    names = _GOEMOTIONS
    items: list[LabelledText] = []
    with (folder / "dev" / f"original_{part}.tsv").open(encoding="utf-8", newline="") as lines:
        for text, labels, _ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            ekman = {mapping[names[int(label)]] for label in labels.split(",")}
            if len(ekman) == 1:
                items.append(LabelledText(text=text, label=ekman.pop()))
    return items


def read_clinc(root: Path, *, part: str) -> list[LabelledText]:
    """Items of clinc150 under their own label; `part` is "train", "val", "oos_train" or "oos_val"."""
    with gzip.open(root / "clinc150" / "dev" / "train_val.json.gz", "rt", encoding="utf-8") as file:
        return [LabelledText(text=text, label=label) for text, label in json.load(file)[part]]


def read_off_subject(root: Path, *, count: int) -> list[str]:
    """Texts of clinc150's training part that no caller of a coaching service has on their mind, evenly over intents."""
    kept = [item for item in read_clinc(root, part="train") if item.label not in _NOT_OFF_SUBJECT]
    step = max(1, len(kept) // count)
    return [item.text for item in kept[::step]] + [item.text for item in read_clinc(root, part="oos_train")]


def read_emoevent(root: Path, *, language: str) -> list[LabelledText]:
    """EmoEvent's development tweets without tags and addresses. Evaluate only."""
    with (root / "emoevent" / "dev" / f"{language}_dev.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            LabelledText(
                text=" ".join(_TAGS.sub(" ", row["tweet"]).split()),
                label=_EMOEVENT.get(row["emotion"], row["emotion"]),
                language=language,
            )
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def read_mmeld(root: Path) -> list[tuple[LabelledText, str]]:
    """M-MELD's Spanish development lines, each with its sentiment. Evaluate only."""
    with (root / "mmeld_es" / "dev" / "mmeld_es_dev.csv").open(encoding="utf-8", newline="") as lines:
        return [
            (LabelledText(text=row["spanish_text"], label=row["Emotion"], language="es"), row["Sentiment"])
            for row in csv.DictReader(lines)
            if row["spanish_text"].strip()
        ]


_GOEMOTIONS: Final = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval "
    "disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief "
    "remorse sadness surprise neutral"
).split()
