"""`ngx-voice doctor`: what is configured, each part tested with a real request, and the fix for what fails."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from bot.playbook import Playbook, PlaybookError, load_playbook
from bot.settings import Settings, SettingsError
from bot.stores.errors import StoreUnavailable
from bot.stores.opening import open_sessions
from bot.stores.records.engine import DatabaseAddressError, database_url
from bot.stores.records.sql import SqlRecords
from pipelines.provider import ProviderError
from pipelines.provider_choice import ProviderStatus, check_providers, provider_report
from telephony.server import BindError, bind
from telephony.twilio.rest import TwilioRest, TwilioRestError

CHECK_SECONDS: Final = 5.0
"""Longest that one check may take; all run at once."""


class Verdict(StrEnum):
    """What a check came to; only `FAIL` makes doctor exit with 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report; `fix` says what to do where it is not ok."""

    name: str
    verdict: Verdict
    detail: str
    fix: str | None = None

    @property
    def ok(self) -> bool:
        """Nothing that stops the service."""
        return self.verdict is not Verdict.FAIL


async def examine(settings: Settings, *, seconds: float = CHECK_SECONDS) -> list[Finding]:
    """Run every check at once, each bounded; the order of the report is fixed."""
    playbook = _load(settings)
    report = _report(settings)
    checks: list[tuple[str, Awaitable[list[Finding]]]] = [
        ("providers", _providers(settings, playbook, report)),
        ("sessions", _sessions(settings)),
        ("records", _records(settings)),
        ("DATA_DIR", _data_dir(settings)),
        ("ports", _ports(settings)),
        ("PUBLIC_URL", _public_url(settings)),
        ("Twilio", _twilio(settings)),
    ]
    # Each provider has a limit of its own: theirs must fit into ours, or one that hangs would hide the others.
    limits = {"providers": seconds + 2}
    results = await asyncio.gather(*(_bounded(name, check, limits.get(name, seconds)) for name, check in checks))
    return [_playbook_finding(playbook), *(finding for result in results for finding in result)]


def print_report(findings: list[Finding], *, console: Console | None = None) -> None:
    """Print the findings as a table, and below it the fix for each that is not ok."""
    out = console or Console()
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold")
    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
    for finding in findings:
        fix = f"\n→ {finding.fix}" if finding.fix and finding.verdict is not Verdict.OK else ""
        table.add_row(
            f"[{colours[finding.verdict]}]{finding.verdict}[/]", _plain(finding.name), _plain(f"{finding.detail}{fix}")
        )
    out.print(table)
    failed = sum(not finding.ok for finding in findings)
    out.print(f"{failed} of {len(findings)} failed" if failed else "everything that is configured works")


async def _bounded(name: str, check: Awaitable[list[Finding]], seconds: float) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        return [_fail(name, f"no answer within {seconds:g} s", "check the address and the network")]
    except SettingsError as error:
        return [_fail(line.partition(":")[0], line, "correct it in the environment or in .env") for line in error.lines]
    except Exception as error:  # noqa: BLE001  the boundary of a check: the others are still to be told
        return [_fail(name, f"{type(error).__name__}: {error}", "see the log; this check did not foresee it")]


def _load(settings: Settings) -> Playbook | PlaybookError:
    try:
        return load_playbook(settings.playbook)
    except PlaybookError as error:
        return error


def _playbook_finding(playbook: Playbook | PlaybookError) -> Finding:
    if isinstance(playbook, PlaybookError):
        return _fail(
            "playbook", str(playbook), "correct the files; `ngx-voice playbook check PATH` shows every finding"
        )
    return _ok("playbook", f"{playbook.name}, {', '.join(playbook.languages)}, version {playbook.version[:12]}")


def _report(settings: Settings) -> list[ProviderStatus] | list[Finding]:
    """Which provider does what. Imports their files, which takes seconds: before any check's time runs."""
    try:
        return provider_report(settings)
    except ProviderError as error:
        return [_fail("providers", str(error), "correct STT_PROVIDER, LLM_PROVIDER or TTS_PROVIDER")]
    except SettingsError as error:
        return [_fail(line.partition(":")[0], line, "correct it in the environment or in .env") for line in error.lines]


async def _providers(
    settings: Settings, playbook: Playbook | PlaybookError, report: list[ProviderStatus] | list[Finding]
) -> list[Finding]:
    failed = [found for found in report if isinstance(found, Finding)]
    chosen = [found for found in report if isinstance(found, ProviderStatus)]
    if failed:
        return failed
    if isinstance(playbook, PlaybookError):
        return [_warn(f"{s.kind} {s.name}", f"{s.reason}; not tested", "mend the playbook first") for s in chosen]
    try:
        checks = await check_providers(settings, playbook)
    except ProviderError as error:
        return [_fail("providers", str(error), "correct STT_PROVIDER, LLM_PROVIDER or TTS_PROVIDER")]
    findings = [
        Finding(name=check.name, verdict=Verdict.OK if check.ok else Verdict.FAIL, detail=check.detail, fix=check.fix)
        for check in checks
    ]
    if settings.is_public and any(s.kind == "stt" and s.embedded for s in chosen):
        refusal = "speech recognition is embedded, and PUBLIC_URL is public"
        findings.append(
            _warn("recogniser", f"{refusal}; ALLOW_EMBEDDED=1", "set DEEPGRAM_API_KEY for real callers")
            if settings.allow_embedded
            else _fail("recogniser", f"{refusal}: serve refuses", "set DEEPGRAM_API_KEY, or ALLOW_EMBEDDED=1")
        )
    return findings


async def _sessions(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return [_ok("sessions", "in this process: one worker only")]
    sessions = open_sessions(settings)
    try:
        await sessions.ping()
    except StoreUnavailable as error:
        fix = "start Redis, or correct REDIS_URL"
        if settings.redis_optional:
            return [_warn("sessions", f"{error}; REDIS_OPTIONAL=1", fix)]
        return [_fail("sessions", str(error), fix)]
    finally:
        await sessions.aclose()
    return [_ok("sessions", "Redis answers")]


async def _records(settings: Settings) -> list[Finding]:
    """Connect without changing anything: a start makes the tables."""
    address = settings.database_url
    try:
        url = database_url(None if address is None else address.get_secret_value(), data_dir=settings.data_dir)
    except DatabaseAddressError as error:
        return [_fail("records", str(error), "correct DATABASE_URL")]
    kind = "SQLite" if url.get_backend_name() == "sqlite" else "Postgres"
    if kind == "SQLite" and not os.path.exists(url.database or ""):  # noqa: ASYNC240  one stat
        return [_ok("records", f"SQLite in {url.database}: made at the first start")]
    records = SqlRecords(url, timeout_seconds=CHECK_SECONDS)
    try:
        current = await records.is_current()
    except StoreUnavailable as error:
        return [_fail("records", str(error), "start the database, or correct DATABASE_URL")]
    finally:
        await records.aclose()
    if not current:
        return [_warn("records", f"{kind} answers, with other tables than this version's", "a start brings them up")]
    return [_ok("records", f"{kind} answers, tables up to date")]


async def _data_dir(settings: Settings) -> list[Finding]:
    folder = settings.data_dir.absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return [_ok("DATA_DIR", f"{folder}{'' if nearest == folder else ': made at the first start'}")]
    return [_fail("DATA_DIR", f"{folder} cannot be written", "make it writable, or set another DATA_DIR")]


async def _ports(settings: Settings) -> list[Finding]:
    server = settings.server
    findings = [await _port("PORT", server.host, server.port, "/healthz")]
    if server.metrics_port is not None:
        findings.append(await _port("METRICS_PORT", server.host, server.metrics_port, "/metrics"))
    return findings


async def _port(setting: str, host: str, port: int, path: str) -> Finding:
    try:
        bind(host, port, setting=setting).close()
    except BindError as error:
        # `localhost` where we listen on every address.
        reach = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
        reach = f"[{reach}]" if ":" in reach else reach
        answer = await _get(f"http://{reach}:{port}{path}")
        if isinstance(answer, httpx.Response) and _is_ours(answer):
            return _ok(setting, f"{host}:{port}: this service is running there")
        return _fail(setting, str(error), f"stop what listens there, or set another {setting}")
    return _ok(setting, f"{host}:{port} is free")


async def _public_url(settings: Settings) -> list[Finding]:
    url = settings.public_url
    if not settings.is_public:
        return [_ok("PUBLIC_URL", f"{url}: this machine only, which will do for the demo and tests, not for Twilio")]
    if not url.startswith("https://"):
        return [_fail("PUBLIC_URL", f"{url}: Media Streams need TLS", "set an https:// origin (a proxy or a tunnel)")]
    answer = await _get(f"{url}/healthz")
    if isinstance(answer, httpx.Response) and _is_ours(answer):
        return [_ok("PUBLIC_URL", f"{url} reaches this service")]
    found = f"HTTP {answer.status_code}, not this service" if isinstance(answer, httpx.Response) else answer
    return [_warn("PUBLIC_URL", f"{url}/healthz: {found}", "start the server; if it runs, check DNS, proxy and tunnel")]


async def _twilio(settings: Settings) -> list[Finding]:
    twilio = settings.twilio
    if twilio.auth_token is None:
        detail = "TWILIO_AUTH_TOKEN is not set: every /twilio request gets 403"
        fix = "set TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID from Twilio's console"
        return [_fail("Twilio", detail, fix) if settings.is_public else _warn("Twilio", detail, fix)]
    rest = TwilioRest.from_settings(twilio)
    if rest is None:
        return [_warn("Twilio", "TWILIO_ACCOUNT_SID is not set: calls cannot be ended by REST", "set it")]
    async with rest:
        try:
            account = await rest.account()
        except TwilioRestError as error:
            wrong = error.status in (401, 403, 404)
            fix = "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" if wrong else "check TWILIO_API_URL and the network"
            return [_fail("Twilio", f"the account could not be read: {error}", fix)]
    if account.status not in ("active", "unknown"):
        return [_fail("Twilio", f"the account is {account.status}", "see Twilio's console")]
    return [_ok("Twilio", f"account {account.sid[:6]}… is {account.status}")]


async def _get(url: str) -> httpx.Response | str:
    """The answer to a request of ours, or in a word why there is none."""
    try:
        async with httpx.AsyncClient(timeout=CHECK_SECONDS * 0.8) as client:
            return await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, socket.gaierror) as error:
        return type(error).__name__


def _is_ours(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and ('"alive"' in answer.text or "ngx_" in answer.text)


def _plain(text: str) -> str:
    """Text that rich takes as it is."""
    return text.replace("[", r"\[")


def _ok(name: str, detail: str) -> Finding:
    return Finding(name=name, verdict=Verdict.OK, detail=detail)


def _warn(name: str, detail: str, fix: str) -> Finding:
    return Finding(name=name, verdict=Verdict.WARN, detail=detail, fix=fix)


def _fail(name: str, detail: str, fix: str) -> Finding:
    return Finding(name=name, verdict=Verdict.FAIL, detail=detail, fix=fix)
