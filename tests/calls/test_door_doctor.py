"""Doctor against parts that work and parts that do not, all on real sockets but the providers."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.playbook import Playbook
from bot.settings import Settings, load_settings
from pipelines.provider import Check, ProviderError, ProviderKind
from pipelines.provider_choice import ProviderStatus
from telephony import doctor
from telephony.doctor import Finding, Verdict, examine, print_report
from tests.calls.door_harness import TOKEN, running_door
from tests.calls.twilio_stub import SID as ACCOUNT
from tests.calls.twilio_stub import running_stub
from tests.services import free_port

SECRETS = {
    "TWILIO_AUTH_TOKEN": "wrong-auth-secret",
    "REDIS_URL": "redis://:redis-secret@127.0.0.1:1/0",
    "DATABASE_URL": "postgresql://ngx:database-secret@127.0.0.1:1/ngx",
}


def settings(folder: Path, **environ: str) -> Settings:
    return load_settings({"DATA_DIR": str(folder / "data"), "PORT": str(free_port()), **environ}, env_file=None)


@pytest.fixture(autouse=True)
def providers(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """Providers that are not asked: their own tests are elsewhere. The list is what they find."""
    checks = [Check(name="stt embedded", ok=True, detail="embedded: nothing to ask")]

    async def check(settings: Settings, playbook: Playbook) -> list[Check]:
        return checks

    def report(settings: Settings) -> list[ProviderStatus]:
        return [ProviderStatus(kind=ProviderKind.STT, name="embedded", embedded=True, reason="no key is set")]

    monkeypatch.setattr(doctor, "check_providers", check)
    monkeypatch.setattr(doctor, "provider_report", report)
    return checks


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def printed(findings: list[Finding]) -> str:
    out = io.StringIO()
    print_report(findings, console=Console(file=out, width=200, force_terminal=False))
    return out.getvalue()


async def test_a_bare_machine_is_well_but_for_what_twilio_needs(tmp_path: Path):
    findings = await examine(settings(tmp_path))
    assert all(finding.ok for finding in findings), printed(findings)
    found = by_name(findings)
    assert found["Twilio"].verdict is Verdict.WARN and "403" in found["Twilio"].detail
    assert "first start" in found["records"].detail
    assert not (tmp_path / "data").exists()
    assert "everything that is configured works" in printed(findings)


async def test_everything_that_works_is_told(tmp_path: Path, redis_address: str, postgres_address: str):
    async with running_stub() as stub:
        findings = await examine(
            settings(
                tmp_path,
                TWILIO_ACCOUNT_SID=ACCOUNT,
                TWILIO_AUTH_TOKEN=TOKEN,
                TWILIO_API_URL=stub.url,
                REDIS_URL=redis_address,
                DATABASE_URL=postgres_address,
                METRICS_PORT=str(free_port()),
            )
        )
    found = by_name(findings)
    assert all(finding.ok for finding in findings), printed(findings)
    for name in ("sessions", "Twilio", "PORT", "METRICS_PORT", "playbook"):
        assert found[name].verdict is Verdict.OK, printed(findings)
    assert "Postgres answers" in found["records"].detail


async def test_everything_that_fails_names_its_fix_and_no_secret(tmp_path: Path, providers: list[Check]):
    providers[:] = [Check(name="stt deepgram", ok=False, detail="the key was refused", fix="check DEEPGRAM_API_KEY")]
    (tmp_path / "data").write_text("a file where the folder should be")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        configured = settings(
            tmp_path,
            PORT=str(taken.getsockname()[1]),
            PUBLIC_URL="http://voice.example.com",
            PLAYBOOK=str(tmp_path / "nowhere"),
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_API_URL="http://127.0.0.1:1",
            **SECRETS,
        )
        began = time.monotonic()
        findings = await examine(configured, seconds=5)
        assert time.monotonic() - began < 20
    found, text = by_name(findings), printed(findings)
    for name in ("playbook", "sessions", "records", "DATA_DIR", "PORT", "PUBLIC_URL", "Twilio"):
        assert found[name].verdict is Verdict.FAIL, (name, text)
        assert found[name].fix, name
        assert str(found[name].fix)[:30] in " ".join(text.split()), name
    assert "secret" not in text and "Traceback" not in text


async def test_wrong_credentials_are_told_from_a_wrong_address(tmp_path: Path):
    async with running_stub() as stub:
        environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "wrong", "TWILIO_API_URL": stub.url}
        refused = by_name(await examine(settings(tmp_path, **environ)))["Twilio"]
        away = by_name(await examine(settings(tmp_path, **{**environ, "TWILIO_API_URL": "http://127.0.0.1:1"})))[
            "Twilio"
        ]
    assert "20003" in refused.detail and "TWILIO_AUTH_TOKEN" in str(refused.fix)
    assert "TWILIO_API_URL" in str(away.fix)


async def test_a_check_that_hangs_is_given_up_and_hides_no_other(tmp_path: Path):
    async with running_stub() as stub:
        stub.slow_seconds = 3
        environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": stub.url}
        findings = by_name(await examine(settings(tmp_path, **environ), seconds=1))
    assert "no answer within 1 s" in findings["Twilio"].detail
    assert findings["playbook"].ok and findings["PORT"].ok


async def test_our_own_server_on_the_port_is_no_failure(tmp_path: Path):
    async with running_door(tmp_path) as door:
        port = door.address.rpartition(":")[2]
        found = by_name(await examine(settings(tmp_path, PORT=port)))
    assert found["PORT"].verdict is Verdict.OK and "running" in found["PORT"].detail


async def test_a_public_address_with_an_embedded_recogniser_fails_unless_allowed(tmp_path: Path):
    public: dict[str, Any] = {"PUBLIC_URL": "https://voice.invalid", "TWILIO_AUTH_TOKEN": TOKEN}
    refused = by_name(await examine(settings(tmp_path, **public)))
    assert refused["recogniser"].verdict is Verdict.FAIL
    assert refused["PUBLIC_URL"].verdict is Verdict.WARN
    allowed = by_name(await examine(settings(tmp_path, ALLOW_EMBEDDED="1", **public)))
    assert allowed["recogniser"].verdict is Verdict.WARN


async def test_a_provider_that_does_not_exist_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def report(settings: Settings) -> list[ProviderStatus]:
        raise ProviderError("no provider 'x'")

    monkeypatch.setattr(doctor, "provider_report", report)
    found = by_name(await examine(settings(tmp_path, STT_PROVIDER="x")))
    assert found["providers"].verdict is Verdict.FAIL and found["PORT"].ok


async def test_a_check_with_a_fault_of_its_own_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def broken(settings: Settings) -> list[Finding]:
        await asyncio.sleep(0)
        raise RuntimeError("[markup] is no markup")

    monkeypatch.setattr(doctor, "_ports", broken)
    findings = await examine(settings(tmp_path))
    assert by_name(findings)["ports"].verdict is Verdict.FAIL
    assert "[markup] is no markup" in printed(findings)
