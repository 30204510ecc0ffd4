"""The tool that hands a call to a person."""

from __future__ import annotations

from bot.tools.context import ToolContext, ToolFault, ToolRefusal


async def transfer_to_person(context: ToolContext) -> str:
    """Hand the call to a person once the last words were heard.

    Nothing is dialled here: the door transfers when the stream has ended, to the number returned.

    Returns:
        The E.164 number that takes over.

    Raises:
        ToolRefusal: the playbook names nobody to transfer to.
    """
    if context.transfer_number is None:
        raise ToolRefusal(ToolFault.NO_TRANSFER_NUMBER)
    return context.transfer_number
