"""Measures the text models: `python -m bot.analysis.training.evaluate [--corpora FOLDER] [--only NAME …]`.

Our own phrases by cross-validation in groups, beside the majority and the word rules; outside corpora with the stored
models (EmoEvent and M-MELD are only ever measured).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bot.analysis.emotion import EmotionJudge
from bot.analysis.floor import Floor, LexicalFloorJudge
from bot.analysis.intent import IntentJudge, best_intent
from bot.analysis.models.bundle import TextModels, as_call, text_blocks
from bot.analysis.models.hints import RuleHints
from bot.analysis.models.linear import LinearModel
from bot.analysis.optout import asks_no_contact
from bot.analysis.plain import plain
from bot.analysis.training.cards import figures
from bot.analysis.training.comments import comment_blocks, register_task
from bot.analysis.training.corpora import (
    LabelledText,
    read_clinc,
    read_emoevent,
    read_goemotions,
    read_mmeld,
    read_off_subject,
)
from bot.analysis.training.fit import Doubles, best_shift
from bot.analysis.training.measure import accuracy, cross_validate, f1, figure, macro_f1, precision, recall
from bot.analysis.training.phrases import LANGUAGES, read_wordings
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
from bot.analysis.training.train import OFF_SUBJECT, corpora_folder
from bot.domain import EmotionLabel, Expected

_SALES: Final = ("ask_", "objection_", "affirm")
_CONFIDENT: Final = 0.5
_RECALLS: Final = (0.95, 0.99)


def say(text: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def report(task: Task) -> Doubles:
    """Prints a task's cross-validated figures; returns the held-out logits, thresholds shifted to 0."""
    held_out = cross_validate(task)
    if not task.exclusive:
        beta = 1.5 if task.name.startswith("optout") else 1.0
        for column in range(len(task.labels)):
            held_out[:, column] += best_shift(held_out[:, column], task.targets[:, column], beta=beta)
    say(f"## {task.name}")
    for line in figures(task, held_out):
        say(line)
    return held_out


def report_optout(task: Task, held_out: Doubles) -> None:
    """The model OR the rules, the rules alone, and what other thresholds would give."""
    truth = task.targets[:, 0] > 0
    rules = np.array([asks_no_contact(plain(text)) for text in task.texts])
    scores = held_out[:, 0]
    for name, said in (("rules", rules), ("model", scores > 0), ("model or rules", rules | (scores > 0))):
        say(
            f"- {name}: recall {figure(recall, truth, said, groups=task.groups)}, "
            f"precision {figure(precision, truth, said, groups=task.groups)}"
        )
    for wanted in _RECALLS:
        threshold = float(np.quantile(scores[truth], 1.0 - wanted))
        say(f"- at recall {wanted}: precision {precision(truth, scores >= threshold):.3f}")


def report_rules() -> None:
    """What the word rules alone do, on the same lines."""
    intent, emotion, floor = IntentJudge(), EmotionJudge(), LexicalFloorJudge()
    say("## word rules alone")
    for language in LANGUAGES:
        lines = read_wordings("intent", language=language)
        said = [best_intent(intent.scores(plain(each.text), language=language, names_time=False)) for each in lines]
        say(f"- {language} intent macro-F1 {_macro([each.label for each in lines], [str(each) for each in said]):.3f}")
        lines = read_wordings("emotion", language=language)
        felt = [str(emotion.judge(plain(each.text)).label) for each in lines]
        say(f"- {language} emotion macro-F1 {_macro([each.label for each in lines], felt):.3f}")
        lines = read_wordings("floor", language=language)
        takes = [
            floor.judge(
                each.text,
                language=language,
                bot_was_saying=each.options.get("bot", ""),
                expects=Expected.YES_NO if each.options.get("bot", "").endswith("?") else Expected.OPEN,
            )
            is Floor.TAKES
            for each in lines
        ]
        truth = np.array(["takes" in each.options for each in lines])
        say(f"- {language} floor F1 {f1(truth, np.array(takes)):.3f}")


def report_gated(task: Task, held_out: Doubles, corpora: Path, comments: LinearModel) -> None:
    """English emotion as the product judges it: callers' lines and written comments mixed by register, held out."""
    items = read_goemotions(corpora, part="train")
    register = register_task(items, comment_blocks(items))
    logits = cross_validate(register)[:, 0]
    calls = [as_call(float(each)) for each in logits + best_shift(logits, register.targets[:, 0])]
    call_of = dict(zip(register.texts, calls, strict=True))
    rows = [index for index, language in enumerate(task.languages) if language == "en"]
    powers = np.exp(held_out[rows])
    spoken = powers / powers.sum(axis=1, keepdims=True)
    written = np.array([list(comments.scores(task.examples[index][:2]).values()) for index in rows])
    call = np.array([[call_of[task.texts[index]]] for index in rows])
    said = (call * spoken + (1.0 - call) * written).argmax(axis=1)
    truth = task.targets[rows].argmax(axis=1)
    groups = [task.groups[index] for index in rows]
    say(f"- en, mixed with the comments' model: macro-F1 {figure(macro_f1, truth, said, groups=groups)}")


def report_outside(models: TextModels, corpora: Path) -> None:
    """Outside corpora with the stored models."""
    say("## outside corpora, stored models")
    _report_emotion(models, "GoEmotions dev, one Ekman label", read_goemotions(corpora, part="dev"))
    for language in LANGUAGES:
        _report_emotion(models, f"EmoEvent {language} (evaluate only)", read_emoevent(corpora, language=language))
    mmeld = read_mmeld(corpora)
    _report_emotion(models, "M-MELD es (evaluate only)", [item for item, _ in mmeld])
    values = [models.judge(item.text, language="es").valence for item, _ in mmeld]
    verdicts = ["positive" if value > 0.15 else "negative" if value < -0.15 else "neutral" for value in values]
    right = accuracy(np.array([sentiment for _, sentiment in mmeld]), np.array(verdicts))
    say(f"- M-MELD es sentiment by valence: accuracy {right:.3f}")
    for part in ("oos_train", "oos_val", "val"):
        items = read_clinc(corpora, part=part)
        scores = [models.judge(item.text, language="en").intent_scores for item in items]
        best = [max(each.items(), key=lambda pair: pair[1]) for each in scores]
        sales = sum(label.startswith(_SALES) and score >= _CONFIDENT for label, score in best)
        other = sum(label == "other" for label, _ in best)
        say(
            f"- clinc150 {part}: {sales / len(items):.3f} become a sales intent with at least {_CONFIDENT}; "
            f"other {other / len(items):.3f}"
        )


def report_speed(models: TextModels) -> None:
    """Milliseconds of processor time a text for all text models and the floor together, each text seen first."""
    lines = [each for language in LANGUAGES for each in read_wordings("intent", language=language)][::5]
    spent: list[float] = []
    for each in lines:
        start = time.thread_time()
        models.judge(each.text, language=each.language)
        models.takes_floor(
            each.text, language=each.language, bot_was_saying="And the coach checks in every week, so that"
        )
        spent.append((time.thread_time() - start) * 1000)
    middle, slow = np.percentile(spent, [50, 95])
    say(f"## speed: p50 {middle:.2f} ms, p95 {slow:.2f} ms of processor time a text")


def _report_emotion(models: TextModels, name: str, items: Sequence[LabelledText]) -> None:
    said = [models.judge(item.text, language=item.language).emotion_scores for item in items]
    best = [max(scores, key=lambda label: scores[label]) for scores in said]
    truth = [item.label for item in items]
    majority = max(truth.count(label) for label in EmotionLabel) / len(truth)
    right = float(np.mean([a == b for a, b in zip(truth, best, strict=True)]))
    say(f"- {name}: macro-F1 {_macro(truth, best):.3f}, accuracy {right:.3f} (majority {majority:.3f}), n {len(truth)}")


def _macro(truth: Sequence[str], said: Sequence[str]) -> float:
    labels = sorted({*truth, *said})
    return macro_f1(
        np.array([labels.index(label) for label in truth]), np.array([labels.index(label) for label in said])
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", help="folder that holds goemotions/")
    parser.add_argument("--only", nargs="*", help="intent optout emotion valence signals floor talk rules outside")
    arguments = parser.parse_args()
    hints, models, corpora = RuleHints(), TextModels.load(), corpora_folder(arguments.corpora)
    comments = models.model("comments")

    def intent_scores(text: str, language: str) -> Mapping[str, float]:
        blocks = text_blocks(text, language=language, hints=hints)
        return models.model(f"intent_{language}").scores(blocks)

    def optout() -> None:
        for language in LANGUAGES:
            task = optout_task(hints, language=language)
            report_optout(task, report(task))

    def emotion() -> None:
        task = emotion_task(hints, comments)
        report_gated(task, report(task), corpora, comments)

    def intent() -> None:
        for language in LANGUAGES:
            outside = read_off_subject(corpora, count=OFF_SUBJECT) if language == "en" else ()
            report(intent_task(hints, language=language, off_subject=outside))

    parts: dict[str, Callable[[], object]] = {
        "rules": report_rules,
        "outside": lambda: (report_outside(models, corpora), report_speed(models)),
        "talk": lambda: [report(task) for task in dialogue_tasks(intent_scores)],
        "floor": lambda: report(floor_task(hints, intent_scores)),
        "emotion": emotion,
        "valence": lambda: report(valence_task(hints, comments)),
        "signals": lambda: report(signals_task(hints, comments)),
        "optout": optout,
        "intent": intent,
    }
    for name in arguments.only or parts:
        parts[name]()


if __name__ == "__main__":
    main()
