"""The handset: the caller's mouth and ear on one sample clock. A caller acts on it, a media stream ticks it."""

import functools
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rehearsal.line.ear import Ear, Segment, find_speech
from rehearsal.line.echo import EchoPath, EchoSettings
from rehearsal.mulaw import FRAME_SAMPLES, RATE, SILENT_FRAME, encode
from rehearsal.recording import Recording, Tape

_DIGIT_TICKS = 10
"""Ticks between two digits: 200 ms, a quick thumb."""

_NOISE_SECONDS = 2
_QUIETEST_DBFS, _NORMAL_DBFS = -60.0, -45.0

Audio = NDArray[np.int16]
"""8 kHz samples, shape (n,)."""


class EventKind(StrEnum):
    """What happened on a line."""

    WEBHOOK = "webhook"
    TWIML = "twiml"
    VERB = "verb"
    STREAM_START = "stream_start"
    STREAM_END = "stream_end"
    SAY = "say"
    INTERRUPT = "interrupt"
    DIGIT = "digit"
    MARK = "mark"
    MARK_ECHO = "mark_echo"
    CLEAR = "clear"
    NOTE = "note"
    HANG_UP = "hang_up"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class LineEvent:
    """Something that happened at `at` seconds on the call's clock."""

    at: float
    kind: EventKind
    data: str = ""


class Caller(Protocol):
    """Whoever holds the handset."""

    def tick(self, *, phone: "Phone") -> None:
        """Called every 20 ms, when all before now has been heard and before the caller's own frame is made."""
        ...


@dataclass(slots=True)
class _Clip:
    data: bytes
    speech: tuple[Segment, ...]
    offset: int = 0


class Phone:
    """What a caller does and hears; times in seconds, positions in samples, both from the answer on.

    `noise_dbfs` puts a low comfort noise under the caller's silence; None leaves digital silence.
    With `keep_audio=False` nothing is recorded (load runs). With `echo` the bot's voice comes back as the caller's.
    """

    def __init__(
        self, *, noise_dbfs: float | None = -70.0, keep_audio: bool = True, echo: EchoSettings | None = None
    ) -> None:
        self.ear = Ear()
        self.events: list[LineEvent] = []
        self._tape = Tape() if keep_audio else None
        self._noise = _comfort_noise(noise_dbfs) if noise_dbfs is not None else None
        self._position = 0
        self._clips: deque[_Clip] = deque()
        self._spoken: list[Segment] = []
        self._digits: deque[str] = deque()
        self._digit_pause = 0
        self._hang_up: str | None = None
        self._playing = SILENT_FRAME
        self._echo = EchoPath(echo) if echo is not None else None

    @property
    def now(self) -> float:
        """Seconds since the answer, at the start of the present 20 ms."""
        return self._position / RATE

    @property
    def speaking(self) -> bool:
        """Whether something said is still going out."""
        return bool(self._clips)

    @property
    def pressing(self) -> bool:
        """Whether digits are still going out."""
        return bool(self._digits)

    @property
    def last_spoken(self) -> float | None:
        """End of the caller's latest speech, as far as it has begun; None before the first."""
        return self._spoken[-1].end if self._spoken else None

    @property
    def wants_to_hang_up(self) -> str | None:
        """Why the caller hangs up, None as long as they do not."""
        return self._hang_up

    @property
    def spoken(self) -> tuple[Segment, ...]:
        """The caller's speech up to now, exact to the sample."""
        return tuple(Segment(s.start, min(s.end, self.now), s.text) for s in self._spoken if s.start < self.now)

    def say(self, *, audio: Audio, text: str = "") -> None:
        """Queue speech: int16 samples at 8 kHz, sent after what is queued already.

        Raises:
            ValueError: the audio is not one-dimensional int16.
        """
        data = encode(audio)
        spans = find_speech(data, threshold_dbfs=speech_threshold(audio))
        texts = [text] + [""] * (len(spans) - 1)
        speech = tuple(Segment(s.start, s.end, t) for s, t in zip(spans, texts, strict=False))
        self._clips.append(_Clip(data, speech))
        self.note(EventKind.SAY, text)

    def interrupt(self, *, audio: Audio, text: str = "") -> None:
        """Say this now instead of whatever is queued."""
        self.hush()
        self.note(EventKind.INTERRUPT, text)
        self.say(audio=audio, text=text)

    def hush(self) -> None:
        """Stop speaking at once."""
        self._clips.clear()
        self._spoken[:] = self.spoken

    def press(self, *, digits: str) -> None:
        """Queue key presses.

        Raises:
            ValueError: a character is no key of a telephone (0-9, *, #, A-D).
        """
        if wrong := set(digits) - set("0123456789*#ABCD"):
            raise ValueError(f"digits must be of 0-9, *, #, A-D; got {''.join(sorted(wrong))!r}")
        self._digits.extend(digits)

    def hang_up(self, *, reason: str = "caller hangs up") -> None:
        """Hang up with the next frame."""
        if self._hang_up is None:
            self._hang_up = reason
            self.note(EventKind.HANG_UP, reason)

    def note(self, kind: EventKind, data: str = "") -> None:
        """Write something down with the present time."""
        self.events.append(LineEvent(self.now, kind, data))

    # What the media stream calls.

    def advance(self, *, seconds: float) -> None:
        """Let time pass without a stream, up to `seconds` since the answer; never backwards."""
        self._position = max(self._position, round(seconds * RATE))

    def hear(self, *, frame: bytes) -> None:
        """Take in the 160 bytes that begin to play now; the ear knows them when they have played."""
        self._playing = frame
        if self._echo is not None:
            self._echo.hear(frame=frame)
        if self._tape is not None:
            self._tape.record_bot(frame=frame, position=self._position)

    def speak(self) -> bytes:
        """The caller's 160 bytes of this tick; moves the clock on by them."""
        frame = self._next_frame() if self._clips else self._background()
        if self._echo is not None:
            frame = self._echo.mix(frame=frame)
        self.ear.hear(frame=self._playing, position=self._position)
        if self._tape is not None:
            self._tape.record_caller(frame=frame, position=self._position)
        self._position += FRAME_SAMPLES
        return frame

    def next_digit(self) -> str | None:
        """The key pressed in this tick, if any."""
        if self._digit_pause:
            self._digit_pause -= 1
            return None
        if not self._digits:
            return None
        self._digit_pause = _DIGIT_TICKS
        digit = self._digits.popleft()
        self.note(EventKind.DIGIT, digit)
        return digit

    def recording(self) -> Recording:
        """Both channels so far; empty with `keep_audio=False`."""
        return self._tape.finish() if self._tape is not None else Recording(caller=b"", bot=b"")

    def _next_frame(self) -> bytes:
        parts: list[bytes] = []
        room = FRAME_SAMPLES
        while room and self._clips:
            clip = self._clips[0]
            if clip.offset == 0:
                begin = (self._position + FRAME_SAMPLES - room) / RATE
                self._spoken += [Segment(begin + s.start, begin + s.end, s.text) for s in clip.speech]
            part = clip.data[clip.offset : clip.offset + room]
            clip.offset += len(part)
            room -= len(part)
            parts.append(part)
            if clip.offset >= len(clip.data):
                self._clips.popleft()
        if room:
            parts.append(self._background()[:room])
        return b"".join(parts)

    def _background(self) -> bytes:
        if self._noise is None:
            return SILENT_FRAME
        start = self._position % (len(self._noise) - FRAME_SAMPLES)
        return self._noise[start : start + FRAME_SAMPLES]


def speech_threshold(audio: Audio) -> float:
    """Where a clip's speech begins, in dB re full scale: 30 dB below its loud parts, within -60..-45 (quiet clips)."""
    if not len(audio):
        return _QUIETEST_DBFS
    loudness = 20.0 * np.log10(max(float(np.percentile(np.abs(audio.astype(np.float64)), 95)), 1.0) / 32768.0)
    return float(np.clip(loudness - 30.0, _QUIETEST_DBFS, _NORMAL_DBFS))


@functools.cache
def _comfort_noise(level_dbfs: float) -> bytes:
    """Two seconds of white noise at an RMS level, the same on every run."""
    samples = np.random.default_rng(1).normal(0.0, 32768.0 * 10.0 ** (level_dbfs / 20.0), _NOISE_SECONDS * RATE)
    return encode(np.clip(samples, -32768, 32767).astype(np.int16))
