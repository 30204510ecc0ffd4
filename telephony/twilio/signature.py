"""Who is at the door: the signature that Twilio puts on every webhook and WebSocket upgrade."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator  # pyright: ignore[reportMissingTypeStubs]

SIGNATURE_HEADER = "x-twilio-signature"


class TwilioSignature:
    """Checks signatures against the addresses under which Twilio knows us.

    Nothing of the connection counts: neither the socket's address nor Host or X-Forwarded headers, so that a
    proxy in front changes nothing and nobody can talk the check into another origin.
    """

    def __init__(self, *, auth_token: str | None, public_url: str, stream_url: str) -> None:
        """`public_url` is an origin without path; without `auth_token` every check fails."""
        self._validator = cast("Any", RequestValidator(auth_token)) if auth_token else None
        self._origins = _origins(public_url)
        self._stream_url = stream_url

    @property
    def can_accept(self) -> bool:
        """False where no auth token is configured: then every request is refused."""
        return self._validator is not None

    def accepts_form(self, *, path: str, query: str, fields: Iterable[tuple[str, str]], signature: str | None) -> bool:
        """Whether `signature` covers the public origin + `path` + `query` (both as received) and the form's fields.

        Twilio is not consistent about a port in the signed address (its own SDK tries both), so the public
        origin is tried with and without its port.
        """
        params = ImmutableMultiDict(list(fields))
        target = f"{path}?{query}" if query else path
        # All candidates are computed, so that the time taken does not tell which one fitted.
        matches = [self._matches(f"{origin}{target}", params, signature) for origin in self._origins]
        return any(matches)

    def accepts_upgrade(self, *, signature: str | None) -> bool:
        """Whether `signature` covers exactly the Stream URL of our TwiML, with nothing added."""
        return self._matches(self._stream_url, ImmutableMultiDict[str, str]([]), signature)

    def _matches(self, url: str, params: ImmutableMultiDict[str, str], signature: str | None) -> bool:
        if self._validator is None or not signature:
            return False
        # `validate` raises TypeError on bodies that are no form and compares lengths first; only the SDK's
        # computation is used. Surrogates (bytes that are no UTF-8) cannot be signed by anybody.
        try:
            expected = str(self._validator.compute_signature(url, params))
        except UnicodeEncodeError:
            return False
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))


def _origins(public_url: str) -> tuple[str, ...]:
    """The public origin as configured, then with its port made explicit or left out."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    configured = public_url.rstrip("/")
    return tuple(dict.fromkeys((configured, f"{parts.scheme}://{host}", f"{parts.scheme}://{host}:{port}")))
