"""The mouth: replies wait, sound, pause, go on or are thrown away, and what was heard is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from pipelines.line import LINE_SAMPLE_RATE, LineEvent
from pipelines.mouth import Mouth, Speech

SECOND = np.full(LINE_SAMPLE_RATE, 1000, dtype=np.int16).tobytes()


@dataclass
class Line:
    """Keeps what it was sent."""

    sent: list[bytes | str] = field(default_factory=list[bytes | str])

    def events(self) -> AsyncIterator[LineEvent]:
        raise NotImplementedError

    async def send_audio(self, ulaw: bytes) -> None:
        self.sent.append(ulaw)

    async def send_mark(self, name: str) -> None:
        self.sent.append(name)

    async def clear(self) -> None:
        self.sent.append("clear")

    async def close(self) -> None:
        self.sent.append("close")

    @property
    def audio_seconds(self) -> float:
        return sum(len(piece) for piece in self.sent if isinstance(piece, bytes)) / LINE_SAMPLE_RATE

    @property
    def marks(self) -> list[str]:
        return [piece for piece in self.sent if isinstance(piece, str) and piece.startswith("p")]


@dataclass
class Heard:
    """Keeps what it was told."""

    started: list[str] = field(default_factory=list[str])
    played: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    replies: list[int] = field(default_factory=list[int])

    def sentence_started(self, text: str, *, at: float) -> None:
        self.started.append(text)

    def sentence_played(self, text: str, *, heard: str) -> None:
        self.played.append((text, heard))

    def reply_played(self, reply_id: int) -> None:
        self.replies.append(reply_id)


@dataclass
class Stage:
    """A mouth with its line, its listener and a clock that stands still until it is moved."""

    now: float = 10.0

    def __post_init__(self) -> None:
        self.line, self.heard = Line(), Heard()
        self.mouth = Mouth(self.line, clock=lambda: self.now)
        self.mouth.listen(self.heard)

    async def say(self, reply_id: int, *texts: str) -> None:
        for text in texts:
            await self.mouth.begin(reply_id, text)
            await self.mouth.add_audio(reply_id, SECOND)
            await self.mouth.finish_sentence(reply_id)
        await self.mouth.finish_reply(reply_id)

    def hear_all(self) -> None:
        for mark in self.line.marks:
            self.mouth.mark_reached(mark)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.mouth.close()


async def test_a_reply_made_ahead_is_silent_until_it_is_released(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.say(1, "One.", "Two.")
    assert not stage.line.sent and not stage.mouth.is_speaking and not stage.mouth.is_pending
    await stage.mouth.release(1)
    assert stage.line.audio_seconds == 2.0 and stage.heard.started == ["One.", "Two."]
    stage.hear_all()
    assert stage.heard.played == [("One.", "One."), ("Two.", "Two.")] and stage.heard.replies == [1]
    assert not stage.mouth.is_speaking


async def test_a_dropped_reply_is_never_heard_and_tells_what_it_cost(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.say(1, "One.", "Two.")
    assert stage.mouth.drop(1) == "One. Two."
    await stage.mouth.release(1)
    await stage.say(1, "Three.")
    assert not stage.line.sent


async def test_an_opener_fills_the_wait_and_stands_before_the_reply(stage: Stage) -> None:
    stage.mouth.expect(1)
    opener = Speech("Good question.", b"\x55" * 4000, (("Good", 0.0), ("question.", 0.2)))
    assert await stage.mouth.release(1, opener=opener)
    assert stage.line.audio_seconds == 0.5 and stage.heard.started == ["Good question."]
    await stage.say(1, "It costs nothing.")
    stage.hear_all()
    assert [text for text, _ in stage.heard.played] == ["Good question.", "It costs nothing."]
    assert stage.heard.replies == [1]


async def test_there_is_no_opener_where_the_reply_is_ready(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.say(1, "It costs nothing.")
    assert not await stage.mouth.release(1, opener=Speech("Good question.", b"\x55" * 4000))
    assert stage.heard.started == ["It costs nothing."]


async def test_a_pause_clears_the_line_once_and_going_on_loses_nothing(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.mouth.release(1)
    await stage.say(1, "One.")
    stage.now += 0.5
    await stage.mouth.pause()
    await stage.mouth.pause()
    assert stage.line.sent.count("clear") == 1 and stage.mouth.is_speaking
    stage.hear_all()  # Twilio sends all marks back at a clear
    assert not stage.heard.played
    before = stage.line.audio_seconds
    await stage.mouth.resume()
    assert stage.line.audio_seconds - before >= 0.5
    stage.hear_all()
    assert stage.heard.played == [("One.", "One.")] and stage.heard.replies == [1]


async def test_a_reply_that_comes_in_a_pause_waits(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.mouth.release(1)
    assert stage.mouth.is_pending
    await stage.mouth.pause()
    await stage.say(1, "One.")
    assert not stage.line.sent
    await stage.mouth.resume()
    assert stage.line.audio_seconds == 1.0


async def test_what_comes_of_a_cut_reply_is_ignored(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.mouth.release(1)
    await stage.mouth.begin(1, "One two three four.")
    await stage.mouth.add_words(1, (("One", 0.0), ("two", 0.3), ("three", 0.5), ("four.", 0.8)))
    await stage.mouth.add_audio(1, SECOND)
    stage.now += 0.19
    await stage.mouth.cut()
    assert stage.line.sent[-1] == "clear" and stage.mouth.heard_any
    assert stage.heard.played == [("One two three four.", "One")]
    sent = len(stage.line.sent)
    await stage.mouth.add_audio(1, SECOND)
    await stage.mouth.finish_reply(1)
    assert len(stage.line.sent) == sent and not stage.heard.replies


async def test_a_reply_without_any_audio_is_over_at_once(stage: Stage) -> None:
    stage.mouth.expect(1)
    await stage.mouth.release(1)
    await stage.mouth.finish_reply(1)
    assert stage.heard.replies == [1]


async def test_louder_means_louder_and_never_wraps(stage: Stage) -> None:
    stage.mouth.set_gain(6.0)
    stage.mouth.expect(1)
    await stage.mouth.release(1)
    await stage.mouth.begin(1, "Loud.")
    await stage.mouth.add_audio(1, np.array([1000, 30000, -30000] * 800, dtype=np.int16).tobytes())
    from pipelines.mulaw import ulaw_to_pcm16

    (audio,) = [piece for piece in stage.line.sent if isinstance(piece, bytes)][:1]
    samples = np.frombuffer(ulaw_to_pcm16(audio), dtype=np.int16)[:3]
    assert 1800 < samples[0] < 2200 and samples[1] > 30000 and samples[2] < -30000
