"""How long a vendor may take over an answer: on virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.caller_wait import PROMISED_SECONDS, CallerWait, Patience
from pipelines.processors.fallback_voice import VOICE_PATIENCE
from pipelines.processors.wording import MODEL_PATIENCE

_PATIENCE = Patience(usual=1.0, by=1.5, least=0.4)


def waiting(*, since: float) -> CallerWait:
    wait = CallerWait()
    wait.voice_started()
    wait.voice_stopped(at=since)
    return wait


def test_an_answer_begun_at_once_may_take_its_usual_time() -> None:
    assert waiting(since=10.0).grant(_PATIENCE, now=10.3) == 1.0


def test_what_the_caller_has_waited_already_is_taken_off() -> None:
    assert waiting(since=10.0).grant(_PATIENCE, now=10.8) == pytest.approx(0.7)


def test_a_vendor_always_has_the_least_time() -> None:
    assert waiting(since=10.0).grant(_PATIENCE, now=11.4) == 0.4


def test_who_speaks_or_has_long_been_quiet_does_not_wait() -> None:
    assert CallerWait().grant(_PATIENCE, now=10.0) == 1.0
    assert waiting(since=10.0).grant(_PATIENCE, now=18.0) == 1.0
    wait = waiting(since=10.0)
    wait.voice_started()
    assert wait.grant(_PATIENCE, now=11.4) == 1.0


@given(st.floats(min_value=0.0, max_value=1.4))
def test_a_model_and_a_voice_that_both_hang_keep_the_promise(asked_after: float) -> None:
    wait = waiting(since=0.0)
    ready = asked_after + wait.grant(MODEL_PATIENCE, now=asked_after)
    assert ready + wait.grant(VOICE_PATIENCE, now=ready) <= PROMISED_SECONDS - 0.19
