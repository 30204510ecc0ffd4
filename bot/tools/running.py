"""Carries out a plan's actions; whatever happens, each gets its receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from loguru import logger

from bot.actions import (
    Action,
    BookAppointment,
    EndCall,
    Receipt,
    RecordOptOut,
    ScheduleCallback,
    SendInformation,
    TransferToPerson,
    action_name,
)
from bot.stores.errors import StoreUnavailable
from bot.tools.book_appointment import book_appointment
from bot.tools.context import ToolContext, ToolFault, ToolRefusal
from bot.tools.end_call import end_call
from bot.tools.opt_out import record_opt_out
from bot.tools.schedule_callback import schedule_callback
from bot.tools.send_information import send_information
from bot.tools.transfer_to_person import transfer_to_person

DEADLINE_SECONDS: Final = 1.0
"""How long the caller waits for one action; after that the talk goes on and says honestly that it is not done."""


async def run_actions(
    actions: Sequence[Action], context: ToolContext, *, deadline_seconds: float = DEADLINE_SECONDS
) -> tuple[Receipt, ...]:
    """Carry out `actions` in order; a receipt for each, never an error.

    An action repeated in the same call changes nothing twice, so whoever got no receipt may run it again: one that
    ran out of time may still have been done. Cancelling is safe.
    """
    return tuple([await _run(action, context, deadline_seconds) for action in actions])


async def _run(action: Action, context: ToolContext, deadline_seconds: float) -> Receipt:
    try:
        async with asyncio.timeout(deadline_seconds):
            return Receipt(action=action, ok=True, reference=await _carry_out(action, context))
    except ToolRefusal as refusal:
        return _failed(action, refusal.reason)
    except TimeoutError:
        return _failed(action, ToolFault.TIMEOUT)
    except StoreUnavailable as error:
        logger.error("{action} failed: {error}", action=action_name(action), error=str(error))
        return _failed(action, ToolFault.UNAVAILABLE)
    except Exception:  # noqa: BLE001 - the boundary of a tool: a fault of one must not end the call
        logger.exception("{action} failed", action=action_name(action))
        return _failed(action, ToolFault.FAULT)


async def _carry_out(action: Action, context: ToolContext) -> str:
    match action:
        case BookAppointment():
            return await book_appointment(
                context, at=action.at, zone=action.zone, minutes=action.minutes, name=action.name
            )
        case RecordOptOut():
            return await record_opt_out(context)
        case ScheduleCallback():
            return await schedule_callback(context, at=action.at, note=action.note)
        case TransferToPerson():
            return await transfer_to_person(context)
        case SendInformation():
            return await send_information(context, topic=action.topic)
        case EndCall():
            return await end_call(context)


def _failed(action: Action, reason: ToolFault) -> Receipt:
    return Receipt(action=action, ok=False, reason=reason.value)
