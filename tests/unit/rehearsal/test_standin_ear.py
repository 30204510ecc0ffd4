"""The recogniser stand-in tells clips apart by their sound."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from standin_helpers import SENTENCES, Samples, over_the_phone, silence, voices

from rehearsal.standins.audio import Decoder, to_mulaw
from rehearsal.standins.clips import Clip, ClipBook, Word
from rehearsal.standins.ear import Ear
from rehearsal.voices import synthesise


def listen(book: ClipBook, samples: Samples, *, size: int = 160) -> tuple[Ear, float | None]:
    """Hear all of it; returns the ear and the moment at which it first recognised something."""
    ear, recognised = Ear(book), None
    for start in range(0, len(samples), size):
        for _ in ear.hear(samples[start : start + size]):
            if ear.segments and recognised is None:
                recognised = ear.now
    return ear, recognised


def said(ear: Ear) -> str:
    return " ".join(word.text for word in ear.words())


@pytest.fixture(scope="module")
def spoken() -> list[tuple[Clip, Samples]]:
    book_less: list[tuple[Clip, Samples]] = []
    for text in SENTENCES:
        for voice in voices():
            samples = synthesise(text, voice=voice)
            book_less.append((ClipBook().add(samples, text), samples))
    return book_less


@pytest.fixture(scope="module")
def book(spoken: list[tuple[Clip, Samples]]) -> ClipBook:
    result = ClipBook()
    for clip, samples in spoken:
        result.add(samples, clip.transcript)
    return result


def test_synthetic_callers_are_told_apart_over_a_noisy_line(book: ClipBook, spoken: list[tuple[Clip, Samples]]) -> None:
    rng = np.random.default_rng(7)
    wrong, delays = [], []
    for number, (clip, samples) in enumerate(spoken):
        lead = int(rng.integers(0, 9000))
        line = over_the_phone(samples, gain_db=float(rng.uniform(-10, 10)), snr_db=20, lead=lead, seed=number)
        ear, recognised = listen(book, line)
        if said(ear) != clip.transcript:
            wrong.append((clip.transcript, said(ear)))
        elif recognised is not None:
            delays.append(recognised - lead / 8000 - clip.speech_start)
    assert len(wrong) <= 0.02 * len(spoken), wrong
    assert np.quantile(delays, 0.9) < 0.5


def test_people_are_told_apart() -> None:
    corpora = os.environ.get("NGX_CORPORA")
    if not corpora:
        pytest.skip("NGX_CORPORA is not set: no recorded people")
    folder = Path(corpora) / "speech"
    book, people = ClipBook(), []
    for item in json.loads((folder / "manifest.json").read_text()):
        if item["duration"] > 12 or "silence" in item["path"] or not item["transcript"]:
            continue
        sound, rate = soundfile.read(folder / item["path"], dtype="int16", always_2d=True)
        samples = np.ascontiguousarray(sound[:, 0])
        samples = samples if rate == 8000 else soxr.resample(samples, rate, 8000)
        book.add(samples, item["transcript"])
        people.append((" ".join(item["transcript"].split()), samples))
    heard = [(text, said(listen(book, over_the_phone(samples))[0])) for text, samples in people]
    wrong = [(text, got) for text, got in heard if text != got]
    assert len(people) > 60
    assert len(wrong) <= 0.03 * len(people), wrong


@pytest.mark.parametrize("size", [1, 37, 160, 1600, 4000])
def test_framing_makes_no_difference(book: ClipBook, size: int) -> None:
    samples = synthesise("How much is it for a month?", voice=voices()[0])
    line = over_the_phone(samples)[: 8000 * 2]
    ear, _ = listen(book, line, size=size)
    reference, _ = listen(book, line)
    assert said(ear) == said(reference) != ""


def test_sound_resampled_to_16_khz_is_recognised(book: ClipBook) -> None:
    samples = synthesise("Please take me off your list.", voice=voices()[0])
    wide = soxr.resample(over_the_phone(samples), 8000, 16000)
    ear, _ = listen(book, Decoder("linear16", 16000).decode(wide.astype("<i2").tobytes()))
    assert said(ear) == "Please take me off your list."


def test_unknown_speech_and_noise_are_not_taken_for_a_clip(book: ClipBook) -> None:
    stranger = synthesise("The quarterly figures will be discussed in the afternoon meeting.", voice=voices()[-1])
    noise = np.random.default_rng(3).normal(0, 3000, 16000).astype(np.int16)
    music = (6000 * np.sin(np.arange(16000) * 440 * 2 * np.pi / 8000)).astype(np.int16)
    for sound in (noise, music):
        assert said(listen(book, over_the_phone(sound))[0]) == ""
    assert len(said(listen(book, over_the_phone(stranger))[0]).split()) <= 2


def test_a_caller_who_breaks_off_is_heard_up_to_there(book: ClipBook) -> None:
    samples = synthesise("I want to lose weight before summer.", voice=voices()[0])
    ear, _ = listen(book, over_the_phone(samples[: int(len(samples) * 0.55)]))
    words = said(ear)
    assert "I want to lose weight before summer.".startswith(words)
    assert 2 <= len(words.split()) <= 5
    assert not ear.unfinished


def test_two_clips_in_a_row_are_both_heard(book: ClipBook) -> None:
    first = synthesise("Yes please.", voice=voices()[0])
    second = synthesise("Tuesday at three works for me.", voice=voices()[0])
    ear, _ = listen(book, over_the_phone(np.concatenate([first, silence(0.15), second])))
    assert said(ear) == "Yes please. Tuesday at three works for me."


def test_word_times_follow_those_that_were_given() -> None:
    samples = synthesise("Is there a discount?")
    book = ClipBook()
    times = (Word("Is", 0.0, 0.1), Word("there", 0.1, 0.2), Word("a", 0.2, 0.25), Word("discount?", 0.25, 0.9))
    book.add(samples, "Is there a discount?", words=times)
    ear, _ = listen(book, over_the_phone(samples, lead=8000))
    assert [round(word.end - 1.0, 1) for word in ear.words()] == [0.1, 0.2, 0.2, 0.9]


def test_a_clip_added_during_a_call_is_known_in_the_next_utterance(book: ClipBook) -> None:
    local, text = ClipBook(), "Can I pay in instalments?"
    ear = Ear(local)
    samples = synthesise(text)
    for _ in ear.hear(over_the_phone(samples)):
        pass
    assert said(ear) == ""
    local.add(samples, text)
    for _ in ear.hear(over_the_phone(samples)):
        pass
    assert said(ear) == text


def test_a_silent_clip_and_a_wrong_kind_of_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="no speech in the clip"):
        ClipBook().add(silence(1), "nothing")
    with pytest.raises(ValueError, match="mono int16"):
        ClipBook().add(np.zeros((10, 2), np.int16), "stereo")  # type: ignore[arg-type]


def test_mu_law_survives_the_round_trip() -> None:
    codes = np.arange(256, dtype=np.uint8).tobytes()
    linear = Decoder("mulaw", 8000).decode(codes)
    again = Decoder("mulaw", 8000).decode(to_mulaw(linear))
    assert np.array_equal(linear, again)
    assert linear.min() == -32124 and linear.max() == 32124


def test_listening_costs_little(book: ClipBook) -> None:
    line = over_the_phone(synthesise("My email is john at example dot com.", voice=voices()[0]))
    ear = Ear(book)
    started, frames = time.process_time(), 0
    for _ in range(5):
        for _ in ear.hear(line):
            frames += 1
    per_frame = (time.process_time() - started) / frames
    assert per_frame < 0.001, f"{per_frame * 1e6:.0f} µs a frame"
