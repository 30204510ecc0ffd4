"""Twilio's HTTP requests to us, signed as Twilio signs them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
from twilio.request_validator import RequestValidator

from rehearsal.line.settings import LineSettings


class WebhookError(RuntimeError):
    """The server could not be reached or did not answer in time."""


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What the server answered, and how long it took."""

    url: str
    status: int
    body: str
    seconds: float


def sign(*, auth_token: str, url: str, form: Mapping[str, str] | None = None) -> str:
    """The X-Twilio-Signature of a request; without `form` that of a WebSocket upgrade or a GET."""
    return RequestValidator(auth_token).compute_signature(url, dict(form or {}))


class WebhookClient:
    """Sends webhooks over kept-alive connections; share one among calls (building the client is the dear part).

    An async context manager.
    """

    def __init__(self, *, settings: LineSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(
        self, *, url: str, form: Mapping[str, str], method: str = "POST", signature: str | None = None
    ) -> WebhookReply:
        """Send one request. `signature` replaces the right one; "" sends none.

        Safe to cancel; the server may have acted on it.

        Raises:
            WebhookError: unreachable, or no answer within the settings' 15 s.
        """
        signed_url = url if method == "POST" else _with_query(url, form)
        value = signature
        if value is None:
            signed_form = form if method == "POST" else None
            value = sign(auth_token=self._settings.auth_token, url=signed_url, form=signed_form)
        headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", "Host": urlsplit(url).netloc}
        if value:
            headers["X-Twilio-Signature"] = value
        address = self._address(signed_url)
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._settings.webhook_timeout_seconds):
                reply = await self._http.request(
                    method, address, data=dict(form) if method == "POST" else None, headers=headers, timeout=None
                )
        except TimeoutError as error:
            limit = self._settings.webhook_timeout_seconds
            raise WebhookError(f"{method} {url}: no answer within {limit:g} s") from error
        except httpx.HTTPError as error:
            raise WebhookError(f"{method} {url}: {type(error).__name__}: {error}") from error
        return WebhookReply(url, reply.status_code, reply.text, asyncio.get_running_loop().time() - began)

    def _address(self, url: str) -> str:
        route = self._settings.route(url)
        if route is None:
            return url
        parts = urlsplit(url)
        host = f"[{route[0]}]" if ":" in route[0] else route[0]
        return urlunsplit(("http", f"{host}:{route[1]}", parts.path, parts.query, ""))


def _with_query(url: str, form: Mapping[str, str]) -> str:
    return url + ("&" if urlsplit(url).query else "?") + urlencode(dict(form))
