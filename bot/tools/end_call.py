"""The tool that ends a call."""

from __future__ import annotations

from bot.tools.context import ToolContext


async def end_call(context: ToolContext) -> str:
    """End the call once the goodbye was heard.

    Nothing is hung up here: the pipeline closes the stream after the last words.

    Returns:
        The call's SID.
    """
    return context.call.sid
