"""Probabilities of the offers: what the prior says, and what evidence does to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from bot.domain import Tier
from bot.playbook.model import Playbook


def prior_tier(playbook: Playbook) -> Tier:
    """The tier before anything was said."""
    return tier_from_log_odds({offer.key: offer.prior for offer in playbook.tiers}, reasons=())


def tier_from_log_odds(log_odds: Mapping[str, float], *, reasons: tuple[str, ...]) -> Tier:
    """The likeliest tier, with probabilities that sum to 1."""
    highest = max(log_odds.values())
    weights = {key: math.exp(value - highest) for key, value in log_odds.items()}
    total = sum(weights.values())
    scores = {key: weight / total for key, weight in weights.items()}
    return Tier(key=max(scores, key=lambda key: scores[key]), scores=MappingProxyType(scores), reasons=reasons)


def log_odds(tier: Tier) -> dict[str, float]:
    """The log-odds that give the tier's probabilities, up to a constant."""
    return {key: math.log(max(score, 1e-9)) for key, score in tier.scores.items()}
