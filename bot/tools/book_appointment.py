"""The tool that books."""

from __future__ import annotations

from datetime import datetime

from bot.tools.context import ToolContext, ToolFault, ToolRefusal


async def book_appointment(
    context: ToolContext, *, at: datetime, zone: str, minutes: int, name: str | None = None
) -> str:
    """Book an appointment that the caller has agreed to.

    Another moment in the same call replaces the earlier appointment. There is no calendar behind it yet: two callers
    can be given the same moment.

    Args:
        at: The moment it begins, in ISO 8601 with its offset.
        zone: The caller's time zone, such as America/New_York.
        minutes: How long it takes.
        name: The caller's name, if it was given.

    Returns:
        The booking's reference.

    Raises:
        ToolRefusal: the moment is over.
    """
    if at <= context.now:
        raise ToolRefusal(ToolFault.IN_THE_PAST)
    booking = await context.records.book(call_sid=context.call.sid, at=at, minutes=minutes, zone=zone, name=name)
    return booking.reference
