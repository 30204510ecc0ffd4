"""What a simulated line needs to know, and who calls whom on it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

API_VERSION = "2010-04-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """A Twilio number's configuration and the way to the server behind it.

    Signatures always cover `public_url`. With `connect_to` the TCP connection goes there instead, without TLS, as
    behind a proxy that ends TLS.

    Raises:
        ValueError: `public_url` is no http(s) origin.
    """

    public_url: str
    auth_token: str = field(repr=False)
    account_sid: str = "AC" + "0" * 31 + "1"
    connect_to: tuple[str, int] | None = None
    voice_path: str = "/twilio/voice"
    status_callback: str | None = None
    """The number's status callback URL; inbound calls report `completed` there."""
    webhook_timeout_seconds: float = 15.0
    connect_timeout_seconds: float = 10.0
    first_timestamp_ms: int = 155
    playout_limit_seconds: float = 600.0
    action_after_hangup: bool = True
    """Whether `<Connect action>` is requested when the caller has hung up (both readings of Twilio are possible)."""
    limit_seconds: float = 900.0
    """The line hangs up after this long, whatever happens."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/") or parts.query:
            raise ValueError(f"public_url must be an origin like https://voice.example.com, got {self.public_url!r}")

    @property
    def voice_url(self) -> str:
        """Where an inbound call is announced."""
        return self.public_url.rstrip("/") + self.voice_path

    def route(self, url: str) -> tuple[str, int] | None:
        """The address to connect to instead of the one in `url`, None to go there directly."""
        same = urlsplit(url).netloc.lower() == urlsplit(self.public_url).netloc.lower()
        return self.connect_to if same else None


def _new_call_sid() -> str:
    return "CA" + secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIdentity:
    """Who calls whom. `direction` is inbound or outbound-api; `extra` holds further form fields (StirVerstat, …)."""

    caller: str = "+12025550143"
    called: str = "+12025550100"
    call_sid: str = field(default_factory=_new_call_sid)
    direction: str = "inbound"
    extra: Mapping[str, str] = field(default_factory=dict[str, str])

    def form(self, *, account_sid: str, status: str) -> dict[str, str]:
        """The fields every voice webhook carries."""
        return {
            "CallSid": self.call_sid,
            "AccountSid": account_sid,
            "From": self.caller,
            "To": self.called,
            "Caller": self.caller,
            "Called": self.called,
            "CallStatus": status,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
            **self.extra,
        }
