"""Whole calls over the real wire, with the vendors' real clients talking to stand-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import Outcome, Speaker
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Press, Say, UntilServerHangsUp, Wait
from rehearsal.line import EndedBy
from rehearsal.line.phone import EventKind
from rehearsal.standins.profile import Fault, FaultKind
from tests.calls.stage import KEY, Service, open_service, until

KEYS = frozenset({KEY})


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with open_service(tmp_path) as running:
        yield running


async def test_a_caller_is_greeted_answered_and_let_go(service: Service) -> None:
    result = await service.ring(
        [Say(text="How much does it cost?"), Say(text="No thanks, goodbye."), UntilServerHangsUp()]
    )
    sid = result.call_sid
    assert result.ended.by is EndedBy.SERVER, result.ended
    said = service.told.said_by(sid, Speaker.BOT)
    assert "AI assistant" in said[0] and "stored" in said[0]
    assert " ".join(service.told.said_by(sid, Speaker.CALLER)) == "How much does it cost? No thanks, goodbye."
    assert service.told.outcomes[sid] is Outcome.NOT_INTERESTED
    assert result.answers, "the caller heard no answer"
    assert not [warning for warning in result.warnings if "unheard" in warning]


async def test_the_models_words_are_spoken(service: Service) -> None:
    result = await service.ring([Say(text="I want to get stronger."), Wait(seconds=6.0), HangUp()])
    assert service.vendors.openai.requests, "the model was not asked"
    spoken = " ".join(service.told.sentences[result.call_sid])
    body = service.vendors.openai.requests[0].body
    assert body["messages"][0]["role"] == "system"
    assert any("stronger" in str(message["content"]) for message in body["messages"])
    assert spoken


async def test_speech_over_the_bot_clears_what_is_queued(service: Service) -> None:
    result = await service.ring(
        [Say(text="Please take me off your list.", when=IntoBot(seconds=1.2)), UntilServerHangsUp()]
    )
    assert result.clears
    assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT
    greeting = service.told.turns[result.call_sid][0]
    assert greeting.interrupted
    assert "How can I help" not in greeting.text


async def test_nine_means_no_more_calls_and_ends_the_call_within_ten_seconds(service: Service) -> None:
    result = await service.ring([Press(digits="9", when=IntoBot(seconds=0.8)), UntilServerHangsUp()])
    assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT
    assert result.ended.by is EndedBy.SERVER
    pressed = next(event.at for event in result.events if event.kind is EventKind.DIGIT)
    assert result.seconds - pressed <= 10.0
    assert result.clears and result.clears[0] - pressed < 1.0, "the greeting went on"


async def test_a_key_during_the_bots_speech_cuts_it_and_is_answered(service: Service) -> None:
    result = await service.ring([Press(digits="5", when=IntoBot(seconds=0.8)), HangUp(when=AfterBot(gap_seconds=0.5))])
    pressed = next(event.at for event in result.events if event.kind is EventKind.DIGIT)
    assert result.clears and result.clears[0] - pressed < 1.0, "the greeting went on"
    greeting, answer = service.told.turns[result.call_sid]
    assert greeting.interrupted and "How can I help" not in greeting.text
    assert "9" in answer.text and not answer.interrupted


async def test_a_caller_who_hangs_up_leaves_nothing_open(service: Service) -> None:
    result = await service.ring([HangUp(when=IntoBot(seconds=1.0))])
    assert result.ended.by is EndedBy.CALLER
    assert await until(lambda: result.call_sid in service.told.outcomes)
    assert service.told.outcomes[result.call_sid] is Outcome.ABANDONED
    assert await until(lambda: not any(s.is_open for s in service.vendors.deepgram.sessions))
    assert await until(lambda: not any(s.is_open for s in service.vendors.elevenlabs.streams))


async def test_without_the_model_the_ready_words_are_spoken(service: Service) -> None:
    service.vendors.openai.faults.set(Fault(kind=FaultKind.STATUS, status=500))
    result = await service.ring([Say(text="How much does it cost?"), Wait(seconds=5.0), HangUp()])
    assert "79 dollars" in " ".join(service.told.sentences[result.call_sid])


async def test_nova_hears_as_flux_does(tmp_path: Path) -> None:
    async with open_service(tmp_path, environ={"DEEPGRAM_MODEL": "nova-3-general"}) as service:
        result = await service.ring([Say(text="Please take me off your list."), UntilServerHangsUp()])
        assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT


async def test_a_voice_that_refuses_the_key_is_replaced_by_the_embedded_one(tmp_path: Path) -> None:
    async with open_service(tmp_path, environ={"ELEVENLABS_API_KEY": "wrong"}, keys=KEYS) as service:
        result = await service.ring([Say(text="Please take me off your list."), UntilServerHangsUp()])
        assert result.bot, "the caller heard nothing"
        assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT


async def test_a_recogniser_that_refuses_the_key_is_owned_up_to(tmp_path: Path) -> None:
    async with open_service(tmp_path, environ={"DEEPGRAM_API_KEY": "wrong"}, keys=KEYS) as service:
        result = await service.ring([Wait(seconds=3.0), UntilServerHangsUp(limit_seconds=45)])
        assert result.ended.by is EndedBy.SERVER
        assert service.told.outcomes[result.call_sid] is Outcome.CALLBACK
