"""Waiting for Twilio to ask what comes after a stream that we closed, and hanging up by REST where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from loguru import logger

from telephony.twilio.rest import TwilioRest, TwilioRestError


class AfterStreams:
    """Which calls' `/twilio/after-stream` is awaited on this worker."""

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Event] = {}

    def came(self, call_sid: str) -> None:
        """Twilio asked what comes after the call's stream, or told that the call is over."""
        if (event := self._awaited.get(call_sid)) is not None:
            event.set()

    @contextmanager
    def expect(self, call_sid: str) -> Generator[asyncio.Event]:
        """An event that is set when the request for this call comes; begin before the stream can end."""
        event = asyncio.Event()
        self._awaited[call_sid] = event
        try:
            yield event
        finally:
            self._awaited.pop(call_sid, None)


async def hang_up_unless(came: asyncio.Event, *, call_sid: str, seconds: float, rest: TwilioRest | None) -> bool:
    """Wait for `came`; when it does not come, end the call by REST. True where REST was needed and ended it.

    The request may have gone to another worker: then the call is over already and ending it again does nothing.
    """
    try:
        async with asyncio.timeout(seconds):
            await came.wait()
        return False
    except TimeoutError:
        pass
    if rest is None:
        logger.warning("Twilio did not ask what comes after the stream, and without TWILIO_ACCOUNT_SID and "
                       "TWILIO_AUTH_TOKEN the call cannot be ended by REST")  # fmt: skip
        return False
    try:
        ended = await rest.end_call(call_sid=call_sid)
    except TwilioRestError as error:
        logger.error("the call could not be ended by REST: {}", error)
        return False
    if ended:
        logger.warning("Twilio did not ask what comes after the stream within {} s: ended the call by REST", seconds)
    return ended
