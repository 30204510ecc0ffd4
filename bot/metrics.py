"""Every metric's name, labels and unit. Labels are bounded: no words of anybody, no numbers, no identifiers."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.domain import Direction, EmotionLabel, Outcome

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""Content type of `Metrics.render`."""

LATENCY_BUCKETS: Final = (
    0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0
)  # fmt: skip
"""Seconds: from a frame's length to where a caller has hung up; dense around the second that an answer takes."""
_LAG_BUCKETS: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


class LatencyStage(StrEnum):
    """What was waited for."""

    WEBHOOK = "webhook"
    """Twilio's request until our TwiML is ready."""
    GREETING = "greeting"
    """`start` until the first audio of the greeting is sent."""
    ANSWER = "answer"
    """The caller's last word until the first audio of the answer is sent."""
    TRANSCRIPT = "transcript"
    """The caller's last word until the turn's transcript is final."""
    PLAN = "plan"
    """Understanding and `plan_turn`."""
    LLM_FIRST_TOKEN = "llm_first_token"  # noqa: S105 - a token of text
    """The request to the model until its first token."""
    TTS_FIRST_CHUNK = "tts_first_chunk"
    """A sentence handed over until its first audio."""
    INTERRUPTION = "interruption"
    """The caller's onset until `clear` is sent."""
    GOODBYE = "goodbye"
    """The last word sent until its mark is echoed."""
    ACTION = "action"
    """A tool's work."""
    STORE = "store"
    """A save of the session."""


class ProviderCause(StrEnum):
    """Why a provider failed."""

    REFUSED_KEY = "refused_key"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    """It took the key and refused the request itself: any 4xx but for key and rate."""
    TIMEOUT = "timeout"
    SILENT = "silent"
    """It took the request and gave nothing for it."""
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    CLOSED = "closed"
    OTHER = "other"


class InterruptionKind(StrEnum):
    """What became of speech over the bot's."""

    BARGE_IN = "barge_in"
    BACKCHANNEL = "backchannel"
    FALSE_START = "false_start"
    KEY = "key"


class Door(StrEnum):
    """Where somebody knocked."""

    VOICE = "voice"
    STREAM = "stream"
    AFTER_STREAM = "after_stream"
    CALLBACK = "callback"
    WHATSAPP = "whatsapp"
    MEDIA = "media"
    API = "api"


class RefusalCause(StrEnum):
    """Why they were refused."""

    NO_SIGNATURE = "no_signature"
    BAD_SIGNATURE = "bad_signature"
    NO_AUTH_TOKEN = "no_auth_token"  # noqa: S105 - the setting is missing
    BAD_TOKEN = "bad_token"  # noqa: S105 - a cause
    LATE_START = "late_start"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    FULL = "full"
    DRAINING = "draining"
    ALREADY_STREAMING = "already_streaming"
    UNKNOWN_CALL = "unknown_call"
    STORE_AWAY = "store_away"
    UNAUTHORIZED = "unauthorized"
    TOO_MANY = "too_many"


class BadFrameCause(StrEnum):
    """What was wrong with a frame on the stream."""

    NOT_JSON = "not_json"
    UNKNOWN_EVENT = "unknown_event"
    BAD_FIELD = "bad_field"
    TOO_LARGE = "too_large"
    BINARY = "binary"
    OUT_OF_ORDER = "out_of_order"
    BEFORE_START = "before_start"
    SECOND_START = "second_start"
    OTHER_STREAM = "other_stream"
    AFTER_STOP = "after_stop"


class Store(StrEnum):
    """A store that did not answer."""

    SESSIONS = "sessions"
    RECORDS = "records"


class Metrics:
    """All metrics of a process, in a registry of its own; `/metrics` shows `render()`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(name, meaning, labels, registry=registry)

        self._calls = counter("ngx_calls", "Calls that ended.", "direction", "outcome")
        self._live_calls = Gauge("ngx_live_calls", "Calls of this process that are going on.", registry=registry)
        self._latency = Histogram(
            "ngx_latency_seconds", "Time waited for.", ("stage",), buckets=LATENCY_BUCKETS, registry=registry
        )
        self._provider_errors = counter("ngx_provider_errors", "Failures of providers.", "provider", "cause")
        self._interruptions = counter("ngx_interruptions", "Speech and keys over the bot's words.", "kind")
        self._refusals = counter("ngx_refusals", "Requests and streams refused.", "door", "cause")
        self._bad_frames = counter("ngx_bad_frames", "Frames on streams that were ignored.", "cause")
        self._guarded = counter("ngx_guard_replacements", "Sentences of the model that were replaced.", "reason")
        self._actions = counter("ngx_actions", "Actions carried out, or why not.", "action", "result")
        self._store_errors = counter("ngx_store_errors", "Requests that a store did not answer.", "store")
        self._voice_cache = counter("ngx_voice_cache", "Sentences looked up among those synthesised ahead.", "result")
        self._ahead = counter("ngx_answers_ahead", "Answers begun before the caller's turn was over.", "result")
        self._ahead_spend = counter(
            "ngx_answers_ahead_discarded_characters", "Characters asked of a model, or spoken, for nothing.", "kind"
        )
        self._emotions = counter("ngx_emotions", "Callers' turns by the feeling in their words.", "emotion")
        self._tiers = counter("ngx_tiers", "Calls by the offer that fitted at their end.", "tier")
        self._lag = Histogram(
            "ngx_event_loop_lag_seconds", "Delay of a due callback.", buckets=_LAG_BUCKETS, registry=registry
        )
        # A series that exists at 0 tells "nothing happened" from "nothing is measured".
        for stage in LatencyStage:
            self._latency.labels(stage=stage.value)
        for kind in InterruptionKind:
            self._interruptions.labels(kind=kind.value)
        for store in Store:
            self._store_errors.labels(store=store.value)
        for result in ("used", "discarded"):
            self._ahead.labels(result=result)
        for kind in ("prompt", "speech"):
            self._ahead_spend.labels(kind=kind)
        for result in ("hit", "miss"):
            self._voice_cache.labels(result=result)

    def call_began(self) -> None:
        """A call is going on."""
        self._live_calls.inc()

    def call_ended(self, *, direction: Direction, outcome: Outcome) -> None:
        """A call that began is over."""
        self._live_calls.dec()
        self._calls.labels(direction=direction.value, outcome=outcome.value).inc()

    def latency(self, stage: LatencyStage, *, seconds: float) -> None:
        """Something took this long; a clock that ran backwards counts as nothing."""
        self._latency.labels(stage=stage.value).observe(max(0.0, seconds))

    @contextmanager
    def timed(self, stage: LatencyStage) -> Generator[None, None, None]:
        """Measure a block, also one that fails."""
        began = perf_counter()
        try:
            yield
        finally:
            self.latency(stage, seconds=perf_counter() - began)

    def provider_error(self, *, provider: str, cause: ProviderCause) -> None:
        """A provider (its file's name) failed."""
        self._provider_errors.labels(provider=_key(provider), cause=cause.value).inc()

    def interruption(self, kind: InterruptionKind) -> None:
        """Somebody spoke, or pressed a key, over the bot's words."""
        self._interruptions.labels(kind=kind.value).inc()

    def refusal(self, *, door: Door, cause: RefusalCause) -> None:
        """Somebody was turned away."""
        self._refusals.labels(door=door.value, cause=cause.value).inc()

    def bad_frame(self, cause: BadFrameCause) -> None:
        """A frame on a stream was ignored, or closed it."""
        self._bad_frames.labels(cause=cause.value).inc()

    def guard_replacement(self, reason: StrEnum) -> None:
        """The guard replaced a sentence of the model, for one of its own reasons."""
        self._guarded.labels(reason=reason.value).inc()

    def action(self, *, action: str, fault: StrEnum | str | None) -> None:
        """An action (its key) was carried out, or not, for one of the tools' reasons."""
        self._actions.labels(action=_key(action), result="done" if fault is None else _key(str(fault))).inc()

    def store_error(self, store: Store) -> None:
        """A store did not answer."""
        self._store_errors.labels(store=store.value).inc()

    def answer_ahead(self, *, used: bool, prompt_characters: int = 0, speech_characters: int = 0) -> None:
        """An answer that was begun before the caller's turn was over came of use, or was discarded at that cost."""
        self._ahead.labels(result="used" if used else "discarded").inc()
        if not used:
            self._ahead_spend.labels(kind="prompt").inc(prompt_characters)
            self._ahead_spend.labels(kind="speech").inc(speech_characters)

    def voice_cache(self, *, hit: bool) -> None:
        """A sentence to be spoken was there already, or has to be synthesised."""
        self._voice_cache.labels(result="hit" if hit else "miss").inc()

    def emotion(self, label: EmotionLabel) -> None:
        """A caller's turn was understood to feel like this."""
        self._emotions.labels(emotion=label.value).inc()

    def tier(self, key: str) -> None:
        """A call ended with this offer (a key of the playbook) fitting best."""
        self._tiers.labels(tier=_key(key)).inc()

    def event_loop_lag(self, *, seconds: float) -> None:
        """A callback ran this much after it was due."""
        self._lag.observe(max(0.0, seconds))

    def render(self) -> bytes:
        """All metrics in Prometheus' text format; serve it as `CONTENT_TYPE`."""
        return generate_latest(self._registry)


def _key(text: str) -> str:
    """A label of ours as it is; anything that does not look like one becomes `other`."""
    return text if _KEY.fullmatch(text) and not text.isdecimal() else "other"
