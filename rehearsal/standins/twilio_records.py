"""What the Twilio stand-in remembers: calls, recordings, messages, as the REST API shows them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

VERSION = "2010-04-01"

LIVE_STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress"})


def new_sid(prefix: str) -> str:
    """A Twilio identifier: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def utc_now() -> datetime:
    """This moment, to the second, as Twilio keeps it."""
    return datetime.now(UTC).replace(microsecond=0)


def rfc2822(moment: datetime | None) -> str | None:
    """As the REST API writes a moment."""
    return format_datetime(moment) if moment else None


@dataclass
class CallRecord:
    """A call. `params` holds all that it was created with; `updates` each later change; lists where repeated."""

    account_sid: str
    params: dict[str, list[str]]
    direction: str = "outbound-api"
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    created: datetime = field(default_factory=utc_now)
    started: datetime | None = None
    ended: datetime | None = None
    answered_by: str | None = None
    updates: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def param(self, name: str, default: str = "") -> str:
        """A parameter's (last) value."""
        return self.params.get(name, [default])[-1]

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in LIVE_STATUSES

    def show(self) -> dict[str, Any]:
        """The REST representation."""
        seconds = (self.ended - self.started).seconds if self.started and self.ended else None
        base = f"/{VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "parent_call_sid": None,
            "to": self.param("To"),
            "to_formatted": self.param("To"),
            "from": self.param("From"),
            "from_formatted": self.param("From"),
            "phone_number_sid": None,
            "status": self.status,
            "direction": self.direction,
            "answered_by": self.answered_by,
            "api_version": VERSION,
            "caller_name": None,
            "forwarded_from": None,
            "group_sid": None,
            "queue_time": "0",
            "trunk_sid": None,
            "annotation": None,
            "price": None,
            "price_unit": "USD",
            "duration": None if seconds is None else str(seconds),
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.ended or self.started or self.created),
            "start_time": rfc2822(self.started),
            "end_time": rfc2822(self.ended),
            "uri": f"{base}.json",
            "subresource_uris": {"recordings": f"{base}/Recordings.json"},
        }


@dataclass
class RecordingRecord:
    """A recording of a call; `audio` is what a download gives."""

    account_sid: str
    call_sid: str
    params: dict[str, list[str]]
    sid: str = field(default_factory=lambda: new_sid("RE"))
    status: str = "in-progress"
    created: datetime = field(default_factory=utc_now)
    audio: bytes = b""

    def show(self) -> dict[str, Any]:
        """The REST representation."""
        channels = self.params.get("RecordingChannels", ["mono"])[-1]
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "call_sid": self.call_sid,
            "conference_sid": None,
            "status": self.status,
            "channels": 2 if channels == "dual" else 1,
            "track": self.params.get("RecordingTrack", ["both"])[-1],
            "source": "StartCallRecordingAPI",
            "duration": None if self.status != "completed" else "0",
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "encryption_details": None,
            "api_version": VERSION,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "start_time": rfc2822(self.created),
            "uri": f"/{VERSION}/Accounts/{self.account_sid}/Recordings/{self.sid}.json",
        }


@dataclass
class MediaRecord:
    """A file that came with a message."""

    content_type: str
    data: bytes
    sid: str = field(default_factory=lambda: new_sid("ME"))


@dataclass
class MessageRecord:
    """A message of any channel."""

    account_sid: str
    params: dict[str, list[str]]
    direction: str = "outbound-api"
    sid: str = field(default_factory=lambda: new_sid("MM"))
    status: str = "queued"
    error_code: int | None = None
    created: datetime = field(default_factory=utc_now)
    media: dict[str, MediaRecord] = field(default_factory=dict[str, MediaRecord])

    def show(self) -> dict[str, Any]:
        """The REST representation."""
        base = f"/{VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "messaging_service_sid": None,
            "to": self.params.get("To", [""])[-1],
            "from": self.params.get("From", [""])[-1],
            "body": self.params.get("Body", [""])[-1],
            "status": self.status,
            "direction": self.direction,
            "num_media": str(len(self.params.get("MediaUrl", [])) + len(self.media)),
            "num_segments": "1",
            "error_code": self.error_code,
            "error_message": None,
            "api_version": VERSION,
            "price": None,
            "price_unit": "USD",
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "date_sent": None,
            "uri": f"{base}.json",
            "subresource_uris": {"media": f"{base}/Media.json"},
        }
