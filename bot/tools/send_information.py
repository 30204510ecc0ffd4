"""The tool that promises written information."""

from __future__ import annotations

from bot.tools.context import ToolContext, ToolFault, ToolRefusal, known_person


async def send_information(context: ToolContext, *, topic: str) -> str:
    """Have information sent to the caller's number.

    The request is recorded and put into the outbox; no message leaves by itself until the messaging channels exist,
    so the talk may say that it will be sent, not that it was.

    Args:
        topic: What it is about: a tier's or a fact's key of the playbook.

    Returns:
        The request's reference.

    Raises:
        ToolRefusal: the number is withheld, or the person must not be contacted.
    """
    person = known_person(context)
    if await context.records.is_suppressed(person):
        raise ToolRefusal(ToolFault.OPTED_OUT)
    return await context.records.request_information(call_sid=context.call.sid, e164=person, topic=topic)
