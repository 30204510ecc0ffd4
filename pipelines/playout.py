"""What the caller has heard: the ledger of one call's outgoing audio, kept by marks. Pure; time is passed in.

Audio is sent ahead of real time and waits at the caller's end. A mark follows every `MARK_SECONDS` of it, and each
echo says how far the caller has heard; between echoes the clock goes on, never beyond the next mark.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pipelines.line import LINE_SAMPLE_RATE

MARK_SECONDS = 0.2
"""Audio between two marks: the ledger's error is at most this and the network's way there."""

MARK_SAMPLES = int(MARK_SECONDS * LINE_SAMPLE_RATE)


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


_LETTERS_A_SECOND = 15.0


@dataclass(frozen=True)
class Played:
    """A sentence that is over: what it was and what the caller heard of it."""

    text: str
    heard: str


class Playout:
    """Positions are samples since the line last fell silent by a clear."""

    def __init__(self) -> None:
        self._sent = 0
        self._echoed = 0
        self._echoed_at = 0.0
        self._next_mark = 0
        self._marks: deque[tuple[str, int]] = deque()
        self._sentences: deque[Sentence] = deque()
        self._generation = 0
        self._count = 0

    @property
    def pending_seconds(self) -> float:
        """Audio sent that no mark has confirmed yet."""
        return (self._sent - self._echoed) / LINE_SAMPLE_RATE

    @property
    def idle(self) -> bool:
        """Whether everything sent has been confirmed as played."""
        return not self._marks and self._sent == self._echoed

    def begin(self, text: str) -> None:
        """Audio that follows belongs to a new sentence; the one before has all of its own."""
        if self._sentences:
            self._sentences[-1].complete = True
        self._sentences.append(Sentence(text=text, start=self._sent, end=self._sent))

    def add_words(self, words: tuple[tuple[str, float], ...]) -> None:
        """Word starts of the newest sentence, seconds from its first sample."""
        if self._sentences:
            self._sentences[-1].words.extend(words)

    def add_audio(self, samples: int, *, now: float) -> list[tuple[int, str | None]]:
        """Note `samples` as sent at `now`; return how to send them: pieces of so many samples, each with its mark."""
        if self.idle:
            self._echoed_at = now
        pieces: list[tuple[int, str | None]] = []
        while samples:
            piece = min(samples, MARK_SAMPLES - self._next_mark)
            samples -= piece
            self._sent += piece
            self._next_mark += piece
            full = self._next_mark == MARK_SAMPLES
            pieces.append((piece, self._mark() if full else None))
        if self._sentences:
            self._sentences[-1].end = self._sent
        return pieces

    def finish(self) -> str | None:
        """The newest sentence's audio is complete; return the mark to send behind it, if one is due."""
        if self._sentences:
            self._sentences[-1].complete = True
        return self._mark() if self._next_mark else None

    def _mark(self) -> str:
        self._next_mark = 0
        self._count += 1
        name = f"p{self._generation}.{self._count}"
        self._marks.append((name, self._sent))
        return name

    def reached(self, name: str, *, now: float) -> list[Played]:
        """A mark came back; return the sentences that are thereby over. Unknown and stale marks change nothing."""
        if not any(mark == name for mark, _ in self._marks):
            return []
        while self._marks:
            mark, position = self._marks.popleft()
            self._echoed, self._echoed_at = position, now
            if mark == name:
                break
        return self.over()

    def over(self) -> list[Played]:
        """The sentences that have come to their end; one that never had any audio was not heard."""
        over: list[Played] = []
        while self._sentences and self._sentences[0].complete and self._sentences[0].end <= self._echoed:
            sentence = self._sentences.popleft()
            over.append(Played(sentence.text, sentence.text if sentence.end > sentence.start else ""))
        return over

    def position(self, now: float) -> int:
        """How far the caller has heard, in samples: the last echo and the clock since, up to the next mark."""
        limit = self._marks[0][1] if self._marks else self._sent
        elapsed = max(0, int((now - self._echoed_at) * LINE_SAMPLE_RATE))
        return min(self._echoed + elapsed, limit)

    def clear(self, *, now: float) -> list[Played]:
        """Everything not yet heard is thrown away; return what was heard of the sentences under way."""
        position = self.position(now)
        played = [Played(s.text, s.heard_until(position)) for s in self._sentences]
        self._sentences.clear()
        self._marks.clear()
        self._generation += 1
        self._sent = self._echoed = self._next_mark = 0
        return played
