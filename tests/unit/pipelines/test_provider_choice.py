"""Which provider serves: the one that is named, else the one whose key is set, else the embedded one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.playbook import load_playbook
from bot.settings import Settings, SettingsError, load_settings
from pipelines.provider import ProviderError, ProviderKind
from pipelines.provider_choice import check_providers, choose_provider, load_provider, provider_names, provider_report


def _settings(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def test_without_keys_everything_is_embedded() -> None:
    report = provider_report(_settings())
    assert [(status.kind, status.name, status.embedded) for status in report] == [
        (ProviderKind.STT, "embedded", True),
        (ProviderKind.LLM, "embedded", True),
        (ProviderKind.TTS, "embedded", True),
    ]


def test_a_key_selects_its_provider() -> None:
    report = provider_report(_settings(DEEPGRAM_API_KEY="a", OPENAI_API_KEY="b", ELEVENLABS_API_KEY="c"))
    assert [status.name for status in report] == ["deepgram", "openai", "elevenlabs"]
    assert report[0].reason == "DEEPGRAM_API_KEY is set"


def test_a_name_beats_a_key() -> None:
    settings = _settings(DEEPGRAM_API_KEY="a", STT_PROVIDER="embedded")
    assert choose_provider(settings, ProviderKind.STT).name == "embedded"


@pytest.mark.parametrize("name", ["nobody", "openai"])
def test_a_name_that_does_not_do_it_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match=name):
        choose_provider(_settings(STT_PROVIDER=name), ProviderKind.STT)


def test_a_malformed_setting_of_a_provider_is_named() -> None:
    with pytest.raises(SettingsError, match="DEEPGRAM_URL"):
        choose_provider(_settings(DEEPGRAM_API_KEY="a", DEEPGRAM_URL="not an address"), ProviderKind.STT)


def test_every_file_declares_its_provider() -> None:
    for name in provider_names():
        assert any(load_provider(name).offers(kind) for kind in ProviderKind), name


@pytest.mark.skipif(find_spec("faster_whisper") is not None, reason="Whisper is installed here")
async def test_whisper_without_its_extra_says_how_to_get_it() -> None:
    settings = _settings(STT_PROVIDER="whisper")
    checks = await check_providers(settings, load_playbook("ngx"))
    assert not checks[0].ok and "ngx-voice[local]" in (checks[0].fix or "")
    opener = load_provider("whisper").stt
    assert opener is not None
    with pytest.raises(ProviderError, match="ngx-voice\\[local\\]"):
        async with opener(settings, load_playbook("ngx")):
            pass


@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="Whisper is not installed: ngx-voice[local]")
async def test_a_whisper_model_that_is_none_is_named(tmp_path: Path) -> None:
    settings = _settings(STT_PROVIDER="whisper", WHISPER_MODEL=str(tmp_path))
    opener = load_provider("whisper").stt
    assert opener is not None
    with pytest.raises(ProviderError, match="WHISPER_MODEL"):
        async with opener(settings, load_playbook("ngx")):
            pass
