"""What we tell Twilio to do with a call, as TwiML documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from twilio.twiml.voice_response import VoiceResponse  # pyright: ignore[reportMissingTypeStubs]

TWIML_TYPE: Final = "application/xml"

_VOICES: Final = {"en": ("en-US", "Polly.Joanna"), "es": ("es-US", "Polly.Lupe")}
"""Locale and voice of `<Say>` by language; where Twilio itself has to speak since we cannot."""


@dataclass(frozen=True, kw_only=True)
class SpokenLine:
    """A sentence that Twilio reads out: its language (en, es) and its words."""

    language: str
    text: str


def connect_stream(*, stream_url: str, action_url: str, token: str) -> str:
    """Open a two-way media stream that shows `token` in its `start`; when it ends Twilio asks `action_url`."""
    response = _response()
    stream = response.connect(action=action_url).stream(url=stream_url)
    stream.parameter(name="token", value=token)
    return str(response)


def say_and_hang_up(lines: Iterable[SpokenLine]) -> str:
    """Say each line in its language, then end the call."""
    response = _response()
    for line in lines:
        locale, voice = _VOICES.get(line.language, (line.language, None))
        spoken: dict[str, str] = {"language": locale} | ({"voice": voice} if voice else {})
        response.say(line.text, **spoken)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """End the call."""
    response = _response()
    response.hangup()
    return str(response)


def dial(*, number: str, caller_id: str | None) -> str:
    """Connect the caller to a person at `number` (E.164); the call ends when that talk does."""
    response = _response()
    shown: dict[str, str] = {"caller_id": caller_id} if caller_id else {}
    response.dial(number, answer_on_bridge=True, **shown)
    response.hangup()
    return str(response)


def _response() -> Any:  # the SDK carries no types
    return cast("Any", VoiceResponse())
