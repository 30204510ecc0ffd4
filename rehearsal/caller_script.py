"""A scripted caller: knows its lines, and hears from the sound alone when to say them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rehearsal.line.phone import Audio, EventKind, Phone

Speak = Callable[[str], Audio]
"""Turns words into 8 kHz speech."""

_OWN_TALK_SECONDS = 1.5
"""Bot talk that runs on this long after the caller's last word is the bot's turn, not the tail of a yielding."""

_PAUSE_TALK_SECONDS = 0.5
"""A pause can only be in a talk at least this long."""


class ScriptError(ValueError):
    """A script that cannot be played; says which step and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """At once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """At this many seconds after the answer, whatever the bot does."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterBot:
    """When the bot has talked since the caller's last words and then been silent for `gap_seconds`.

    A caller without an answer goes on after `patience_seconds`, and says so in the result's warnings.
    """

    gap_seconds: float = 0.8
    patience_seconds: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntoBot:
    """When the bot has been talking for `seconds`: an interruption."""

    seconds: float = 1.2
    patience_seconds: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InPause:
    """When the bot has talked and takes a breath of `gap_seconds`."""

    gap_seconds: float = 0.25
    patience_seconds: float = 15.0


When = Now | At | AfterBot | IntoBot | InPause


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say something: words (spoken by the caller's voice) or audio, with the words it holds where known."""

    text: str = ""
    audio: Audio | None = None
    when: When = AfterBot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Press keys."""

    digits: str
    when: When = AfterBot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Be silent for so long."""

    seconds: float


class Bot(StrEnum):
    """What the bot can be heard doing."""

    TALKING = "talking"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """Require that the bot does this within so many seconds; otherwise the result gets a warning."""

    bot: Bot
    within_seconds: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Hang up."""

    when: When = Now()


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilServerHangsUp:
    """Listen until the server ends the call; hang up after `limit_seconds`, with a warning."""

    limit_seconds: float = 30.0


Step = Say | Press | Wait | Expect | HangUp | UntilServerHangsUp


class ScriptedCaller:
    """Plays a list of steps, one after another; hangs up when they are over. One object is one call."""

    def __init__(self, *, steps: Sequence[Step], speak: Speak | None = None) -> None:
        """All words are spoken here, before the call.

        Raises:
            ScriptError: a step has neither audio nor a voice for its words, or nothing to say.
        """
        self._steps = [(step, _audio_of(step, number, speak)) for number, step in enumerate(steps, 1)]
        self._play: Iterator[None] | None = None

    def tick(self, *, phone: Phone) -> None:
        """Go on with the script; called every 20 ms."""
        if self._play is None:
            self._play = self._run(phone)
        if next(self._play, "over") == "over":
            phone.hang_up(reason="the script is over")

    def _run(self, phone: Phone) -> Iterator[None]:
        for step, audio in self._steps:
            match step:
                case Say():
                    yield from _await_moment(phone, step.when)
                    yield from _say(phone, step, audio)
                case Press():
                    yield from _await_moment(phone, step.when)
                    phone.press(digits=step.digits)
                    while phone.pressing:
                        yield
                case Wait():
                    yield from _pass_time(phone, step.seconds)
                case Expect():
                    yield from _expect(phone, step)
                case HangUp():
                    yield from _await_moment(phone, step.when)
                    phone.hang_up()
                    yield
                case UntilServerHangsUp():
                    yield from _pass_time(phone, step.limit_seconds)
                    phone.note(EventKind.NOTE, f"the server did not hang up within {step.limit_seconds:g} s")


def _audio_of(step: Step, number: int, speak: Speak | None) -> Audio | None:
    if not isinstance(step, Say):
        return None
    audio = step.audio
    if audio is None:
        if not step.text:
            raise ScriptError(f"step {number}: Say needs text or audio")
        if speak is None:
            raise ScriptError(f"step {number}: no audio, and no voice to speak {step.text!r}")
        audio = speak(step.text)
    if audio.ndim != 1 or audio.dtype != np.int16:
        raise ScriptError(f"step {number}: audio must be 8 kHz int16 of shape (n,), got {audio.dtype} {audio.shape}")
    return audio


def _say(phone: Phone, step: Say, audio: Audio | None) -> Iterator[None]:
    if audio is None:
        return
    over = isinstance(step.when, IntoBot)
    (phone.interrupt if over else phone.say)(audio=audio, text=step.text)
    while phone.speaking:
        yield


def _pass_time(phone: Phone, seconds: float) -> Iterator[None]:
    until = phone.now + seconds
    while phone.now < until:
        yield


def _expect(phone: Phone, step: Expect) -> Iterator[None]:
    until = phone.now + step.within_seconds
    while (phone.ear.talk_start is not None) != (step.bot is Bot.TALKING):
        if phone.now >= until:
            phone.note(EventKind.NOTE, f"expected the bot {step.bot} within {step.within_seconds:g} s")
            return
        yield


def _await_moment(phone: Phone, when: When) -> Iterator[None]:
    match when:
        case Now():
            return
        case At(seconds=seconds):
            while phone.now < seconds:
                yield
        case AfterBot():
            yield from _patiently(phone, lambda: _bot_finished(phone, when.gap_seconds), when.patience_seconds)
        case IntoBot():
            yield from _patiently(phone, lambda: _bot_talks_for(phone) >= when.seconds, when.patience_seconds)
        case InPause():
            yield from _patiently(phone, lambda: _bot_pauses(phone, when.gap_seconds), when.patience_seconds)


def _patiently(phone: Phone, condition: Callable[[], bool], patience_seconds: float) -> Iterator[None]:
    """Wait for a condition; patience counts only while the bot is silent."""
    waited_from = phone.now
    while not condition():
        if phone.ear.talk_start is not None:
            waited_from = phone.now
        if phone.now - waited_from >= patience_seconds:
            phone.note(EventKind.NOTE, f"the caller lost patience after {patience_seconds:g} s of silence")
            return
        yield


def _bot_finished(phone: Phone, gap_seconds: float) -> bool:
    ear, own_end = phone.ear, -1.0 if phone.last_spoken is None else phone.last_spoken
    latest = ear.latest
    if latest is None or ear.silence_seconds < gap_seconds:
        return False
    return latest.start > own_end or latest.end - own_end >= _OWN_TALK_SECONDS


def _bot_talks_for(phone: Phone) -> float:
    """Seconds of the present talk since it began or since the caller's last words, whichever is later."""
    start = phone.ear.talk_start
    return phone.now - max(start, phone.last_spoken or 0.0) if start is not None else 0.0


def _bot_pauses(phone: Phone, gap_seconds: float) -> bool:
    ear = phone.ear
    latest = ear.latest
    if latest is None or ear.silence_seconds < gap_seconds:
        return False
    return latest.end - latest.start >= _PAUSE_TALK_SECONDS and latest.end > (phone.last_spoken or 0.0)
