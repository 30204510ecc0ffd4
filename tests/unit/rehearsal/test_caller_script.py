"""Scripted callers against bots made of tones, in virtual time: no sockets, no clock."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rehearsal.caller_script import (
    AfterBot,
    At,
    HangUp,
    InPause,
    IntoBot,
    Press,
    Say,
    ScriptedCaller,
    ScriptError,
    Step,
    UntilServerHangsUp,
    Wait,
)
from rehearsal.line import Ear, EventKind, Phone, Segment
from rehearsal.line.measure import find_answers, find_yields
from rehearsal.mulaw import FRAME_SAMPLES, encode
from rehearsal.recording import load_speech

SECOND = 8000


def tone(seconds: float) -> np.ndarray:
    return (9000 * np.cos(np.arange(round(seconds * SECOND)) / 3)).astype(np.int16)


def play(*steps: Step, bot: Sequence[tuple[float, float]], seconds: float = 20.0) -> Phone:
    """Run a script against a bot that is audible during these spans; stops when the caller hangs up."""
    samples = np.zeros(round(seconds * SECOND), np.int16)
    for start, end in bot:
        samples[round(start * SECOND) : round(end * SECOND)] = tone(end - start)
    track = encode(samples)
    phone, caller = Phone(), ScriptedCaller(steps=steps, speak=lambda text: tone(0.1 * len(text)))
    for position in range(0, len(track), FRAME_SAMPLES):
        phone.hear(frame=track[position : position + FRAME_SAMPLES])
        caller.tick(phone=phone)
        if phone.wants_to_hang_up:
            break
        phone.next_digit()
        phone.speak()
    return phone


def starts(phone: Phone) -> list[float]:
    return [segment.start for segment in phone.spoken]


def test_a_polite_caller_speaks_when_the_bot_has_been_silent_long_enough() -> None:
    phone = play(Say(text="hello", when=AfterBot(gap_seconds=0.6)), bot=[(1.0, 2.0), (2.4, 3.0)])
    assert starts(phone) == pytest.approx([3.6], abs=0.03)
    assert phone.wants_to_hang_up == "the script is over"
    assert phone.now == pytest.approx(4.1, abs=0.06)


def test_each_line_waits_for_a_new_answer() -> None:
    line = Say(text="hello", when=AfterBot(gap_seconds=0.5))
    phone = play(line, line, bot=[(0.0, 1.0), (4.0, 5.0)])
    assert starts(phone) == pytest.approx([1.5, 5.5], abs=0.03)


def test_the_tail_of_a_yielding_bot_is_not_taken_for_its_answer() -> None:
    # Interrupted at 2.0 with half a second of words, the bot trails off at 2.7 and answers at 3.8.
    phone = play(
        Say(text="12345", when=IntoBot(seconds=1.0)),
        Say(text="hello", when=AfterBot(gap_seconds=0.5)),
        bot=[(1.0, 2.7), (3.8, 5.0)],
    )
    assert starts(phone) == pytest.approx([2.0, 5.5], abs=0.03)


def test_a_bot_that_talks_on_over_a_murmur_is_heard_out() -> None:
    phone = play(
        Say(text="mm", when=IntoBot(seconds=0.5)),
        Say(text="hello", when=AfterBot(gap_seconds=0.5)),
        bot=[(1.0, 5.0)],
    )
    assert starts(phone) == pytest.approx([1.5, 5.5], abs=0.03)


def test_a_caller_may_use_a_breath_of_the_bot() -> None:
    phone = play(Say(text="so", when=InPause(gap_seconds=0.25)), bot=[(1.0, 2.0), (2.35, 4.0)])
    assert starts(phone) == pytest.approx([2.25], abs=0.03)


def test_times_waits_digits_and_the_end_come_as_written() -> None:
    phone = play(
        Say(text="now", when=At(seconds=2.0)),
        Wait(seconds=1.0),
        Press(digits="1", when=At(seconds=0)),
        HangUp(),
        bot=[],
    )
    assert starts(phone) == pytest.approx([2.0], abs=0.03)
    assert [event.at for event in phone.events if event.kind is EventKind.DIGIT] == pytest.approx([3.3], abs=0.05)
    assert phone.wants_to_hang_up == "caller hangs up"


def test_a_server_that_does_not_hang_up_is_noted() -> None:
    phone = play(UntilServerHangsUp(limit_seconds=2.0), bot=[(0.5, 1.0)])
    assert [event.data for event in phone.events if event.kind is EventKind.NOTE] == [
        "the server did not hang up within 2 s"
    ]


@pytest.mark.parametrize(
    "step", [Say(), Say(text="no voice for this"), Say(audio=np.zeros((2, 3), np.int16)), Say(audio=np.zeros(9))]
)
def test_a_script_that_cannot_be_spoken_is_refused_before_the_call(step: Say) -> None:
    with pytest.raises(ScriptError, match="step 2"):
        ScriptedCaller(steps=[Wait(seconds=1), step])


def test_the_ear_finds_edges_to_the_sample_and_ignores_line_noise() -> None:
    samples = np.random.default_rng(3).normal(0, 8, 3 * SECOND)
    samples[8123:14321] += 9000 * np.cos(np.arange(14321 - 8123) / 3)
    ear = Ear()
    data = encode(samples.astype(np.int16))
    for position in range(0, len(data), FRAME_SAMPLES):
        ear.hear(frame=data[position : position + FRAME_SAMPLES], position=position)
    (segment,) = ear.segments()
    assert segment.start * SECOND == pytest.approx(8123, abs=8)
    assert segment.end * SECOND == pytest.approx(14321, abs=8)


def test_only_speech_that_the_bot_let_end_counts_as_answered() -> None:
    caller = [Segment(1, 2), Segment(2.5, 3), Segment(6, 7), Segment(40, 41)]
    bot = [Segment(3.5, 6.2), Segment(7.9, 9)]
    assert [(a.at, round(a.seconds, 3)) for a in find_answers(caller=caller, bot=bot)] == [(3, 0.5), (7, 0.9)]


def test_a_yield_with_a_clear_is_told_from_a_bot_that_talked_on() -> None:
    caller, bot = [Segment(2, 3), Segment(6, 7)], [Segment(1, 2.3), Segment(5, 9)]
    first, second = find_yields(caller=caller, bot=bot, clears=[2.28])
    assert (first.cleared, round(first.seconds, 3)) == (True, 0.3)
    assert (second.cleared, second.seconds) == (False, 3)


def test_the_edges_of_quiet_speech_are_found_too() -> None:
    phone = Phone()
    phone.say(audio=(tone(0.5) // 64).astype(np.int16), text="whisper")
    for _ in range(30):
        phone.speak()
    (segment,) = phone.spoken
    assert (segment.start, segment.end) == pytest.approx((0.0, 0.5), abs=0.002)


def test_any_recording_becomes_8_khz_mono(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    soundfile.write(path, np.stack([wave, wave], axis=1), 44100)
    samples = load_speech(path=path)
    assert samples.dtype == np.int16
    assert len(samples) == pytest.approx(SECOND, abs=2)
    assert np.abs(samples).max() == pytest.approx(16384, rel=0.02)


def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"this is no sound")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 8000)
    for name, words in (("noise.wav", "expected a sound file"), ("none.wav", "expected"), ("empty.wav", "is empty")):
        with pytest.raises(ValueError, match=words):
            load_speech(path=tmp_path / name)


def test_recorded_people_are_heard_from_first_to_last_word() -> None:
    if "NGX_CORPORA" not in os.environ:
        pytest.skip("NGX_CORPORA names no folder with recorded speech")
    audio = load_speech(path=Path(os.environ["NGX_CORPORA"]) / "speech" / "en" / "harvard_spk1_snt1.wav")
    phone = Phone()
    phone.say(audio=audio, text="a sentence")
    while phone.speaking:
        phone.speak()
    loud = np.flatnonzero(np.abs(audio.astype(int)) > np.abs(audio.astype(int)).max() / 10)
    assert phone.spoken[0].start <= loud[0] / SECOND
    assert phone.spoken[-1].end >= loud[-1] / SECOND
    assert sum(s.end - s.start for s in phone.spoken) > 0.5 * len(audio) / SECOND
    assert phone.spoken[0].text == "a sentence"
