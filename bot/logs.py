"""Logs of the whole process: one sink, JSON or text, with a call id and without people's data.

Everything is cleaned in loguru's patcher, before any sink sees it. Our own messages are redacted. Other people's keep
only their literal parts (see `log_templates`), and the levels at which they print what is said are dropped whatever
the level asked for.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Collection
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from loguru import logger

from bot.log_templates import LogTemplates, telling_words
from bot.redaction import Redactor

if TYPE_CHECKING:
    from loguru import Message, Record

_OURS: Final = frozenset({"bot", "pipelines", "telephony", "rehearsal", "__main__"})
# Libraries whose messages are their own words about the process, never about a talk.
_TRUSTED: Final = ("uvicorn.error", "alembic.")
_FLOORS: Final = {"pipecat": logging.INFO, "uvicorn": logging.INFO}
_ACCESS_LOG: Final = "uvicorn.access"  # holds paths and addresses; requests are counted, not logged
_FLOOR: Final = logging.WARNING
_ORIGIN: Final = "_ngx_origin"
_SILENT: Final = "_ngx_silent"
_EXCEPTION: Final = "exception"
_MAX_FRAMES: Final = 30


def configure_logs(
    *,
    level: str = "INFO",
    form: Literal["json", "text"] = "json",
    secrets: Collection[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send all logs of the process, the standard library's included, to `stream` (stderr by default).

    `secrets` are never shown (see `Settings.secrets`). Call it once, at start; a later call replaces the former.
    Start uvicorn with `log_config=None`, else it takes its own loggers back.
    """
    target = sys.stderr if stream is None else stream
    cleaner = _Cleaner(Redactor(secrets))
    sink = _JsonSink(target) if form == "json" else _TextSink(target)
    logger.configure(
        handlers=[
            {
                "sink": sink,
                "level": level,
                "format": "{message}",
                "filter": _is_audible,
                "backtrace": False,
                "diagnose": False,
                "colorize": False,
            }
        ],
        patcher=cleaner,
    )
    lowest = min(logger.level(level).no, logging.CRITICAL)
    logging.basicConfig(handlers=[_Intercept()], level=max(lowest, logging.DEBUG), force=True)
    logging.captureWarnings(True)  # they can quote values
    for name in list(logging.root.manager.loggerDict):
        taken = logging.getLogger(name)
        taken.handlers.clear()
        taken.propagate = True


def _is_audible(record: Record) -> bool:
    return not record["extra"].get(_SILENT, False)


def _floor(name: str) -> int:
    """Below this level nothing of a library's logger is kept."""
    if name.startswith(_ACCESS_LOG):
        return _FLOOR
    return _FLOORS.get(name.partition(".")[0], _FLOOR)


class _Intercept(logging.Handler):
    """Hands the standard library's records over to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the record on whole: the patcher cleans it."""
        if not _is_ours(record.name) and record.levelno < _floor(record.name):
            return
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:  # a level of a library's own
            level = record.levelno
        logger.bind(**{_ORIGIN: record}).opt(exception=record.exc_info).log(level, "")


class _Cleaner:
    """Loguru's patcher: leaves in a record only what may be read."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self._templates = LogTemplates()

    def __call__(self, record: Record) -> None:
        """Clean `record` in place; a message that must not be kept becomes empty and marked."""
        origin = record["extra"].pop(_ORIGIN, None)
        name = origin.name if isinstance(origin, logging.LogRecord) else record["name"] or ""
        ours = _is_ours(name)
        if not ours and record["level"].no < _floor(name):
            record.update(message="", exception=None, extra={_SILENT: True})
            return
        if isinstance(origin, logging.LogRecord):
            record.update(name=name, function=origin.funcName or "", line=origin.lineno)
            record["message"] = self._standard_message(origin, trusted=ours or name.startswith(_TRUSTED))
        elif not ours:
            path = record["file"].path
            record["message"] = self._templates.clean(record["message"], path=path, line=record["line"])
        record["message"] = self._redact(record["message"])
        record["extra"] = self._extra(record["extra"], ours=ours)
        exception, record["exception"] = record["exception"], None
        if exception is not None and exception.value is not None:
            record["extra"][_EXCEPTION] = self._exception(exception.value)

    def _standard_message(self, record: logging.LogRecord, *, trusted: bool) -> str:
        if trusted:
            return record.getMessage()
        # With arguments, the template; what fills it stays out.
        message = str(record.msg) if record.args else record.getMessage()
        return self._templates.clean(message, path=record.pathname, line=record.lineno)

    def _extra(self, extra: dict[Any, Any], *, ours: bool) -> dict[Any, Any]:
        kept = extra if ours else {key: value for key, value in extra.items() if key == "call_id"}
        return {
            key: value if isinstance(value, (bool, int, float)) or value is None else self._redact(str(value))
            for key, value in kept.items()
        }

    def _exception(self, error: BaseException) -> list[str]:
        """The error and its causes: class, what may be read of the message, and where it came from."""
        lines: list[str] = []
        seen: set[int] = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            lines.append(f"{type(current).__qualname__}: {self._error_text(current)}".rstrip(": "))
            frames = traceback.extract_tb(current.__traceback__)[-_MAX_FRAMES:]
            lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            if isinstance(current, BaseExceptionGroup):
                for inner in current.exceptions:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
                    lines += [f"  | {line}" for line in self._exception(inner)]  # pyright: ignore[reportUnknownArgumentType]
            current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        return lines

    def _error_text(self, error: BaseException) -> str:
        if _is_ours(type(error).__module__):
            return self._redact(str(error))
        if isinstance(error, OSError) and error.strerror:
            return self._redact(error.strerror)
        return telling_words(str(error))


class _JsonSink:
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, message: Message) -> None:
        """Write a record; a field of its own never covers a fixed one."""
        record = message.record
        line = {
            **{str(key): value for key, value in record["extra"].items()},
            "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": record["level"].name,
            "logger": record["name"],
            "message": record["message"],
        }
        _write(self._stream, json.dumps(line, ensure_ascii=False, default=str))


class _TextSink:
    """A line for people; coloured where `stream` is a terminal."""

    _COLOURS: Final = {"WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty()

    def __call__(self, message: Message) -> None:
        """Write a record, its fields behind the message and its exception below."""
        record = message.record
        fields = dict(record["extra"])
        exception: list[str] = fields.pop(_EXCEPTION, [])
        level = record["level"].name
        colour = self._COLOURS.get(level) if self._coloured else None
        label = f"{level:<8}" if colour is None else f"\033[{colour}m{level:<8}\033[0m"
        values = "".join(f" {key}={value}" for key, value in fields.items())
        head = f"{record['time']:HH:mm:ss.SSS} {label} {record['name']}: {record['message']}{values}"
        _write(self._stream, "\n".join([head, *exception]))


def _write(stream: TextIO, line: str) -> None:
    try:
        stream.write(line + "\n")
        stream.flush()
    except (OSError, ValueError):
        return  # whoever read the logs is gone; there is nobody left to tell


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS
