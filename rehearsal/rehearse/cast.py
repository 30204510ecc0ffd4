"""From scenarios to calls that can be made: every sound made, every choice of wording, voice, moment and echo drawn."""

from __future__ import annotations

import json
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearsal.line.ear import Segment, find_speech
from rehearsal.line.echo import EchoSettings
from rehearsal.line.phone import speech_threshold
from rehearsal.mulaw import RATE, encode
from rehearsal.recording import load_speech
from rehearsal.rehearse.scenario import (
    Act,
    AfterBot,
    CallPlan,
    Clip,
    IntoBot,
    Kind,
    Listen,
    Recorded,
    Scenario,
    ScenarioError,
    Sound,
    When,
    Words,
)
from rehearsal.rehearse.sounds import HEARD_AS, make_sound
from rehearsal.voices import ENGLISH_VOICES, SPANISH_VOICES, has_flite, synthesise

Samples = NDArray[np.int16]

_SPEECH_PEAK = 10_000.0  # of 32768, for the 99.5th percentile: an ordinary telephone level
_JITTER_SECONDS = 0.2
_WORD_GAP_SECONDS = 0.3
_EDGE_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A sound that the caller makes at its moment.

    `onset`, `end`: first and last audible sample; `pauses`: the marked ones; all in seconds from the sound's start.
    """

    kind: Kind
    when: When
    audio: Samples = field(repr=False)
    text: str
    onset: float
    end: float
    pauses: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CastCall:
    """One call to make."""

    scenario: str
    number: int
    language: str
    steps: tuple[Cue | Listen, ...]
    echo: EchoSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardClip:
    """A sound that the recogniser stand-in is to know, and what it hears in it."""

    audio: Samples = field(repr=False)
    transcript: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """All calls of a run in the order in which they are made, and the clips that occur in them."""

    calls: tuple[CastCall, ...]
    clips: tuple[HeardClip, ...]
    remarks: tuple[str, ...]

    def write_clips(self, folder: Path) -> Path:
        """Write the clips and the manifest that the recogniser stand-in reads; returns its path."""
        items: list[dict[str, str]] = []
        for number, clip in enumerate(self.clips):
            file = folder / f"clip{number:04}.wav"
            with wave.open(str(file), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(RATE)
                out.writeframes(clip.audio.tobytes())
            items.append({"path": file.name, "transcript": clip.transcript, "language": clip.language})
        manifest = folder / "clips.json"
        manifest.write_text(json.dumps(items), encoding="utf-8")
        return manifest


def cast_scenarios(scenarios: Sequence[Scenario], *, seed: int, corpora: Path | None) -> Cast:
    """Draw all choices and make all sounds.

    `corpora` is the folder of recorded speech, None where there is none. Equal seeds give equal calls.

    Raises:
        ScenarioError: a sound or a recording that a scenario names cannot be had.
        VoiceUnavailable: nothing can speak here.
    """
    director = _Director(seed, corpora)
    calls = [
        director.call(scenario, plan, turn)
        for scenario in scenarios
        for plan in scenario.calls
        for turn in range(plan.times)
    ]
    director.dice.shuffle(calls)
    return Cast(calls=tuple(calls), clips=tuple(director.clips.values()), remarks=tuple(sorted(director.remarks)))


class _Director:
    """Makes calls one after another and collects their clips."""

    def __init__(self, seed: int, corpora: Path | None) -> None:
        self.dice = random.Random(seed)
        self.clips: dict[tuple[str, bytes], HeardClip] = {}
        self.remarks: set[str] = set()
        self._seed = seed
        self._corpora = corpora
        self._count = 0
        self._acts: dict[tuple[str, Kind], int] = {}

    def call(self, scenario: Scenario, plan: CallPlan, turn: int) -> CastCall:
        """The `turn`-th call of a plan."""
        self._count += 1
        voices = plan.voices or (SPANISH_VOICES if plan.language == "es" else ENGLISH_VOICES)
        voice = voices[turn % len(voices)] if plan.language == "es" or has_flite() else None
        steps = tuple(
            step if isinstance(step, Listen) else self._cue(step, scenario, plan.language, voice) for step in plan.steps
        )
        echo = None
        if plan.echo is not None:
            share = turn / max(1, plan.times - 1)
            low, high = plan.echo.gain_db
            echo = EchoSettings(
                gain_db=low + (high - low) * share,
                delay_seconds=self.dice.uniform(*plan.echo.delay_seconds),
                seed=self._count,
            )
        return CastCall(scenario=scenario.name, number=self._count, language=plan.language, steps=steps, echo=echo)

    def _cue(self, act: Act, scenario: Scenario, language: str, voice: str | None) -> Cue:
        turn = self._acts.get((scenario.name, act.kind), 0)
        self._acts[scenario.name, act.kind] = turn + 1
        audio, transcript, pauses = self._sound(act.what, turn, language, voice)
        audio = _scaled(audio, 10 ** (act.gain_db / 20))
        self.clips.setdefault(
            (transcript, audio.tobytes()), HeardClip(audio=audio, transcript=transcript, language=language)
        )
        speech = find_speech(encode(audio), threshold_dbfs=speech_threshold(audio), merge_seconds=1.5)
        if not speech:
            raise ScenarioError(f"{scenario.name}: nothing to hear in {transcript or act.what!r}")
        return Cue(
            kind=act.kind,
            when=self._moved(act.when),
            audio=audio,
            text=transcript,
            onset=speech[0].start,
            end=speech[-1].end,
            pauses=pauses,
        )

    def _moved(self, when: When) -> When:
        """Moments differ a little from call to call, so that chance meets every phase of the bot's words."""
        if isinstance(when, IntoBot):
            return IntoBot(seconds=max(0.3, when.seconds + self.dice.uniform(-_JITTER_SECONDS, _JITTER_SECONDS)))
        if isinstance(when, AfterBot):
            return AfterBot(seconds=when.seconds + self.dice.uniform(0.0, _JITTER_SECONDS))
        return when

    def _sound(
        self, what: Words | Sound | Recorded, turn: int, language: str, voice: str | None
    ) -> tuple[Samples, str, tuple[Segment, ...]]:
        match what:
            case Words():
                return _spoken(what.wordings[turn % len(what.wordings)], language, voice)
            case Sound():
                name = what.names[turn % len(what.names)]
                try:
                    return make_sound(name, seed=self._seed + turn), HEARD_AS.get(name, ""), ()
                except ValueError as error:
                    raise ScenarioError(str(error)) from error
            case Recorded():
                return self._recorded(what, turn, language, voice)

    def _recorded(
        self, what: Recorded, turn: int, language: str, voice: str | None
    ) -> tuple[Samples, str, tuple[Segment, ...]]:
        clip = what.clips[turn % len(what.clips)]
        path = self._corpora / "speech" / clip.path if self._corpora else None
        if path is not None and path.is_file():
            return _cut(path, clip), clip.transcript, ()
        if what.otherwise is None:
            raise ScenarioError(f"the recording speech/{clip.path} is needed: set NGX_CORPORA to the folder of corpora")
        self.remarks.add("recorded speech is missing (NGX_CORPORA is not set to its folder): synthetic voices instead")
        return self._sound(what.otherwise, turn, language, voice)


def _spoken(parts: Sequence[str | float], language: str, voice: str | None) -> tuple[Samples, str, tuple[Segment, ...]]:
    """Words in a voice, with marked pauses of silence between them."""
    pieces: list[Samples] = []
    pauses: list[Segment] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            piece = _trimmed(_level(synthesise(part, lang=language, voice=voice)))
        else:
            piece = np.zeros(round(part * RATE), np.int16)
            pauses.append(Segment(length / RATE, (length + len(piece)) / RATE))
        pieces.append(piece)
        length += len(piece)
    return np.concatenate(pieces), " ".join(part for part in parts if isinstance(part, str)), tuple(pauses)


def _cut(path: Path, clip: Clip) -> Samples:
    try:
        samples = load_speech(path=path)
    except ValueError as error:
        raise ScenarioError(str(error)) from error
    end = None if clip.end is None else round(clip.end * RATE)
    return _trimmed(_level(samples[round(clip.start * RATE) : end]))


def _trimmed(samples: Samples) -> Samples:
    """Without silence at either end, so that marked pauses are as long as they are marked."""
    spans = find_speech(encode(samples), threshold_dbfs=speech_threshold(samples), merge_seconds=_WORD_GAP_SECONDS)
    if not spans:
        return samples
    start, end = spans[0].start - _EDGE_SECONDS, spans[-1].end + _EDGE_SECONDS
    return samples[max(0, round(start * RATE)) : round(end * RATE)]


def _level(samples: Samples) -> Samples:
    loud = float(np.percentile(np.abs(samples.astype(np.float64)), 99.5))
    return _scaled(samples, _SPEECH_PEAK / max(loud, 1.0))


def _scaled(samples: Samples, factor: float) -> Samples:
    return np.clip(samples.astype(np.float64) * factor, -32768, 32767).astype(np.int16)
