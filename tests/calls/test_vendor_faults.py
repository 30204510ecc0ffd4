"""What the caller notices when a vendor is slow, silent, closes, or talks nonsense: as little as can be."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.domain import Outcome, Speaker
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Say, Step, UntilServerHangsUp, Wait
from rehearsal.line import CallResult
from rehearsal.standins.openai import Reply
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, closed, refuse
from tests.calls.stage import Service, open_service

_PROMISED_SECONDS = 2.5
"""The ready words or the other voice are heard within this; the machine that tests may be slow, so twice is judged."""

_GOAL = "I want to get stronger."


def _asks(text: str = _GOAL) -> list[Step]:
    """Hear the greeting out, which no model may word, say `text`, hear the answer's beginning, hang up."""
    return [Say(text=text, when=AfterBot(gap_seconds=0.3)), HangUp(when=IntoBot(seconds=2.5))]


def _first_answer(result: CallResult) -> float:
    assert result.answers, "no answer was heard"
    return result.answers[0].seconds


def _spoken(service: Service, result: CallResult) -> str:
    return " ".join(service.told.sentences.get(result.call_sid, []))


async def test_a_model_that_fails_in_any_way_costs_the_caller_a_moment(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        service.vendors.openai.reply = lambda body: Reply("Zebra words.")
        faults = (HALF_OPEN, refuse(429), MALFORMED, refuse(401))
        for number, fault in enumerate(faults, start=1):
            service.vendors.openai.faults.on(number, fault)
        results = await asyncio.gather(*(service.ring(_asks()) for _ in faults))
        for result in results:
            assert _first_answer(result) < 2 * _PROMISED_SECONDS
            assert "Zebra" not in _spoken(service, result)
            assert len(service.told.sentences[result.call_sid]) >= 4, "the ready words were not spoken"
        after = await service.ring(_asks())
        assert "Zebra" in _spoken(service, after), "the model is back and was not asked"


async def test_a_voice_that_fails_in_any_way_is_replaced(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        leave = [Say(text="Please take me off your list.", when=AfterBot(gap_seconds=0.4)), UntilServerHangsUp()]
        faults = (HALF_OPEN, refuse(500), MALFORMED, closed(after_messages=3), closed(after_messages=25))
        for number, fault in enumerate(faults, start=1):
            service.vendors.elevenlabs.faults.on(number, fault)
        results = await asyncio.gather(*(service.ring(leave) for _ in faults))
        for fault, result in zip(faults, results, strict=True):
            assert result.greeting_seconds is not None and result.greeting_seconds < 2 * _PROMISED_SECONDS, fault
            assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT, fault
            said = " ".join(service.told.said_by(result.call_sid, Speaker.BOT))
            assert "AI assistant" in said and "How can I help" in said, (fault, said)


async def test_a_recogniser_that_closes_in_the_middle_is_connected_again(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        service.vendors.deepgram.faults.on(1, closed(after_messages=1))
        result = await service.ring(
            [
                Say(text=_GOAL, when=IntoBot(seconds=1.0)),
                Wait(seconds=6.0),
                Say(text="Please take me off your list.", when=AfterBot(gap_seconds=0.3)),
                UntilServerHangsUp(),
            ]
        )
        assert len(service.vendors.deepgram.sessions) >= 2
        assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT


async def test_a_price_that_the_model_invents_is_not_spoken(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        service.vendors.openai.reply = lambda body: Reply("Great goal. It is only 12 dollars a month for you.")
        result = await service.ring(_asks())
        spoken = _spoken(service, result)
        assert service.vendors.openai.requests, "the model was not asked"
        assert "12 dollars" not in spoken
        said = service.vendors.elevenlabs.texts, [s.texts for s in service.vendors.elevenlabs.streams]
        assert "12 dollars" not in str(said)
