"""Who may use the API, and how often."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Final

from telephony.api.errors import ApiError
from telephony.api.request_limit import RequestLimit

REQUESTS_A_MINUTE: Final = 100


class ApiAccess:
    """The bearer token of the one tenant there is so far, and its limit of requests on this worker."""

    def __init__(self, token: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode()
        self._limit = RequestLimit(count=REQUESTS_A_MINUTE, seconds=60, clock=clock)

    def check(self, authorization: str | None) -> None:
        """Let one request with this Authorization header in.

        Raises:
            ApiError: 401 without the right token, 429 with one that was used too often.
        """
        scheme, _, given = (authorization or "").partition(" ")
        # latin-1 is how headers are read: any character they can hold can be compared, in constant time.
        right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token)
        if scheme.lower() != "bearer" or not right:
            raise ApiError(
                401,
                "expected `Authorization: Bearer TOKEN` with API_TOKEN, or with the token in DATA_DIR/api-token",
                headers={"WWW-Authenticate": "Bearer"},
            )
        wait = self._limit.wait_seconds()
        if wait:
            raise ApiError(
                429,
                f"expected at most {REQUESTS_A_MINUTE} requests a minute: try again in {wait} s",
                headers={"Retry-After": str(wait)},
            )
