"""What the environment may say, and how it is told off."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.settings import AnyOrigin, Section, Settings, SettingsError, load_settings, setting
from bot.stores.api_token import api_token_path, load_or_create_api_token

SECRETS = {
    "TWILIO_AUTH_TOKEN": "hidden-auth-token",
    "WHATSAPP_APP_SECRET": "hidden-app-secret",
    "WHATSAPP_TOKEN": "hidden-whatsapp-token",
    "API_TOKEN": "hidden-api-token",
    "ENCRYPTION_KEYS": "hidden-key-one,hidden-key-two",
    "REDIS_URL": "redis://:hidden-redis@host:6379/0",
    "DATABASE_URL": "postgresql://u:hidden-database@host/d",
    "SMTP_URL": "smtp://u:hidden-smtp@host",
    "DEEPGRAM_API_KEY": "hidden-deepgram",
}


class DeepgramSection(Section):
    """As a provider's file would declare it."""

    prefix: ClassVar[str] = "DEEPGRAM_"
    api_key: SecretStr | None = setting(means="speech recognition", expects="a key")
    url: AnyOrigin = setting("wss://api.deepgram.com", means="where it listens", expects="an origin")
    model: str = setting("flux-general-multi", means="the model", expects="a name")


def load(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def complaints(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(**environ)
    return caught.value.lines


def test_nothing_set_gives_the_contracts_defaults() -> None:
    settings = load()
    assert (settings.server.host, settings.server.port, settings.server.metrics_port) == ("127.0.0.1", 8000, None)
    assert settings.public_url == "http://localhost:8000"
    assert settings.stream_url == "ws://localhost:8000/twilio/stream"
    assert (settings.redis_url, settings.database_url, settings.data_dir) == (None, None, Path("data"))
    assert (settings.playbook, settings.allow_embedded, settings.redis_optional) == ("ngx", False, False)
    assert (settings.stt_provider, settings.llm_provider, settings.tts_provider) == (None, None, None)
    assert settings.media_hosts == () and settings.encryption_keys == () and settings.api_token is None


def test_the_default_public_url_follows_the_port() -> None:
    assert load(PORT="8123").public_url == "http://localhost:8123"


@pytest.mark.parametrize(
    ("public_url", "origin", "stream_url"),
    [
        ("https://voice.example.com", "https://voice.example.com", "wss://voice.example.com/twilio/stream"),
        ("https://voice.example.com/", "https://voice.example.com", "wss://voice.example.com/twilio/stream"),
        ("http://h:81", "http://h:81", "ws://h:81/twilio/stream"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "wss://[2001:db8::1]:8443/twilio/stream"),
    ],
)
def test_the_stream_address_follows_the_public_url(public_url: str, origin: str, stream_url: str) -> None:
    settings = load(PUBLIC_URL=public_url)
    assert (settings.public_url, settings.stream_url) == (origin, stream_url)


@pytest.mark.parametrize(
    ("public_url", "public"),
    [
        ("http://localhost:8000", False),
        ("http://LOCALHOST", False),
        ("http://127.0.0.1", False),
        ("http://127.8.8.8:1", False),
        ("http://[::1]:8000", False),
        ("http://x.localhost", False),
        ("https://voice.example.com", True),
        ("http://10.0.0.1", True),
        ("http://localhost.example.com", True),
        ("http://127.0.0.1.example.com", True),
    ],
)
def test_who_is_reached_from_outside_is_public(public_url: str, public: bool) -> None:
    assert load(PUBLIC_URL=public_url).is_public is public


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "voice.example.com"),
        ("PUBLIC_URL", "https://voice.example.com/path"),
        ("PUBLIC_URL", "https://voice.example.com?x=1"),
        ("PUBLIC_URL", "wss://voice.example.com"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://[::1"),
        ("PUBLIC_URL", "https://h:99999"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PORT", "80.5"),
        ("METRICS_PORT", "-1"),
        ("ALLOW_EMBEDDED", "yes"),
        ("REDIS_OPTIONAL", "2"),
        ("TWILIO_FROM_NUMBER", "555 0100"),
        ("TWILIO_FROM_NUMBER", "+1٣٣٣٣٣٣٣"),
        ("TWILIO_API_URL", "localhost:9"),
        ("REDIS_URL", "http://host"),
        ("DATABASE_URL", "mysql://host/d"),
        ("WHATSAPP_API_URL", "graph"),
        ("NGX_LOG_LEVEL", "LOUD"),
        ("NGX_LOG_FORMAT", "xml"),
        ("NGX_MAX_CALLS", "0"),
    ],
)
def test_a_bad_value_is_named_with_its_meaning_and_what_was_expected(name: str, value: str) -> None:
    (line,) = complaints(**{name: value})
    assert line.startswith(f"{name}: ")
    assert ": expected " in line
    assert "\n" not in line


def test_every_bad_name_is_told_at_once() -> None:
    lines = complaints(PORT="x", TWILIO_FROM_NUMBER="y", ALLOW_EMBEDDED="z", WHATSAPP_API_URL="w")
    assert [line.partition(":")[0] for line in lines] == [
        "PORT",
        "TWILIO_FROM_NUMBER",
        "WHATSAPP_API_URL",
        "ALLOW_EMBEDDED",
    ]


@pytest.mark.parametrize(
    ("text", "flag"), [("0", False), ("1", True), ("true", True), ("FALSE", False), (" 1 ", True), ("", False)]
)
def test_truths_are_said_in_four_ways(text: str, flag: bool) -> None:
    assert load(ALLOW_EMBEDDED=text).allow_embedded is flag


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_value_counts_as_unset(empty: str) -> None:
    assert load(PORT=empty, TWILIO_AUTH_TOKEN=empty, REDIS_URL=empty).twilio.auth_token is None


def test_lists_are_separated_by_commas_or_spaces() -> None:
    settings = load(MEDIA_HOSTS="a.example, b.example  c.example,", ENCRYPTION_KEYS="one,two")
    assert settings.media_hosts == ("a.example", "b.example", "c.example")
    assert [key.get_secret_value() for key in settings.encryption_keys] == ["one", "two"]


def test_phone_numbers_are_brought_to_e164() -> None:
    settings = load(TWILIO_FROM_NUMBER="+1 (500) 555-0006", TWILIO_WHATSAPP_FROM="whatsapp:+15005550006")
    assert settings.twilio.from_number == settings.twilio.whatsapp_from == "+15005550006"


def test_no_secret_is_printed() -> None:
    settings = load(**SECRETS)
    told = repr(settings) + str(settings) + repr(settings.model_dump()) + repr(settings.section(DeepgramSection))
    assert "hidden" not in told


@pytest.mark.parametrize("name", [name for name in SECRETS if name.endswith("_URL")])
def test_a_bad_address_that_holds_a_password_is_not_quoted(name: str) -> None:
    if name == "SMTP_URL":
        return  # any text is taken until mail exists
    (line,) = complaints(**{name: "ftp://user:hidden-word@host"})
    assert line.startswith(name) and "hidden-word" not in line


def test_the_logs_are_told_every_secret_the_providers_included() -> None:
    secrets = load(**SECRETS).secrets()
    expected = {value for name, value in SECRETS.items() if not name.endswith("_URL")}
    assert expected | {"hidden-key-one", "hidden-redis", "hidden-database", "hidden-smtp"} <= secrets


def test_settings_do_not_change() -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.playbook = "other"
    with pytest.raises(ValidationError):
        settings.server.port = 1


def test_a_section_reads_its_prefix_from_the_same_snapshot() -> None:
    environ = {"DEEPGRAM_API_KEY": "k", "DEEPGRAM_URL": "http://127.0.0.1:9/"}
    settings = load_settings(environ, env_file=None)
    environ["DEEPGRAM_API_KEY"] = "changed"
    section = settings.section(DeepgramSection)
    assert section.api_key is not None and section.api_key.get_secret_value() == "k"
    assert (section.url, section.model) == ("http://127.0.0.1:9", "flux-general-multi")


def test_a_sections_error_reads_like_any_other() -> None:
    settings = load(DEEPGRAM_URL="nowhere")
    with pytest.raises(SettingsError) as caught:
        settings.section(DeepgramSection)
    assert caught.value.lines == ("DEEPGRAM_URL: where it listens: expected an origin: came 'nowhere'",)


def test_a_missing_name_that_is_needed_is_told() -> None:
    class Needy(Section):
        prefix: ClassVar[str] = "NEEDY_"
        key: SecretStr = setting(..., means="opens the door", expects="a key")

    with pytest.raises(SettingsError, match="NEEDY_KEY: opens the door: expected a key: nothing came"):
        load().section(Needy)


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# ours\nPORT=8100\nexport PLAYBOOK="a b"\nTWILIO_AUTH_TOKEN=pa$$word${HOME}#x\n')
    settings = load_settings({"PORT": "8200"}, env_file=file)
    assert (settings.server.port, settings.playbook) == (8200, "a b")
    assert settings.twilio.auth_token is not None
    assert settings.twilio.auth_token.get_secret_value() == "pa$$word${HOME}#x"


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\xfe\x00")
    with pytest.raises(SettingsError, match="settings file"):
        load_settings({}, env_file=file)


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load_settings({}, env_file=tmp_path / ".env").server.port == 8000


@given(
    name=st.sampled_from(["PUBLIC_URL", "PORT", "TWILIO_API_URL", "REDIS_URL", "DATABASE_URL", "TWILIO_FROM_NUMBER"]),
    value=st.text(max_size=40),
)
def test_whatever_stands_there_gives_settings_or_one_line(name: str, value: str) -> None:
    try:
        load_settings({name: value}, env_file=None)
    except SettingsError as error:
        assert [line.partition(":")[0] for line in error.lines] == [name]


def test_a_given_api_token_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    settings = load(API_TOKEN="given-token", DATA_DIR=str(tmp_path / "data"))
    assert load_or_create_api_token(settings) == "given-token"
    assert not (tmp_path / "data").exists()


def test_an_api_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = load(DATA_DIR=str(tmp_path / "made" / "late"))
    token = load_or_create_api_token(settings)
    assert len(token) >= 32
    assert load_or_create_api_token(settings) == token
    assert stat.S_IMODE(api_token_path(settings).stat().st_mode) == 0o600
    assert [path.name for path in api_token_path(settings).parent.iterdir()] == ["api-token"]


def _token(folder: str) -> str:
    return load_or_create_api_token(load(DATA_DIR=folder))


def test_processes_that_start_at_once_get_one_token(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_token, [str(tmp_path / "data")] * 12, chunksize=1))) == 1


def test_the_token_of_another_process_that_was_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(DATA_DIR=str(tmp_path))
    link = os.link

    def late(source: str, target: Path) -> None:
        target.write_text("the-winners-token\n")
        link(source, target)

    monkeypatch.setattr("bot.stores.api_token.os.link", late)
    assert load_or_create_api_token(settings) == "the-winners-token"


def test_an_empty_token_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "api-token").write_text("\n")
    with pytest.raises(SettingsError, match="api-token: expected the API token"):
        load_or_create_api_token(load(DATA_DIR=str(tmp_path)))
