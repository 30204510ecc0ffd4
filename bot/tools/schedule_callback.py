"""The tool that arranges a call-back."""

from __future__ import annotations

from datetime import datetime

from bot.tools.context import ToolContext, ToolFault, ToolRefusal, known_person


async def schedule_callback(context: ToolContext, *, at: datetime | None = None, note: str = "") -> str:
    """Note that the caller wants to be called back; of several wishes in a call, the last counts.

    It is recorded for people and for the campaigns to come; nothing dials by itself yet.

    Args:
        at: The moment that suits the caller, in ISO 8601 with its offset; leave it out if they named none.
        note: What the call-back is about, in a few words.

    Returns:
        The call-back's reference.

    Raises:
        ToolRefusal: the number is withheld, the moment is over, or the person must not be called again.
    """
    person = known_person(context)
    if at is not None and at <= context.now:
        raise ToolRefusal(ToolFault.IN_THE_PAST)
    if await context.records.is_suppressed(person):
        raise ToolRefusal(ToolFault.OPTED_OUT)
    callback = await context.records.schedule_callback(call_sid=context.call.sid, e164=person, at=at, note=note)
    return callback.reference
