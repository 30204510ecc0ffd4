"""Knocks at the stream's door the wrong way: for tests of signatures, tokens and bad frames."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.line.messages import CONNECTED, StreamScribe
from rehearsal.line.settings import LineSettings
from rehearsal.line.socket import MediaSocket, UpgradeRefused
from rehearsal.line.webhook import sign


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the door did: `status` 101 when it opened, `close_code` None when it was still open at the end."""

    status: int | None
    close_code: int | None
    received: tuple[bytes, ...]
    seconds: float


def start_messages(
    *, settings: LineSettings, call_sid: str, parameters: Mapping[str, str], stream_sid: str = "MZ" + "0" * 32
) -> tuple[bytes, bytes]:
    """`connected` and `start`, with whatever CallSid and token the test wants to try."""
    scribe = StreamScribe(
        stream_sid=stream_sid,
        call_sid=call_sid,
        account_sid=settings.account_sid,
        first_timestamp_ms=settings.first_timestamp_ms,
    )
    return CONNECTED, scribe.start(parameters=parameters)


async def probe_stream(
    *,
    settings: LineSettings,
    url: str,
    signature: str | None = None,
    unsigned: bool = False,
    messages: Sequence[bytes | str] = (),
    binary: Sequence[bytes] = (),
    linger_seconds: float = 1.0,
) -> ProbeResult:
    """Upgrade at `url`, send text `messages` then `binary` ones, wait for the close at most `linger_seconds`.

    The signature is right unless `signature` gives another or `unsigned` leaves it out. Safe to cancel.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    received: list[bytes] = []
    right = sign(auth_token=settings.auth_token, url=url)
    try:
        socket = await MediaSocket.open(
            url=url,
            signature=None if unsigned else (signature if signature is not None else right),
            receiver=lambda data, _text: received.append(data),
            route=settings.route(url),
            timeout_seconds=settings.connect_timeout_seconds,
        )
    except UpgradeRefused as error:
        return ProbeResult(error.status, None, (), loop.time() - began)
    try:
        for message in messages:
            socket.send(message)
        for data in binary:
            socket.send(data, text=False)
        try:
            async with asyncio.timeout(linger_seconds):
                await socket.wait_closed()
        except TimeoutError:
            pass
        return ProbeResult(101, socket.close_code, tuple(received), loop.time() - began)
    finally:
        socket.abort()
