"""Reading phrases, splitting by group, fitting: what the models are trained with."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy, a development dependency")

from bot.analysis.models.linear import LinearModel, Seen
from bot.analysis.training.corpora import read_clinc, read_goemotions
from bot.analysis.training.fit import Settings
from bot.analysis.training.phrases import LANGUAGES, PhraseError, Wording, read_dialogues, read_wordings
from bot.analysis.training.tasks import NEEDS, OBJECTIONS, TIERS, Task, asks_no_contact, folds_of, merged_groups
from bot.analysis.training.train import train
from bot.domain import EmotionLabel, Intent, Signal, Stage

CORPORA = os.environ.get("NGX_CORPORA")


def phrases(folder: Path, name: str, text: str) -> Path:
    file = folder / "en" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return folder


def wording(text: str, group: str) -> Wording:
    return Wording(text=text, language="en", label="x", group=group, options={})


def test_raw_twins_are_folded_into_weight(tmp_path: Path) -> None:
    root = phrases(tmp_path, "intent/affirm.txt", "# a comment\nYes, sure. | yes sure | sure thing\n")
    found = read_wordings("intent", language="en", root=root)
    assert [each.text for each in found] == ["Yes, sure.", "sure thing"]
    assert found[0].weight > found[1].weight
    assert found[0].group == found[1].group


def test_options_in_braces_are_read(tmp_path: Path) -> None:
    root = phrases(tmp_path, "floor.txt", '{listens; bot=So, every week; then} uh huh\n{takes; bot="Is it?"} yes\n')
    first, second = read_wordings("floor", language="en", root=root)
    assert "listens" in first.options
    assert second.options["bot"] == "Is it?"


@pytest.mark.parametrize("line", ["{takes", "{takes}", "{v=0.1} | "])
def test_a_bad_line_is_named_with_its_place(tmp_path: Path, line: str) -> None:
    root = phrases(tmp_path, "floor.txt", f"# head\n{line}\n")
    with pytest.raises(PhraseError, match=r"floor\.txt:2"):
        read_wordings("floor", language="en", root=root)


@pytest.mark.parametrize("block", ["{tier=pro}\nC: hi", "{tier=pro; objection=none; stage=close; needs=}\nX: hi"])
def test_a_bad_dialogue_is_refused(tmp_path: Path, block: str) -> None:
    root = phrases(tmp_path, "dialogues/pro.txt", block)
    with pytest.raises(PhraseError, match="expected"):
        read_dialogues(language="en", root=root)


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_phrases_use_known_labels_and_are_plentiful(language: str) -> None:
    intents = read_wordings("intent", language=language)
    for label in Intent:
        assert sum(each.label == label for each in intents) >= 60, label
    felt = read_wordings("emotion", language=language)
    assert {each.label for each in felt} == {str(label) for label in EmotionLabel}
    known = {"v", *(str(signal) for signal in Signal)}
    assert all(known.issuperset(each.options) and -1.0 <= float(each.options["v"]) <= 1.0 for each in felt)
    floor = read_wordings("floor", language=language)
    assert all(("takes" in each.options) != ("listens" in each.options) for each in floor)
    for talk in read_dialogues(language=language):
        assert talk.tier in TIERS
        assert talk.objection in OBJECTIONS
        assert talk.stage in {str(stage) for stage in Stage}
        assert talk.needs <= set(NEEDS), talk.group


def test_no_request_for_contact_hides_under_a_wrong_label() -> None:
    marked = [each for each in read_wordings("intent", language="en") if asks_no_contact(each)]
    assert {each.label for each in marked} > {"opt_out", "wrong_number"}


def test_groups_that_share_a_text_become_one() -> None:
    found = merged_groups([wording("Yes.", "a"), wording("sure", "b"), wording("yes", "b"), wording("no", "c")])
    assert found[0] == found[1] == found[2] != found[3]


def test_a_group_never_stands_on_both_sides_of_a_split() -> None:
    groups = [f"g{index % 40}" for index in range(200)]
    folds = folds_of(groups, count=5)
    assert {len({int(fold) for fold, name in zip(folds, groups, strict=True) if name == each}) for each in groups} == {
        1
    }
    assert np.bincount(folds).min() > 0


def test_a_trained_model_answers_the_same_after_storing(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 200)
    examples = [(seen_of([10 + label, 20 + int(random.integers(0, 8))]),) for label in truth]
    task = Task(
        name="toy", labels=("a", "b"), examples=examples, targets=np.eye(2)[truth], weights=np.ones(200),
        groups=[str(index) for index in range(200)], languages=["en"] * 200, texts=[""] * 200, exclusive=True,
        settings=Settings(block_weights=(1.0,)),
    )  # fmt: skip
    model = train(task).model
    said = [max(scores, key=lambda key: scores[key]) for scores in map(model.scores, examples)]
    assert said == ["ab"[label] for label in truth]
    model.save(tmp_path / "toy.npz")
    stored = LinearModel.load(tmp_path / "toy.npz")
    assert stored.scores(examples[0]) == pytest.approx(model.scores(examples[0]), abs=1e-3)


@pytest.mark.skipif(CORPORA is None, reason="NGX_CORPORA names no folder with the corpora")
def test_the_outside_corpora_are_read_in_our_labels() -> None:
    root = Path(CORPORA or "") / "data"
    items = read_goemotions(root, part="dev")
    assert {item.label for item in items} == {str(label) for label in EmotionLabel}
    assert "sadness" in {item.label for item in items if "never been this sad" in item.text}
    assert len(read_clinc(root, part="oos_val")) == 100


def seen_of(numbers: list[int]) -> Seen:
    return Seen(numbers=np.array(sorted(numbers), dtype=np.uint32), amounts=np.ones(len(numbers), dtype=np.float32))
