"""Twilio's webhooks as signed forms: read with a limit, checked before anything is done with them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from bot.metrics import RefusalCause
from telephony.twilio.signature import SIGNATURE_HEADER, TwilioSignature

MAX_BODY_BYTES: Final = 64 * 1024
"""Longest body that is read; Twilio's are under 4 KB."""
MAX_FIELDS: Final = 300
BODY_SECONDS: Final = 5.0
"""Longest wait for a whole body; Twilio sends it in one piece."""
FORM_TYPE: Final = "application/x-www-form-urlencoded"

_SID: Final = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, kw_only=True)
class SignedForm:
    """The fields of a request that Twilio signed. Of repeated fields the last counts."""

    fields: dict[str, str] = field(repr=False)

    def get(self, name: str) -> str | None:
        """A field's value; None where it is absent or empty."""
        return self.fields.get(name) or None

    @property
    def call_sid(self) -> str | None:
        """The call's identifier; None where it is absent or no printable word of at most 64 characters."""
        sid = self.get("CallSid")
        return sid if sid is not None and _SID.fullmatch(sid) else None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A request that is not let in: the status to answer, and why."""

    status: int
    cause: RefusalCause


async def read_signed_form(request: Request, *, signature: TwilioSignature) -> SignedForm | Refused:
    """Read a webhook's form and check that Twilio signed it, under our public address as it was received.

    A body that is no form (JSON with `bodySHA256`, a file) is refused: we ask Twilio for none.
    """
    if not signature.can_accept:
        return Refused(status=403, cause=RefusalCause.NO_AUTH_TOKEN)
    given = request.headers.get(SIGNATURE_HEADER)
    if not given:
        return Refused(status=403, cause=RefusalCause.NO_SIGNATURE)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read_body(request)
    except (TimeoutError, ClientDisconnect):
        return Refused(status=408, cause=RefusalCause.MALFORMED)
    if body is None:
        return Refused(status=413, cause=RefusalCause.TOO_LARGE)
    pairs = _parse(body, request.headers.get("content-type", ""))
    if pairs is None:
        return Refused(status=403, cause=RefusalCause.MALFORMED)
    signed = signature.accepts_form(
        path=_raw_path(request),
        query=request.scope["query_string"].decode("latin-1"),
        fields=pairs,
        signature=given,
    )
    return SignedForm(fields=dict(pairs)) if signed else Refused(status=403, cause=RefusalCause.BAD_SIGNATURE)


async def _read_body(request: Request) -> bytes | None:
    """The body; None where it is longer than is read."""
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _parse(body: bytes, content_type: str) -> list[tuple[str, str]] | None:
    if body and content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_FIELDS
        )
    except ValueError:  # UnicodeDecodeError included
        return None


def _raw_path(request: Request) -> str:
    """The path with its escapes, as it came over the wire and as it was signed."""
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if isinstance(raw, bytes) else request.url.path
