"""All trained text models together: what a text, words over the bot's, or a talk mean. Pure after loading."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.analysis.models.dialogue import (
    Line,
    caller_blocks,
    evidence_names,
    intent_block,
    standing_blocks,
)
from bot.analysis.models.features import numbered, text_features
from bot.analysis.models.hints import RuleHints
from bot.analysis.models.linear import LinearModel, ModelError, Seen, seen
from bot.analysis.models.reasons import readable
from bot.analysis.optout import asks_no_contact
from bot.analysis.plain import plain
from bot.domain import Speaker

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "es")
NAMES: Final = (
    "intent_en", "intent_es", "optout_en", "optout_es", "comments", "register", "emotion", "valence", "signals",
    "floor", "tier", "objection", "needs", "stage",
)  # fmt: skip
VERDICT_FROM: Final = 0.15
_COMMENT_LEAN: Final = 0.8
"""Balances the two feelings' models: by cross-validation, more costs callers' lines and less costs comments."""
_MAX_REASONS: Final = 6
_EVIDENCE_BLOCK: Final = 2
_CACHED_TEXTS: Final = 512


@dataclass(frozen=True, kw_only=True)
class TextJudgement:
    """What a text means. `*_scores` hold every label and sum to 1; `optout_score` is a request from 0.5;
    `valence` is −1..1, its sign a verdict beyond ±0.15; `signals` each 0..1, present from 0.5."""

    intent_scores: Mapping[str, float]
    optout: bool
    optout_score: float
    emotion_scores: Mapping[str, float]
    valence: float
    signals: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class TalkJudgement:
    """What a talk points to. `reasons` are (evidence, log odds for the likeliest tier), strongest first."""

    tier_scores: Mapping[str, float]
    reasons: tuple[tuple[str, float], ...]
    objection_scores: Mapping[str, float]
    stage_scores: Mapping[str, float]
    needs: Mapping[str, float]


class TextModels:
    """The models. Load once for all calls: it keeps nothing of a call but a small cache of texts."""

    def __init__(self, models: Mapping[str, LinearModel]) -> None:
        missing = [name for name in NAMES if name not in models]
        if missing:
            raise ModelError(f"expected the models {NAMES}, {missing} are missing")
        self._models = models
        self._hints = RuleHints()
        self._intent_scores = lru_cache(maxsize=_CACHED_TEXTS)(self._judge_intent)
        self._blocks = lru_cache(maxsize=_CACHED_TEXTS)(self._text_blocks)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> TextModels:
        """Reads all models.

        Raises:
            ModelError: one is missing, damaged or out of date.
        """
        return cls({name: LinearModel.load(folder / f"{name}.npz") for name in NAMES})

    def model(self, name: str) -> LinearModel:
        """One of the models (`NAMES`), for measuring."""
        return self._models[name]

    def judge(self, text: str, *, language: str) -> TextJudgement:
        """All judgements of a text that need nothing else; `language` is "en" or "es"."""
        language = _known(language)
        blocks = self._blocks(text, language)
        felt = (*blocks, comment_block(self._models["comments"], blocks, language=language))
        optout_score = self._models[f"optout_{language}"].scores(blocks)["optout"]
        return TextJudgement(
            intent_scores=dict(self._intent_scores(text, language)),
            optout=optout_score >= 0.5 or asks_no_contact(plain(text)),
            optout_score=optout_score,
            emotion_scores=self._emotion(felt, language=language),
            valence=_valence(self._models["valence"].scores(felt)),
            signals=self._models["signals"].scores(felt),
        )

    def takes_floor(self, text: str, *, language: str, bot_was_saying: str) -> float:
        """How surely words said over the bot's take the floor; they do from 0.5."""
        language = _known(language)
        return self._models["floor"].scores(
            floor_blocks(
                text,
                language=language,
                bot_was_saying=bot_was_saying,
                hints=self._hints,
                intent_scores=self._intent_scores(text, language),
            )
        )["takes"]

    def judge_talk(self, lines: Sequence[Line], *, language: str) -> TalkJudgement:
        """What a talk points to; `lines` are (speaker, text), the last the newest."""
        language = _known(language)
        said = caller_blocks(lines, language=language)

        def intent_scores(text: str) -> Mapping[str, float]:
            return self._intent_scores(text, language)

        standing = standing_blocks(lines, language=language, intent_scores=intent_scores)
        purposes = intent_block(lines, intent_scores)
        tier = self._models["tier"]
        tier_scores = tier.scores(said)
        best = max(tier_scores, key=lambda key: tier_scores[key])
        return TalkJudgement(
            tier_scores=tier_scores,
            reasons=self._reasons(lines, said, language=language, label=best),
            objection_scores=self._models["objection"].scores((*said, purposes)),
            stage_scores=self._models["stage"].scores((*said[:2], *standing)),
            needs=self._models["needs"].scores(said),
        )

    def _judge_intent(self, text: str, language: str) -> Mapping[str, float]:
        return self._models[f"intent_{language}"].scores(self._blocks(text, language))

    def _text_blocks(self, text: str, language: str) -> tuple[Seen, Seen, Seen]:
        return text_blocks(text, language=language, hints=self._hints)

    def _emotion(self, felt: tuple[Seen, Seen, Seen, Seen], *, language: str) -> Mapping[str, float]:
        """The model of callers' lines; English that reads like a written comment is judged by the model of those."""
        spoken = self._models["emotion"].scores(felt)
        if language != "en":
            return spoken
        call = as_call(float(self._models["register"].logits(felt[:2])[0]))
        written = self._models["comments"].scores(felt[:2])
        return {label: call * spoken[label] + (1.0 - call) * written[label] for label in spoken}

    def _reasons(
        self, lines: Sequence[Line], said: tuple[Seen, Seen, Seen], *, language: str, label: str
    ) -> tuple[tuple[str, float], ...]:
        """The evidence that speaks most for a label, against what it gives to all labels on average."""
        model = self._models["tier"]
        block = model.blocks[_EVIDENCE_BLOCK]
        places, amounts = block.known(said[_EVIDENCE_BLOCK])
        weights = block.weights[places].astype(np.float32) * block.scale / model.temperature
        column = model.labels.index(label)
        odds = amounts * (weights[:, column] - weights.mean(axis=1))
        by_number = dict(zip(block.numbers[places].tolist(), odds.tolist(), strict=True))
        names = {
            name
            for speaker, text in lines
            if speaker is Speaker.CALLER
            for name in evidence_names(text, language=language)
        }
        found = [
            (shown, by_number.get(int(numbered([name])[0]), 0.0))
            for name in names
            if (shown := readable(name)) is not None
        ]
        strongest = sorted((each for each in found if each[1] > 0), key=lambda each: (-each[1], each[0]))
        return tuple(strongest[:_MAX_REASONS])


def text_blocks(text: str, *, language: str, hints: RuleHints) -> tuple[Seen, Seen, Seen]:
    """What the models of single texts see: wording, concepts, the rules' opinions."""
    features = text_features(text, language=language)
    return seen(features.wording), seen(features.concepts), seen(numbered(hints.of_text(text, language=language)))


def comment_block(comments: LinearModel, blocks: Sequence[Seen], *, language: str) -> Seen:
    """What the model of written English comments feels in a text, as a block of features; nothing in Spanish."""
    if language != "en":
        return Seen(numbers=np.empty(0, dtype=np.uint32), amounts=np.empty(0, dtype=np.float32))
    logits = comments.logits(blocks[:2])
    numbers, order = _comment_numbers(comments.labels)
    return Seen(numbers=numbers, amounts=(logits - logits.mean())[order])


def floor_blocks(
    text: str, *, language: str, bot_was_saying: str, hints: RuleHints, intent_scores: Mapping[str, float]
) -> tuple[Seen, Seen, Seen, Seen]:
    """What the floor model sees: wording, concepts, the words against the bot's, the intent."""
    features = text_features(text, language=language)
    overlap = hints.of_overlap(text, language=language, bot_was_saying=bot_was_saying)
    return (
        seen(features.wording),
        seen(features.concepts),
        seen(numbered(overlap)),
        intent_block([(Speaker.CALLER, text)], lambda _: intent_scores),
    )


@cache
def _comment_numbers(labels: tuple[str, ...]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The features' numbers for the comments' labels, sorted, and the order that sorts them."""
    numbers = np.concatenate([numbered([f"g {label}"]) for label in labels])
    order = np.argsort(numbers)
    return numbers[order], order


def as_call(logit: float) -> float:
    """How far an English text is judged as a caller's line, by the register model's logit."""
    return 1.0 / (1.0 + math.exp(_COMMENT_LEAN - logit))


def _known(language: str) -> str:
    code = language[:2].lower()
    return code if code in LANGUAGES else "en"


def _valence(verdicts: Mapping[str, float]) -> float:
    """A value whose sign beyond ±0.15 is the likeliest verdict, and whose size tells how sure."""
    lean = verdicts["positive"] - verdicts["negative"]
    best = max(verdicts, key=lambda verdict: verdicts[verdict])
    if best == "neutral":
        return max(-1.0, min(1.0, lean)) * (VERDICT_FROM - 0.01)
    sign = 1.0 if best == "positive" else -1.0
    return sign * (VERDICT_FROM + (1.0 - VERDICT_FROM) * max(0.05, abs(lean)))
