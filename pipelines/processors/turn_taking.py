"""Whose turn it is: pipecat's turn strategies, and the words of the turn they delimit."""

from __future__ import annotations

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.turns.user_start import BaseUserTurnStartStrategy, UserTurnStartedParams
from pipecat.turns.user_stop import BaseUserTurnStopStrategy, UserTurnStoppedParams
from pipecat.turns.user_turn_controller import UserTurnController
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from bot.domain import Utterance
from pipelines.frames import CallerTurnFrame, LineGoneFrame, NotUnderstoodFrame

_OPEN_TURN_SECONDS = 2.0
"""How long a turn stays open in which sound was heard but no words come."""


class TurnTaking(UserTurnProcessor):
    """Announces the caller's turns and hands on what was said in each.

    The words are collected here, in the order in which the strategies see them, since frames behind this point may
    overtake one another. Words that come after their turn was closed make a turn of their own.
    """

    def __init__(self, strategies: UserTurnStrategies) -> None:
        super().__init__(user_turn_strategies=strategies, user_turn_stop_timeout=_OPEN_TURN_SECONDS)
        self._words: list[str] = []
        self._interim = ""
        self._language: str | None = None
        self._understood = True
        self._is_open = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Collect words; let the strategies judge."""
        match frame:
            case TranscriptionFrame():
                self._collect(frame)
            case InterimTranscriptionFrame():
                self._interim = frame.text.strip()
            case NotUnderstoodFrame():
                self._understood = False
            case LineGoneFrame():
                # Who says "never call me again" and hangs up at once has said it.
                frame.last_words = self._last_words()
            case _:
                pass
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and self._words and not self._is_open:
            await self.broadcast_interruption()
            await self._hand_on()

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        """Transcripts end here: what follows gets whole turns."""
        if isinstance(frame, TranscriptionFrame | InterimTranscriptionFrame):
            return
        await super().push_frame(frame, direction)

    def _collect(self, frame: TranscriptionFrame) -> None:
        self._interim = ""
        if frame.text.strip():
            self._words.append(frame.text.strip())
            self._language = frame.language.value[:2] if frame.language else self._language

    # pipecat calls its event handlers for these two in tasks of their own, which may run late: what a turn sets going
    # has to stand in line with the frames around it.

    async def _on_user_turn_started(
        self, controller: UserTurnController, strategy: BaseUserTurnStartStrategy, params: UserTurnStartedParams
    ) -> None:
        self._is_open = True
        await super()._on_user_turn_started(controller, strategy, params)

    async def _on_user_turn_stopped(
        self, controller: UserTurnController, strategy: BaseUserTurnStopStrategy, params: UserTurnStoppedParams
    ) -> None:
        self._is_open = False
        await super()._on_user_turn_stopped(controller, strategy, params)
        await self._hand_on()

    async def _hand_on(self) -> None:
        words, self._words, self._interim = self._words, [], ""
        understood, self._understood = self._understood, True
        utterance = (
            Utterance(text=" ".join(words), language=self._language, understood=understood)
            if words or not understood
            else None
        )
        await self.push_frame(CallerTurnFrame(utterance=utterance))

    def _last_words(self) -> Utterance | None:
        """What was said in the turn that the end of the line cuts off."""
        words = [*self._words, self._interim] if self._interim else self._words
        if not words:
            return None
        return Utterance(text=" ".join(words), language=self._language, understood=True)
