"""The tool that makes sure somebody is never called again."""

from __future__ import annotations

from bot.tools.context import ToolContext, known_person


async def record_opt_out(context: ToolContext) -> str:
    """Never contact the caller again, on any channel.

    Returns:
        "suppressed".

    Raises:
        ToolRefusal: the number is withheld, so that there is nothing to suppress.
    """
    person = known_person(context)
    await context.records.suppress(person, source="call", call_sid=context.call.sid, at=context.now)
    return "suppressed"
