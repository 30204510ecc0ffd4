"""What the word rules say of a text, as features: the models learn how far to believe each rule."""

from __future__ import annotations

from collections.abc import Sequence

from bot.analysis.echo_words import BotWords
from bot.analysis.emotion import EmotionJudge
from bot.analysis.floor import LexicalFloorJudge
from bot.analysis.intent import IntentJudge
from bot.analysis.models.features import concepts_of, tokens
from bot.analysis.optout import asks_no_contact
from bot.analysis.plain import plain
from bot.domain import Expected

_SAID = 0.2
_FELT = 0.3


class RuleHints:
    """Asks the rules. Its patterns are compiled once; asking is pure."""

    def __init__(self) -> None:
        self._intent = IntentJudge()
        self._floor = LexicalFloorJudge()
        self._emotion = EmotionJudge()

    def of_text(self, text: str, *, language: str) -> list[str]:
        """Names of the rules' opinions on intent, opt-out and feeling."""
        words = plain(text)
        scores = self._intent.scores(words, language=language, names_time=False)
        names = [f"r intent {intent}" for intent, score in scores.items() if score > _SAID]
        names.append(f"r optout {asks_no_contact(words)}")
        emotion = self._emotion.judge(words)
        names += [f"r feels {label}" for label, score in emotion.scores.items() if score > _FELT]
        names += [f"r signal {signal}" for signal, score in emotion.signals.items() if score >= _FELT]
        return names

    def of_overlap(self, text: str, *, language: str, bot_was_saying: str) -> list[str]:
        """Names of what a text means against the words the bot was saying: echo, answer to a question, the rules."""
        words, bot = tokens(text), tokens(bot_was_saying)
        asked = bot_was_saying.rstrip().endswith("?")
        expects = Expected.YES_NO if asked else Expected.OPEN
        verdict = self._floor.judge(text, language=language, bot_was_saying=bot_was_saying, expects=expects)
        shared = sum(word in set(bot) for word in words) / max(1, len(words))
        return [
            f"o asked {asked}",
            f"o words {min(len(words), 8)}",
            f"o asked {asked} words {min(len(words), 6)}",
            f"o shared {int(shared * 4)}",
            f"o echo {int(BotWords(tuple(bot)).echo_share(words) * 4)}",
            f"o rule {verdict}",
            f"o rule {verdict} asked {asked}",
            *_edges(words),
            *(f"o asked {asked} {concept}" for concept in concepts_of(text, language=language)),
        ]


def _edges(words: Sequence[str]) -> list[str]:
    if not words:
        return []
    return [f"o first {words[0]}", f"o first {' '.join(words[:2])}", f"o last {words[-1]}"]
