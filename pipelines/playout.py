"""What the caller has heard: the ledger of one call's outgoing audio, kept by marks. Pure; time is passed in.

Audio is sent ahead of real time and waits at the caller's end. A mark follows every `MARK_SECONDS` of it, and each
echo says how far the caller has heard; between echoes the clock goes on, never beyond the next mark. The audio is kept
until it was heard, so that a pause can take it back from the line and a resumption send it again from there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pipelines.line import LINE_SAMPLE_RATE
from pipelines.mulaw import ULAW_SILENCE

MARK_SECONDS: Final = 0.2
"""Audio between two marks: the ledger's error is at most this and the network's way there."""

MARK_SAMPLES: Final = int(MARK_SECONDS * LINE_SAMPLE_RATE)

_BACK_SAMPLES: Final = int(0.45 * LINE_SAMPLE_RATE)
"""How far a resumption goes back at most for a word's beginning."""

_KEPT_SAMPLES: Final = int(1.5 * LINE_SAMPLE_RATE)
"""Audio that stays at hand after it was heard: to go back to a word, and to tell its echo."""

_LETTERS_A_SECOND: Final = 15.0

Piece: TypeAlias = bytes | str
"""What goes to the line: mu-law audio, or the name of a mark."""


@dataclass
class Sentence:
    """A sentence being played: where its audio lies in the stream of samples, and when its words start."""

    text: str
    start: int
    end: int
    words: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    complete: bool = False

    def heard_until(self, position: int) -> str:
        """The words whose beginnings lie before stream position `position` (samples), as the text has them."""
        if self.complete and position >= self.end:
            return self.text
        if position <= self.start:
            return ""
        spoken = self.text.split()
        seconds = (position - self.start) / LINE_SAMPLE_RATE
        if self.words:
            count = sum(1 for _, start in self.words if start < seconds)
            # Engines may split or join words; the share of words heard is what carries over.
            count = round(count * len(spoken) / len(self.words)) if len(self.words) != len(spoken) else count
        else:
            length = max(self.end - self.start, 1)
            if not self.complete:
                length = max(length, int(len(self.text) / _LETTERS_A_SECOND * LINE_SAMPLE_RATE))
            count = int(len(spoken) * min(1.0, (position - self.start) / length))
        heard = spoken[: min(count, len(spoken))]
        return " ".join(heard)

    def word_start_before(self, position: int) -> int | None:
        """The stream position at which the word that is under way at `position` begins; None where unknown."""
        if not self.start <= position <= self.end:
            return None
        starts = [self.start + int(start * LINE_SAMPLE_RATE) for _, start in self.words]
        return max((start for start in starts if start <= position), default=self.start)


@dataclass(frozen=True)
class Played:
    """A sentence that is over: what it was and what the caller heard of it."""

    text: str
    heard: str


class Playout:
    """Positions are samples of what is to be heard, counted since all of it was last thrown away."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._audio_from = 0
        self._sent = 0
        self._echoed = 0
        self._echoed_at = 0.0
        self._heard = 0
        self._marked = 0
        self._marks: deque[tuple[str, int]] = deque()
        self._sentences: deque[Sentence] = deque()
        self._generation = 0
        self._count = 0
        self._paused = False

    # What is to be heard

    def begin(self, text: str) -> None:
        """Audio that follows belongs to a new sentence; the one before has all of its own."""
        if self._sentences:
            self._sentences[-1].complete = True
        self._sentences.append(Sentence(text=text, start=self._end, end=self._end))

    def add_words(self, words: tuple[tuple[str, float], ...]) -> None:
        """Word starts of the newest sentence, seconds from its first sample."""
        if self._sentences:
            self._sentences[-1].words.extend(words)

    def add_audio(self, ulaw: bytes) -> None:
        """Audio of the newest sentence."""
        self._audio += ulaw
        if self._sentences:
            self._sentences[-1].end = self._end

    def finish(self) -> None:
        """The newest sentence's audio is complete."""
        if self._sentences:
            self._sentences[-1].complete = True

    # To and from the line

    def next_piece(self, *, now: float) -> Piece | None:
        """What to send next: audio that was not sent yet, then its mark; None while paused or where nothing is due."""
        if self._paused:
            return None
        if not self._marks and self._sent == self._echoed:
            self._echoed_at = now  # the line is silent: what goes out now is heard from now on
        unmarked = self._sent - self._marked
        if unmarked == MARK_SAMPLES:
            return self._mark()
        if self._sent < self._end:
            start, self._sent = self._sent, min(self._end, self._marked + MARK_SAMPLES)
            return self._between(start, self._sent)
        if unmarked and self._sentences and self._sentences[-1].complete:
            return self._mark()
        return None

    def reached(self, name: str, *, now: float) -> list[Played]:
        """A mark came back; return the sentences that are thereby over. Unknown and stale marks change nothing."""
        if not any(mark == name for mark, _ in self._marks):
            return []
        while self._marks:
            mark, position = self._marks.popleft()
            self._echoed, self._echoed_at = position, now
            if mark == name:
                break
        self._heard = max(self._heard, self._echoed)
        self._forget()
        return self.over()

    def over(self) -> list[Played]:
        """The sentences that have come to their end; one that never had any audio was not heard."""
        over: list[Played] = []
        while self._sentences and self._sentences[0].complete and self._sentences[0].end <= self._heard:
            sentence = self._sentences.popleft()
            over.append(Played(sentence.text, sentence.text if sentence.end > sentence.start else ""))
        return over

    def pause(self, *, now: float) -> None:
        """The line's buffer is being emptied; what was not heard is kept, from the word under way on."""
        if self._paused:
            return
        position = self.position(now)
        self._heard = max(self._heard, position)
        self._take_back(self._word_start(position))
        self._paused = True

    def resume(self) -> None:
        """Let the kept audio go out again."""
        self._paused = False

    def clear(self, *, now: float) -> list[Played]:
        """Everything not yet heard is thrown away; return what was heard of the sentences under way."""
        position = max(self._heard, self.position(now))
        played = [Played(s.text, s.heard_until(position)) for s in self._sentences]
        self._sentences.clear()
        self._audio.clear()
        self._take_back(0)
        self._audio_from = self._heard = 0
        self._paused = False
        return played

    # What is known

    @property
    def paused(self) -> bool:
        """Whether what is to be heard is kept back."""
        return self._paused

    @property
    def pending_seconds(self) -> float:
        """Audio that no mark has confirmed yet."""
        return (self._end - self._echoed) / LINE_SAMPLE_RATE

    @property
    def idle(self) -> bool:
        """Whether all audio has been confirmed as played."""
        return not self._marks and self._end == self._echoed

    @property
    def heard_any(self) -> bool:
        """Whether anything was heard since all was last thrown away."""
        return self._heard > 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentences under way or still to come."""
        return tuple(sentence.text for sentence in self._sentences)

    def position(self, now: float) -> int:
        """How far the caller has heard, in samples: the last echo and the clock since, up to the next mark."""
        if self._paused:
            return self._echoed
        limit = self._marks[0][1] if self._marks else self._sent
        elapsed = max(0, round((now - self._echoed_at) * LINE_SAMPLE_RATE))
        return min(self._echoed + elapsed, limit)

    def playing(self, samples: int, *, now: float) -> bytes:
        """The last `samples` of audio that the caller's telephone played until now; silence where it played none."""
        position = self.position(now)
        if self._paused or self.idle or position <= self._audio_from:
            return bytes([ULAW_SILENCE]) * samples
        audio = self._between(max(self._audio_from, position - samples), position)
        return audio.rjust(samples, bytes([ULAW_SILENCE]))

    # Parts

    @property
    def _end(self) -> int:
        return self._audio_from + len(self._audio)

    def _between(self, start: int, end: int) -> bytes:
        return bytes(self._audio[start - self._audio_from : end - self._audio_from])

    def _mark(self) -> str:
        self._marked = self._sent
        self._count += 1
        name = f"p{self._generation}.{self._count}"
        self._marks.append((name, self._sent))
        return name

    def _take_back(self, position: int) -> None:
        """What lies behind `position` has not been sent; marks under way count for nothing."""
        self._marks.clear()
        self._generation += 1
        self._sent = self._echoed = self._marked = position

    def _word_start(self, position: int) -> int:
        starts = [start for s in self._sentences if (start := s.word_start_before(position)) is not None]
        start = max(starts, default=position)
        return start if position - start <= _BACK_SAMPLES and start >= self._audio_from else position

    def _forget(self) -> None:
        surplus = self._echoed - self._audio_from - _KEPT_SAMPLES
        if surplus > _KEPT_SAMPLES:
            del self._audio[:surplus]
            self._audio_from += surplus
