"""Cached and live sentences in one reply: the same frames, in the order in which they were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.tts_service import TTSService
from pipecat.tests.utils import SleepFrame, run_test
from prometheus_client import CollectorRegistry

from bot.conversation import TurnPlan, new_state, plan_turn
from bot.domain import Delivery, Direction
from bot.metrics import Metrics
from bot.playbook import load_playbook
from bot.policy.heard import CallStarted
from pipelines.embedded.voice import SpeechChunk, SpokenWord
from pipelines.frames import PlanFrame, ReplyEndFrame, WordTimesFrame
from pipelines.processors.cached_speech import CachedSpeechPlayer, CachedVoice
from pipelines.processors.embedded_speech import EmbeddedSpeech
from pipelines.providers.elevenlabs import ElevenLabsSection, ElevenLabsVoice
from pipelines.speech_cache import CachedSpeech, Sentence, SpeechCache
from rehearsal.standins.elevenlabs import ElevenLabsStandin
from rehearsal.standins.profile import LatencyProfile
from rehearsal.standins.server import serve

CACHED = "How can I help you today?"
SPEECH = CachedSpeech(ulaw=bytes(4000), words=(("How", 0.0), ("can", 0.1)))


class SlowVoice:
    """An embedded voice that takes a moment for each sentence."""

    async def stream(self, text: str, *, lang: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        await asyncio.sleep(0.05)
        yield SpeechChunk(b"\x01\x00" * 800, (SpokenWord(text.split()[0], 0.0, 0.1),))

    async def aclose(self) -> None:
        return None


def cache_of(*texts: str, language: str = "en") -> SpeechCache:
    sentences = [Sentence(text=text, language=language) for text in texts]
    cache = SpeechCache(identity="test", sentences=sentences)
    for sentence in sentences:
        cache.put(sentence, SPEECH)
    return cache


def speak(*texts: str) -> list[Frame]:
    return [TTSSpeakFrame(text=text, append_to_context=False) for text in texts]


def a_plan(*, language: str = "en", pace: float = 1.0) -> TurnPlan:
    playbook = load_playbook("ngx")
    state = new_state(playbook, language=language, direction=Direction.INBOUND)
    state = replace(state, delivery=Delivery(pace=pace))
    return plan_turn(playbook, state, CallStarted(direction=Direction.INBOUND), datetime(2026, 3, 2, tzinfo=UTC))


def new_metrics() -> Metrics:
    return Metrics(CollectorRegistry())


async def said_through(
    voice: TTSService, frames: Sequence[Frame], *, cache: SpeechCache | None = None, metrics: Metrics | None = None
) -> list[Frame]:
    """What comes out behind the voice."""
    ahead = CachedVoice(cache or cache_of(CACHED), language="en", metrics=metrics or new_metrics())
    pipeline = Pipeline([ahead, voice, CachedSpeechPlayer()])
    down, _ = await run_test(pipeline, frames_to_send=frames, start_timeout=10.0)
    return list(down)


def announced(frames: Sequence[Frame]) -> list[str]:
    return [f.text for f in frames if isinstance(f, AggregatedTextFrame) and not isinstance(f, TTSTextFrame)]


def sounding(frames: Sequence[Frame]) -> list[tuple[str, int]]:
    """Each announced sentence and how many samples followed before the next announcement."""
    found: list[tuple[str, int]] = []
    for frame in frames:
        if isinstance(frame, AggregatedTextFrame) and not isinstance(frame, TTSTextFrame):
            found.append((frame.text, 0))
        elif isinstance(frame, TTSAudioRawFrame):
            text, samples = found[-1]
            found[-1] = text, samples + len(frame.audio) // 2
    return found


async def test_live_and_cached_sentences_keep_their_order_behind_an_embedded_voice() -> None:
    voice = EmbeddedSpeech(SlowVoice(), language="en")
    frames = [*speak("First words.", CACHED, "Last words.", CACHED), ReplyEndFrame(reply_id=7)]
    down = await said_through(voice, frames)
    assert sounding(down) == [("First words.", 800), (CACHED, 4000), ("Last words.", 800), (CACHED, 4000)]
    assert isinstance([f for f in down if isinstance(f, (ReplyEndFrame, TTSStoppedFrame))][-1], ReplyEndFrame)


async def test_live_and_cached_sentences_keep_their_order_behind_a_vendors_voice() -> None:
    standin = ElevenLabsStandin(profile=LatencyProfile.named("instant"))
    async with serve(standin) as address:
        voice = ElevenLabsVoice(ElevenLabsSection(url=address.http, api_key="dummy")).service(language="en")
        frames = [*speak(CACHED, "First words.", CACHED, "Last words."), ReplyEndFrame(reply_id=7)]
        down = await said_through(voice, frames)
    heard = sounding(down)
    assert [text for text, _ in heard] == [CACHED, "First words.", CACHED, "Last words."]
    assert heard[0][1] == heard[2][1] == 4000
    assert heard[1][1] > 1000 and heard[3][1] > 1000
    assert CACHED not in str([stream.texts for stream in standin.streams])
    assert isinstance([f for f in down if isinstance(f, (ReplyEndFrame, TTSStoppedFrame))][-1], ReplyEndFrame)


async def test_a_cached_sentence_comes_as_the_frames_that_a_voice_pushes() -> None:
    down = await said_through(EmbeddedSpeech(SlowVoice(), language="en"), speak(CACHED))
    kinds = [type(frame) for frame in down]
    assert kinds == [
        AggregatedTextFrame, TTSStartedFrame, WordTimesFrame, *[TTSAudioRawFrame] * 3, TTSStoppedFrame
    ]  # fmt: skip
    announcement, words = down[0], down[2]
    assert isinstance(announcement, AggregatedTextFrame) and isinstance(words, WordTimesFrame)
    assert words.words == SPEECH.words
    assert len({getattr(frame, "context_id", None) for frame in down}) == 1
    assert announcement.context_id and not announcement.append_to_context
    assert b"".join(f.audio for f in down if isinstance(f, TTSAudioRawFrame)) == SPEECH.pcm


async def test_hits_and_misses_are_counted() -> None:
    metrics = new_metrics()
    await said_through(EmbeddedSpeech(SlowVoice(), language="en"), speak(CACHED, "New.", "Newer."), metrics=metrics)
    shown = metrics.render().decode()
    assert 'ngx_voice_cache_total{result="hit"} 1.0' in shown
    assert 'ngx_voice_cache_total{result="miss"} 2.0' in shown


async def test_the_plans_language_decides_which_sound_is_taken() -> None:
    cache = cache_of("No.", language="es")
    voice = EmbeddedSpeech(SlowVoice(), language="en")
    frames = [*speak("No."), PlanFrame(plan=a_plan(language="es"), reply_id=1), *speak("No.")]
    assert sounding(await said_through(voice, frames, cache=cache)) == [("No.", 800), ("No.", 4000)]


async def test_to_a_caller_who_asked_for_slow_speech_nothing_is_said_at_the_usual_pace() -> None:
    standin = ElevenLabsStandin(profile=LatencyProfile.named("instant"))
    cache = cache_of(CACHED)
    async with serve(standin) as address:
        voice = ElevenLabsVoice(ElevenLabsSection(url=address.http, api_key="dummy")).service(language="en")
        frames = [*speak("First words."), PlanFrame(plan=a_plan(pace=0.85), reply_id=1), *speak(CACHED)]
        frames += [PlanFrame(plan=a_plan(), reply_id=2), *speak(CACHED)]
        down = await said_through(voice, frames, cache=cache)
    openings = [m for m in standin.streams[0].messages if m.get("text") == " "]
    assert [message.get("voice_settings") for message in openings] == [None, {"speed": 0.85}]
    assert [text for text, _ in sounding(down)] == ["First words.", CACHED, CACHED]
    assert cache.next_missing() == Sentence(text=CACHED, language="en", pace=0.85)


async def test_an_interruption_drops_cached_sentences_that_wait_behind_a_live_one() -> None:
    voice = EmbeddedSpeech(SlowVoice(), language="en")
    frames = [*speak("First words.", CACHED), SleepFrame(sleep=0.01), InterruptionFrame(), *speak("Last words.")]
    texts = announced(await said_through(voice, frames))
    assert texts[-1] == "Last words."
    assert CACHED not in texts


async def test_upstream_frames_pass_both_ways() -> None:
    class Asker(FrameProcessor):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            await super().process_frame(frame, direction)
            if isinstance(frame, ReplyEndFrame) and direction is FrameDirection.DOWNSTREAM:
                await self.push_frame(ReplyEndFrame(reply_id=2), FrameDirection.UPSTREAM)
            await self.push_frame(frame, direction)

    ahead = CachedVoice(cache_of(CACHED), language="en", metrics=new_metrics())
    _, up = await run_test(Pipeline([ahead, CachedSpeechPlayer(), Asker()]), frames_to_send=[ReplyEndFrame(reply_id=1)])
    assert [frame.reply_id for frame in up if isinstance(frame, ReplyEndFrame)] == [2]
