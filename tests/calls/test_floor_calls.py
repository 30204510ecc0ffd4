"""Whose turn it is, over the real wire: pauses, answers begun early, openers, and what memory holds of an interruption.

Vendors answer as fast as they publish, so that what is done ahead of its time is really ahead.
"""

from __future__ import annotations

import asyncio
import dataclasses
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from bot.domain import Speaker, Turn
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Say, Step
from rehearsal.line import CallResult
from rehearsal.line.ear import find_speech
from rehearsal.mulaw import RATE, encode
from rehearsal.standins.profile import LatencyProfile
from rehearsal.standins.speech import Spoken, utter
from tests.calls.stage import Service, Vendors, open_service, until

_CONSTANT = LatencyProfile.named("constant")
_GOAL = "I want to get stronger."


def _asks(text: str = _GOAL) -> list[Step]:
    return [Say(text=text, when=AfterBot(gap_seconds=0.4)), HangUp(when=IntoBot(seconds=1.0))]


def _bot_turns(service: Service, result: CallResult) -> list[Turn]:
    return [turn for turn in service.told.turns[result.call_sid] if turn.speaker is Speaker.BOT]


def _prompt(vendors: Vendors) -> list[dict[str, Any]]:
    """The messages of the model's last request."""
    return vendors.openai.requests[-1].body["messages"]


def _talked_seconds(result: CallResult) -> float:
    return sum(talk.end - talk.start for talk in result.bot)


async def test_a_backchannel_costs_a_pause_and_no_word(tmp_path: Path) -> None:
    async with open_service(tmp_path, profile=_CONSTANT) as service:
        leave = HangUp(when=AfterBot(gap_seconds=1.0))
        plain, nodding = await asyncio.gather(
            service.ring([leave]), service.ring([Say(text="Okay.", when=IntoBot(seconds=1.2)), leave])
        )
        assert nodding.clears, "the bot did not pause"
        (greeting,) = _bot_turns(service, nodding)
        assert not greeting.interrupted
        assert greeting.text == " ".join(service.told.sentences[nodding.call_sid])
        assert greeting.text == _bot_turns(service, plain)[0].text
        assert _talked_seconds(nodding) > _talked_seconds(plain) - 0.4, "sound was lost"
        assert nodding.bot[-1].end < plain.bot[-1].end + 2.0, "it did not go on where it had paused"
        assert await service.metric("ngx_interruptions_total", kind="barge_in") == 0


async def test_an_answer_made_ahead_is_the_answer(tmp_path: Path) -> None:
    async with open_service(tmp_path, profile=_CONSTANT) as service:
        result = await service.ring(_asks())
        assert result.answers
        assert await service.metric("ngx_answers_ahead_total", result="used") == 1
        assert await service.metric("ngx_answers_ahead_total", result="discarded") == 0
        assert len(service.vendors.openai.requests) == 1, "the model was asked twice for one answer"


async def test_an_answer_made_ahead_of_more_words_is_withdrawn_and_its_cost_told(tmp_path: Path) -> None:
    text = "I want to get stronger and I would like to lose some weight."
    async with open_service(tmp_path, profile=_CONSTANT) as service:
        result = await service.ring(_asks(text))
        assert result.answers
        assert await service.metric("ngx_answers_ahead_total", result="discarded") >= 1
        assert await service.metric("ngx_answers_ahead_discarded_characters_total", kind="prompt") > 0
        assert service.told.said_by(result.call_sid, Speaker.CALLER) == [text]
        assert [message["content"] for message in _prompt(service.vendors) if message["role"] == "user"] == [text]


async def test_an_opener_is_heard_first_and_the_model_knows_of_it(tmp_path: Path) -> None:
    late = dataclasses.replace(LatencyProfile.named("instant"), llm_first_token_ms=900.0)
    async with open_service(tmp_path, profile=late, environ={"NGX_VOICE_CACHE_WARM": "1"}) as service:
        folder = tmp_path / "voice-cache"
        assert await until(lambda: len(list(folder.glob("*.speech"))) >= 60, seconds=30), "openers were not made"
        result = await service.ring(_asks())
        greeting, *answer = _bot_turns(service, result)
        spoken = service.told.sentences[result.call_sid]
        opener = next(text for text in spoken if text not in greeting.text)
        assert f'"{opener}"' in _prompt(service.vendors)[-1]["content"], "the model was not told"
        assert spoken[spoken.index(opener) + 1 :], "the model's words did not follow"
        heard = answer[0].text  # the caller hangs up in it
        assert heard and (heard.startswith(opener) or opener.startswith(heard)), (heard, opener)


async def test_after_a_barge_in_memory_holds_what_was_heard(tmp_path: Path) -> None:
    async with open_service(tmp_path, profile=_CONSTANT) as service:
        cut = Say(text="Wait, how much does it cost?", when=IntoBot(seconds=2.5))
        result = await service.ring([cut, HangUp(when=IntoBot(seconds=1.0))])
        greeting, answer = _bot_turns(service, result)
        assert greeting.interrupted
        heard = _words_heard(service, result, greeting)
        assert abs(len(greeting.text.split()) - heard) <= 1, (greeting.text, heard)
        whole = " ".join(service.told.sentences[result.call_sid])
        assert whole.startswith(greeting.text)
        assert "dollars" in " ".join(service.told.sentences[result.call_sid]) and answer.text


def _words_heard(service: Service, result: CallResult, turn: Turn) -> int:
    """How many words of the first reply had begun at the caller's ear when it fell silent, from the recording alone."""
    settings = service.vendors.elevenlabs.streams[0].settings
    texts = [text for text in service.told.sentences[result.call_sid] if text.split()[0] in turn.text]
    utterances = [utter(Spoken(text, settings.voice, "en", RATE)) for text in texts]
    sound = np.concatenate([utterance.samples for utterance in utterances])
    lead = find_speech(encode(sound))[0].start
    position = lead + result.bot[0].end - result.bot[0].start
    offsets = np.cumsum([0, *(len(utterance.samples) for utterance in utterances)]) / RATE
    starts = chain.from_iterable(
        (offset + start for start in _word_starts(utterance.letters))
        for offset, utterance in zip(offsets, utterances, strict=False)
    )
    return sum(start < position for start in starts)


def _word_starts(letters: tuple[tuple[str, float, float], ...]) -> list[float]:
    pairs = zip((" ", *(letter for letter, _, _ in letters)), letters, strict=False)
    return [start for before, (letter, start, _) in pairs if before == " " and letter != " "]
