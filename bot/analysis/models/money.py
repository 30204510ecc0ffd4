"""What somebody can spend, read from their words and brought to dollars a month."""

from __future__ import annotations

import re
from typing import Final

from bot.analysis.numbers import with_digits
from bot.analysis.plain import plain

_AMOUNT: Final = re.compile(
    r"(?P<sign>[$€£])?\s?(?P<amount>\d+(?:\.\d+)?)\s?(?P<scale>k\b|grand\b|thousand\b|mil\b|millones\b|million\b)?\s?"
    r"(?:de )?(?P<unit>dollars?|bucks?|usd|dolares|verdes|euros?|pounds?|quid|libras|pesos?|lucas|soles|varos?)?"
    r"(?:\s(?:or so|mas o menos|max\w*|tops|como maximo|mexicanos|colombianos|argentinos))?"
    r"\s?(?P<period>(?:a|an|per|each|every|al|a la|por|cada|el) "
    r"(?:day|week|month|quarter|year|dia|semana|mes|trimestre|ano)"
    r"|monthly|weekly|daily|yearly|annually|mensual\w*|semanal\w*|diari\w*|anual\w*|for (?:the )?(?:12|twelve) weeks"
    r"|(?:por|las) 12 semanas)?"
)
_RATES: Final = (
    (("euro", "€"), 1.08),
    (("pound", "quid", "£"), 1.27),
    (("soles",), 0.27),
    (("dollar", "buck", "usd", "dolar", "verde", "$"), 1.0),
)
_PERIODS: Final = (
    (("12 sem", "12 week", "twelve"), 1 / 3),
    (("day", "dia", "dail"), 30.0),
    (("week", "sem"), 52 / 12),
    (("quarter", "trim"), 1 / 3),
    (("year", "ano", "anual", "annual"), 1 / 12),
)
_SCALES: Final = {"k": 1e3, "grand": 1e3, "thousand": 1e3, "mil": 1e3, "millones": 1e6, "million": 1e6}
_PESO_STEPS: Final = ((20_000.0, 1 / 4000), (300.0, 1 / 18))
"""Whose pesos is not said: large sums are Colombian or Argentine, middling ones Mexican."""
_INCOME: Final = re.compile(
    r"\b(?:earn|salary|income|make|turnover|revenue|employees|worth|gano|sueldo|salario|ingresos|factur\w+|empleados|cobro)\b"
)
_BUCKETS: Final = (60.0, 110.0, 175.0, 260.0, 800.0)


def monthly_budgets(text: str, *, language: str) -> list[float]:
    """The sums of money named in a text as dollars a month, in order; incomes and bare numbers are left out."""
    words = with_digits(plain(text), language=language)
    if _INCOME.search(words):
        return []
    return [value for match in _AMOUNT.finditer(words) if (value := _dollars(match)) is not None]


def budget_band(dollars: float) -> str:
    """The band of a monthly sum as a reason can name it: "budget under 60", "budget 110-175", "budget over 800"."""
    lower = 0.0
    for upper in _BUCKETS:
        if dollars < upper:
            return f"budget {lower:.0f}-{upper:.0f}" if lower else f"budget under {upper:.0f}"
        lower = upper
    return f"budget over {lower:.0f}"


def _dollars(match: re.Match[str]) -> float | None:
    amount, unit, period = float(match["amount"]), match["unit"] or match["sign"] or "", match["period"] or ""
    if match["scale"]:
        amount *= _SCALES[match["scale"]]
    if not unit and not period and not match["scale"]:
        return None
    if unit.startswith(("pound", "libras")) and not period:
        return None  # of body weight
    if unit.startswith(("peso", "varo", "luca")):
        amount *= 1000.0 if unit.startswith("luca") else 1.0
        rate = next((rate for least, rate in _PESO_STEPS if amount >= least), 1.0)
    else:
        rate = next((rate for names, rate in _RATES if unit.startswith(names)), 1.0)
    factor = next((factor for names, factor in _PERIODS if any(name in period for name in names)), 1.0)
    if not period and amount * rate >= 1500:
        factor = 1 / 3  # a sum for the whole programme
    return amount * rate * factor
