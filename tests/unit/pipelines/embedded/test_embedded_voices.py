"""The embedded voices: they sound, for about as long as they should, with words in order; nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from pipelines.embedded import espeak, flite
from pipelines.embedded.espeak import EspeakVoice
from pipelines.embedded.flite import FliteVoice
from pipelines.embedded.voice import SAMPLE_RATE, EmbeddedVoice, SpeechChunk, SpokenWord, VoiceFailed

ENGLISH = 'Hello there, "friend". The pro plan is $149 a month! Shall we book it?'
SPANISH = "Hola, ¿cómo está? El plan cuesta 149 dólares al mes."


async def spoken(
    voice: EmbeddedVoice, text: str, *, lang: str, pace: float = 1.0
) -> tuple[np.ndarray, list[SpokenWord], list[SpeechChunk]]:
    chunks = [chunk async for chunk in voice.stream(text, lang=lang, pace=pace)]
    samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2").astype(float)
    return samples, [word for chunk in chunks for word in chunk.words], chunks


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def check(samples: np.ndarray, words: list[SpokenWord], *, text: str) -> None:
    seconds = len(samples) / SAMPLE_RATE
    assert 0.25 * len(text.split()) < seconds < 0.8 * len(text.split())
    assert np.sqrt((samples**2).mean()) > 500, "it sounds"
    assert np.abs(samples).max() < 32767, "it does not clip"
    assert np.abs(samples[: SAMPLE_RATE // 5]).max() > 500, "it begins at once"
    assert [word.word for word in words] == text.split()
    starts = [word.start_seconds for word in words]
    assert starts == sorted(starts)
    assert all(word.start_seconds < word.end_seconds <= seconds + 0.01 for word in words)


async def test_flite_says_every_word_of_an_english_text(flite_voices: None) -> None:
    samples, words, chunks = await spoken(FliteVoice(), ENGLISH, lang="en")
    check(samples, words, text=ENGLISH)
    assert len(chunks) > 10, "it streams"


async def test_each_word_comes_no_later_than_its_sound(flite_voices: None) -> None:
    sent = 0.0
    async for chunk in FliteVoice().stream(ENGLISH, lang="en"):
        assert all(word.start_seconds >= sent - 0.01 for word in chunk.words)
        sent += chunk.seconds


async def test_a_faster_pace_takes_less_time(flite_voices: None) -> None:
    slow, _, _ = await spoken(FliteVoice(), ENGLISH, lang="en", pace=0.8)
    fast, _, _ = await spoken(FliteVoice(), ENGLISH, lang="en", pace=1.3)
    assert len(fast) < 0.75 * len(slow)


async def test_flite_serves_several_callers_at_once(flite_voices: None) -> None:
    alone, _, _ = await spoken(FliteVoice(), "See you on Friday at noon.", lang="en")
    together = await asyncio.gather(
        *(spoken(FliteVoice(), "See you on Friday at noon.", lang="en") for _ in range(6)),
        spoken(FliteVoice(voice="rms"), ENGLISH, lang="en"),
    )
    # The excitation is noise, so equal texts are equally long, not equal.
    assert all(len(samples) == len(alone) for samples, _, _ in together[:6])


async def test_a_stream_left_half_way_leaves_the_voice_usable(flite_voices: None) -> None:
    stream = FliteVoice().stream("This is a long sentence that nobody wants to hear to its end.", lang="en")
    async for _ in stream:
        break
    await stream.aclose()
    samples, _, _ = await spoken(FliteVoice(), ENGLISH, lang="en")
    assert len(samples) > SAMPLE_RATE


@pytest.mark.parametrize("text", ["", "  ", "...", "¿?", "\0"])
async def test_a_text_without_words_is_silent_and_ends(flite_voices: None, text: str) -> None:
    samples, words, _ = await spoken(FliteVoice(), text, lang="en")
    assert len(samples) == 0
    assert not words


async def test_flite_refuses_spanish(flite_voices: None) -> None:
    with pytest.raises(ValueError, match="English only"):
        await spoken(FliteVoice(), SPANISH, lang="es")


async def test_a_missing_flite_voice_is_named() -> None:
    missing = flite.unavailable("nobody")
    assert missing is not None
    with pytest.raises(VoiceFailed):
        await spoken(FliteVoice(voice="nobody"), ENGLISH, lang="en")


def test_flite_gives_phones_for_names(flite_voices: None) -> None:
    letter_to_sound = flite.letter_to_sound()
    assert letter_to_sound is not None
    assert letter_to_sound("peloton") == ("P", "EH", "L", "OW", "T", "AH", "N")
    assert letter_to_sound("siobhan")


@pytest.mark.parametrize(("lang", "text"), [("en", ENGLISH), ("es", SPANISH), ("es-419", SPANISH), ("es-ES", SPANISH)])
async def test_espeak_says_every_word(lang: str, text: str) -> None:
    voice = EspeakVoice()
    try:
        samples, words, _ = await spoken(voice, text, lang=lang)
        check(samples, words, text=text)
    finally:
        await voice.aclose()


async def test_espeak_serves_several_callers_and_leaves_no_process() -> None:
    before = children()
    voice = EspeakVoice(processes=2)
    alone, _, _ = await spoken(voice, "Nos vemos el viernes.", lang="es")
    together = await asyncio.gather(*(spoken(voice, "Nos vemos el viernes.", lang="es") for _ in range(8)))
    assert all(len(samples) == pytest.approx(len(alone), rel=0.05) for samples, _, _ in together)
    assert 1 <= len(children() - before) <= 2
    await voice.aclose()
    assert children() <= before
    with pytest.raises(VoiceFailed, match="closed"):
        await spoken(voice, "Hola.", lang="es")


async def test_espeak_survives_the_death_of_its_process() -> None:
    before = children()
    voice = EspeakVoice()
    try:
        await spoken(voice, "Hola.", lang="es")
        (pid,) = children() - before
        os.kill(pid, signal.SIGKILL)
        samples, _, _ = await spoken(voice, SPANISH, lang="es")
        assert len(samples) > SAMPLE_RATE
    finally:
        await voice.aclose()
    assert children() <= before


async def test_espeak_that_hangs_is_given_up_in_time() -> None:
    before = children()
    voice = EspeakVoice(deadline_seconds=1.0)
    await spoken(voice, "Hola.", lang="es")
    (pid,) = children() - before
    os.kill(pid, signal.SIGSTOP)
    samples, _, _ = await spoken(voice, SPANISH, lang="es")
    assert len(samples) > SAMPLE_RATE, "a fresh process spoke instead"
    await voice.aclose()
    assert children() <= before


@pytest.mark.parametrize(("lang", "pace"), [("fr", 1.0), ("en", 5.0)])
async def test_espeak_refuses_what_it_cannot_do(lang: str, pace: float) -> None:
    with pytest.raises(ValueError):
        await spoken(EspeakVoice(), "Bonjour.", lang=lang, pace=pace)


def test_espeak_is_installed_with_the_project() -> None:
    assert espeak.is_available()
