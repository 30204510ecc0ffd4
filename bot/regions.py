"""What a phone number's region tells about its owner, before they have said a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import phonenumbers

_SPANISH: Final = frozenset(
    "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE".split()
)  # fmt: skip
"""Countries and territories most of whose people speak Spanish (ISO 3166-1): those where it is an official language,
Gibraltar and other minorities' places left out."""


def language_of_number(e164: str | None, *, languages: Sequence[str]) -> str | None:
    """The language in which to greet whoever calls from `e164`, one of `languages`; None where nothing is known.

    Only Spanish is told by region: elsewhere (the United States too) the playbook's first language is the better
    guess. Numbers that cannot be read tell nothing.
    """
    spanish = next((language for language in languages if language.partition("-")[0].lower() == "es"), None)
    if e164 is None or spanish is None:
        return None
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return None
    return spanish if region in _SPANISH else None
