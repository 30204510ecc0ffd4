"""What the dialogue models see of a talk: the caller's lines, later ones weighing more, and where it stands now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from bot.analysis.models.features import concepts_of, numbered, text_features
from bot.analysis.models.linear import Seen
from bot.analysis.models.money import budget_band, monthly_budgets
from bot.domain import Speaker

Line = tuple[Speaker, str]
IntentScores = Callable[[str], Mapping[str, float]]
FADING: Final = 0.9
"""What a line counts for each caller's line that came after it: the last need counts."""
MAX_LINES: Final = 40
_MIN_INTENT: Final = 0.1


def evidence_names(text: str, *, language: str) -> list[str]:
    """What a line gives as readable evidence for a tier: concepts and the band of a sum of money."""
    bands = [budget_band(value) for value in monthly_budgets(text, language=language)]
    return [*concepts_of(text, language=language), *bands[-1:]]


def caller_blocks(lines: Sequence[Line], *, language: str) -> tuple[Seen, Seen, Seen]:
    """The caller's wording, concepts (with their pairs) and readable evidence over a talk."""
    said = [text for speaker, text in lines[-MAX_LINES:] if speaker is Speaker.CALLER]
    weights = [FADING ** (len(said) - 1 - index) for index in range(len(said))]
    features = [text_features(text, language=language) for text in said]
    evidence = [numbered(evidence_names(text, language=language)) for text in said]
    return (
        _faded([each.wording for each in features], weights),
        _faded([each.concepts for each in features], weights),
        _faded(evidence, weights),
    )


def intent_block(lines: Sequence[Line], intent_scores: IntentScores) -> Seen:
    """The purposes of the caller's lines, faded."""
    said = [text for speaker, text in lines[-MAX_LINES:] if speaker is Speaker.CALLER]
    amounts: dict[int, float] = {}
    for index, text in enumerate(said):
        for label, score in intent_scores(text).items():
            if score >= _MIN_INTENT:
                number = int(numbered([f"i {label}"])[0])
                amounts[number] = amounts.get(number, 0.0) + score * FADING ** (len(said) - 1 - index)
    return _seen(amounts)


def standing_blocks(
    lines: Sequence[Line], *, language: str, intent_scores: IntentScores
) -> tuple[Seen, Seen, Seen, Seen]:
    """Where the talk stands: the last caller's line and the last bot's line (wording with concepts), and its course."""
    last = {speaker: next((text for who, text in reversed(lines) if who is speaker), "") for speaker in Speaker}
    features = {speaker: text_features(text, language=language) for speaker, text in last.items()}
    said = sum(speaker is Speaker.CALLER for speaker, _ in lines)
    course = [
        f"d lines {min(len(lines), 8)}",
        f"d caller lines {min(said, 4)}",
        f"d last {lines[-1][0] if lines else ''}",
        f"d first {lines[0][0] if lines else ''}",
        f"d asked {last[Speaker.BOT].rstrip().endswith('?')}",
    ]
    amounts = {int(number): 1.0 for number in numbered(course)}
    for label, score in intent_scores(last[Speaker.CALLER]).items():
        if score >= _MIN_INTENT:
            amounts[int(numbered([f"i {label}"])[0])] = 2.0 * score
    caller, bot = features[Speaker.CALLER], features[Speaker.BOT]
    return (
        _once(caller.wording, caller.concepts),
        _once(bot.wording),
        _once(bot.concepts),
        _seen(amounts),
    )


def _once(*numbers: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> Seen:
    joined = np.unique(np.concatenate(numbers))
    return Seen(numbers=joined, amounts=np.ones(len(joined), dtype=np.float32))


def _faded(numbers: Sequence[np.ndarray[tuple[int], np.dtype[np.uint32]]], weights: Sequence[float]) -> Seen:
    amounts: dict[int, float] = {}
    for each, weight in zip(numbers, weights, strict=True):
        for number in each.tolist():
            amounts[number] = amounts.get(number, 0.0) + weight
    return _seen(amounts)


def _seen(amounts: Mapping[int, float]) -> Seen:
    numbers = sorted(amounts)
    return Seen(
        numbers=np.array(numbers, dtype=np.uint32),
        amounts=np.array([amounts[number] for number in numbers], dtype=np.float32),
    )
