"""What a provider's error comes down to in the metrics."""

from __future__ import annotations

import httpx
import pytest
from openai import APIConnectionError, APITimeoutError, BadRequestError
from pipecat.frames.frames import ErrorFrame

from bot.metrics import ProviderCause
from pipelines.provider_errors import provider_cause

REQUEST = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")


class RefusedUpgrade(Exception):
    """A vendor's error that carries a status."""

    def __init__(self, status_code: int) -> None:
        super().__init__()
        self.status_code = status_code


def cause(exception: Exception | None = None, *, text: str = "") -> ProviderCause:
    return provider_cause(ErrorFrame(error=text, exception=exception))


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "refused_key"), (403, "refused_key"), (429, "rate_limited"), (400, "rejected"), (404, "rejected"),
     (422, "rejected"), (500, "server_error"), (503, "server_error")],
)  # fmt: skip
def test_a_status_tells_the_key_the_rate_the_request_and_the_server_apart(status: int, expected: str) -> None:
    assert cause(RefusedUpgrade(status)) == expected


def test_a_request_that_the_model_refuses_is_rejected() -> None:
    error = BadRequestError("no such model", response=httpx.Response(400, request=REQUEST), body=None)
    assert cause(error) is ProviderCause.REJECTED


@pytest.mark.parametrize("error", [TimeoutError(), APITimeoutError(REQUEST), httpx.ReadTimeout("")])
def test_what_comes_too_late_is_a_timeout(error: Exception) -> None:
    assert cause(error) is ProviderCause.TIMEOUT


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), APIConnectionError(request=REQUEST), httpx.ConnectError("")]
)
def test_who_cannot_be_reached_is_unreachable(error: Exception) -> None:
    assert cause(error) is ProviderCause.UNREACHABLE


def test_a_voice_that_takes_the_words_and_gives_no_sound_is_silent() -> None:
    assert cause(text="Voice: no audio received for the context") is ProviderCause.SILENT


def test_anything_else_is_other() -> None:
    assert cause(ValueError(), text="something") is ProviderCause.OTHER
