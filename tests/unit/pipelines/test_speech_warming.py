"""The cache fills behind the calls: from disk, then by the voice, and a failing voice harms nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pipecat.services.tts_service import TTSService

from pipelines.embedded.voice import SpeechChunk, SpokenWord, VoiceFailed
from pipelines.provider import Synthesiser
from pipelines.speech_cache import Sentence, SpeechCache
from pipelines.speech_files import SpeechFiles
from pipelines.speech_warming import WarmingPace, open_speech_cache

SENTENCES = tuple(Sentence(text=f"This is sentence {number}.", language="en") for number in range(6))
FAST = WarmingPace(
    urgent=0, quiet_seconds=0.02, trickle_seconds=0.05, poll_seconds=0.005, retry_seconds=0.01, claim_seconds=0.01
)


class ScriptedVoice:
    """A voice that says what it was asked for; `fail` tells for which requests (from 1) it fails."""

    identity = "scripted"

    def __init__(self, *, fail: Callable[[int], bool] = lambda _: False) -> None:
        self.said: list[str] = []
        self.requests = 0
        self.connections = self.open = 0
        self.hold: asyncio.Event | None = None
        self._fail = fail

    def service(self, *, language: str) -> TTSService:
        raise NotImplementedError("no call is made here")

    @asynccontextmanager
    async def synthesis(self) -> AsyncGenerator[Synthesiser]:
        self.connections += 1
        self.open += 1
        try:
            yield self._speak
        finally:
            self.open -= 1

    async def _speak(self, text: str, *, language: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        self.requests += 1
        if self._fail(self.requests):
            raise VoiceFailed("as the script says")
        if self.hold is not None:
            await self.hold.wait()
        self.said.append(text)
        yield SpeechChunk(bytes(320), (SpokenWord("This", 0.0, 0.1),))
        yield SpeechChunk(bytes(320))


def new_cache(sentences: tuple[Sentence, ...] = SENTENCES) -> SpeechCache:
    return SpeechCache(identity="scripted", sentences=sentences)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - tests wait for what others do
            await asyncio.sleep(0.005)


async def test_what_is_missing_is_made_in_order_over_one_connection(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    async with open_speech_cache(cache, voice=voice, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
        await until(lambda: voice.open == 0)
    assert voice.said == [sentence.text for sentence in SENTENCES]
    assert voice.connections == 1
    speech = cache.get(SENTENCES[0].text, language="en")
    assert speech is not None
    assert len(speech.ulaw) == 320
    assert speech.words == (("This", 0.0),)


async def test_after_a_restart_nothing_is_made_again(tmp_path: Path) -> None:
    first, cache = ScriptedVoice(), new_cache()
    async with open_speech_cache(cache, voice=first, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
    second, cache = ScriptedVoice(), new_cache()
    async with open_speech_cache(cache, voice=second, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
    assert cache.get(SENTENCES[3].text, language="en") is not None
    assert second.requests == 0


async def test_without_warming_only_the_disk_is_read(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    files = SpeechFiles(tmp_path)
    async with open_speech_cache(cache, voice=voice, files=files, live_calls=lambda: 0, synthesise=False):
        await asyncio.sleep(0.05)
    assert voice.connections == 0
    assert cache.get(SENTENCES[0].text, language="en") is None


async def test_what_a_call_asked_for_comes_before_the_rest(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    voice.hold = asyncio.Event()
    async with open_speech_cache(cache, voice=voice, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: voice.requests == 1)
        assert cache.get(SENTENCES[4].text, language="en") is None
        voice.hold.set()
        await until(lambda: not cache.missing())
    assert voice.said[:2] == [SENTENCES[0].text, SENTENCES[4].text]


async def test_a_voice_that_fails_is_left_alone_and_tried_again(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(fail=lambda request: request <= 3), new_cache()
    async with open_speech_cache(cache, voice=voice, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
    assert sorted(voice.said) == sorted(sentence.text for sentence in SENTENCES)
    assert voice.connections == 4


async def test_a_sentence_that_no_voice_can_speak_does_not_stop_the_others(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    speak = voice._speak

    async def choosy(text: str, *, language: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        if text == SENTENCES[0].text:
            raise VoiceFailed("not this one")
        async for chunk in speak(text, language=language, pace=pace):
            yield chunk

    voice._speak = choosy  # type: ignore[method-assign]
    async with open_speech_cache(cache, voice=voice, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
        await until(lambda: cache.missing() == SENTENCES[:1])


async def test_while_there_are_calls_one_sentence_is_made_at_a_time(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    calls = 1
    async with open_speech_cache(
        cache,
        voice=voice,
        files=SpeechFiles(tmp_path),
        live_calls=lambda: calls,
        pace=replace(FAST, trickle_seconds=0.1),
    ):
        await until(lambda: len(voice.said) == 2)
        assert voice.connections == 2
        calls = 0
        await until(lambda: not cache.missing())
    assert 3 <= voice.connections <= 4


async def test_closing_does_not_wait_for_the_voice(tmp_path: Path) -> None:
    voice, cache = ScriptedVoice(), new_cache()
    voice.hold = asyncio.Event()
    async with asyncio.timeout(5):
        async with open_speech_cache(cache, voice=voice, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST):
            await until(lambda: voice.requests == 1)
    assert voice.open == 0


async def test_a_folder_that_cannot_be_written_leaves_the_cache_in_memory(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    voice, cache = ScriptedVoice(), new_cache()
    files = SpeechFiles(tmp_path / "cache")
    async with open_speech_cache(cache, voice=voice, files=files, live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
    assert cache.get(SENTENCES[0].text, language="en") is not None


async def test_of_two_processes_one_synthesises_and_the_other_reads(tmp_path: Path) -> None:
    one, two = ScriptedVoice(), ScriptedVoice()
    first, second = new_cache(), new_cache()
    async with (
        open_speech_cache(first, voice=one, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST),
        open_speech_cache(second, voice=two, files=SpeechFiles(tmp_path), live_calls=lambda: 0, pace=FAST),
    ):
        await until(lambda: not first.missing() and not second.missing())
    assert one.requests + two.requests == len(SENTENCES)


async def test_files_are_read_off_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    files = SpeechFiles(tmp_path)
    load = files.load
    monkeypatch.setattr(files, "load", lambda key: (threads.add(threading.get_ident()), load(key))[1])
    cache = new_cache()
    async with open_speech_cache(cache, voice=ScriptedVoice(), files=files, live_calls=lambda: 0, pace=FAST):
        await until(lambda: not cache.missing())
    assert threads and threading.get_ident() not in threads


async def test_an_error_of_whoever_uses_the_cache_is_told_as_it_is(tmp_path: Path) -> None:
    files = SpeechFiles(tmp_path)
    with pytest.raises(LookupError, match="start-up failed"):
        async with open_speech_cache(new_cache(), voice=ScriptedVoice(), files=files, live_calls=lambda: 0, pace=FAST):
            raise LookupError("start-up failed")
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "speech cache"]
