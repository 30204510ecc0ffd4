"""Whether words merely repeat what the bot was saying: its own voice, come back from a speakerphone and recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_LONG: Final = 5
"""Letters from which a word is telling by itself."""
_ENOUGH: Final = 0.7
"""Share of the words that must be the bot's, in its order."""
_REACH: Final = 3
"""Bot words that a recogniser may have swallowed between two that it heard."""
_ANCHORS: Final = 4
_SLIP: Final = 0.5
_BOT_WORDS: Final = 90
"""How much of the bot's speech is looked at, from its end."""


@dataclass(frozen=True)
class BotWords:
    """The bot's last words, made ready for comparing many times."""

    words: Sequence[str]

    @cached_property
    def positions(self) -> Mapping[str, Sequence[int]]:
        """Where each word stands."""
        found: dict[str, list[int]] = {}
        for index, word in enumerate(self.words[-_BOT_WORDS:]):
            found.setdefault(word, []).append(index + max(0, len(self.words) - _BOT_WORDS))
        return found

    def echo_share(self, heard: Sequence[str]) -> float:
        """Share of the heard words, 0..1, that are the bot's in their order; 0 where too few to tell an echo.

        At least three words, or two of five letters or more; a word that is only like the bot's next one counts for
        most of one (recognisers slip on echoes).
        """
        long = sum(len(word) >= _LONG for word in heard)
        if len(heard) < 3 and long < 2:
            return 0.0
        if sum(word in self.positions for word in heard) * 2 < len(heard):
            return 0.0
        best, enough = 0.0, _ENOUGH * len(heard)
        for first in range(min(3, len(heard))):
            for start in self.positions.get(heard[first], ())[-_ANCHORS:]:
                best = max(best, self._follow(heard, first, start))
                if best >= enough:
                    return best / len(heard)
        return best / len(heard)

    def is_echo(self, heard: Sequence[str]) -> bool:
        """Whether the heard words are the bot's own."""
        return self.echo_share(heard) >= _ENOUGH

    def _follow(self, heard: Sequence[str], first: int, start: int) -> float:
        """How many of the words, from one of them on, follow the bot's from a place on; gives up early."""
        matched, at = 0.0, start
        spare = (1.0 - _ENOUGH) * len(heard) - first
        for word in heard[first:]:
            ahead = self.words[at : at + _REACH]
            if word in ahead:
                matched, at = matched + 1.0, at + ahead.index(word) + 1
                continue
            slip = next((step for step, said in enumerate(ahead) if _alike(word, said)), None)
            if slip is not None:
                matched, at, spare = matched + 0.8, at + slip + 1, spare - 0.2
            else:
                spare -= 1.0
            if spare < 0:
                break
        return matched


def _alike(heard: str, said: str) -> bool:
    """Whether a word could be a recogniser's slip for another: a common beginning or end of half its length."""
    longest = max(len(heard), len(said))
    if min(len(heard), len(said)) < 3 or (heard[0] != said[0] and heard[-1] != said[-1]):
        return False
    ahead = next(
        (index for index, (a, b) in enumerate(zip(heard, said, strict=False)) if a != b), min(len(heard), len(said))
    )
    behind = next(
        (index for index, (a, b) in enumerate(zip(reversed(heard), reversed(said), strict=False)) if a != b),
        min(len(heard), len(said)),
    )
    return max(ahead, behind) / longest >= _SLIP
