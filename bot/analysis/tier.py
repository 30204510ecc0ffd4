"""Which offer fits: evidence words of the playbook, added up as log-odds over the whole talk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.analysis.plain import phrase_pattern
from bot.domain import Tier
from bot.playbook.model import Playbook
from bot.policy.tiers import log_odds, tier_from_log_odds

_FADING: Final = 0.9
"""What was said earlier counts a little less each time something new is said: the last need counts."""
_MAX_REASONS: Final = 6


class TierJudge:
    """Judges the tier of a caller; its patterns are made once from the playbook."""

    def __init__(self, playbook: Playbook) -> None:
        self._evidence: Mapping[str, tuple[tuple[str, float, str, re.Pattern[str]], ...]] = {
            language: tuple(
                (offer.key, evidence.weight, evidence.reason, phrase_pattern(evidence.phrases.get(language, ())))
                for offer in playbook.tiers
                for evidence in offer.evidence
            )
            for language in playbook.languages
        }
        self._answers = {
            (question.slot, value.value): value.speaks_for
            for question in playbook.questions
            for value in question.values
        }

    def judge(self, words: str, *, language: str, before: Tier, answers: Mapping[str, str] | None = None) -> Tier:
        """The tier after another utterance (plain text, and what it answered), given the tier before it."""
        found = [
            (key, weight, reason)
            for key, weight, reason, pattern in self._evidence.get(language, ())
            if pattern.search(words)
        ]
        for slot, value in (answers or {}).items():
            found.extend(
                (key, weight, f"{slot}: {value}") for key, weight in self._answers.get((slot, value), {}).items()
            )
        if not found:
            return before
        odds = {key: value * _FADING for key, value in log_odds(before).items()}
        reasons = list(before.reasons)
        for key, weight, reason in found:
            odds[key] = odds.get(key, 0.0) + weight
            if reason not in reasons:
                reasons.append(reason)
        return tier_from_log_odds(odds, reasons=tuple(reasons[-_MAX_REASONS:]))
