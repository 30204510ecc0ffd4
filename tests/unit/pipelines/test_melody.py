"""Melody: what Smart Turn hears on the phone, and that its judgement is never a queue, never late, never in the way."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines import melody as melody_module
from pipelines.melody import HEARD_SECONDS, WAITING, LastSeconds, SmartTurn, TurnMelody, log_mel, open_turn_melody
from pipelines.mulaw import pcm16_to_ulaw, ulaw_to_pcm16

_SILENCE = bytes(3200)
_HEARD_BYTES = round(HEARD_SECONDS * 16000)


@pytest.fixture(scope="module")
def smart_turn() -> SmartTurn:
    return SmartTurn()


def _people() -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Recorded complete utterances in English and Spanish at 8 kHz, without the silence around them."""
    corpora = os.environ.get("NGX_CORPORA")
    if corpora is None:
        pytest.skip("NGX_CORPORA is not set: no recorded speech")
    root = Path(corpora) / "speech"
    for entry in json.loads((root / "manifest.json").read_text()):
        path, words = entry["path"], entry["transcript"] or ""
        sentence = entry["language"][:2] in ("en", "es") and words.endswith(".") and "..." not in words
        if not (sentence or "harvard" in path or "librivox" in path) or "librivox_0870" in path:
            continue
        samples, rate = soundfile.read(root / path, dtype="float32")
        wave = soxr.resample(samples, rate, 8000)
        wave *= 0.4 / np.abs(wave).max()
        power = np.convolve(wave**2, np.full(240, 1 / 240), "same")
        loud = np.flatnonzero(power > 1e-4 * power.max())
        yield path, wave[loud[0] : loud[-1]]


def _on_the_phone(wave: NDArray[np.float32]) -> bytes:
    """As a phone brings it, 0.25 s after its last sound: mu-law, with the line's noise."""
    ending = wave.copy()
    ending[-80:] *= np.linspace(1, 0, 80, dtype=np.float32)
    line = np.concatenate((np.zeros(2400), ending, np.zeros(2000)))
    line += np.random.default_rng(len(wave)).normal(0, 0.001, len(line))
    return ulaw_to_pcm16(pcm16_to_ulaw((np.clip(line, -1, 1) * 32767).astype(np.int16).tobytes()))


def _area_under_curve(over: list[float], cut: list[float]) -> float:
    return float(np.mean([[(a > b) + 0.5 * (a == b) for b in cut] for a in over]))


def test_people_who_have_finished_are_told_from_people_cut_off(smart_turn: SmartTurn) -> None:
    over: list[float] = []
    cut: list[float] = []
    for number, (_, wave) in enumerate(list(_people())[::2]):
        over.append(smart_turn.probability(_on_the_phone(wave)))
        part = (0.45, 0.7)[number % 2]
        cut.append(smart_turn.probability(_on_the_phone(wave[: int(len(wave) * part)])))
    area = _area_under_curve(over, cut)
    print(f"AUC {area:.3f}, {len(over)} complete, {len(cut)} cut")  # noqa: T201
    assert len(over) >= 20
    assert area > 0.7


def test_features_are_those_of_whisper_on_resampled_sound() -> None:
    reference = pytest.importorskip("pipecat.audio.turn.smart_turn._whisper_features")
    random = np.random.default_rng(4)
    times = np.arange(40000) / 8000
    tones = sum(np.sin(2 * np.pi * hertz * times) / hertz for hertz in (180.0, 620.0, 1490.0, 2700.0, 3300.0))
    wave = np.asarray(tones) * (1 + np.sin(2 * np.pi * 3 * times)) * 20 + random.normal(0, 0.01, len(times))
    pcm16 = (wave / np.abs(wave).max() * 20000).astype(np.int16)
    at_16k = soxr.resample(pcm16.astype(np.float32) / 32768, 8000, 16000, quality="HQ")
    expected = reference.compute_whisper_log_mel_features(np.pad(at_16k, (128000 - len(at_16k), 0)))
    found = log_mel(pcm16.tobytes())
    assert found.shape == expected.shape == (80, 800)
    assert found.dtype == np.float32
    # A quarter is 10 dB. Where the sound begins the resampler rings, and at 4 kHz it has an edge.
    difference = np.abs(found - expected)
    assert float(difference.mean()) < 0.005
    assert float(np.quantile(difference, 0.99)) < 0.05


def test_what_is_older_than_eight_seconds_changes_nothing() -> None:
    heard = np.random.default_rng(5).integers(-9000, 9000, 64000).astype(np.int16).tobytes()
    older = np.random.default_rng(6).integers(-9000, 9000, 8000).astype(np.int16).tobytes()
    assert np.array_equal(log_mel(older + heard), log_mel(heard))


def test_silence_alone_has_features(smart_turn: SmartTurn) -> None:
    assert np.isfinite(log_mel(bytes(_HEARD_BYTES))).all()
    assert 0.0 <= smart_turn.probability(b"") <= 1.0


class _HeldModel:
    """A model that answers 0.7 once it is let go; the first run, which warms it, at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.started = threading.Event()
        self.runs = 0

    def probability(self, pcm16: bytes) -> float:
        self.runs += 1
        if self.runs > 1:
            self.started.set()
            self.go_on.wait(20)
        return 0.7


async def _held(model: _HeldModel, melody: TurnMelody) -> None:
    assert await melody.loaded()
    assert model.runs == 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not what these tests are about."""
    monkeypatch.setattr(melody_module, "DEADLINE_SECONDS", 30.0)


@pytest.mark.usefixtures("patient")
async def test_more_calls_than_may_wait_get_no_judgement_at_once() -> None:
    model = _HeldModel()
    async with open_turn_melody(lambda: model) as melody:
        await _held(model, melody)
        asked = [asyncio.create_task(melody.judge(_SILENCE)) for _ in range(1 + WAITING)]
        await asyncio.sleep(0)
        assert await melody.judge(_SILENCE) is None
        model.go_on.set()
        assert await asyncio.gather(*asked) == [0.7] * (1 + WAITING)
        assert await melody.judge(_SILENCE) == 0.7
    assert model.runs == 3 + WAITING


@pytest.mark.usefixtures("patient")
async def test_a_cancelled_judgement_that_waits_is_never_made_and_gives_up_its_place() -> None:
    model = _HeldModel()
    async with open_turn_melody(lambda: model) as melody:
        await _held(model, melody)
        asked = [asyncio.create_task(melody.judge(_SILENCE)) for _ in range(1 + WAITING)]
        await asyncio.to_thread(model.started.wait, 20)
        asked[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked[-1]
        instead = asyncio.create_task(melody.judge(_SILENCE))
        await asyncio.sleep(0)
        assert await melody.judge(_SILENCE) is None
        model.go_on.set()
        assert await asyncio.gather(*asked[:-1], instead) == [0.7] * (1 + WAITING)
    assert model.runs == 2 + WAITING


@pytest.mark.usefixtures("patient")
async def test_a_cancelled_judgement_under_way_holds_its_place_until_the_thread_is_free() -> None:
    model = _HeldModel()
    async with open_turn_melody(lambda: model) as melody:
        await _held(model, melody)
        under_way = asyncio.create_task(melody.judge(_SILENCE))
        await asyncio.to_thread(model.started.wait, 20)
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        asked = [asyncio.create_task(melody.judge(_SILENCE)) for _ in range(WAITING)]
        await asyncio.sleep(0)
        assert await melody.judge(_SILENCE) is None
        model.go_on.set()
        assert await asyncio.gather(*asked) == [0.7] * WAITING


async def test_a_late_judgement_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(melody_module, "DEADLINE_SECONDS", 0.01)
    model = _HeldModel()
    async with open_turn_melody(lambda: model) as melody:
        await _held(model, melody)
        assert await melody.judge(_SILENCE) is None
        model.go_on.set()


def _nothing_there() -> SmartTurn:
    raise FileNotFoundError("smart-turn.onnx")


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(melody_module.logger, "warning", lines.append)
    return lines


async def test_without_a_model_there_is_no_judgement_and_one_line_in_the_log(log_lines: list[str]) -> None:
    async with open_turn_melody(_nothing_there) as melody:
        assert not await melody.loaded()
        assert [await melody.judge(_SILENCE) for _ in range(3)] == [None] * 3
    assert len(log_lines) == 1
    assert "smart-turn.onnx" in log_lines[0]


async def test_a_missing_file_is_a_missing_model(monkeypatch: pytest.MonkeyPatch, log_lines: list[str]) -> None:
    monkeypatch.setattr(melody_module, "_MODEL_FILE", ("pipecat.audio.turn.smart_turn.data", "no-such.onnx"))
    async with open_turn_melody() as melody:
        assert not await melody.loaded()
    assert len(log_lines) == 1
    assert "FileNotFoundError" in log_lines[0]


async def test_a_model_that_fails_is_given_up_and_harms_no_call(log_lines: list[str]) -> None:
    class Failing:
        runs = 0

        def probability(self, pcm16: bytes) -> float:
            self.runs += 1
            if self.runs > 1:
                raise RuntimeError("bad tensor")
            return 0.5

    async with open_turn_melody(Failing) as melody:
        assert await melody.loaded()
        assert [await melody.judge(_SILENCE) for _ in range(3)] == [None] * 3
    assert len(log_lines) == 1


async def test_nothing_waits_for_loading() -> None:
    go_on = threading.Event()

    def slow() -> _HeldModel:
        go_on.wait(20)
        return _HeldModel()

    async with open_turn_melody(slow) as melody:
        assert await melody.judge(_SILENCE) is None
        go_on.set()
        assert await melody.loaded()


@pytest.mark.usefixtures("patient")
async def test_closing_ends_the_thread_and_later_judgements_are_none() -> None:
    async with open_turn_melody() as melody:
        assert await melody.loaded()
        assert await melody.judge(_SILENCE) is not None
        assert any(thread.name.startswith("turn-melody") for thread in threading.enumerate())
    assert not any(thread.name.startswith("turn-melody") for thread in threading.enumerate())
    assert await melody.judge(_SILENCE) is None


@pytest.mark.usefixtures("patient")
async def test_closing_answers_those_who_wait() -> None:
    model = _HeldModel()
    async with open_turn_melody(lambda: model) as melody:
        await _held(model, melody)
        asked = [asyncio.create_task(melody.judge(_SILENCE)) for _ in range(1 + WAITING)]
        await asyncio.to_thread(model.started.wait, 20)
        model.go_on.set()
    assert await asyncio.gather(*asked) == [0.7] * (1 + WAITING)


async def test_half_a_sample_is_refused_with_its_size() -> None:
    async with open_turn_melody(_HeldModel) as melody:
        with pytest.raises(ValueError, match="got 3 bytes"):
            await melody.judge(b"abc")
    with pytest.raises(ValueError, match="got 3 bytes"):
        LastSeconds().append(b"abc")


@pytest.mark.usefixtures("patient")
async def test_the_loop_goes_on_while_the_model_works() -> None:
    sound = np.random.default_rng(7).integers(-9000, 9000, 64000).astype(np.int16).tobytes()
    longest: list[float] = []
    async with open_turn_melody() as melody:
        assert await melody.loaded()
        # What holds the loop does so in every judgement; a busy machine spares at least one of them.
        while len(longest) < 20 and min(longest, default=1.0) >= 0.025:
            judgement = asyncio.create_task(melody.judge(sound))
            turns: list[float] = []
            while not judgement.done():
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                turns.append(time.perf_counter() - before)
            assert judgement.result() is not None
            assert len(turns) > 2
            longest.append(max(turns))
    assert min(longest) < 0.025


@pytest.mark.parametrize("piece", [320, 322, 7000, 2 * _HEARD_BYTES])
def test_the_last_eight_seconds_are_kept_in_order(piece: int) -> None:
    sound = np.random.default_rng(8).integers(0, 256, 3 * _HEARD_BYTES, dtype=np.uint8).tobytes()
    last = LastSeconds()
    for start in range(0, len(sound), piece):
        last.append(sound[start : start + piece])
    assert last.last() == sound[-_HEARD_BYTES:]
    assert last.last(0.5) == sound[-8000:]
    last.clear()
    assert last.last() == b""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60000), max_size=12), st.floats(0, 10))
def test_any_pieces_come_back_whole(sizes: list[int], seconds: float) -> None:
    last, all_of_it = LastSeconds(), b""
    for number, size in enumerate(sizes):
        piece = number.to_bytes(2, "little") * size
        last.append(piece)
        all_of_it += piece
    size = min(2 * round(seconds * 8000), _HEARD_BYTES)
    assert last.last(seconds) == (all_of_it[-size:] if size else b"")


def _microseconds(work: Callable[[], None]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1e6


def test_keeping_a_frame_costs_next_to_nothing() -> None:
    last, frame = LastSeconds(), bytes(320)
    assert float(np.median([_microseconds(lambda: last.append(frame)) for _ in range(2000)])) < 50
