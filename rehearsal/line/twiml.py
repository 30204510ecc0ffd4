"""TwiML as the line reads it: a document becomes a tuple of verbs."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin

_MAX_BYTES = 64 * 1024


class TwimlError(ValueError):
    """The answer is no TwiML; says what came instead."""


@dataclass(frozen=True, slots=True)
class Say:
    """`<Say>`: Twilio's own voice speaks."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """`<Play>`: a file is played."""

    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    """`<Pause>`: silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hangup:
    """`<Hangup>`: the call ends."""


@dataclass(frozen=True, slots=True)
class Reject:
    """`<Reject>`: the call is never answered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """`<Redirect>`: go on with another document."""

    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Dial:
    """`<Dial>`: the caller is put through."""

    target: str
    action: str | None
    method: str


@dataclass(frozen=True, slots=True)
class ConnectStream:
    """`<Connect><Stream>`: a bidirectional media stream; `action` is where Twilio asks what comes next."""

    url: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    action: str | None = None
    method: str = "POST"
    name: str = ""
    status_callback: str | None = None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A verb this line does not act out."""

    name: str


Verb = Say | Play | Pause | Hangup | Reject | Redirect | Dial | ConnectStream | Unsupported


def parse_twiml(body: str, *, base_url: str) -> tuple[Verb, ...]:
    """Read a TwiML document; relative addresses are taken from `base_url`.

    Raises:
        TwimlError: not XML, not a `<Response>`, or above Twilio's 64 kB.
    """
    if len(body.encode()) > _MAX_BYTES:
        raise TwimlError(f"TwiML may have at most {_MAX_BYTES} bytes, got {len(body.encode())}")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the document comes from our own server, and is bounded
    except ElementTree.ParseError as error:
        raise TwimlError(f"expected TwiML, got {body[:120]!r} ({error})") from error
    if root.tag != "Response":
        raise TwimlError(f"expected <Response> as TwiML's root, got <{root.tag}>")
    return tuple(_verb(element, base_url) for element in root)


def _verb(element: ElementTree.Element, base_url: str) -> Verb:
    reader = _READERS.get(element.tag)
    return reader(element, base_url) if reader else Unsupported(element.tag)


def _text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _method(element: ElementTree.Element) -> str:
    return element.get("method", "POST").upper()


def _absolute(base_url: str, address: str | None) -> str | None:
    return urljoin(base_url, address) if address else None


def _say(element: ElementTree.Element, _base_url: str) -> Verb:
    return Say(_text(element), element.get("language"))


def _play(element: ElementTree.Element, base_url: str) -> Verb:
    return Play(urljoin(base_url, _text(element)))


def _pause(element: ElementTree.Element, _base_url: str) -> Verb:
    try:
        return Pause(float(element.get("length", "1")))
    except ValueError as error:
        raise TwimlError(f"<Pause length> must be seconds, got {element.get('length')!r}") from error


def _reject(element: ElementTree.Element, _base_url: str) -> Verb:
    return Reject(element.get("reason", "rejected"))


def _redirect(element: ElementTree.Element, base_url: str) -> Verb:
    return Redirect(urljoin(base_url, _text(element)), _method(element))


def _dial(element: ElementTree.Element, base_url: str) -> Verb:
    return Dial(_text(element), _absolute(base_url, element.get("action")), _method(element))


def _connect(element: ElementTree.Element, base_url: str) -> Verb:
    stream = element.find("Stream")
    if stream is None:
        return Unsupported("Connect/" + (element[0].tag if len(element) else ""))
    url = stream.get("url")
    if not url:
        raise TwimlError("<Stream> has no url")
    return ConnectStream(
        url=url,
        parameters={p.get("name", ""): p.get("value", "") for p in stream.iter("Parameter")},
        action=_absolute(base_url, element.get("action")),
        method=_method(element),
        name=stream.get("name", ""),
        status_callback=_absolute(base_url, stream.get("statusCallback")),
    )


def _hangup(_element: ElementTree.Element, _base_url: str) -> Verb:
    return Hangup()


_READERS: dict[str, Callable[[ElementTree.Element, str], Verb]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Hangup": _hangup,
    "Reject": _reject,
    "Redirect": _redirect,
    "Dial": _dial,
    "Connect": _connect,
}
