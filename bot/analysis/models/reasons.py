"""What a tier's evidence is called when a seller reads why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

READABLE: Final[Mapping[str, str]] = {
    "t_try": "only wants to try",
    "t_beginner": "is a beginner",
    "t_student_poor": "has little money",
    "t_alone": "wants to train alone",
    "t_accountability": "wants somebody who checks in",
    "t_goal_date": "has a concrete goal",
    "t_athlete": "trains like an athlete",
    "t_lab": "wants labs, wearables or a nutrition specialist",
    "t_pro_busy": "has a demanding profession",
    "t_executive": "runs a company",
    "t_concierge": "wants everything handled",
    "t_for_other": "it is for somebody else",
    "t_change_mind": "changed their mind",
    "t_lux_refuse": "does not need the full programme",
    "too_expensive": "finds it expensive",
    "discount": "asks for less",
    "time_lack": "has no time",
    "authority": "does not decide alone",
    "n_weight": "wants to lose weight",
    "n_strength": "wants strength",
    "n_energy": "lacks energy",
    "n_nutrition": "cares about food",
    "n_health": "has a matter of health",
    "n_performance": "wants performance",
    "n_time": "wants to save time",
}
"""By concept (`concepts.txt`); evidence without a name here counts, but is not shown. Sums of money name themselves."""


def readable(evidence: str) -> str | None:
    """The evidence in words, None where it is not for showing."""
    return evidence if evidence.startswith("budget ") else READABLE.get(evidence)
