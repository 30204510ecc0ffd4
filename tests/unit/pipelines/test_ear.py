"""The ear: whose voice a window holds, with the sound and the marks as unsteady as the network brings them."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from pipelines.echo_reference import MARGIN_SAMPLES, EchoReference
from pipelines.mouth import Mouth
from pipelines.mulaw import TO_LINEAR, TO_ULAW, ULAW_SILENCE
from pipelines.processors.ear import Ear
from pipelines.processors.turn_taking import TurnTaking
from pipelines.voice_activity import VoiceActivity, VoiceActivityParams, VoiceEdge, VoiceWindow

WINDOW = 256
FRAME = 160
SILENCE = bytes([ULAW_SILENCE])


def speech_like(seconds: float, seed: int) -> bytes:
    """Noise in syllables, mu-law: no two windows of it are alike."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 3000, int(seconds * 8000))
    samples *= np.repeat(rng.uniform(0.02, 1.5, len(samples) // 800 + 1), 800)[: len(samples)]
    return TO_ULAW[np.clip(samples, -32000, 32000).astype(np.int16).view(np.uint16)].tobytes()


class Clairvoyant:
    """Voice activity that finds a voice wherever there is sound at all, in windows of 256 samples."""

    params = VoiceActivityParams()
    silence_seconds = 0.0

    def __init__(self, *, always: bool = False) -> None:
        self._pending = np.zeros(0, dtype=np.int16)
        self._always = always

    def push(self, pcm16: bytes) -> list[VoiceWindow]:
        self._pending = np.concatenate((self._pending, np.frombuffer(pcm16, dtype=np.int16)))
        windows: list[VoiceWindow] = []
        while len(self._pending) >= WINDOW:
            samples = (self._pending[:WINDOW] * np.float32(1 / 32768)).astype(np.float32)
            self._pending = self._pending[WINDOW:]
            level = 10 * math.log10(float(samples @ samples) / WINDOW + 1e-10)
            probability = 1.0 if self._always or level > -55 else 0.0
            windows.append(VoiceWindow(probability=probability, level_db=level, samples=samples, edge=None))
        return windows


class Told:
    """Turn-taking that writes down what it is told."""

    def __init__(self) -> None:
        self.voiced: list[bool] = []

    async def hear(self, *, voiced: bool, level_db: float) -> None:
        self.voiced.append(voiced)


class Stage:
    """An ear whose mouth has played `bot` up to `position` samples, as far as it believes."""

    def __init__(self, bot: bytes, *, always: bool = False) -> None:
        self.told = Told()
        self.position = 0
        self._bot = bot
        self.ear = QuietEar(Clairvoyant(always=always), self, self.told)  # type: ignore[arg-type]

    def playing(self, samples: int) -> bytes:
        """What `Mouth.playing` says."""
        if self.position > len(self._bot):
            return SILENCE * samples
        return self._bot[max(0, self.position - samples) : self.position].rjust(samples, SILENCE)


class QuietEar(Ear):
    """An ear outside of a pipeline."""

    def __init__(self, activity: VoiceActivity, mouth: Mouth, turn_taking: TurnTaking) -> None:
        super().__init__(activity, mouth, turn_taking)
        self.edges: list[VoiceEdge] = []

    async def push_frame(self, *args: Any, **kwargs: Any) -> None:
        """Nothing stands behind it."""


async def hear_echo(bot: bytes, *, seed: int, jitter_seconds: float, delay_seconds: float = 0.3) -> Told:
    """The bot's own voice comes back 18 dB quieter; what is believed to be played is off by up to the jitter."""
    chance = random.Random(seed)
    stage = Stage(bot)
    delay = int(delay_seconds * 8000)
    room = np.concatenate((np.zeros(delay), TO_LINEAR[np.frombuffer(bot, np.uint8)].astype(float) * 10 ** (-18 / 20)))
    heard = np.clip(room + np.random.default_rng(seed).normal(0, 10, len(room)), -32768, 32767).astype(np.int16)
    for at in range(0, len(heard) - FRAME + 1, FRAME):
        jitter = int(chance.uniform(-jitter_seconds, jitter_seconds) * 8000)
        stage.position = max(0, at + FRAME + jitter)
        await stage.ear.hear(heard[at : at + FRAME].tobytes())
    return stage.told


def longest_run(flags: list[bool]) -> int:
    """The longest run of windows that are the caller's."""
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("jitter_seconds", [0.0, 0.02, 0.05])
async def test_the_bots_own_voice_is_not_the_callers_however_unsteady_the_network(jitter_seconds: float) -> None:
    told = [await hear_echo(speech_like(6, seed), seed=seed, jitter_seconds=jitter_seconds) for seed in range(6)]
    assert sum(longest_run(one.voiced) >= 2 for one in told) == 0


async def test_a_caller_is_heard_over_the_bot_where_no_echo_comes_back() -> None:
    stage = Stage(speech_like(6, 1))
    caller = TO_LINEAR[np.frombuffer(speech_like(1, 2), np.uint8)]
    heard = np.concatenate((np.zeros(3 * 8000, np.int16), caller))
    for at in range(0, len(heard) - FRAME + 1, FRAME):
        stage.position = at + FRAME
        await stage.ear.hear(heard[at : at + FRAME].tobytes())
    onset = 3 * 8000 // WINDOW
    assert not any(stage.told.voiced[:onset])
    assert all(stage.told.voiced[onset + 2 : onset + 5])


async def test_what_is_too_quiet_for_a_voice_is_nobodys_though_voice_activity_still_hears_one() -> None:
    stage = Stage(speech_like(4, 3), always=True)
    hiss = np.random.default_rng(1).normal(0, 12, 3 * 8000).astype(np.int16)
    for at in range(0, len(hiss) - FRAME + 1, FRAME):
        stage.position = at + FRAME
        await stage.ear.hear(hiss[at : at + FRAME].tobytes())
    assert stage.told.voiced
    assert not any(stage.told.voiced)


def read_all(bot: bytes, believed_at: list[int]) -> bytes:
    """What the reference gives where these positions are believed, one a window."""
    reference = EchoReference(WINDOW)
    parts: list[bytes] = []
    for position in believed_at:
        believed = bot[max(0, position - reference.history_samples) : position]
        parts.append(reference.read(believed.rjust(reference.history_samples, SILENCE)))
    return b"".join(parts)


def test_a_steady_line_gives_what_was_played_unbroken_a_margin_later() -> None:
    bot = speech_like(4, 5)
    read = read_all(bot, list(range(WINDOW, len(bot), WINDOW)))
    assert read == (SILENCE * MARGIN_SAMPLES + bot)[: len(read)]


def test_a_mark_that_is_late_once_moves_the_reference_hardly() -> None:
    bot = speech_like(4, 6)
    at = list(range(WINDOW, len(bot), WINDOW))
    at[60] -= 300
    read = read_all(bot, at)
    steady = (SILENCE * MARGIN_SAMPLES + bot)[: len(read)]
    later = slice(62 * WINDOW, 63 * WINDOW)
    place = bot.find(read[later])
    assert abs(place - (62 * WINDOW - MARGIN_SAMPLES)) <= 16
    assert read[: 60 * WINDOW] == steady[: 60 * WINDOW]


def test_a_lasting_change_of_the_position_is_followed() -> None:
    bot = speech_like(8, 7)
    at = [position - (1600 if position > 16000 else 0) for position in range(WINDOW, len(bot), WINDOW)]
    read = read_all(bot, at)
    last = bot.find(read[-WINDOW:])
    assert abs(last - (at[-1] - MARGIN_SAMPLES - WINDOW)) <= 8


def test_what_was_played_last_stays_for_its_echo_once_the_bot_is_silent() -> None:
    bot = speech_like(1, 8)
    reference = EchoReference(WINDOW)
    read = b""
    for position in range(WINDOW, len(bot) + 4 * WINDOW, WINDOW):
        ended = position > len(bot)
        size = reference.history_samples
        read += reference.read(
            SILENCE * size if ended else bot[max(0, position - size) : position].rjust(size, SILENCE)
        )
    assert bot[: len(bot) // WINDOW * WINDOW] in read
