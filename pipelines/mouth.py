"""The mouth of one call: replies go to the line, wait, pause, go on or are thrown away; and it tells what was heard.

Whoever takes the floor acts on it directly, so that falling silent never queues behind frames. Audio of a reply that
was made ahead of its time is kept until the reply is released.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import numpy as np

from pipelines.line import MediaLine
from pipelines.mulaw import pcm16_to_ulaw, ulaw_to_pcm16
from pipelines.playout import Played, Playout

ECHO_GRACE_SECONDS: Final = 2.0
"""How long beyond its audio's length a reply's last mark is waited for."""

_SAID_SENTENCES: Final = 3
_LOUDEST: Final = 32767


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence that is ready to be heard: mu-law audio and where its words start (seconds)."""

    text: str
    ulaw: bytes
    words: tuple[tuple[str, float], ...] = ()


class MouthListener(Protocol):
    """Is told what the caller hears. Called on the event loop, in order; must not block or raise."""

    def sentence_started(self, text: str, *, at: float) -> None:
        """A sentence's first sample left for the caller at monotonic time `at`."""
        ...

    def sentence_played(self, text: str, *, heard: str) -> None:
        """A sentence is over: what of it was heard."""
        ...

    def reply_played(self, reply_id: int) -> None:
        """A whole reply has been played to its end."""
        ...


@dataclass(slots=True)
class _Begin:
    text: str


@dataclass(slots=True)
class _Words:
    words: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class _Audio:
    ulaw: bytes


@dataclass(slots=True)
class _SentenceEnd:
    pass


@dataclass(slots=True)
class _ReplyEnd:
    pass


_Step: TypeAlias = _Begin | _Words | _Audio | _SentenceEnd | _ReplyEnd


@dataclass
class _Reply:
    """A reply on its way to the line. `steps` are kept while it is not `released`."""

    reply_id: int
    released: bool = False
    ended: bool = False
    steps: list[_Step] = field(default_factory=list[_Step])

    @property
    def has_audio(self) -> bool:
        return any(isinstance(step, _Audio) for step in self.steps)


class Mouth:
    """One at a time speaks: the reply begun last. Whatever comes of an earlier one is ignored."""

    def __init__(self, line: MediaLine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._playout = Playout()
        self._reply: _Reply | None = None
        self._announced: str | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._listener: MouthListener | None = None
        self._said: list[str] = []
        self._heard_in_reply = False
        self._gain = 1.0
        self.first_audio_at: float | None = None
        """When the first audio of the reply begun last came from the voice; an opener does not count."""

    def listen(self, listener: MouthListener) -> None:
        """Tell `listener` from now on."""
        self._listener = listener

    def set_gain(self, db: float) -> None:
        """Make all that follows louder by so many decibels; what would clip is limited."""
        self._gain = 10 ** (db / 20)

    # What the floor needs to know

    @property
    def is_speaking(self) -> bool:
        """Whether the caller hears something now, or would if it were not paused."""
        return not self._playout.idle

    @property
    def is_pending(self) -> bool:
        """Whether a reply is due of which nothing is heard yet."""
        return self._reply is not None and self._reply.released and not self._reply.ended and self._playout.idle

    @property
    def is_paused(self) -> bool:
        """Whether it was told to pause."""
        return self._playout.paused

    @property
    def saying(self) -> str:
        """The sentences that sound now or did just before."""
        return " ".join(self._said)

    @property
    def heard_any(self) -> bool:
        """Whether the caller heard anything of the reply begun last."""
        return self._heard_in_reply or self._playout.heard_any

    def playing(self, samples: int) -> bytes:
        """The mu-law audio that the caller's telephone played last."""
        return self._playout.playing(samples, now=self._clock())

    # The floor's commands

    async def pause(self) -> None:
        """Fall silent at once; nothing is lost."""
        if self._playout.paused:
            return
        audible = not self._playout.idle
        self._playout.pause(now=self._clock())
        if audible:
            await self._line.clear()

    async def resume(self) -> None:
        """Go on from the word at which it paused."""
        if self._playout.paused:
            self._playout.resume()
            await self._send_due()
            self._settle()

    async def cut(self) -> None:
        """Fall silent and throw away what was not heard; the reply is over, whatever still comes of it."""
        self._stop_waiting()
        audible = not self._playout.idle and not self._playout.paused
        # Also where nothing is queued: a sentence announced without audio yet must not stand before the next ones.
        self._heard_in_reply = self.heard_any
        played = self._playout.clear(now=self._clock())
        self._heard_in_reply = self._heard_in_reply or any(sentence.heard for sentence in played)
        self._reply = self._announced = None
        self._report(played)
        if audible:
            await self._line.clear()

    def expect(self, reply_id: int) -> None:
        """The next reply, in place of any before: what comes of it waits until it is released."""
        self._reply = _Reply(reply_id)
        self._heard_in_reply = False
        self.first_audio_at = None

    async def release(self, reply_id: int, *, opener: Speech | None = None) -> bool:
        """Let the reply be heard. `opener` is said first, unless the reply's own first words are there already.

        Tells whether the opener is said.
        """
        reply = self._reply
        if reply is None or reply.reply_id != reply_id or reply.released:
            return False
        reply.released = True
        opens = opener is not None and not reply.has_audio
        steps, reply.steps = reply.steps, []
        if opener is not None and opens:
            for step in (_Begin(opener.text), _Words(opener.words), _Audio(opener.ulaw), _SentenceEnd()):
                self._do(reply, step)
        for step in steps:
            self._do(reply, step)
        await self._send_due()
        self._settle()
        return opens

    def drop(self, reply_id: int) -> str:
        """Forget a reply that was made ahead of its time and is not wanted; returns what of it had been spoken."""
        reply = self._reply
        if reply is None or reply.reply_id != reply_id or reply.released:
            return ""
        self._reply = None
        return " ".join(step.text for step in reply.steps if isinstance(step, _Begin))

    # What the voice brings

    async def begin(self, reply_id: int, text: str) -> None:
        """A sentence is announced; its audio follows."""
        await self._take(reply_id, _Begin(text))

    async def add_words(self, reply_id: int, words: tuple[tuple[str, float], ...]) -> None:
        """Word starts of the sentence announced last."""
        await self._take(reply_id, _Words(words))

    async def add_audio(self, reply_id: int, pcm16: bytes) -> None:
        """Audio of the sentence announced last: 16-bit samples at the line's rate."""
        await self._take(reply_id, _Audio(pcm16_to_ulaw(pcm16)))

    async def finish_sentence(self, reply_id: int) -> None:
        """The sentence announced last has all its audio."""
        await self._take(reply_id, _SentenceEnd())

    async def finish_reply(self, reply_id: int) -> None:
        """All of the reply is there."""
        await self._take(reply_id, _ReplyEnd())

    def mark_reached(self, name: str) -> None:
        """A mark came back from the line."""
        played = self._playout.reached(name, now=self._clock())
        self._report(played)
        self._settle()

    def line_gone(self) -> None:
        """Nobody listens any more: what was heard until now is told."""
        self._stop_waiting()
        self._report(self._playout.clear(now=self._clock()))
        self._reply = None

    def close(self) -> None:
        """Release the timer, if any."""
        self._stop_waiting()

    # Parts

    async def _take(self, reply_id: int, step: _Step) -> None:
        reply = self._reply
        if reply is None or reply.reply_id != reply_id:
            return
        if isinstance(step, _Audio) and self.first_audio_at is None:
            self.first_audio_at = self._clock()
        if not reply.released:
            reply.steps.append(step)
            return
        self._do(reply, step)
        await self._send_due()
        self._settle()

    def _do(self, reply: _Reply, step: _Step) -> None:
        match step:
            case _Begin(text=text):
                self._playout.begin(text)
                self._announced = text
            case _Words(words=words):
                self._playout.add_words(words)
            case _Audio(ulaw=ulaw):
                self._announce()
                self._playout.add_audio(self._amplified(ulaw))
            case _SentenceEnd():
                self._playout.finish()
            case _ReplyEnd():
                self._playout.finish()
                reply.ended = True

    def _announce(self) -> None:
        if self._announced is None:
            return
        text, self._announced = self._announced, None
        self._said = [*self._said, text][-_SAID_SENTENCES:]
        if self._listener is not None:
            self._listener.sentence_started(text, at=self._clock())

    async def _send_due(self) -> None:
        while (piece := self._playout.next_piece(now=self._clock())) is not None:
            if isinstance(piece, str):
                await self._line.send_mark(piece)
            else:
                await self._line.send_audio(piece)

    def _settle(self) -> None:
        """Tell what is over; bound the wait for the last mark of a reply that has all its audio."""
        self._report(self._playout.over())
        reply = self._reply
        if reply is None or not reply.ended or self._playout.paused:
            return
        if self._playout.idle:
            self._stop_waiting()
            self._reply = None
            if self._listener is not None:
                self._listener.reply_played(reply.reply_id)
        elif self._patience is None:
            seconds = self._playout.pending_seconds + ECHO_GRACE_SECONDS
            self._patience = asyncio.get_running_loop().call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        """The line echoes no marks: what was to be heard counts as heard as far as the clock says."""
        self._patience = None
        self._report(self._playout.clear(now=self._clock()))
        self._settle()

    def _report(self, played: list[Played]) -> None:
        for sentence in played:
            if self._listener is not None:
                self._listener.sentence_played(sentence.text, heard=sentence.heard)

    def _amplified(self, ulaw: bytes) -> bytes:
        if self._gain == 1.0:
            return ulaw
        samples = np.frombuffer(ulaw_to_pcm16(ulaw), dtype=np.int16).astype(np.float32) * self._gain
        return pcm16_to_ulaw(np.clip(samples, -_LOUDEST, _LOUDEST).astype(np.int16).tobytes())

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
