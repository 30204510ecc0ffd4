"""The recogniser's processes: admission, loss, clean ends; and how well they hear."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.embedded.flite import synthesise
from pipelines.embedded.language_model import LanguageModel
from pipelines.embedded.recogniser import (
    RecogniserFull,
    RecogniserLost,
    RecogniserOptions,
    RecogniserPool,
    RecogniserStream,
)
from pipelines.embedded.spoken_words import spoken_words
from pipelines.embedded.telephone_line import telephone_band
from pipelines.embedded.voice import SAMPLE_RATE

FRAME_BYTES = 320


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def caller_audio(text: str, *, voice: str = "rms") -> bytes:
    clip = np.pad(synthesise(text, voice=voice, sample_rate=16000), 3200)
    return telephone_band(clip, sample_rate=16000).tobytes()


def feed(stream: RecogniserStream, audio: bytes) -> None:
    for place in range(0, len(audio), FRAME_BYTES):
        stream.feed(audio[place : place + FRAME_BYTES])


def word_errors(reference: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for index, word in enumerate(reference, start=1):
        before, row[0] = row[:], index
        for place, other in enumerate(heard, start=1):
            row[place] = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (word != other))
    return row[-1]


@pytest.fixture
async def pool(caller_model: LanguageModel, flite_voices: None) -> AsyncIterator[RecogniserPool]:
    async with RecogniserPool(caller_model, options=RecogniserOptions(max_streams=4, workers=2)) as pool:
        yield pool


async def test_a_caller_is_heard_with_interim_texts_and_word_times(pool: RecogniserPool) -> None:
    stream = pool.open_stream()
    interim: list[str] = []
    stream.on_interim = interim.append
    stream.start_utterance()
    audio = caller_audio("how much does it cost per month")
    feed(stream, audio)
    heard = await stream.finish()
    assert heard.text == "how much does it cost per month"
    assert heard.in_domain
    assert any("how much" in text for text in interim)
    starts = [word.start_seconds for word in heard.words]
    assert starts == sorted(starts)
    assert 0 < heard.words[0].start_seconds < heard.words[-1].end_seconds <= len(audio) / 2 / SAMPLE_RATE + 0.1


async def test_utterances_of_one_stream_do_not_mix(pool: RecogniserPool) -> None:
    stream = pool.open_stream()
    for text in ("yes please", "stop calling me", "yes please"):
        stream.start_utterance()
        feed(stream, caller_audio(text))
        assert (await stream.finish()).text == text
    stream.start_utterance()
    feed(stream, caller_audio("how much is it"))
    stream.start_utterance()  # dropped: the caller's turn began anew
    assert (await stream.finish()).text == ""


async def test_silence_and_nothing_at_all_give_no_words(pool: RecogniserPool) -> None:
    stream = pool.open_stream()
    stream.start_utterance()
    assert (await stream.finish()).text == ""
    stream.start_utterance()
    feed(stream, bytes(2 * SAMPLE_RATE))
    heard = await stream.finish()
    assert heard.text == ""
    assert not heard.in_domain
    assert (await stream.finish()).text == "", "finishing without an utterance is harmless"


async def test_a_cancelled_finish_does_not_shift_the_next_answer(pool: RecogniserPool) -> None:
    stream = pool.open_stream()
    stream.start_utterance()
    feed(stream, caller_audio("wrong number"))
    waiting = asyncio.ensure_future(stream.finish())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    stream.start_utterance()
    feed(stream, caller_audio("yes please"))
    assert (await stream.finish()).text == "yes please"


async def test_callers_beyond_the_limit_are_refused_until_one_leaves(pool: RecogniserPool) -> None:
    streams = [pool.open_stream() for _ in range(4)]
    assert pool.free_streams == 0
    with pytest.raises(RecogniserFull, match="4 callers"):
        pool.open_stream()
    streams[0].close()
    streams[0].close()
    assert pool.free_streams == 1
    pool.open_stream()
    with pytest.raises(RecogniserLost, match="closed"):
        streams[0].start_utterance()


async def test_a_dead_process_fails_its_callers_spares_the_others_and_is_replaced(pool: RecogniserPool) -> None:
    first, second = pool.open_stream(), pool.open_stream()
    victim = pool.process_ids[0]
    for stream in (first, second):
        stream.start_utterance()
    os.kill(victim, signal.SIGKILL)
    results = await asyncio.gather(first.finish(), second.finish(), return_exceptions=True)
    assert [isinstance(result, RecogniserLost) for result in results].count(True) == 1
    lost = first if isinstance(results[0], RecogniserLost) else second
    with pytest.raises(RecogniserLost):
        lost.start_utterance()
    lost.close()
    async with asyncio.timeout(30):
        while len(pool.process_ids) < 2:  # noqa: ASYNC110 - another process's start has no event to wait for
            await asyncio.sleep(0.1)
    assert victim not in pool.process_ids
    assert pool.free_streams == 3


async def test_a_hanging_process_is_given_up_in_time(caller_model: LanguageModel) -> None:
    options = RecogniserOptions(max_streams=1, workers=1, finish_seconds=0.5)
    async with RecogniserPool(caller_model, options=options) as pool:
        stream = pool.open_stream()
        stream.start_utterance()
        (pid,) = pool.process_ids
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(RecogniserLost, match="given up"):
            await stream.finish()


async def test_leaving_the_pool_leaves_no_process_and_frees_who_waits(caller_model: LanguageModel) -> None:
    before = children()
    async with RecogniserPool(caller_model, options=RecogniserOptions(max_streams=2, workers=2)) as pool:
        assert len(children() - before) == 2
        stream = pool.open_stream()
        stream.start_utterance()
        (pid,) = {pool.process_ids[0]}
        for each in pool.process_ids:
            os.kill(each, signal.SIGSTOP)
        waiting = asyncio.ensure_future(stream.finish())
        await asyncio.sleep(0)
        assert pid in children()
    with pytest.raises(RecogniserLost):
        await waiting
    assert children() <= before


async def test_a_model_that_cannot_be_loaded_is_an_error_at_the_start(
    caller_model: LanguageModel, tmp_path: Path
) -> None:
    before = children()
    broken = LanguageModel(tmp_path / "none.bin", caller_model.dict_path, caller_model.domain_path, "none")
    with pytest.raises(RecogniserLost, match="did not start"):
        async with RecogniserPool(broken, options=RecogniserOptions(max_streams=1, workers=1)):
            pass
    assert children() <= before


async def test_new_sentences_from_flite_over_the_telephone_are_heard_with_few_errors(
    caller_model: LanguageModel, held_out_sentences: tuple[str, ...]
) -> None:
    """The target of the embedded recogniser: at most a tenth of the words wrong, two voices in turn."""
    wrong = {"slt": 0, "rms": 0}
    words = dict.fromkeys(wrong, 0)

    async def call(stream: RecogniserStream, voice: str, sentences: tuple[str, ...]) -> None:
        for sentence in sentences:
            audio = await asyncio.to_thread(caller_audio, sentence, voice=voice)
            stream.start_utterance()
            feed(stream, audio)
            reference = list(spoken_words(sentence))
            wrong[voice] += word_errors(reference, (await stream.finish()).text.split())
            words[voice] += len(reference)

    options = RecogniserOptions(max_streams=4, workers=2, finish_seconds=30)
    async with RecogniserPool(caller_model, options=options) as pool:
        async with asyncio.TaskGroup() as group:
            for turn in range(4):
                voice = ("slt", "rms")[turn % 2]
                group.create_task(call(pool.open_stream(), voice, held_out_sentences[turn::4]))
    rates = {voice: wrong[voice] / words[voice] for voice in wrong}
    assert sum(wrong.values()) / sum(words.values()) <= 0.10, rates
