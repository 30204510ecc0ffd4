"""Twilio's REST API, as far as the door needs it: look at the account, end a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import httpx
import msgspec

from bot.settings import TwilioSection

API_ORIGIN: Final = "https://api.twilio.com"
REST_SECONDS: Final = 5.0
"""Longest wait for one request in all."""

_NOT_IN_PROGRESS: Final = 21220


class TwilioRestError(Exception):
    """Twilio's API did not do what was asked; `status` and `code` are Twilio's, None where it did not answer."""

    def __init__(self, text: str, *, status: int | None = None, code: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class _ErrorBody(msgspec.Struct, frozen=True):
    code: int | None = None
    message: str = ""


class Account(msgspec.Struct, frozen=True):
    """The account as Twilio knows it."""

    sid: str
    status: str = "unknown"
    friendly_name: str = ""


class TwilioRest:
    """An HTTP client of Twilio's API under one origin, with one deadline a request and no retries."""

    def __init__(self, *, account_sid: str, auth_token: str, api_url: str | None = None, seconds: float = REST_SECONDS):
        self._account_sid = account_sid
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            base_url=f"{api_url or API_ORIGIN}/2010-04-01/Accounts/{quote(account_sid, safe='')}",
            auth=(account_sid, auth_token),
            timeout=seconds,
            headers={"Accept": "application/json"},
        )

    @classmethod
    def from_settings(cls, twilio: TwilioSection) -> TwilioRest | None:
        """The client for the configured account; None without account SID or auth token."""
        if not twilio.account_sid or twilio.auth_token is None:
            return None
        return cls(
            account_sid=twilio.account_sid,
            auth_token=twilio.auth_token.get_secret_value(),
            api_url=twilio.api_url,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def account(self) -> Account:
        """Fetch the account.

        Raises:
            TwilioRestError: refused, unreachable, or no answer that can be read.
        """
        response = await self._request("GET", ".json", {})
        try:
            return msgspec.json.decode(response.content, type=Account)
        except msgspec.MsgspecError as error:
            raise TwilioRestError("expected an account, got something else; is TWILIO_API_URL Twilio's?") from error

    async def end_call(self, *, call_sid: str) -> bool:
        """End a call; False where it was over already.

        Raises:
            TwilioRestError: refused, unreachable, or unknown call.
        """
        try:
            await self._request("POST", f"/Calls/{quote(call_sid, safe='')}.json", {"Status": "completed"})
        except TwilioRestError as error:
            if error.code == _NOT_IN_PROGRESS:
                return False
            raise
        return True

    async def _request(self, method: str, path: str, form: Mapping[str, str]) -> httpx.Response:
        # httpx puts a slash between base and path; the account's own address has none before ".json".
        url = f"{str(self._client.base_url).rstrip('/')}{path}"
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._client.request(method, url, data=dict(form) if form else None)
        except TimeoutError as error:
            raise TwilioRestError(f"no answer within {self._seconds:g} s") from error
        except httpx.HTTPError as error:
            raise TwilioRestError(f"cannot be reached: {type(error).__name__}") from error
        if response.is_success:
            return response
        raise _refusal(response)


def _refusal(response: httpx.Response) -> TwilioRestError:
    """What Twilio's error body says, without repeating anything of the request."""
    try:
        body = msgspec.json.decode(response.content, type=_ErrorBody)
    except msgspec.MsgspecError:
        body = _ErrorBody()
    said = f": {body.message}" if body.message else ""
    code = f", error {body.code}" if body.code is not None else ""
    return TwilioRestError(f"HTTP {response.status_code}{code}{said}", status=response.status_code, code=body.code)
