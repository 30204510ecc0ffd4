"""What an utterance means: language, intent, opt-out, emotion, tier, slots.

Simple word rules, a file each; `Analyst` runs them all in one go.
"""

from bot.analysis.analyst import Analyst

__all__ = ["Analyst"]
