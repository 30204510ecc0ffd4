"""Takes people's data and secrets out of text that is going to be logged."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_NUMBER: Final = re.compile(
    r"""
    (?P<keep>
        \b[A-Z]{2}[0-9a-fA-F]{32}\b                                  # a SID of the phone line
      | \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b     # a UUID
      | \b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b(?!\.?\d)            # an IP address
      | \b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?\b
      | \b\d{1,2}\.\d+\b(?![\s.-]*\d)                                # a decimal number
    )
    | (?P<number>(?:%2B|\+)?(?:\(\s*)?\d(?:[\s().\-/\u00a0\u2010-\u2015]{0,3}\d){6,})
    """,
    re.VERBOSE,
)
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_USERINFO: Final = re.compile(r"(?<=://)[^/\s@]+@")
_CREDENTIAL: Final = re.compile(
    r"""
      \b(?:bearer|basic|token)\s+[\w.~+/=-]{8,}
    | \b(?:sk|pk|rk|xi|dg)[-_][\w-]{8,}
    | \beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?
    | (?<![\w+/])[A-Za-z0-9+/]{27}=(?!=)
    | sha256=[0-9a-f]{16,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAMED_SECRET: Final = re.compile(
    r"""(?P<name>(?:api[-_]?key|signature(?:-256)?|token|secret|password|authorization)["']?\s*[:=]\s*)["']?[^\s"',;&]+""",
    re.IGNORECASE,
)


class Redactor:
    """Redacts phone and card numbers (seven digits and more, however written), mail addresses, credentials, and the
    given secrets. SIDs, UUIDs, IP addresses, ISO moments and decimals stay readable."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """`text` with what must not be read replaced by a word in brackets."""
        if self._secrets is not None:
            text = self._secrets.sub("[secret]", text)
        text = _USERINFO.sub("[secret]@", text)
        text = _CREDENTIAL.sub("[secret]", text)
        text = _NAMED_SECRET.sub(r"\g<name>[secret]", text)
        text = _EMAIL.sub("[mail]", text)
        return _NUMBER.sub(lambda found: found["keep"] or "[number]", text)
