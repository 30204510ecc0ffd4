"""The rehearsing caller: plays a cast call by ear and remembers what it did and when, to the sample."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from rehearsal.line import Phone, Segment
from rehearsal.rehearse.cast import CastCall, Cue
from rehearsal.rehearse.scenario import AfterBot, InPause, IntoBot, Kind, Later, Listen, When

PATIENCE_SECONDS = 6.0
"""How long a caller waits in silence for the moment of a step before it gives the step up, or speaks all the same."""

_STEP_SECONDS = 20.0
"""How long a step waits at most, whatever is heard: a bot that never ends its talk must not hold the run up."""

_REPLY_GAP_SECONDS = 1.2
"""Silence after which the bot's next words are another reply."""

_LAST_WORDS_SECONDS = 3.0
"""How long after the last step the caller still listens."""

_OVER_BOT = frozenset({Kind.BARGE_IN, Kind.BACKCHANNEL, Kind.NOISE, Kind.SIDE_TALK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A step done, in seconds on the call's clock: `onset` the first audible sample, `end` the last."""

    kind: Kind
    text: str
    onset: float
    end: float
    pauses: tuple[Segment, ...] = ()


class RehearsalCaller:
    """Plays one call. What is meant to be said over the bot is left out where the bot does not talk (`missed`)."""

    def __init__(self, call: CastCall) -> None:
        self.deeds: list[Deed] = []
        self.missed: list[Kind] = []
        self._call = call
        self._play: Iterator[None] | None = None
        self._reply_start: float | None = None
        self._reply_end = 0.0
        self._own_end = 0.0

    def tick(self, *, phone: Phone) -> None:
        """Go on; called every 20 ms."""
        self._follow(phone)
        if self._play is None:
            self._play = self._run(phone)
        if next(self._play, "over") == "over":
            phone.hang_up(reason="the call is over")

    def _follow(self, phone: Phone) -> None:
        """Keep track of the bot's present reply: talk without a long gap, since the caller's last words."""
        talk = phone.ear.talk_start
        if talk is None:
            return
        heard = phone.ear.last_audible or 0.0
        if self._reply_start is None or talk - self._reply_end > _REPLY_GAP_SECONDS:
            self._reply_start = talk
        self._reply_end = heard

    def _run(self, phone: Phone) -> Iterator[None]:
        for step in self._call.steps:
            if isinstance(step, Listen):
                yield from self._listen(phone, step)
                continue
            moment = yield from self._await(phone, step.when)
            if not moment and step.kind in _OVER_BOT:
                self.missed.append(step.kind)
                continue
            yield from self._perform(phone, step)
        yield from _pass_time(phone, _LAST_WORDS_SECONDS)

    def _listen(self, phone: Phone, step: Listen) -> Iterator[None]:
        began = phone.now
        yield from _pass_time(phone, step.seconds)
        if step.kind is not None:
            self.deeds.append(Deed(kind=step.kind, text="", onset=began, end=phone.now))

    def _perform(self, phone: Phone, cue: Cue) -> Iterator[None]:
        began = phone.now
        deed = Deed(
            kind=cue.kind,
            text=cue.text,
            onset=began + cue.onset,
            end=began + cue.end,
            pauses=tuple(Segment(began + pause.start, began + pause.end) for pause in cue.pauses),
        )
        self.deeds.append(deed)
        phone.say(audio=cue.audio, text=cue.text)
        while phone.speaking:
            yield
        self._own_end = deed.end
        if cue.kind not in (Kind.BACKCHANNEL, Kind.NOISE, Kind.SIDE_TALK):
            self._reply_start = None

    def _await(self, phone: Phone, when: When) -> Generator[None, None, bool]:
        """Wait for a moment; returns (as a generator does) whether it came."""
        match when:
            case AfterBot():
                came = yield from _patiently(phone, lambda: self._bot_is_done(phone, when.seconds))
            case IntoBot():
                came = yield from _patiently(phone, lambda: self._bot_has_talked(phone, when.seconds))
            case InPause():
                came = yield from _patiently(phone, lambda: self._bot_breathes(phone, when.seconds))
            case Later():
                yield from _pass_time(phone, self._own_end + when.seconds - phone.now)
                came = True
        return came

    def _bot_is_done(self, phone: Phone, seconds: float) -> bool:
        return self._reply_start is not None and phone.ear.silence_seconds >= seconds

    def _bot_has_talked(self, phone: Phone, seconds: float) -> bool:
        start = self._reply_start
        if start is None or phone.ear.silence_seconds > 0.1:
            return False
        return phone.now - max(start, self._own_end) >= seconds

    def _bot_breathes(self, phone: Phone, seconds: float) -> bool:
        start = self._reply_start
        silent = phone.ear.silence_seconds
        return start is not None and seconds <= silent < _REPLY_GAP_SECONDS and self._reply_end - start > 0.5


def _pass_time(phone: Phone, seconds: float) -> Iterator[None]:
    until = phone.now + seconds
    while phone.now < until:
        yield


def _patiently(phone: Phone, condition: Callable[[], bool]) -> Generator[None, None, bool]:
    """Wait for a condition; patience counts only while the bot is silent. Returns whether it came."""
    waited_from = phone.now
    until = phone.now + _STEP_SECONDS
    while not condition():
        if phone.now >= until:
            return False
        if phone.ear.talk_start is not None:
            waited_from = phone.now
        if phone.now - waited_from >= PATIENCE_SECONDS:
            return False
        yield
    return True
