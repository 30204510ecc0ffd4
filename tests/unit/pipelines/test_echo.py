"""Echo: the bot's own voice from a loudspeaker is told from a caller who talks over it."""

from __future__ import annotations

import functools
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from pipelines.echo import SILENT_DBFS, EchoJudge, EchoVerdict
from pipelines.mulaw import TO_LINEAR, TO_ULAW

Signal = NDArray[np.float32]

RATE = 8000
WINDOW = 256
WINDOW_SECONDS = WINDOW / RATE
BOT_DBFS = -20.0
NOISE_DBFS = -60.0

BOT_CLIPS = (
    "en/tel/ast_demo-nomatch.wav",
    "en/tel/ast_dictate_both_help.wav",
    "en/tel/ast_conf-waitforleader.wav",
    "en/tel/ast_tt-somethingwrong.wav",
    "es/tel/ast_vm-rec-busy.wav",
    "es/tel/ast_confbridge-inc-talk-vol-out.wav",
    "es/tel/ast_vm-mailboxfull.wav",
    "es/tel/ast_demo-nomatch.wav",
    "en/librivox_0890.wav",
    "en/librivox_0930.wav",
    "en/mfa_61-70968-0000.flac",
    "es/pico_test_es.wav",
)
CALLER_CLIPS = (
    "en/harvard_spk1_snt1.wav",
    "en/harvard_spk1_snt4.wav",
    "en/harvard_spk2_snt2.wav",
    "en/harvard_spk2_snt5.wav",
    "en/cards_002.wav",
    "en/ps_goforward.wav",
    "en/tidigits_2934z.wav",
    "en/librivox_0880.wav",
    "es/mfa_13697_11991_000000.flac",
    "en/digits8k/6_jackson_0.wav",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoPath:
    """A loudspeaker in a room at the end of a telephone line. `gain_db` 0 dB is the bot's own level; None: no echo."""

    gain_db: float | None
    delay_seconds: float
    room_seconds: float = 0.0
    offset_seconds: float = 0.0
    jitter_seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """What the judge is given, and when the caller's first loud sample is (None: never)."""

    heard: Signal
    played: Signal
    onset_seconds: float | None


@functools.cache
def clip(name: str) -> Signal:
    """A recording at 8 kHz between its first and its last loud sample, at `BOT_DBFS`; skips where there is none."""
    corpora = os.environ.get("NGX_CORPORA")
    if corpora is None:
        pytest.skip("NGX_CORPORA is not set: no recorded speech")
    samples, rate = soundfile.read(Path(corpora) / "speech" / name, dtype="float32")
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())
    samples = samples[max(0, loud[0] - 80) : loud[-1] + 400]
    return at_level(samples, BOT_DBFS)


def at_level(samples: Signal, dbfs: float) -> Signal:
    """The samples with their spoken parts (the upper 40 dB of 20 ms pieces) at a level."""
    pieces = np.square(samples[: len(samples) // 160 * 160].reshape(-1, 160)).mean(axis=1)
    spoken = pieces[pieces > pieces.max() * 1e-3]
    return (samples * (10 ** (dbfs / 20) / np.sqrt(spoken.mean()))).astype(np.float32)


def through_mulaw(samples: Signal) -> Signal:
    """The samples as the telephone brings them."""
    pcm = np.clip(samples * 32768, -32768, 32767).astype(np.int16)
    return TO_LINEAR[TO_ULAW[pcm.view(np.uint16)]].astype(np.float32) / 32768


def response(path: EchoPath) -> Signal:
    """The loudspeaker's colour, and a room whose sound is gone (-60 dB) after `room_seconds`."""
    rng = np.random.default_rng(path.seed)
    taps = np.zeros(max(1, int(path.room_seconds * RATE)), dtype=np.float32)
    taps[0] = 1.0
    if path.room_seconds:
        time = np.arange(len(taps)) / RATE
        tail = rng.normal(size=len(taps)) * 10 ** (-3 * time / path.room_seconds)
        tail[: int(0.002 * RATE)] = 0
        taps += tail / np.sqrt(np.square(tail).sum()) * rng.uniform(0.5, 1.2)
    colour = rng.normal(size=6) * 0.35
    colour[0] = 1.0
    return np.convolve(taps, colour).astype(np.float32)


def convolved(samples: Signal, taps: Signal) -> Signal:
    """The samples through a response, as long as before."""
    size = len(samples) + len(taps) - 1
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(taps, size), size)[: len(samples)].astype(np.float32)


def jittered(samples: Signal, path: EchoPath) -> Signal:
    """What we believe is being played: early by up to the jitter, which jumps every 0.4 to 2.5 s."""
    rng = np.random.default_rng(path.seed + 1)
    at = np.arange(len(samples))
    position, reach = 0, int(path.jitter_seconds * RATE)
    while reach and position < len(samples):
        until = position + int(rng.uniform(0.4, 2.5) * RATE)
        at[position:until] += rng.integers(-reach, reach + 1)
        position = until
    return samples[np.clip(at, 0, len(samples) - 1)]


def scene(
    bot: Signal,
    path: EchoPath,
    *,
    caller: Signal | None = None,
    caller_db: float = 0.0,
    caller_at: float = 0.0,
    noise_dbfs: float = NOISE_DBFS,
) -> Scene:
    """A call: `bot` from 1 s on, its echo, and a caller `caller_db` above the echo from `caller_at` seconds on.

    Without an echo `caller_db` is above the bot's level.
    """
    rng = np.random.default_rng(path.seed + 2)
    spare = np.zeros(int(1.5 * RATE), dtype=np.float32)
    bot = through_mulaw(np.concatenate((spare[:RATE], bot, spare)))
    heard = rng.normal(0, 10 ** (noise_dbfs / 20), len(bot)).astype(np.float32)
    level = BOT_DBFS
    if path.gain_db is not None:
        level += path.gain_db
        echo = at_level(convolved(bot, response(path)), level)
        delay = int((path.delay_seconds + path.offset_seconds) * RATE)
        heard[delay:] += echo[: len(echo) - delay]
    onset = None
    if caller is not None:
        start = int(caller_at * RATE)
        voice = at_level(caller, level + caller_db)[: len(heard) - start]
        heard[start : start + len(voice)] += voice
        loud = np.abs(voice) > 10 ** ((level + caller_db - 6) / 20)
        onset = (start + int(np.argmax(loud))) / RATE
    return Scene(through_mulaw(heard), jittered(bot, path), onset)


def judged(given: Scene, judge: EchoJudge | None = None) -> list[EchoVerdict]:
    """The verdicts on a scene, a window each."""
    judge = judge or EchoJudge()
    starts = range(0, len(given.heard) - WINDOW + 1, WINDOW)
    return [judge.push(given.heard[at : at + WINDOW], given.played[at : at + WINDOW]) for at in starts]


def longest_near_end(verdicts: list[EchoVerdict]) -> int:
    """The longest run of windows that were judged somebody's."""
    longest = run = 0
    for verdict in verdicts:
        run = run + 1 if verdict.is_near_end else 0
        longest = max(longest, run)
    return longest


def reaction_seconds(given: Scene, verdicts: list[EchoVerdict]) -> float:
    """From the first loud sample of the caller to the end of the second near-end window in a row; infinite: never."""
    assert given.onset_seconds is not None
    first = int(given.onset_seconds / WINDOW_SECONDS)
    for at in range(first + 1, len(verdicts)):
        if verdicts[at - 1].is_near_end and verdicts[at].is_near_end:
            return (at + 1) * WINDOW_SECONDS - given.onset_seconds
    return float("inf")


def bot_turn(number: int) -> Signal:
    """Two recorded sentences with a pause of 0.3 s after each."""
    pause = np.zeros(int(0.3 * RATE), dtype=np.float32)
    chosen = (BOT_CLIPS[number % len(BOT_CLIPS)], BOT_CLIPS[(number + 7) % len(BOT_CLIPS)])
    return np.concatenate([part for name in chosen for part in (clip(name), pause)])


def echo_paths(count: int, seed: int, gains: tuple[float, ...] = (-12, -18, -24, -30, -35)) -> Iterator[EchoPath]:
    """Paths from the whole of what a telephone may do; half to two thirds of them with a jumping alignment."""
    chance = random.Random(seed)
    for number in range(count):
        yield EchoPath(
            gain_db=gains[number % len(gains)],
            delay_seconds=chance.uniform(0.08, 0.6),
            room_seconds=chance.choice((0.0, 0.1, 0.2, 0.3)),
            offset_seconds=chance.uniform(0.0, 0.25),
            jitter_seconds=chance.choice((0.0, 0.03, 0.03)),
            seed=seed * 1000 + number,
        )


def reactions(paths: Iterator[EchoPath], *, levels_db: tuple[float, ...], seed: int, earliest: float) -> list[float]:
    """How fast callers are noticed who start `earliest` to `earliest` + 2 s into the call."""
    chance = random.Random(seed)
    found: list[float] = []
    for number, path in enumerate(paths):
        voice = clip(CALLER_CLIPS[number % len(CALLER_CLIPS)])
        level, start = chance.choice(levels_db), chance.uniform(earliest, earliest + 2.0)
        given = scene(bot_turn(number), path, caller=voice, caller_db=level, caller_at=start)
        found.append(reaction_seconds(given, judged(given)))
    return found


def told(name: str, seconds: list[float]) -> str:
    """One line of figures."""
    shares = np.sort(np.array(seconds))
    middle, late = (float(shares[min(len(shares) - 1, int(len(shares) * part))]) for part in (0.5, 0.95))
    return f"{name}: p50 {middle:.3f} s, p95 {late:.3f} s, missed {np.isinf(shares).sum()} of {len(shares)}"


def share_within(seconds: list[float], limit: float) -> float:
    """The share of reactions that took at most `limit`."""
    return float(np.mean(np.array(seconds) <= limit))


def test_the_bots_own_voice_is_not_taken_for_a_caller() -> None:
    broken = voiced = near = 0
    paths = list(echo_paths(40, seed=1))
    for number, path in enumerate(paths):
        verdicts = judged(scene(bot_turn(number), path))
        broken += longest_near_end(verdicts) >= 3
        voiced += sum(verdict.level_db > -55 for verdict in verdicts)
        near += sum(verdict.is_near_end for verdict in verdicts)
    print(f"\necho only: {broken} of {2 * len(paths)} sentences, {near} of {voiced} voiced windows near-end")  # noqa: T201
    assert voiced > 4000
    assert broken / (2 * len(paths)) <= 0.02
    assert near / voiced <= 0.01


def test_a_caller_who_talks_over_the_echo_is_noticed() -> None:
    seconds = reactions(echo_paths(30, seed=11), levels_db=(6, 10, 15), seed=1, earliest=3.0)
    print("\n" + told("over a known echo", seconds))  # noqa: T201
    assert share_within(seconds, 0.2) >= 0.85
    assert share_within(seconds, 0.5) >= 0.95


def test_a_caller_on_a_handset_is_noticed_at_once_over_the_bot() -> None:
    paths = (EchoPath(gain_db=None, delay_seconds=0.3, jitter_seconds=0.03, seed=seed) for seed in range(20))
    seconds = reactions(paths, levels_db=(-10, -5, 0), seed=2, earliest=3.0)
    print("\n" + told("handset", seconds))  # noqa: T201
    assert share_within(seconds, 0.15) >= 0.95


def test_a_caller_in_the_bots_first_second_is_noticed() -> None:
    paths = (EchoPath(gain_db=None, delay_seconds=0.3, seed=seed) for seed in range(20))
    seconds = reactions(paths, levels_db=(-5, 0, 5), seed=3, earliest=1.0)
    print("\n" + told("first second, no echo", seconds))  # noqa: T201
    assert share_within(seconds, 0.2) >= 0.95


def test_a_caller_is_never_echo_while_the_bot_is_silent() -> None:
    for number, name in enumerate(CALLER_CLIPS):
        silent = np.zeros(4 * RATE, dtype=np.float32)
        path = EchoPath(gain_db=None, delay_seconds=0.3, seed=number)
        given = scene(silent, path, caller=clip(name), caller_db=-10, caller_at=1.5)
        verdicts = judged(given)
        assert not any(verdict.is_echo for verdict in verdicts)
        assert reaction_seconds(given, verdicts) <= 0.1


def test_a_caller_is_never_echo_a_second_after_the_bot_has_ended() -> None:
    path = EchoPath(gain_db=-15.0, delay_seconds=0.3, room_seconds=0.2, seed=4)
    bot = np.concatenate((bot_turn(0), np.zeros(3 * RATE, dtype=np.float32)))
    start = 1.0 + len(bot_turn(0)) / RATE + 0.95
    given = scene(bot, path, caller=clip(CALLER_CLIPS[0]), caller_db=5, caller_at=start)
    after = judged(given)[int(start / WINDOW_SECONDS) + 2 :]
    assert any(verdict.is_near_end for verdict in after)
    assert not any(verdict.is_echo for verdict in after)


def test_silence_is_neither_echo_nor_caller() -> None:
    quiet = np.zeros(WINDOW, dtype=np.float32)
    assert EchoJudge().push(quiet, quiet) == EchoVerdict(False, SILENT_DBFS, SILENT_DBFS)
    loud = np.random.default_rng(1).normal(0, 0.1, WINDOW).astype(np.float32)
    verdict = EchoJudge().push(quiet, loud)
    assert not verdict.is_echo
    assert not verdict.is_near_end


def test_an_echo_is_known_again_after_a_long_silence() -> None:
    judge = EchoJudge()
    path = EchoPath(gain_db=-15.0, delay_seconds=0.3, offset_seconds=0.1, room_seconds=0.2, seed=5)
    judged(scene(bot_turn(2), path), judge)
    judged(Scene(*(np.zeros(20 * RATE, dtype=np.float32),) * 2, None), judge)
    verdicts = judged(scene(bot_turn(3), path), judge)
    assert sum(verdict.is_echo for verdict in verdicts) > 50
    assert longest_near_end(verdicts) < 3


def test_a_louder_loudspeaker_is_still_an_echo() -> None:
    judge = EchoJudge()
    quiet = EchoPath(gain_db=-27.0, delay_seconds=0.3, room_seconds=0.1, seed=6)
    loud = EchoPath(gain_db=-15.0, delay_seconds=0.3, room_seconds=0.1, seed=6)
    judged(scene(bot_turn(4), quiet), judge)
    assert longest_near_end(judged(scene(bot_turn(5), loud), judge)) < 6


def test_a_caller_is_noticed_after_the_loudspeaker_was_switched_off() -> None:
    judge = EchoJudge()
    judged(scene(bot_turn(6), EchoPath(gain_db=-12.0, delay_seconds=0.2, seed=7)), judge)
    handset = EchoPath(gain_db=None, delay_seconds=0.2, seed=8)
    given = scene(bot_turn(7), handset, caller=clip(CALLER_CLIPS[0]), caller_db=-8, caller_at=6.0)
    assert reaction_seconds(given, judged(given, judge)) <= 0.2


def test_the_level_of_the_caller_is_told() -> None:
    path = EchoPath(gain_db=-25.0, delay_seconds=0.3, seed=9)
    given = scene(bot_turn(8), path, caller=clip(CALLER_CLIPS[3]), caller_db=15, caller_at=4.0)
    loudest = max(verdict.near_end_db for verdict in judged(given))
    assert -34 < loudest < -20


@pytest.mark.parametrize("heard, played", [(255, 256), (256, 512), (0, 256)])
def test_windows_of_another_length_are_refused(heard: int, played: int) -> None:
    with pytest.raises(ValueError, match="256 samples"):
        EchoJudge().push(np.zeros(heard, dtype=np.float32), np.zeros(played, dtype=np.float32))


def test_a_window_costs_little_and_next_to_nothing_while_the_bot_is_silent() -> None:
    given = scene(bot_turn(0), EchoPath(gain_db=-18.0, delay_seconds=0.3, room_seconds=0.3, seed=1))
    silent = Scene(given.heard, np.zeros_like(given.played), None)
    costs: list[float] = []
    for told_scene in (given, silent):
        judge = EchoJudge()
        began = time.process_time()
        count = len(judged(told_scene, judge))
        costs.append((time.process_time() - began) / count * 1e6)
    print(f"\n{costs[0]:.0f} us a window, {costs[1]:.0f} us while the bot is silent")  # noqa: T201
    assert costs[0] < 3000
    assert costs[1] < costs[0]
