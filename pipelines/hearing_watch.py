"""Whether the recogniser still hears: speech that it says nothing about at all. Pure; times are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Hearing(StrEnum):
    """What a look at the recogniser gave."""

    FINE = "fine"
    UNANSWERED = "unanswered"
    """The caller spoke, and the recogniser let it pass: the caller must hear something."""
    LOST = "lost"
    """It did so again: it does not hear."""


@dataclass(frozen=True, kw_only=True)
class HearingWatchParams:
    """`speech_seconds`: shorter sounds say nothing, they may be coughs. Two times a recogniser may take after speech:
    `deaf_seconds` where it said nothing at all of it so far, `quiet_seconds` where it did.

    Flux tells a turn's start within a quarter of a second, speaks of an open turn four times a second, and closes one
    1.5 s after the last word at the 95th percentile. Finding the words otherwise takes up to 0.9 s of what is promised.
    `echo_seconds`: how long after its playout the bot can come back from a speakerphone.
    """

    speech_seconds: float = 0.4
    deaf_seconds: float = 0.8
    quiet_seconds: float = 1.2
    unanswered_limit: int = 2
    echo_seconds: float = 0.9


class HearingWatch:
    """Compares what voice activity says with what the recogniser says. Monotonic seconds.

    A stretch of speech lasts from its first voice until the recogniser has given a final word on it; the caller may
    pause in it. Voice under the bot's own is not judged: it may be its echo, and the line is not dead.
    """

    def __init__(self, params: HearingWatchParams | None = None) -> None:
        self.params = params or HearingWatchParams()
        self.unanswered = 0
        """Stretches in a row of which the recogniser said nothing to the end."""
        self._voice_over_bot = False
        self._began: float | None = None
        self._ended: float | None = None
        self._last_sign: float | None = None

    @property
    def waits(self) -> bool:
        """Whether speech of the caller has had no final word from the recogniser so far."""
        return self._began is not None

    def voice_started(self, *, at: float, over_bot: bool = False) -> None:
        """The caller's voice began at `at`."""
        self._ended = None
        self._voice_over_bot = over_bot and self._began is None
        if self._began is None and not over_bot:
            self._began = at

    def bot_stopped(self, *, at: float) -> None:
        """The bot fell silent: a voice that goes on longer than an echo can is the caller's."""
        if self._voice_over_bot:
            self._voice_over_bot = False
            self._began = at + self.params.echo_seconds

    def voice_stopped(self, *, at: float) -> None:
        """The caller's voice ended at `at`."""
        self._voice_over_bot = False
        if self._began is None:
            return
        self._ended = at
        if self._last_sign is None and at - self._began < self.params.speech_seconds:
            self._forget()

    def sign(self, *, at: float, final: bool = False) -> None:
        """The recogniser said something: an interim text, a turn's start; or, `final`, words or a turn's end.

        What it says of a stretch that has been told as unanswered comes too late to count.
        """
        if self._began is None:
            return
        if final:
            self.unanswered = 0
            self._forget()
        else:
            self._last_sign = at

    def look(self, *, now: float) -> Hearing:
        """What there is to say now; each unanswered stretch is told once."""
        if self._began is None or self._ended is None:
            return Hearing.FINE
        if self._last_sign is None:
            due = self._ended + self.params.deaf_seconds
        else:
            due = max(self._ended, self._last_sign) + self.params.quiet_seconds
        if now < due:
            return Hearing.FINE
        self._forget()
        self.unanswered += 1
        return Hearing.LOST if self.unanswered >= self.params.unanswered_limit else Hearing.UNANSWERED

    def excuse(self) -> None:
        """The last unanswered stretch held no words: it is not the recogniser's fault."""
        self.unanswered = max(0, self.unanswered - 1)

    def _forget(self) -> None:
        self._began = self._ended = self._last_sign = None
