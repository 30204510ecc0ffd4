"""Which provider serves: the one that settings name, else the one whose key is set, else the embedded one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from bot.playbook import Playbook
from bot.settings import Settings
from pipelines import providers
from pipelines.provider import Check, Provider, ProviderError, ProviderKind

EMBEDDED = "embedded"
_CHECK_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ProviderStatus:
    """Which provider does what, and why it was chosen."""

    kind: ProviderKind
    name: str
    embedded: bool
    reason: str


def provider_names() -> tuple[str, ...]:
    """The keys of all providers, in alphabetical order."""
    return tuple(sorted(module.name for module in iter_modules(providers.__path__)))


def load_provider(name: str) -> Provider:
    """The provider of that key.

    Raises:
        ProviderError: there is none, or what it needs is not installed.
    """
    if name not in provider_names():
        raise ProviderError(f"no provider {name!r}: expected one of {', '.join(provider_names())}")
    try:
        provider = import_module(f"{providers.__name__}.{name}").PROVIDER
    except ImportError as error:
        raise ProviderError(f"provider {name!r} needs {error.name}, which is not installed") from error
    if not isinstance(provider, Provider):
        raise ProviderError(f"pipelines/providers/{name}.py declares no PROVIDER")
    return provider


def choose_provider(settings: Settings, kind: ProviderKind) -> ProviderStatus:
    """Which provider does `kind` under these settings.

    Raises:
        ProviderError: the one that settings name does not exist, or does not do that.
        SettingsError: a provider's own settings are malformed.
    """
    setting = f"{kind.value.upper()}_PROVIDER"
    named = {
        ProviderKind.STT: settings.stt_provider,
        ProviderKind.LLM: settings.llm_provider,
        ProviderKind.TTS: settings.tts_provider,
    }[kind]
    if named is not None:
        if not load_provider(named).offers(kind):
            raise ProviderError(f"{setting}={named}: this provider does no {kind.value}")
        return ProviderStatus(kind=kind, name=named, embedded=_is_embedded(named, kind), reason=f"{setting} is set")
    for name in provider_names():
        if name == EMBEDDED or not _is_optional_ready(name):
            continue
        provider = load_provider(name)
        if provider.offers(kind) and provider.chosen_by and provider.configured(settings):
            return ProviderStatus(kind=kind, name=name, embedded=False, reason=f"{provider.chosen_by} is set")
    return ProviderStatus(kind=kind, name=EMBEDDED, embedded=True, reason="no key is set")


def _is_embedded(name: str, kind: ProviderKind) -> bool:
    return name == EMBEDDED


def _is_optional_ready(name: str) -> bool:
    try:
        load_provider(name)
    except ProviderError:
        return False
    return True


def provider_report(settings: Settings) -> list[ProviderStatus]:
    """Which provider does what; see `choose_provider` for what it raises."""
    return [choose_provider(settings, kind) for kind in ProviderKind]


async def check_providers(settings: Settings, playbook: Playbook) -> list[Check]:
    """Test each chosen provider with a real request, all at once, each within five seconds."""

    async def check(status: ProviderStatus) -> Check:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await load_provider(status.name).check(settings, playbook, status.kind)
        except TimeoutError:
            return Check(
                name=f"{status.kind} {status.name}",
                ok=False,
                detail=f"no answer within {_CHECK_SECONDS:.0f} s",
                fix="check the address and the network",
            )

    return list(await asyncio.gather(*(check(status) for status in provider_report(settings))))
