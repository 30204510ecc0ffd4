"""What a tool gets to work with, and why it may refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain import Call, Direction
from bot.stores.records.protocol import Records


class ToolFault(StrEnum):
    """Why a receipt is not ok; bounded, so that it can label metrics and pick a sentence."""

    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"
    NUMBER_WITHHELD = "number_withheld"
    NO_TRANSFER_NUMBER = "no_transfer_number"
    IN_THE_PAST = "in_the_past"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool may use.

    `now` is aware; `transfer_number` is the playbook's E.164 number of a person, None where it has none.
    """

    records: Records
    call: Call
    now: datetime
    transfer_number: str | None = None

    @property
    def person(self) -> str | None:
        """E.164 number of the person on the call; None where it is withheld."""
        return self.call.caller if self.call.direction is Direction.INBOUND else self.call.callee


class ToolRefusal(Exception):
    """A tool will not do it, for a reason that the talk must tell honestly."""

    def __init__(self, reason: ToolFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


def known_person(context: ToolContext) -> str:
    """The person's number.

    Raises:
        ToolRefusal: it is withheld.
    """
    if context.person is None:
        raise ToolRefusal(ToolFault.NUMBER_WITHHELD)
    return context.person
