"""Small text models trained on our own phrases, each with a card (NAME.md). `TextModels.load()` reads them all."""

from bot.analysis.models.bundle import TalkJudgement, TextJudgement, TextModels
from bot.analysis.models.linear import ModelError

__all__ = ["ModelError", "TalkJudgement", "TextJudgement", "TextModels"]
