"""The only reader of the environment: frozen, nested settings, with errors that name what is wrong and secrets hidden.

A provider's file declares its own `Section`; `Settings.section` hands it over by its prefix.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError

_SECRET_ENDINGS: Final = ("_KEY", "_KEYS", "_TOKEN", "_SECRET", "_PASSWORD", "_SECRET_KEY")


class SettingsError(Exception):
    """The environment is not usable; one line for each bad or missing name, without the values of secrets."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _origin(value: object, schemes: tuple[str, ...], *, path: bool) -> str:
    text = str(value).strip().rstrip("/")
    parts = urlsplit(text)  # raises ValueError for a broken bracket
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        raise ValueError("no such address")
    if parts.query or parts.fragment or (parts.path and not path):
        raise ValueError("more than an origin")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _http_origin(value: object) -> str:
    origin = _origin(value, ("http", "https"), path=False)
    if "@" in origin:
        raise ValueError("a user name has no place here")
    return origin


def _any_origin(value: object) -> str:
    return _origin(value, ("http", "https", "ws", "wss"), path=False)


def _http_address(value: object) -> str:
    return _origin(value, ("http", "https"), path=True)


def _flag(value: object) -> bool:
    known = {"0": False, "1": True, "true": True, "false": False}
    if isinstance(value, bool):
        return value
    try:
        return known[str(value).strip().lower()]
    except KeyError as error:
        raise ValueError("no truth value") from error


def _phone(value: object) -> str:
    number = str(value).strip().removeprefix("whatsapp:").translate(str.maketrans("", "", " -().")).strip()
    if not (number.startswith("+") and number[1:].isdecimal() and number.isascii() and 8 <= len(number) <= 16):
        raise ValueError("not E.164")
    return number


def _items(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item for item in value.replace(",", " ").split() if item)


def _scheme(*schemes: str) -> BeforeValidator:
    def check(value: object) -> object:
        scheme, _, rest = str(value).strip().partition("://")
        if scheme not in schemes or not rest:
            raise ValueError("another kind of address")
        return str(value).strip()

    return BeforeValidator(check)


def _home(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) else value


HttpOrigin = Annotated[str, BeforeValidator(_http_origin)]
"""`http(s)://host[:port]`, without a trailing slash."""
AnyOrigin = Annotated[str, BeforeValidator(_any_origin)]
"""`http(s)|ws(s)://host[:port]`, without a trailing slash."""
HttpAddress = Annotated[str, BeforeValidator(_http_address)]
"""`http(s)://host[:port][/path]`, without a trailing slash."""
Flag = Annotated[bool, BeforeValidator(_flag)]
"""0, 1, true or false."""
PhoneNumber = Annotated[str, BeforeValidator(_phone)]
"""E.164; spaces and a leading `whatsapp:` are dropped."""
Items = Annotated[tuple[str, ...], BeforeValidator(_items)]
"""A list, separated by commas or spaces."""
SecretItems = Annotated[tuple[SecretStr, ...], BeforeValidator(_items)]
"""A list of secrets, separated by commas or spaces."""
Port = Annotated[int, Field(ge=1, le=65535)]


def setting(default: Any = None, *, means: str, expects: str) -> Any:
    """A field of a `Section`: what it `means` and what it `expects`, for errors and doctor."""
    return Field(default=default, description=means, json_schema_extra={"expects": expects}, validate_default=False)


class Section(BaseModel):
    """A group of settings read from the names `prefix` + field name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    prefix: ClassVar[str] = ""


SectionT = TypeVar("SectionT", bound=Section)


class ServerSection(Section):
    """Where the server listens and under which origin the world reaches it."""

    host: str = setting("127.0.0.1", means="address to listen on", expects="a host name or an IP address")
    port: Port = setting(8000, means="port to listen on", expects="a whole number from 1 to 65535")
    metrics_port: Port | None = setting(means="port of /metrics", expects="a whole number from 1 to 65535")
    public_url: HttpOrigin = Field(
        default_factory=lambda data: f"http://localhost:{data['port']}",
        description="origin under which Twilio and WhatsApp reach the server",
        json_schema_extra={"expects": "http(s)://host[:port] without a path, such as https://voice.example.com"},
    )

    @property
    def stream_url(self) -> str:
        """Address of the Media Streams socket: `wss` for https, `ws` for http."""
        return f"ws{self.public_url.removeprefix('http')}/twilio/stream"

    @property
    def is_public(self) -> bool:
        """Whether others than this machine reach the server: anything but localhost and loopback addresses."""
        host = urlsplit(self.public_url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return False
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True


class TwilioSection(Section):
    """The account on the phone line."""

    prefix: ClassVar[str] = "TWILIO_"
    account_sid: str | None = setting(means="account on the phone line", expects="the SID that begins with AC")
    auth_token: SecretStr | None = setting(means="signs Twilio's requests", expects="the account's auth token")
    from_number: PhoneNumber | None = setting(means="number we call from", expects="E.164, such as +15005550006")
    whatsapp_from: PhoneNumber | None = setting(means="number we write from", expects="E.164, such as +15005550006")
    api_url: HttpOrigin | None = setting(means="replaces Twilio's API origins", expects="http(s)://host[:port]")


class WhatsAppSection(Section):
    """Meta's Cloud API."""

    prefix: ClassVar[str] = "WHATSAPP_"
    token: SecretStr | None = setting(means="access token of the Cloud API", expects="the token of a system user")
    phone_id: str | None = setting(means="identifier of the sending number", expects="the phone number ID")
    app_secret: SecretStr | None = setting(means="signs Meta's requests", expects="the app's secret")
    verify_token: SecretStr | None = setting(means="proves the webhook ours", expects="any word, as given to Meta")
    api_url: HttpAddress | None = setting(means="Cloud API", expects="http(s)://host[:port]/version")


class Settings(Section):
    """Everything that is configured; made by `load_settings` and never changed."""

    server: ServerSection
    twilio: TwilioSection
    whatsapp: WhatsAppSection
    stt_provider: str | None = setting(means="speech recognition", expects="a file name under pipelines/providers")
    llm_provider: str | None = setting(means="language model", expects="a file name under pipelines/providers")
    tts_provider: str | None = setting(means="speech synthesis", expects="a file name under pipelines/providers")
    redis_url: Annotated[SecretStr, _scheme("redis", "rediss", "unix")] | None = setting(
        means="session state", expects="redis://host:port/number"
    )
    database_url: Annotated[SecretStr, _scheme("postgres", "postgresql", "sqlite")] | None = setting(
        means="durable records", expects="postgresql://user:password@host:port/name or sqlite:///path"
    )
    data_dir: Annotated[Path, BeforeValidator(_home)] = setting(
        Path("data"), means="where files are kept", expects="a directory"
    )
    playbook: str = setting("ngx", means="what is sold and how", expects="a playbook's name or path")
    media_hosts: Items = setting((), means="further hosts to fetch media from", expects="host names, by commas")
    api_token: SecretStr | None = setting(means="bearer token of the API", expects="a long random word")
    encryption_keys: SecretItems = setting((), means="first encrypts, all decrypt", expects="keys, by commas")
    smtp_url: SecretStr | None = setting(means="mail server", expects="smtp(s)://user:password@host:port")
    mail_from: str | None = setting(means="sender of mail", expects="an e-mail address")
    allow_embedded: Flag = setting(False, means="embedded recogniser on a public address", expects="0 or 1")
    redis_optional: Flag = setting(False, means="take calls while Redis is away", expects="0 or 1")
    ngx_max_calls: Annotated[int, Field(ge=1, le=100_000)] = setting(
        50, means="calls at once in the whole service", expects="a whole number from 1 to 100000"
    )
    ngx_log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", means="how much is logged", expects="TRACE, DEBUG, INFO, WARNING or ERROR"
    )
    ngx_log_format: Literal["json", "text"] = setting("json", means="how log lines look", expects="json or text")
    _environ: Mapping[str, str] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    @property
    def public_url(self) -> str:
        """Origin under which the world reaches the server, without a trailing slash."""
        return self.server.public_url

    @property
    def stream_url(self) -> str:
        """Address of the Media Streams socket."""
        return self.server.stream_url

    @property
    def is_public(self) -> bool:
        """Whether others than this machine reach the server."""
        return self.server.is_public

    def section(self, kind: type[SectionT]) -> SectionT:
        """The section that a provider's file declares, from the same snapshot of the environment.

        Raises:
            SettingsError: one line for each of its names that is missing or malformed.
        """
        problems: list[str] = []
        section = _parse(kind, self._environ, {}, problems)
        if section is None:
            raise SettingsError(tuple(problems))
        return section

    def secrets(self) -> frozenset[str]:
        """Every secret value of the environment, providers' included, for the log's redaction."""
        found: set[str] = set()
        for name, value in self._environ.items():
            if name.endswith(_SECRET_ENDINGS):
                found.update((value, *_split(value)))
            elif name.endswith("_URL") and (password := _password(value)):
                found.add(password)
        return frozenset(value for value in found if len(value) >= 6)


def load_settings(environ: Mapping[str, str] | None = None, *, env_file: Path | str | None = Path(".env")) -> Settings:
    """The settings in `environ` (the process's by default) over those in `env_file`; an empty value counts as unset.

    Raises:
        SettingsError: one line for each name that is missing or malformed.
    """
    values = {**_read_file(env_file), **(os.environ if environ is None else environ)}
    snapshot = MappingProxyType({name: value for name, value in values.items() if value.strip()})
    problems: list[str] = []
    parts: dict[str, Section | None] = {
        "server": _parse(ServerSection, snapshot, {}, problems),
        "twilio": _parse(TwilioSection, snapshot, {}, problems),
        "whatsapp": _parse(WhatsAppSection, snapshot, {}, problems),
    }
    # A part that failed is left out of the check of the rest, so that every bad name is told at once.
    standing: dict[str, object] = {
        name: part if part is not None else type_.model_construct()
        for (name, part), type_ in zip(parts.items(), (ServerSection, TwilioSection, WhatsAppSection), strict=True)
    }
    settings = _parse(Settings, snapshot, standing, problems)
    if settings is None or problems:
        raise SettingsError(tuple(problems))
    settings._environ = snapshot  # pyright: ignore[reportPrivateUsage]
    return settings


def _read_file(path: Path | str | None) -> dict[str, str]:
    if path is None or not Path(path).exists():
        return {}
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError((f"{path}: settings file: expected readable text: {type(error).__name__}",)) from None
    return {name: value for name, value in found.items() if value is not None}


def _parse(
    kind: type[SectionT], environ: Mapping[str, str], given: Mapping[str, object], problems: list[str]
) -> SectionT | None:
    """`kind` out of the environment and what is `given`; None with lines added to `problems` where that fails."""
    names = {field: f"{kind.prefix}{field.upper()}" for field in kind.model_fields if field not in given}
    values = {field: environ[name] for field, name in names.items() if name in environ}
    try:
        return kind.model_validate({**values, **given})
    except ValidationError as error:
        failed = {str(item["loc"][0]): item["type"] for item in error.errors(include_input=False) if item["loc"]}
        # PUBLIC_URL's default cannot be made where PORT is bad; only PORT's line helps.
        problems.extend(
            _line(kind, field, names.get(field, field), environ)
            for field, reason in failed.items()
            if reason != "default_factory_not_called"
        )
        return None


def _line(kind: type[Section], field: str, name: str, environ: Mapping[str, str]) -> str:
    info = kind.model_fields[field]
    extra = cast("dict[str, str]", info.json_schema_extra or {})  # pyright: ignore[reportUnknownMemberType]
    expected = extra.get("expects")
    value = environ.get(name)
    if value is None:
        came = "nothing came"
    elif _is_secret(name, info.annotation) or "@" in value:
        came = f"came {len(value)} characters (not shown)"
    else:
        came = f"came {value[:80]!r}"
    return f"{name}: {info.description or 'no description'}: expected {expected or 'another value'}: {came}"


def _is_secret(name: str, annotation: object) -> bool:
    if name.endswith(_SECRET_ENDINGS) or annotation is SecretStr:
        return True
    return any(_is_secret(name, part) for part in get_args(annotation))


def _split(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def _password(address: str) -> str | None:
    """The password in an address, up to its last @: people do not always quote the signs in theirs."""
    userinfo, _, _ = address.partition("://")[2].rpartition("@")
    return userinfo.partition(":")[2] or None
