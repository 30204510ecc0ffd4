"""Messages between a process and its speech workers: a five-byte head, four bytes of length, the body."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

HEAD = struct.Struct("<BII")
"""Kind, stream or request number, length of the body in bytes."""

MAX_BODY_BYTES = 16_000_000


class Kind(IntEnum):
    """What a message says. The first block goes to a worker, the second comes from one."""

    OPEN = 1
    START = 2
    AUDIO = 3
    FINISH = 4
    ABANDON = 5
    CLOSE = 6
    SAY = 7

    READY = 64
    PARTIAL = 65
    FINAL = 66
    CHUNK = 67
    DONE = 68
    FAILED = 69


class ProtocolError(ValueError):
    """What came through the pipe is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `number` tells streams or requests of one worker apart."""

    kind: Kind
    number: int
    body: bytes = b""

    def to_bytes(self) -> bytes:
        return HEAD.pack(self.kind, self.number, len(self.body)) + self.body


def parse_head(head: bytes) -> tuple[Kind, int, int]:
    """Kind, number and length of the body that follows.

    Raises:
        ProtocolError: unknown kind or absurd length.
    """
    kind, number, length = HEAD.unpack(head)
    if length > MAX_BODY_BYTES:
        raise ProtocolError(f"a message of {length} bytes, at most {MAX_BODY_BYTES} are expected")
    try:
        return Kind(kind), number, length
    except ValueError as error:
        raise ProtocolError(f"unknown message kind {kind}") from error
