"""Who may use the API and how often, with a clock of the test's own."""

from __future__ import annotations

import pytest

from telephony.api.access import REQUESTS_A_MINUTE, ApiAccess
from telephony.api.errors import ApiError
from telephony.api.request_limit import RequestLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer right-toke", "Bearer right-tokenx", "Basic right-token", "right-token",
     "Bearer RIGHT-TOKEN", "Bearer é", "Bearer 😀", "Bearer " + "x" * 100_000],
)  # fmt: skip
def test_anything_but_the_token_gets_401_and_costs_nothing(header: str | None) -> None:
    access = ApiAccess("right-token", clock=Clock())
    for _ in range(REQUESTS_A_MINUTE + 1):
        with pytest.raises(ApiError) as caught:
            access.check(header)
        assert caught.value.status == 401 and caught.value.headers == {"WWW-Authenticate": "Bearer"}
    access.check("Bearer right-token")


@pytest.mark.parametrize("header", ["Bearer right-token", "bearer right-token", "Bearer  right-token "])
def test_the_token_gets_in(header: str) -> None:
    ApiAccess("right-token", clock=Clock()).check(header)


def test_a_token_beyond_ascii_gets_in_as_it_comes_over_the_wire() -> None:
    ApiAccess("clé-Ω", clock=Clock()).check("Bearer " + "clé-Ω".encode().decode("latin-1"))


def test_the_hundred_and_first_request_in_a_minute_is_told_when_to_come_again() -> None:
    clock = Clock()
    access = ApiAccess("t", clock=clock)
    for _ in range(100):
        access.check("Bearer t")
        clock.now += 0.1
    with pytest.raises(ApiError) as caught:
        access.check("Bearer t")
    assert caught.value.status == 429 and caught.value.headers == {"Retry-After": "50"}
    clock.now += 50
    access.check("Bearer t")
    with pytest.raises(ApiError):
        access.check("Bearer t")


def test_a_limit_holds_in_any_span_of_time() -> None:
    clock = Clock()
    limit = RequestLimit(count=3, seconds=10, clock=clock)
    passed: list[float] = []
    for _ in range(400):
        if limit.wait_seconds() == 0:
            passed.append(clock.now)
        clock.now += 0.25
    assert all(later - earlier >= 10 for earlier, later in zip(passed, passed[3:], strict=False))
    assert len(passed) == 30


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="count: expected 1 or more"):
        RequestLimit(count=0, seconds=1)
