"""A quiet vendor never means a quiet line: whatever a vendor does, the caller hears something within 2.5 s.

Each vendor is closed, half-open, slow, refuses with 429 or talks nonsense, from the moment the greeting sounds; the
caller speaks twice, and both times somebody answers in time. Log and metric name the vendor and the cause. A call takes
half a minute of real time: the tougher half runs with every change, the rest with the soak tests.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from _pytest.mark import ParameterSet
from loguru import logger

from bot.domain import Speaker
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Say, Step, UntilServerHangsUp
from rehearsal.line import CallResult
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, Fault, FaultScript, LatencyProfile, closed, refuse, slow
from tests.calls.stage import Service, open_service, until

PROMISED_SECONDS = 2.5
"""From the caller's last sample to the next audible one of ours."""

_ENGLISH = ("I want to get stronger.", "How much does it cost?")
_SPANISH = ("Quiero bajar de peso.", "¿Cuánto cuesta?")
_CONSTANT = LatencyProfile.named("constant")
_STT_SLOW = _CONSTANT.flux_end_of_turn_ms
_LLM_SLOW = _CONSTANT.llm_first_token_ms
_TTS_SLOW = _CONSTANT.tts_first_chunk_ms


@dataclass(frozen=True)
class Case:
    """What a vendor does, and the causes that name it; none where it is no failure yet.

    `breaks`: its open connections end first, as a restart of the vendor's server does.
    """

    fault: Fault | None
    causes: frozenset[str] = frozenset()
    breaks: bool = False


_CASES = {
    "closed": Case(None, frozenset({"closed"}), breaks=True),
    "closed, then 429": Case(refuse(429), frozenset({"rate_limited"}), breaks=True),
    "half-open": Case(HALF_OPEN, frozenset({"silent", "timeout"})),
    "malformed": Case(MALFORMED, frozenset({"malformed", "silent", "timeout"})),
}


def _cases(*, slow_ms: float) -> dict[str, Case]:
    late = frozenset({"silent", "timeout"})
    return {**_CASES, "3x slow": Case(slow(2 * slow_ms)), "10x slow": Case(slow(9 * slow_ms), late)}


_HEARING = _cases(slow_ms=_STT_SLOW)
# Evenly late words keep coming: it hears, and the floor takes the turn without it where it can.
_HEARING["10x slow"] = Case(slow(9 * _STT_SLOW))
_MODEL = {
    **_cases(slow_ms=_LLM_SLOW),
    "closed": Case(closed(after_messages=0), frozenset({"closed", "unreachable"})),
    "closed, then 429": Case(refuse(429), frozenset({"rate_limited"})),
}
_VOICE = _cases(slow_ms=_TTS_SLOW)
_VOICE["10x slow"] = Case(slow(9 * _TTS_SLOW))
# The service connects again by itself; what is noticed is that no audio comes.
_VOICE["closed"] = Case(None, frozenset({"closed", "silent"}), breaks=True)
_VOICE["closed, then 429"] = Case(refuse(429), frozenset({"rate_limited", "silent"}), breaks=True)


def _talk(texts: tuple[str, ...], *, to_the_end: bool = False) -> list[Step]:
    """Hear the greeting out, say each text after what was answered, and leave in the last answer or after it."""
    said: list[Step] = [Say(text=text, when=AfterBot(gap_seconds=0.5, patience_seconds=6.0)) for text in texts]
    last = AfterBot(gap_seconds=1.0) if to_the_end else IntoBot(seconds=0.6, patience_seconds=6.0)
    return [*said, HangUp(when=last)]


def _waits(result: CallResult) -> list[float]:
    """For each utterance of the caller, how long until the bot is heard after it; 0 where it is heard already."""
    waits: list[float] = []
    for speech in result.caller:
        later = [talk for talk in result.bot if talk.end > speech.end]
        waits.append(max(0.0, later[0].start - speech.end) if later else result.seconds - speech.end)
    return waits


def _assert_in_time(result: CallResult, *, utterances: int) -> None:
    waits = _waits(result)
    assert len(waits) >= utterances, f"the caller said only {len(waits)} of {utterances} sentences"
    limit = PROMISED_SECONDS + result.lateness_ms / 1000
    assert max(waits) <= limit, f"the caller waited {[round(wait, 2) for wait in waits]} s, limit {limit:.2f} s"


def _turns_told(service: Service, speaker: Speaker) -> int:
    return sum(len(service.told.said_by(sid, speaker)) for sid in service.told.turns)


async def _break_connections(faults: FaultScript, then: Fault | None) -> None:
    """End what is open at the vendor's next answer; connections from then on have the fault `then`."""
    opened = faults.requests
    faults.set(closed(after_messages=0))
    await until(lambda: faults.requests > opened, seconds=20.0)
    faults.clear()
    if then is not None:
        faults.set(then)


@contextmanager
def _logged() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="WARNING", format="{message}")
    try:
        yield lines
    finally:
        logger.remove(sink)


async def _counted_causes(service: Service, vendor: str) -> set[str]:
    async with httpx.AsyncClient(timeout=5.0) as client:
        text = (await client.get(f"{service.stage.public_url}/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("ngx_provider_errors_total{")]
    named = (line for line in lines if f'provider="{vendor}"' in line and not line.endswith(" 0.0"))
    return {found.group(1) for line in named if (found := re.search(r'cause="(\w+)"', line))}


async def _judge(
    tmp_path: Path,
    vendor: str,
    case: Case,
    texts: tuple[str, ...] = _ENGLISH,
    *,
    lang: str = "en",
    heard_before: int = 0,
    to_the_end: bool = False,
) -> Service:
    """A call in which `vendor` goes wrong once the greeting sounds and so many turns of the caller were heard."""
    async with open_service(tmp_path, profile=_CONSTANT, environ={"NGX_BACKUP_HEARING": "1"}) as service:
        faults: FaultScript = getattr(service.vendors, vendor).faults
        with _logged() as lines:
            async with asyncio.TaskGroup() as tasks:
                ringing = tasks.create_task(service.ring(_talk(texts, to_the_end=to_the_end), lang=lang))
                assert await until(lambda: any(service.told.sentences.values()), seconds=15.0)
                assert await until(lambda: _turns_told(service, Speaker.CALLER) >= heard_before, seconds=30.0)
                if case.breaks:
                    breaking = tasks.create_task(_break_connections(faults, case.fault))
                    await ringing
                    breaking.cancel()
                else:
                    faults.set(case.fault)
            result = await ringing
        _assert_in_time(result, utterances=len(texts))
        if case.causes:
            causes = await _counted_causes(service, vendor)
            assert causes & case.causes, f"the metric names {causes or 'nothing'}"
            named = [line for line in lines if vendor in line.lower()]
            assert any(cause in line.lower() for line in named for cause in case.causes), named
        return service


def _kinds(cases: dict[str, Case], *often: str) -> list[ParameterSet]:
    return [pytest.param(kind, marks=[] if kind in often else [pytest.mark.soak]) for kind in cases]


@pytest.mark.parametrize("kind", _kinds(_HEARING, "closed, then 429", "half-open", "malformed"))
async def test_a_caller_is_answered_in_time_whatever_the_recogniser_does(tmp_path: Path, kind: str) -> None:
    await _judge(tmp_path, "deepgram", _HEARING[kind])


@pytest.mark.parametrize("kind", _kinds(_MODEL, "half-open"))
async def test_a_caller_is_answered_in_time_whatever_the_model_does(tmp_path: Path, kind: str) -> None:
    await _judge(tmp_path, "openai", _MODEL[kind])


@pytest.mark.parametrize("kind", _kinds(_VOICE, "half-open"))
async def test_a_caller_is_answered_in_time_whatever_the_voice_does(tmp_path: Path, kind: str) -> None:
    await _judge(tmp_path, "elevenlabs", _VOICE[kind])


@pytest.mark.parametrize("text", [_ENGLISH[0], pytest.param("I want to lose weight because I", id="unfinished")])
async def test_a_caller_is_answered_in_time_when_model_and_voice_hang_together(tmp_path: Path, text: str) -> None:
    async with open_service(tmp_path, profile=_CONSTANT) as service:
        async with asyncio.TaskGroup() as tasks:
            ringing = tasks.create_task(service.ring(_talk((text, _ENGLISH[1]))))
            # With the greeting still to be spoken the voice would be known to be dead before the model is asked.
            assert await until(lambda: _turns_told(service, Speaker.BOT) > 0, seconds=30.0)
            service.vendors.openai.faults.set(HALF_OPEN)
            service.vendors.elevenlabs.faults.set(HALF_OPEN)
        _assert_in_time(ringing.result(), utterances=2)
        assert await _counted_causes(service, "openai") == {"timeout"}
        assert await _counted_causes(service, "elevenlabs") == {"silent"}


async def test_an_english_caller_is_heard_on_by_the_backup(tmp_path: Path) -> None:
    texts = ("I want to get stronger.", "How much does it cost?", "How much does it cost?")
    service = await _judge(tmp_path, "deepgram", _HEARING["half-open"], texts)
    heard = [text.lower() for sid in service.told.turns for text in service.told.said_by(sid, Speaker.CALLER)]
    assert any("much does it cost" in text for text in heard), heard


async def test_a_spanish_caller_is_told_honestly_and_offered_keys(tmp_path: Path) -> None:
    texts = (*_SPANISH, _SPANISH[1])  # the first is heard, and tells the language
    case = _HEARING["half-open"]
    service = await _judge(tmp_path, "deepgram", case, texts, lang="es", heard_before=1, to_the_end=True)
    said = " ".join(text for texts in service.told.sentences.values() for text in texts)
    assert "marcar 1" in said and "9 para no" in said, said


async def test_a_caller_whom_nobody_hears_is_led_to_a_polite_end(tmp_path: Path) -> None:
    async with open_service(tmp_path, profile=_CONSTANT, environ={"NGX_BACKUP_HEARING": "1"}) as service:
        faults = service.vendors.deepgram.faults
        faults.on(1, closed(after_messages=12))
        faults.set(refuse(429))
        steps = [Say(text=text, when=AfterBot(gap_seconds=0.5, patience_seconds=6.0)) for text in _SPANISH]
        result = await service.ring([*steps, UntilServerHangsUp(limit_seconds=60)], lang="es")
        _assert_in_time(result, utterances=len(_SPANISH))
        assert not any("did not hang up" in warning for warning in result.warnings), result.warnings
