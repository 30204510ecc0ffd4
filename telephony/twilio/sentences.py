"""What Twilio says in our place where no pipeline can: the playbook's words, or plain ones that promise nothing."""

from __future__ import annotations

from typing import Final

from bot.playbook import Playbook
from telephony.twilio.twiml import SpokenLine

FULL_HOUSE: Final = "full_house"
"""Playbook key: all lines are busy, we call back. Only said where the call-back is on record."""

UNAVAILABLE: Final = "unavailable"
"""Playbook key (optional): the call cannot be taken, and nothing is promised."""

BROKEN_OFF: Final = "broken_off"
"""Playbook key (optional): the talk broke off through a fault of ours."""

_PLAIN: Final = {
    UNAVAILABLE: {
        "en": "I'm sorry, we can't take your call right now. Please call again in a few minutes.",
        "es": "Lo siento, en este momento no podemos atender su llamada. Por favor, llame de nuevo en unos minutos.",
    },
    BROKEN_OFF: {
        "en": "I'm sorry, something went wrong on our side. Please call again in a few minutes.",
        "es": "Lo siento, algo falló de nuestro lado. Por favor, llame de nuevo en unos minutos.",
    },
}


def spoken_lines(playbook: Playbook, *, key: str) -> tuple[SpokenLine, ...]:
    """The text of `key` in each of the playbook's languages, the default one first."""
    found: list[SpokenLine] = []
    for language in playbook.languages:
        wordings = playbook.wordings(language, key)
        text = " ".join(wordings[0].sentences) if wordings else _PLAIN.get(key, {}).get(language, "")
        if text:
            found.append(SpokenLine(language=language, text=text))
    return tuple(found)
