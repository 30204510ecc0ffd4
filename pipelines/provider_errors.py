"""What a pipeline's error comes down to, in the few causes that metrics and logs know."""

from __future__ import annotations

import asyncio
import json

import httpx
from openai import APIConnectionError, APIStatusError, APITimeoutError
from pipecat.frames.frames import ErrorFrame
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.metrics import ProviderCause


def provider_cause(error: ErrorFrame) -> ProviderCause:
    """What an error frame comes down to."""
    exception = error.exception
    status = _status(exception)
    if status is not None:
        return _of_status(status)
    match exception:
        case TimeoutError() | asyncio.TimeoutError() | APITimeoutError() | httpx.TimeoutException():
            return ProviderCause.TIMEOUT
        case ConnectionClosed():
            return ProviderCause.CLOSED
        case json.JSONDecodeError():
            return ProviderCause.MALFORMED
        case APIConnectionError() | OSError() | httpx.TransportError():
            return ProviderCause.UNREACHABLE
        case _:
            text = error.error.lower()
            if "no audio" in text:
                return ProviderCause.SILENT
            if "unavailable" in text or "connect" in text:
                return ProviderCause.UNREACHABLE
            return ProviderCause.OTHER


def _status(exception: BaseException | None) -> int | None:
    if isinstance(exception, APIStatusError):
        return exception.status_code
    if isinstance(exception, InvalidStatus):
        return exception.response.status_code
    code = getattr(exception, "status_code", None)
    return code if isinstance(code, int) else None


def _of_status(status: int) -> ProviderCause:
    if status in (401, 403):
        return ProviderCause.REFUSED_KEY
    if status == 429:
        return ProviderCause.RATE_LIMITED
    return ProviderCause.SERVER_ERROR if status >= 500 else ProviderCause.REJECTED
