"""The questions that models are trained on: examples with what is seen of them, what is true, and their groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.analysis.models.bundle import VERDICT_FROM, comment_block, floor_blocks, text_blocks
from bot.analysis.models.dialogue import Line, caller_blocks, intent_block, standing_blocks
from bot.analysis.models.hints import RuleHints
from bot.analysis.models.linear import LinearModel, Seen
from bot.analysis.training.fit import Doubles, Settings
from bot.analysis.training.phrases import LANGUAGES, Dialogue, Wording, read_dialogues, read_wordings, twin_key
from bot.domain import EmotionLabel, Intent, Signal, Speaker, Stage

IntentScores = Callable[[str, str], Mapping[str, float]]
"""(text, language) → intent scores; of the trained intent model."""
TIERS: Final = ("essential", "pro", "elite", "prime")
OBJECTIONS: Final = (
    "objection_price", "objection_time", "objection_need", "objection_trust", "objection_authority",
    "objection_competitor", "none",
)  # fmt: skip
NEEDS: Final = (
    "lose_weight", "strength", "energy", "nutrition", "accountability", "saving_time", "health", "performance",
    "low_price",
)  # fmt: skip
OUTSIDE: Final = "outside"
"""The language given to outside texts, so that they stay out of our own figures."""
_OUTSIDE_WEIGHT: Final = 0.3
VERDICTS: Final = ("negative", "neutral", "positive")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A question with its examples. `targets` has a column a label: one-hot if `exclusive`, else 0/1 each."""

    name: str
    labels: tuple[str, ...]
    examples: Sequence[Sequence[Seen]]
    targets: Doubles
    weights: Doubles
    groups: Sequence[str]
    languages: Sequence[str]
    texts: Sequence[str]
    exclusive: bool
    settings: Settings


def intent_task(hints: RuleHints, *, language: str, off_subject: Sequence[str] = ()) -> Task:
    """Which of the 26 purposes. A model a language: together, Spanish lost five points.

    `off_subject` are outside texts that belong to `other`; they count little, and are no part of our own figures.
    """
    outside = [
        Wording(
            text=text, language=OUTSIDE, label=Intent.OTHER, group=f"off {index}", options={}, weight=_OUTSIDE_WEIGHT
        )
        for index, text in enumerate(off_subject)
    ]
    wordings = [*read_wordings("intent", language=language), *outside]
    labels = [str(label) for label in Intent]
    targets = _one_hot([each.label for each in wordings], labels)
    settings = Settings(strength=5.0, balance=0.5, block_weights=(1.0, 1.0, 0.1))
    return _task(f"intent_{language}", labels, wordings, _blocks(wordings, hints), targets, settings)


def optout_task(hints: RuleHints, *, language: str) -> Task:
    """Whether no further contact is asked for."""
    wordings = read_wordings("intent", language=language)
    asked = np.array([[float(asks_no_contact(each))] for each in wordings])
    settings = Settings(strength=6.0, balance=0.7, block_weights=(1.0, 1.0, 0.3))
    return _task(f"optout_{language}", ["optout"], wordings, _blocks(wordings, hints), asked, settings, exclusive=False)


def emotion_task(hints: RuleHints, comments: LinearModel) -> Task:
    """Which of seven feelings, on our own lines."""
    wordings, labels = _wordings("emotion"), [str(label) for label in EmotionLabel]
    targets = _one_hot([each.label for each in wordings], labels)
    settings = Settings(strength=3.0, balance=0.5, block_weights=(1.0, 1.0, 0.02, 0.4))
    return _task("emotion", labels, wordings, _felt_blocks(wordings, hints, comments), targets, settings)


def valence_task(hints: RuleHints, comments: LinearModel) -> Task:
    """Whether the feeling is good, bad or neither."""
    wordings = _wordings("emotion")
    values = np.array([float(each.options["v"]) for each in wordings])
    verdicts = np.select([values < -VERDICT_FROM, values > VERDICT_FROM], [0, 2], default=1)
    settings = Settings(strength=3.0, balance=0.3, block_weights=(1.0, 1.0, 0.05, 0.4))
    examples = _felt_blocks(wordings, hints, comments)
    return _task("valence", VERDICTS, wordings, examples, np.eye(3)[verdicts], settings)


def signals_task(hints: RuleHints, comments: LinearModel) -> Task:
    """Which of seven sales signals are there."""
    wordings = _wordings("emotion")
    there = np.array([[float(str(signal) in each.options) for signal in Signal] for each in wordings])
    settings = Settings(strength=3.0, balance=0.6, block_weights=(1.0, 1.0, 0.3, 0.1))
    labels = [str(signal) for signal in Signal]
    return _task("signals", labels, wordings, _felt_blocks(wordings, hints, comments), there, settings, exclusive=False)


def floor_task(hints: RuleHints, intent_scores: IntentScores) -> Task:
    """Whether what is said over the bot's words takes the floor."""
    wordings = _wordings("floor")
    takes = np.array([[float("takes" in each.options)] for each in wordings])
    examples = [
        floor_blocks(
            each.text,
            language=each.language,
            bot_was_saying=each.options.get("bot", ""),
            hints=hints,
            intent_scores=intent_scores(each.text, each.language),
        )
        for each in wordings
    ]
    settings = Settings(strength=3.0, balance=0.0, block_weights=(0.6, 1.0, 1.5, 0.2))
    return _task("floor", ["takes"], wordings, examples, takes, settings, exclusive=False)


def dialogue_tasks(intent_scores: IntentScores) -> list[Task]:
    """Tier, next objection, needs (from what the caller said) and the seller's next stage (from where it stands)."""
    dialogues = [each for language in LANGUAGES for each in read_dialogues(language=language)]
    said = [caller_blocks(_lines(each), language=each.language) for each in dialogues]
    purposes = [intent_block(_lines(each), _within(intent_scores, each)) for each in dialogues]
    standing = [
        standing_blocks(_lines(each), language=each.language, intent_scores=_within(intent_scores, each))
        for each in dialogues
    ]
    stages = [str(stage) for stage in Stage]
    needs = np.array([[float(need in each.needs) for need in NEEDS] for each in dialogues])
    objections = _one_hot([each.objection for each in dialogues], OBJECTIONS)
    return [
        _of_dialogues(
            "tier", TIERS, dialogues, said, _one_hot([each.tier for each in dialogues], TIERS),
            Settings(strength=3.0, balance=0.0, block_weights=(1.0, 1.0, 0.5)),
        ),
        _of_dialogues(
            "objection", OBJECTIONS, dialogues, [(*a, b) for a, b in zip(said, purposes, strict=True)], objections,
            Settings(strength=5.0, balance=0.0, block_weights=(1.0, 1.0, 0.2, 0.15)),
        ),
        _of_dialogues(
            "needs", NEEDS, dialogues, said, needs,
            Settings(strength=3.0, balance=0.5, block_weights=(1.0, 1.0, 0.5)), exclusive=False,
        ),
        _of_dialogues(
            "stage", stages, dialogues, [(*a[:2], *b) for a, b in zip(said, standing, strict=True)],
            _one_hot([each.stage for each in dialogues], stages),
            Settings(strength=5.0, balance=0.3, block_weights=(0.7, 0.7, 1.0, 1.0, 1.0, 0.3)),
        ),
    ]  # fmt: skip


def _within(intent_scores: IntentScores, dialogue: Dialogue) -> Callable[[str], Mapping[str, float]]:
    return lambda text: intent_scores(text, dialogue.language)


def asks_no_contact(wording: Wording) -> bool:
    """What a written line says on opt-out: an option in its braces, else its label."""
    if "optout" in wording.options:
        return True
    return wording.label == Intent.OPT_OUT and "not-optout" not in wording.options


def merged_groups(wordings: Sequence[Wording]) -> list[str]:
    """The groups of wordings, with those made one that share a text."""
    parents: dict[str, str] = {}

    def root(group: str) -> str:
        while parents.setdefault(group, group) != group:
            group = parents[group]
        return group

    first: dict[str, str] = {}
    for each in wordings:
        twin = f"{each.language} {twin_key(each.text)}"
        parents[root(each.group)] = root(first.setdefault(twin, each.group))
    return [root(each.group) for each in wordings]


def folds_of(groups: Sequence[str], *, count: int, seed: int = 7) -> NDArray[np.int64]:
    """A fold for each example; groups stay whole."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[place]: rank % count for rank, place in enumerate(order)}
    return np.array([fold[group] for group in groups])


def _wordings(kind: str) -> list[Wording]:
    return [each for language in LANGUAGES for each in read_wordings(kind, language=language)]


def _blocks(wordings: Sequence[Wording], hints: RuleHints) -> list[tuple[Seen, Seen, Seen]]:
    spoken = ["en" if each.language == OUTSIDE else each.language for each in wordings]
    return [
        text_blocks(each.text, language=language, hints=hints) for each, language in zip(wordings, spoken, strict=True)
    ]


def _one_hot(values: Sequence[str], labels: Sequence[str]) -> Doubles:
    return np.eye(len(labels))[[list(labels).index(value) for value in values]]


def _felt_blocks(
    wordings: Sequence[Wording], hints: RuleHints, comments: LinearModel
) -> list[tuple[Seen, Seen, Seen, Seen]]:
    return [
        (*blocks, comment_block(comments, blocks, language=each.language))
        for each, blocks in zip(wordings, _blocks(wordings, hints), strict=True)
    ]


def _task(
    name: str, labels: Sequence[str], wordings: Sequence[Wording], examples: Sequence[Sequence[Seen]],
    targets: Doubles, settings: Settings, *, exclusive: bool = True,
) -> Task:  # fmt: skip
    return Task(
        name=name,
        labels=tuple(labels),
        examples=examples,
        targets=targets,
        weights=np.array([each.weight for each in wordings]),
        groups=merged_groups(wordings),
        languages=[each.language for each in wordings],
        texts=[each.text for each in wordings],
        exclusive=exclusive,
        settings=settings,
    )


def _of_dialogues(
    name: str, labels: Sequence[str], dialogues: Sequence[Dialogue], examples: Sequence[Sequence[Seen]],
    targets: Doubles, settings: Settings, *, exclusive: bool = True,
) -> Task:  # fmt: skip
    return Task(
        name=name,
        labels=tuple(labels),
        examples=examples,
        targets=targets,
        weights=np.ones(len(dialogues)),
        groups=[each.group for each in dialogues],
        languages=[each.language for each in dialogues],
        texts=[" / ".join(text for _, text in each.turns) for each in dialogues],
        exclusive=exclusive,
        settings=settings,
    )


def _lines(dialogue: Dialogue) -> list[Line]:
    return [(Speaker(speaker), text) for speaker, text in dialogue.turns]
