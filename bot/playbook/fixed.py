"""The sentences of a playbook that are the same in every call: what can be synthesised before anybody rings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bot.playbook.model import Playbook

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_NO_OFFER: Final[Mapping[str, str]] = MappingProxyType({})
_GREETING: Final = (
    "notice.disclosure_inbound",
    "notice.storage",
    "open.inbound",
    "notice.disclosure_outbound",
    "notice.opt_out_offer",
    "notice.callback_number",
    "open.outbound",
)
"""The texts of a call's first words, inbound first."""
_URGENCY: Final = ("opener", "answer", "silence", "not_understood", "ask", "ack", "price", "product", "session", "open")
"""Groups of texts in the order in which calls want them; the others follow in the playbook's order."""


def fixed_sentences(playbook: Playbook, *, language: str) -> tuple[str, ...]:
    """Every sentence in `language` that holds nothing of the caller's, the most urgent first, each once.

    First the greetings, then openers and answers, then the rest. A name that is not known leaves a sentence fixed, and
    so do the offers' names and prices; a name, a time or a day given by the caller does not.

    Raises:
        KeyError: the playbook does not speak that language.
    """
    texts = playbook.texts[language].sentences
    found: dict[str, None] = {}
    for key in sorted(texts, key=_urgency):
        for wording in texts[key]:
            # An opener is spoken in one breath.
            sentences = (" ".join(wording.sentences),) if key.startswith("opener.") else wording.sentences
            for sentence in sentences:
                found.update(dict.fromkeys(_fillings(sentence, playbook, language)))
    return tuple(found)


def _urgency(key: str) -> tuple[int, int]:
    if key in _GREETING:
        return 0, _GREETING.index(key)
    group = key.partition(".")[0]
    return 1, _URGENCY.index(group) if group in _URGENCY else len(_URGENCY)


def _fillings(sentence: str, playbook: Playbook, language: str) -> Iterator[str]:
    """The forms a sentence takes without knowing the caller: itself, one for each offer, or none."""
    wanted = set(_PLACEHOLDER.findall(sentence))
    offers = [_offer(playbook, tier.key, language) for tier in playbook.tiers]
    for values in offers if wanted & offers[0].keys() else [_NO_OFFER]:
        filled: Mapping[str, str] = {"name_tail": "", **values}
        if wanted <= filled.keys():
            yield _PLACEHOLDER.sub(lambda match, filled=filled: filled[match.group(1)], sentence)


def _offer(playbook: Playbook, tier: str, language: str) -> Mapping[str, str]:
    """What the policy fills in for an offer, as `bot.policy.steering.say_tier` does."""
    text = playbook.texts[language].tiers[tier]
    price = playbook.price(tier, language=language)
    return {"tier_name": text.name, "tier_what": text.what, "tier_fits": text.fits, "tier_price": price}
