"""How stirred a voice sounds: measured on tones and, where the corpora are, on people."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from bot.analysis.prosody import NEUTRAL, ArousalModel, Calibration, ProsodyMeter, VoiceModelError, VoiceReading
from bot.analysis.training.train_arousal import HIGH, LOW, figures, measure, read_clips
from bot.analysis.voice_frames import FrameReader, Frames
from bot.analysis.voice_shape import FEATURES, shape_of

MODEL = ArousalModel.load()
RATE = 8000


def voice(*, pitch: float, seconds: float = 2.0, slope: float = 1.0, level: float = 0.1, swing: float = 0.0) -> bytes:
    """A buzz with a syllable's pulse: harmonics that fall with `slope` (small: a pressed, stirred voice)."""
    times = np.arange(round(seconds * RATE)) / RATE
    hertz = pitch * (1 + swing * np.sin(2 * np.pi * 1.5 * times))
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    harmonics = [np.sin(index * phase) / index**slope for index in range(1, int(3400 / pitch))]
    sound = np.sum(harmonics, axis=0) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * times))
    sound = level * sound / np.sqrt(np.mean(sound**2))
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


CALM = voice(pitch=110, slope=2.2, swing=0.03)
STIRRED = voice(pitch=260, slope=0.8, swing=0.25)


def read(pcm16: bytes, *, piece: int = 320, calibration: Calibration | None = None) -> VoiceReading:
    meter = ProsodyMeter(model=MODEL, calibration=calibration)
    for start in range(0, len(pcm16), piece):
        meter.push(pcm16[start : start + piece])
    return meter.end_turn()


@pytest.mark.parametrize("pitch", [80, 120, 180, 260, 400])
def test_the_pitch_of_a_voice_is_found(pitch: float) -> None:
    assert read(voice(pitch=pitch)).pitch_hz == pytest.approx(pitch, rel=0.03)


def test_a_stirred_voice_reads_higher_than_a_calm_one() -> None:
    assert read(CALM).arousal < 0.5 < read(STIRRED).arousal


def test_the_size_of_the_pieces_changes_nothing() -> None:
    whole = read(STIRRED, piece=len(STIRRED))
    for piece in (2, 320, 1234, 16000):
        if piece == 2:
            short = STIRRED[:8000]
            assert read(short, piece=2).arousal == pytest.approx(read(short, piece=8000).arousal, abs=1e-9)
        else:
            assert read(STIRRED, piece=piece).arousal == pytest.approx(whole.arousal, abs=1e-9)


@pytest.mark.parametrize(
    "pcm16", [b"", bytes(16000), (np.random.default_rng(1).integers(-20, 20, 8000)).astype("<i2").tobytes()]
)
def test_silence_shows_nothing(pcm16: bytes) -> None:
    reading = read(pcm16)
    assert reading.arousal == NEUTRAL and reading.pitch_hz is None
    assert reading.seconds == pytest.approx(len(pcm16) / 2 / RATE)


def test_silence_is_not_learnt() -> None:
    calibration = Calibration()
    read(bytes(32000), calibration=calibration)
    assert calibration.seconds == 0 and calibration.baseline is None and calibration.weight == 0


def test_a_caller_is_held_against_their_own_calm_voice() -> None:
    bright = voice(pitch=230, slope=1.3, swing=0.08, seconds=4)
    calibration = Calibration()
    first = read(bright, calibration=calibration)
    for _ in range(12):
        read(bright, calibration=calibration)
    assert calibration.weight > 0.4
    assert read(bright, calibration=calibration).arousal < first.arousal


def test_calm_turns_teach_more_than_stirred_ones() -> None:
    calm, stirred = Calibration(), Calibration()
    read(CALM, calibration=calm)
    read(STIRRED, calibration=stirred)
    assert calm.seconds > 2 * stirred.seconds > 0


def test_the_baseline_stands_after_enough_calm_speech() -> None:
    calibration = Calibration()
    for _ in range(40):
        read(CALM, calibration=calibration)
    before = calibration.baseline
    read(STIRRED, calibration=calibration)
    assert before is not None and np.array_equal(before, calibration.baseline)  # pyright: ignore[reportArgumentType]


def test_a_turn_begins_anew() -> None:
    meter = ProsodyMeter(model=MODEL)
    meter.push(STIRRED)
    meter.end_turn()
    assert meter.reading().seconds == 0 and meter.reading().arousal == NEUTRAL


def test_a_reading_can_be_taken_while_the_turn_goes_on() -> None:
    meter = ProsodyMeter(model=MODEL)
    meter.push(STIRRED[: len(STIRRED) // 2])
    early = meter.reading()
    meter.push(STIRRED[len(STIRRED) // 2 :])
    assert 0 < early.seconds < meter.reading().seconds
    assert meter.reading().arousal == pytest.approx(read(STIRRED).arousal, abs=1e-6)


def test_a_long_turn_is_judged_by_its_end_and_kept_small() -> None:
    meter = ProsodyMeter(model=MODEL)
    for _ in range(15):
        meter.push(STIRRED)
    for _ in range(10):
        meter.push(CALM)
    assert meter.reading().arousal < 0.5
    assert meter.reading().seconds == pytest.approx(50)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="whole 16 bit samples"):
        ProsodyMeter(model=MODEL).push(b"\x00")


def test_clipped_and_loud_audio_gives_a_reading() -> None:
    loud = np.full(16000, 32767, dtype="<i2")
    loud[::2] = -32768
    assert 0 <= read(loud.tobytes()).arousal <= 1


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "arousal.npz"
    with pytest.raises(VoiceModelError, match="retrain"):
        ArousalModel.load(broken)
    broken.write_bytes(b"no archive")
    with pytest.raises(VoiceModelError, match="retrain"):
        ArousalModel.load(broken)
    size = np.zeros(len(FEATURES))
    np.savez(
        broken, features=np.array(["x"] * len(FEATURES)), mean=size, scale=size, population=size, own=size,
        population_bias=0.0, own_bias=0.0,
    )  # fmt: skip
    with pytest.raises(VoiceModelError, match="other features"):
        ArousalModel.load(broken)


def test_too_little_voice_has_no_shape() -> None:
    assert shape_of(Frames.empty()) is None
    assert shape_of(FrameReader().read(np.zeros(100))) is None


def test_a_second_of_audio_costs_less_than_ten_milliseconds() -> None:
    pcm16 = voice(pitch=150, seconds=10, swing=0.1)
    meter = ProsodyMeter(model=MODEL)
    started = time.process_time()
    for start in range(0, len(pcm16), 320):
        meter.push(pcm16[start : start + 320])
    assert (time.process_time() - started) / 10 < 0.02  # with room for a loaded machine


def corpus() -> Path:
    root = os.environ.get("NGX_CORPORA")
    if not root:
        pytest.skip("NGX_CORPORA is not set: no corpora to measure on")
    return Path(root) / "data"


def test_an_unseen_corpus_is_told_high_from_low() -> None:
    clips = read_clips(
        corpus() / "ravdess_en" / "dev", label="emotion", speaker="actor", labels=HIGH | LOW, variants=False
    )
    assert figures(measure(MODEL, clips, calibrate="running"), items=len(clips)).accuracy >= 0.73
