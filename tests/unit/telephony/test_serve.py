"""What `serve` refuses, and what it says at its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from pipelines.provider import ProviderKind
from pipelines.provider_choice import ProviderStatus
from telephony.serve import RefusedToServe, check_servable, describe

EMBEDDED = ProviderStatus(kind=ProviderKind.STT, name="embedded", embedded=True, reason="no key is set")
DEEPGRAM = ProviderStatus(kind=ProviderKind.STT, name="deepgram", embedded=False, reason="DEEPGRAM_API_KEY is set")
VOICE = ProviderStatus(kind=ProviderKind.TTS, name="embedded", embedded=True, reason="no key is set")


def settings(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def test_an_embedded_recogniser_is_kept_off_a_public_address():
    with pytest.raises(RefusedToServe, match=r"DEEPGRAM_API_KEY.*ALLOW_EMBEDDED=1"):
        check_servable(settings(PUBLIC_URL="https://voice.example.com"), [EMBEDDED])


@pytest.mark.parametrize(
    ("environ", "report"),
    [
        ({"PUBLIC_URL": "https://voice.example.com"}, [DEEPGRAM, VOICE]),
        ({"PUBLIC_URL": "https://voice.example.com", "ALLOW_EMBEDDED": "1"}, [EMBEDDED]),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, [EMBEDDED]),
        ({}, [EMBEDDED]),
    ],
)
def test_everything_else_is_served(environ: dict[str, str], report: list[ProviderStatus]):
    check_servable(settings(**environ), report)


def test_the_start_says_what_is_configured_and_no_secret(tmp_path: Path):
    configured = settings(
        PUBLIC_URL="https://voice.example.com",
        METRICS_PORT="9464",
        DATA_DIR=str(tmp_path),
        TWILIO_AUTH_TOKEN="auth-token-secret",
        API_TOKEN="api-token-secret-1",
        REDIS_URL="redis://:redis-secret@127.0.0.1/0",
        DATABASE_URL="postgresql://u:database-secret@127.0.0.1/x",
    )
    text = "\n".join(describe(configured, [DEEPGRAM]))
    assert "secret" not in text
    for part in ("deepgram", "wss://voice.example.com/twilio/stream", "9464", "Redis"):
        assert part in text


def test_a_missing_auth_token_is_said_at_the_start(tmp_path: Path):
    text = "\n".join(describe(settings(DATA_DIR=str(tmp_path)), [EMBEDDED]))
    assert "TWILIO_AUTH_TOKEN is not set: every /twilio request gets 403" in text
    assert str(tmp_path / "api-token") in text
