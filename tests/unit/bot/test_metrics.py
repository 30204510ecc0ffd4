"""The metrics that dashboards and the contract rely on."""

from __future__ import annotations

from enum import StrEnum

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.domain import Direction, EmotionLabel, Outcome
from bot.metrics import (
    BadFrameCause,
    Door,
    InterruptionKind,
    LatencyStage,
    Metrics,
    ProviderCause,
    RefusalCause,
    Store,
)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """A sample as Prometheus would read it."""
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def test_a_call_is_live_until_it_ends_with_its_outcome(metrics: Metrics) -> None:
    metrics.call_began()
    metrics.call_began()
    metrics.call_ended(direction=Direction.INBOUND, outcome=Outcome.BOOKED)
    assert value(metrics, "ngx_live_calls") == 1
    assert value(metrics, "ngx_calls_total", direction="inbound", outcome="booked") == 1


def test_every_counter_has_its_name_and_labels(metrics: Metrics) -> None:
    class Reason(StrEnum):
        PRICE = "price"

    metrics.provider_error(provider="deepgram", cause=ProviderCause.REFUSED_KEY)
    metrics.interruption(InterruptionKind.BARGE_IN)
    metrics.refusal(door=Door.STREAM, cause=RefusalCause.BAD_TOKEN)
    metrics.bad_frame(BadFrameCause.NOT_JSON)
    metrics.guard_replacement(Reason.PRICE)
    metrics.action(action="book_appointment", fault=None)
    metrics.action(action="book_appointment", fault="timeout")
    metrics.store_error(Store.RECORDS)
    metrics.emotion(EmotionLabel.JOY)
    metrics.tier("pro")
    assert value(metrics, "ngx_provider_errors_total", provider="deepgram", cause="refused_key") == 1
    assert value(metrics, "ngx_interruptions_total", kind="barge_in") == 1
    assert value(metrics, "ngx_refusals_total", door="stream", cause="bad_token") == 1
    assert value(metrics, "ngx_bad_frames_total", cause="not_json") == 1
    assert value(metrics, "ngx_guard_replacements_total", reason="price") == 1
    assert value(metrics, "ngx_actions_total", action="book_appointment", result="done") == 1
    assert value(metrics, "ngx_actions_total", action="book_appointment", result="timeout") == 1
    assert value(metrics, "ngx_store_errors_total", store="records") == 1
    assert value(metrics, "ngx_emotions_total", emotion="joy") == 1
    assert value(metrics, "ngx_tiers_total", tier="pro") == 1


@pytest.mark.parametrize("stage", list(LatencyStage))
def test_every_stage_is_there_before_anything_happened(metrics: Metrics, stage: LatencyStage) -> None:
    assert value(metrics, "ngx_latency_seconds_count", stage=stage.value) == 0


def test_latency_is_in_seconds_and_its_buckets_span_20_ms_to_10_s(metrics: Metrics) -> None:
    metrics.latency(LatencyStage.ANSWER, seconds=0.7)
    assert value(metrics, "ngx_latency_seconds_bucket", stage="answer", le="0.02") == 0
    assert value(metrics, "ngx_latency_seconds_bucket", stage="answer", le="0.65") == 0
    assert value(metrics, "ngx_latency_seconds_bucket", stage="answer", le="0.8") == 1
    assert value(metrics, "ngx_latency_seconds_bucket", stage="answer", le="10.0") == 1
    assert value(metrics, "ngx_latency_seconds_sum", stage="answer") == pytest.approx(0.7)


def test_a_block_that_fails_is_timed_too(metrics: Metrics) -> None:
    with pytest.raises(RuntimeError), metrics.timed(LatencyStage.PLAN):
        raise RuntimeError
    assert value(metrics, "ngx_latency_seconds_count", stage="plan") == 1


def test_a_clock_that_ran_backwards_spoils_nothing(metrics: Metrics) -> None:
    metrics.latency(LatencyStage.PLAN, seconds=-1)
    metrics.event_loop_lag(seconds=-1)
    assert value(metrics, "ngx_latency_seconds_sum", stage="plan") == 0
    assert value(metrics, "ngx_event_loop_lag_seconds_count") == 1


@pytest.mark.parametrize("text", ["+12125550147", "12125550147", "Ana López", "x" * 41, "", "a b"])
def test_a_label_that_is_no_key_becomes_other(metrics: Metrics, text: str) -> None:
    metrics.provider_error(provider=text, cause=ProviderCause.OTHER)
    metrics.tier(text)
    metrics.action(action="opt_out", fault=text)
    assert value(metrics, "ngx_provider_errors_total", provider="other", cause="other") == 1
    assert value(metrics, "ngx_tiers_total", tier="other") == 1
    assert value(metrics, "ngx_actions_total", action="opt_out", result="other") == 1


def test_the_door_tells_its_refusals_and_bad_frames_apart(metrics: Metrics) -> None:
    refusals = ("draining", "already_streaming", "unknown_call", "store_away", "full", "too_many")
    for cause in refusals:
        metrics.refusal(door=Door.STREAM, cause=RefusalCause(cause))
    for cause in ("before_start", "second_start", "out_of_order"):
        metrics.bad_frame(BadFrameCause(cause))
    for cause in ("silent", "rejected", "timeout", "malformed"):
        metrics.provider_error(provider="elevenlabs", cause=ProviderCause(cause))
    assert [value(metrics, "ngx_refusals_total", door="stream", cause=cause) for cause in refusals] == [1] * 6
    assert value(metrics, "ngx_bad_frames_total", cause="second_start") == 1
    assert value(metrics, "ngx_provider_errors_total", provider="elevenlabs", cause="silent") == 1


def test_two_processes_worth_of_metrics_live_side_by_side() -> None:
    first, second = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    first.call_began()
    assert value(second, "ngx_live_calls") == 0
