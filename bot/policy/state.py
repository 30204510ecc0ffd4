"""All that is remembered of a call: enough for another worker to go on with the next turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from bot.actions import Action
from bot.domain import Delivery, Direction, Expected, Outcome, Stage, Tier, Turn
from bot.playbook.model import Playbook

SCHEMA_VERSION: Final = 1
"""Of the JSON form. A reader refuses any other, so a roll-out changes it only with a reader for the old one."""
LATER_FIELDS: Final = frozenset({"aside", "degraded", "delivery", "opener", "openers_in_row"})
"""Fields that joined schema 1 later: where a state of an earlier release lacks them, their defaults hold. An earlier
release refuses a state that has them: its worker cannot take over a call of this one."""


class Awaiting(StrEnum):
    """What the bot's last question was about: what a bare "yes" or "Thursday" answers."""

    NOTHING = "nothing"
    OPENING = "opening"
    QUESTION = "question"
    TIER_CHECK = "tier_check"
    SESSION_OFFER = "session_offer"
    SESSION_TIME = "session_time"
    NAME = "name"
    CONFIRM = "confirm"
    CALLBACK_OFFER = "callback_offer"
    CALLBACK_TIME = "callback_time"
    WRONG_NUMBER = "wrong_number"
    CHOICE = "choice"
    MORE_QUESTIONS = "more_questions"
    ANYTHING_ELSE = "anything_else"
    KEY_CONFIRM = "key_confirm"
    RESCUE = "rescue"
    KEYS = "keys"


def _counts() -> Mapping[str, int]:
    return MappingProxyType({})


def _texts() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Mood:
    """How the caller has been feeling, smoothed over turns: valence −1..1, frustration and interest 0..1."""

    valence: float = 0.0
    frustration: float = 0.0
    interest: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CallState:
    """A call between two turns.

    `slots` holds what is known of the caller (question slots, `name`, `moment` or `day` of the session in ISO 8601).
    `asked`, `objections` and `used` count questions, answered objections and wordings. `heard_count` counts
    every event that was planned for. `question_unheard`: the caller spoke before the bot came to its question.
    `last_words` are said again when the caller asks; an `aside` ("Are you still there?") leaves them as they were.
    `booking` is the reference of a booking that stands, at `booked_at`. `opener` is the one offered last,
    `openers_in_row` how many replies up to the last began with one. `hearing_lost`: only keys get through; `degraded`:
    words get through, but not well enough to commit to anything (see `HearingLost`, `HearingBackup`). `delivery` is how
    the caller wants to be spoken to.
    """

    playbook: str
    playbook_version: str
    direction: Direction
    language: str
    tier: Tier
    stage: Stage = Stage.OPEN
    slots: Mapping[str, str] = field(default_factory=_texts)
    mood: Mood = field(default_factory=Mood)
    turns: tuple[Turn, ...] = ()
    disclosure_heard: bool = False
    storage_notice_heard: bool = False
    disclosure_words: str = ""
    storage_words: str = ""
    asked: Mapping[str, int] = field(default_factory=_counts)
    objections: Mapping[str, int] = field(default_factory=_counts)
    used: Mapping[str, int] = field(default_factory=_counts)
    awaiting: Awaiting = Awaiting.NOTHING
    question: str | None = None
    expects: Expected = Expected.OPEN
    last_words: tuple[str, ...] = ()
    aside: bool = False
    question_unheard: bool = False
    misunderstandings: int = 0
    silences: int = 0
    off_topic: int = 0
    refusals: int = 0
    heard_count: int = 0
    on_hold: bool = False
    proposed: str | None = None
    wants_session: bool = False
    wants_callback: bool = False
    callback_set: bool = False
    booking: str | None = None
    booked_at: str | None = None
    booking_failed: bool = False
    hearing_lost: bool = False
    degraded: bool = False
    delivery: Delivery = field(default_factory=Delivery)
    opener: str | None = None
    openers_in_row: int = 0
    opted_out: bool = False
    opt_out_recorded: bool = False
    ended: bool = False
    outcome: Outcome | None = None
    pending_actions: tuple[Action, ...] = ()

    @property
    def notices_heard(self) -> bool:
        """The caller has heard that this is an AI and that the talk is stored: the transcript may be kept."""
        return self.disclosure_heard and self.storage_notice_heard

    def changed(self, **changes: Any) -> CallState:
        """The state with some fields changed: `dataclasses.replace` at a tenth of its cost, since a turn makes a dozen
        changes and `replace` sets all fields anew for each.

        Raises:
            TypeError: there is no such field.
        """
        if not changes.keys() <= self.__dict__.keys():
            raise TypeError(f"expected fields of CallState, got {', '.join(changes.keys() - self.__dict__.keys())}")
        state = object.__new__(CallState)
        state.__dict__.update(self.__dict__, **changes)
        return state

    def to_json(self) -> str:
        """The state as JSON, with its schema version."""
        from bot.policy.codec import state_to_json

        return state_to_json(self)

    @classmethod
    def from_json(cls, text: str) -> CallState:
        """The state that `to_json` wrote.

        Raises:
            StateError: no JSON, another schema version, or a field that is unknown, missing or of another kind.
        """
        from bot.policy.codec import state_from_json

        return state_from_json(text)


class StateError(ValueError):
    """A stored state cannot be read; says which field, what was expected and what came."""


def new_state(
    playbook: Playbook, *, direction: Direction, language: str | None = None, name: str | None = None
) -> CallState:
    """The state of a call that is about to start. A language the playbook does not speak falls back to its first.

    `name` is the person's, where the records know it.
    """
    from bot.policy.tiers import prior_tier

    return CallState(
        playbook=playbook.name,
        playbook_version=playbook.version,
        direction=direction,
        language=language if language in playbook.languages else playbook.default_language,
        tier=prior_tier(playbook),
        slots=MappingProxyType({"name": name} if name else {}),
    )
