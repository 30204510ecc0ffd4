"""Whose turn it is, in the pipeline: sound and words go to the floor, and what it decides is carried out at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from bot.domain import Utterance
from bot.metrics import InterruptionKind, Metrics
from pipelines.floor import Floor
from pipelines.floor_acts import (
    Act,
    AskMelody,
    GiveWay,
    Overheard,
    Pause,
    Prepare,
    Resume,
    TurnOver,
    Withdraw,
    WordsEvent,
)
from pipelines.frames import (
    CallerTurnFrame,
    LineGoneFrame,
    LineMarkFrame,
    NotUnderstoodFrame,
    PrepareFrame,
    RecognisedFrame,
    WithdrawFrame,
)
from pipelines.mouth import Mouth

JudgeMelody = Callable[[], Awaitable[float | None]]
"""How likely what the caller said last ends a turn, by its melody; None where nobody can tell."""


class TurnTaking(FrameProcessor):
    """Hands on the caller's turns, and answers to be begun before a turn is over; makes the bot pause, go on or stop.

    Recognisers speak to it by `RecognisedFrame`, or by pipecat's transcripts where they do not tell turns apart. The
    ear calls `hear` with each window of sound.
    """

    def __init__(
        self, floor: Floor, mouth: Mouth, metrics: Metrics, *, judge_melody: JudgeMelody | None = None
    ) -> None:
        super().__init__(enable_direct_mode=True)
        self._judge_melody = judge_melody
        self._judging: asyncio.Task[None] | None = None
        self._floor = floor
        self._mouth = mouth
        self._measures = metrics
        self._one_at_a_time = asyncio.Lock()

    async def hear(self, *, voiced: bool, level_db: float) -> None:
        """A window of the caller's sound; `voiced`: it holds a voice that is not our echo."""
        async with self._one_at_a_time:
            await self._carry_out(self._floor.hear(voiced=voiced, level_db=level_db, now=time.monotonic()))

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Words and marks end here; every other frame passes."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.UPSTREAM:
            await self.push_frame(frame, direction)
            return
        match frame:
            case RecognisedFrame():
                await self._words(frame.event, frame.text, frame.language)
            case TranscriptionFrame():
                await self._words(WordsEvent.END, frame.text, frame.language)
            case InterimTranscriptionFrame():
                await self._words(WordsEvent.UPDATE, frame.text, frame.language)
            case NotUnderstoodFrame():
                async with self._one_at_a_time:
                    await self._carry_out(self._floor.misheard(now=time.monotonic()))
            case LineMarkFrame():
                self._mouth.mark_reached(frame.mark)
            case LineGoneFrame():
                await self._line_gone(frame)
            case _:
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the judgement under way, if any."""
        await super().cleanup()
        if self._judging is not None and not self._judging.done():
            await self.cancel_task(self._judging)

    async def _words(self, event: WordsEvent, text: str, language: str | None) -> None:
        language = language[:2] if language else None
        async with self._one_at_a_time:
            await self._carry_out(self._floor.words(event, text, language=language, now=time.monotonic()))

    async def _line_gone(self, frame: LineGoneFrame) -> None:
        """Who says "never call me again" and hangs up at once has said it."""
        self._mouth.line_gone()
        words = self._floor.last_words()
        if words:
            frame.last_words = Utterance(text=words, language=None, understood=True)
        await self.push_frame(frame)

    def _ask_melody(self) -> None:
        if self._judge_melody is not None and (self._judging is None or self._judging.done()):
            self._judging = self.create_task(self._tell_melody(self._judge_melody))

    async def _tell_melody(self, judge: JudgeMelody) -> None:
        over = await judge()
        async with self._one_at_a_time:
            await self._carry_out(self._floor.melody(over, now=time.monotonic()))

    async def _carry_out(self, acts: Sequence[Act]) -> None:
        for act in acts:
            match act:
                case Pause():
                    await self._mouth.pause()
                case Resume():
                    self._measures.interruption(InterruptionKind.FALSE_START)
                    await self._mouth.resume()
                case GiveWay():
                    await self._mouth.cut()
                    await self.broadcast_interruption()
                case Prepare(text=text, language=language):
                    await self.push_frame(PrepareFrame(Utterance(text=text, language=language, understood=True)))
                case Withdraw():
                    await self.push_frame(WithdrawFrame())
                case TurnOver():
                    utterance = Utterance(text=act.text, language=act.language, understood=act.understood)
                    await self.push_frame(CallerTurnFrame(utterance=utterance, continues=act.continues))
                case AskMelody():
                    self._ask_melody()
                case Overheard():
                    self._measures.interruption(InterruptionKind.BACKCHANNEL)
