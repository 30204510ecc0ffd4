"""Our own frames: what travels through a call's pipeline beside pipecat's."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipecat.frames.frames import DataFrame, SystemFrame

from bot.conversation import TurnPlan
from bot.domain import Emotion, Tier, Utterance
from pipelines.floor_acts import (
    WordsEvent,
)


@dataclass
class EmotionFrame(DataFrame):
    """How the caller's last turn felt."""

    emotion: Emotion


@dataclass
class TierFrame(DataFrame):
    """Which offer fits the caller so far."""

    tier: Tier


@dataclass
class RecognisedFrame(DataFrame):
    """What a recogniser that tells turns apart makes of the turn so far: all its words."""

    event: WordsEvent
    text: str
    language: str | None


@dataclass
class PrepareFrame(DataFrame):
    """The caller's turn will probably end with these words: the answer may be begun, unheard."""

    utterance: Utterance


@dataclass
class WithdrawFrame(DataFrame):
    """The caller's turn went on: what was prepared answers nothing."""


@dataclass
class CallerTurnFrame(DataFrame):
    """The caller's turn is over: what was said. `continues`: it carries on a turn that was taken too early.

    It outlives interruptions: what it sets going, such as a booking, is finished.
    """

    utterance: Utterance
    continues: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.interruptible = False


@dataclass
class NotUnderstoodFrame(DataFrame):
    """The recogniser heard speech and does not vouch for its words."""


@dataclass
class PlanFrame(DataFrame):
    """A turn's plan, ahead of its words. `messages` asks the model to word it; None has the ready words spoken."""

    plan: TurnPlan
    reply_id: int
    messages: list[dict[str, str]] | None = None


@dataclass
class ModelFailedFrame(SystemFrame):
    """The model will not answer this turn; the ready words take it."""

    cause: str


@dataclass
class WordTimesFrame(DataFrame):
    """When each word of a sentence starts, in seconds from the sentence's first sample."""

    context_id: str
    words: tuple[tuple[str, float], ...] = field(default_factory=tuple)


@dataclass
class ReplyEndFrame(DataFrame):
    """All words of a reply are ahead of this frame; it follows their audio in order."""

    reply_id: int


@dataclass
class LineMarkFrame(SystemFrame):
    """A mark came back from the caller's end."""

    mark: str


@dataclass
class LineGoneFrame(SystemFrame):
    """The caller or the carrier ended the stream; `last_words` were being said then."""

    last_words: Utterance | None = None


@dataclass
class HearingBackupFrame(SystemFrame):
    """From here on a poorer recogniser hears. `silently`: an answer is on its way, nothing is said about it now."""

    silently: bool


@dataclass
class HearingLostFrame(SystemFrame):
    """Speech recognition has failed for the rest of this call."""
