"""Nothing that was said, and no number, key or address, reaches the logs, by whichever logger."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from loguru import logger
from pipecat.frames.frames import ErrorFrame, TextFrame, TranscriptionFrame
from pipecat.serializers.twilio import TwilioFrameSerializer
from twilio.http.http_client import TwilioHttpClient

from bot.actions import ActionError
from bot.log_templates import WITHHELD, LogTemplates
from bot.logs import configure_logs
from bot.redaction import Redactor

WORDS = "zanzibar marmalade"
NUMBER = "+12125550147"
SECRET = "the-hidden-key-of-tests"

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Configure logs onto a buffer; what was there before comes back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("openai", "httpx", "twilio", "websockets.client")}

    def configured(**options: Any) -> io.StringIO:
        buffer = io.StringIO()
        configure_logs(stream=buffer, **{"level": "TRACE", **options})
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)  # as verbose as it gets
        return buffer

    yield configured
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    logger.configure(handlers=[{"sink": sys.stderr}], patcher=lambda _: None)


def lines(buffer: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in buffer.getvalue().splitlines()]


def as_ours(code: str, **names: object) -> None:
    """Run `code` as if it stood in a module of ours: loguru takes the name from the frame."""
    exec(compile(code, "/nowhere/ours.py", "exec"), {"__name__": "bot.somewhere", "logger": logger, **names})  # noqa: S102


def as_theirs(code: str, path: str = "/nowhere/theirs.py", **names: object) -> None:
    """Run `code` as if it stood in pipecat."""
    exec(compile(code, path, "exec"), {"__name__": "pipecat.somewhere", "logger": logger, **names})  # noqa: S102


def test_a_line_is_one_json_object_with_time_level_logger_call_and_fields(configure: Configure) -> None:
    buffer = configure()
    with logger.contextualize(call_id="CA" + "1" * 32):
        as_ours("logger.info('call {what}', what='began', live=3)")
    (line,) = lines(buffer)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "bot.somewhere",
        "message": "call began",
        "call_id": "CA" + "1" * 32,
        "what": "began",
        "live": 3,
    }


def test_text_lines_hold_the_same_for_people(configure: Configure) -> None:
    buffer = configure(form="text")
    as_ours("logger.warning('slow {stage}', stage='plan')")
    assert "WARNING  bot.somewhere: slow plan stage=plan" in buffer.getvalue()


def test_the_level_asked_for_holds(configure: Configure) -> None:
    buffer = configure(level="WARNING")
    as_ours("logger.info('quiet')\nlogger.error('loud')")
    assert [line["message"] for line in lines(buffer)] == ["loud"]


@pytest.mark.parametrize("level", ["trace", "debug"])
def test_pipecat_is_not_heard_below_info_whatever_the_level(configure: Configure, level: str) -> None:
    buffer = configure()
    as_theirs(f"logger.{level}(f'Generating TTS [{{words}}]')", words=WORDS)
    assert buffer.getvalue() == ""


async def test_pipecats_complaint_about_bad_json_does_not_quote_it(configure: Configure) -> None:
    buffer = configure()
    serializer = TwilioFrameSerializer(stream_sid="MZ1", params=TwilioFrameSerializer.InputParams(auto_hang_up=False))
    await serializer.deserialize(f'{{"event": "{WORDS} {NUMBER}')
    (line,) = lines(buffer)
    assert line["message"] == "Failed to parse JSON message: …"
    assert line["logger"] == "pipecat.serializers.twilio"


@pytest.mark.parametrize("level", ["info", "warning", "error", "critical"])
def test_a_pipecat_message_without_source_is_withheld(configure: Configure, level: str) -> None:
    buffer = configure()
    as_theirs(f"logger.{level}(f'heard {{words}}')", words=f"{WORDS} {NUMBER} ConnectionClosedError HTTP 401")
    (line,) = lines(buffer)
    assert line["message"] == f"{WITHHELD} ConnectionClosedError HTTP 401"


def test_pipecats_frames_are_not_printed(configure: Configure, tmp_path: Any) -> None:
    source = tmp_path / "theirs.py"
    code = "logger.error(f'{self}: exception processing {frame}: {e}')"
    source.write_text(code)
    buffer = configure()
    for frame in (
        TextFrame(WORDS),
        TranscriptionFrame(text=WORDS, user_id=NUMBER, timestamp=""),
        ErrorFrame(error=WORDS),
    ):
        as_theirs(code, str(source), self="DeepgramFluxSTTService#0", frame=frame, e=ValueError(WORDS))
    assert {line["message"] for line in lines(buffer)} == {"DeepgramFluxSTTService#0: exception processing …: …"}


@pytest.mark.parametrize(
    "name",
    ["openai._base_client", "httpx", "httpcore.http11", "twilio.http_client", "websockets.client", "deepgram.x", "x"],
)
def test_sdk_loggers_do_not_tell_what_is_said_at_any_level(configure: Configure, name: str) -> None:
    buffer = configure()
    theirs = logging.getLogger(name)
    theirs.setLevel(logging.DEBUG)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        theirs.log(level, "Request options: %s", {"content": WORDS, "to": NUMBER})
        theirs.log(level, f"> TEXT '{WORDS} {NUMBER}'")
        theirs.log(level, WORDS + NUMBER)
        theirs.log(level, f"{WORDS} {NUMBER} took %s ms", 12)
    theirs.setLevel(logging.NOTSET)
    told = buffer.getvalue()
    assert "Request options" in told
    assert "zanzibar" not in told and "marmalade" not in told
    assert "5550147" not in told


async def test_the_real_openai_sdk_at_its_most_verbose_does_not_tell_what_is_said(configure: Configure) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert WORDS in request.content.decode()
        return httpx.Response(500, json={"error": {"message": f"{WORDS} {NUMBER}"}})

    buffer = configure(level="TRACE")
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = openai.AsyncOpenAI(api_key="sk-hidden-key-1234", http_client=http, max_retries=1)
        try:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": WORDS + NUMBER}])
        except openai.APIStatusError:
            as_ours("logger.exception('model failed')")
    told = buffer.getvalue()
    assert "InternalServerError" in told
    assert "zanzibar" not in told and "5550147" not in told and "sk-hidden" not in told


def test_the_real_twilio_sdk_at_its_most_verbose_does_not_tell_whom_we_ring(configure: Configure) -> None:
    buffer = configure(level="TRACE")
    logging.getLogger("twilio.http_client").setLevel(logging.DEBUG)
    http_client = TwilioHttpClient(timeout=2, logger=logging.getLogger("twilio.http_client"))
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        http_client.request("POST", "http://127.0.0.1:1/Calls.json", data={"To": NUMBER, "Twiml": WORDS})
    as_ours("logger.info('tried')")
    assert "tried" in buffer.getvalue()
    assert "zanzibar" not in buffer.getvalue() and "5550147" not in buffer.getvalue()


def test_a_warning_that_quotes_a_value_is_told_by_its_kind(configure: Configure) -> None:
    buffer = configure()
    with warnings.catch_warnings():  # pytest's own capture steps aside
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"unexpected value {WORDS}", UserWarning, stacklevel=1)
    assert "UserWarning" in buffer.getvalue() and "zanzibar" not in buffer.getvalue()


def test_migrations_are_heard_only_where_something_is_wrong(configure: Configure) -> None:
    buffer = configure()
    logging.getLogger("alembic.runtime.migration").info("Running upgrade -> %s", "0001")
    logging.getLogger("alembic.runtime.migration").warning("No revision found")
    assert [line["message"] for line in lines(buffer)] == ["No revision found"]


def test_uvicorn_may_speak_of_itself_and_its_access_log_is_silent(configure: Configure) -> None:
    buffer = configure()
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://127.0.0.1:8000")
    logging.getLogger("uvicorn.access").info('%s - "GET %s"', "127.0.0.1", f"/api/prospects/{NUMBER}")
    assert [line["message"] for line in lines(buffer)] == ["Uvicorn running on http://127.0.0.1:8000"]


def test_a_foreign_exception_is_told_by_class_and_place_only(configure: Configure) -> None:
    buffer = configure()

    def fail() -> None:
        try:
            int(WORDS)
        except ValueError as error:
            raise KeyError(NUMBER) from error

    try:
        fail()
    except KeyError:
        as_ours("logger.exception('turn failed')")
    (line,) = lines(buffer)
    told = "\n".join(line["exception"])
    assert "KeyError" in told and "ValueError" in told
    assert "test_logs.py:" in told and " fail" in told
    assert "zanzibar" not in told and "5550147" not in told


def test_an_exception_of_ours_is_told_with_its_redacted_message(configure: Configure) -> None:
    buffer = configure()
    try:
        raise ExceptionGroup("several", [ActionError(f"at: expected a moment, got {NUMBER}"), OSError(111, "refused")])
    except ExceptionGroup:
        as_ours("logger.exception('action failed')")
    told = "\n".join(lines(buffer)[0]["exception"])
    assert "ActionError: at: expected a moment, got [number]" in told
    assert "refused" in told


async def test_a_task_that_dies_unseen_is_told_without_its_words(configure: Configure) -> None:
    buffer = configure()

    async def die() -> None:
        raise RuntimeError(WORDS)

    task = asyncio.create_task(die())
    await asyncio.wait({task})
    asyncio.get_running_loop().call_exception_handler({"message": WORDS, "exception": task.exception()})
    assert "RuntimeError" in buffer.getvalue()
    assert "zanzibar" not in buffer.getvalue()


def test_secrets_and_numbers_in_messages_and_fields_are_redacted(configure: Configure) -> None:
    buffer = configure(secrets=[SECRET])
    as_ours("logger.info('rang {who}', who=number, key=secret, place={'n': number})", number=NUMBER, secret=SECRET)
    (line,) = lines(buffer)
    assert (line["message"], line["who"], line["key"]) == ("rang [number]", "[number]", "[secret]")
    assert NUMBER not in buffer.getvalue() and SECRET not in buffer.getvalue()


def test_a_sink_added_later_gets_only_what_is_clean(configure: Configure) -> None:
    configure()
    later: list[str] = []
    sink = logger.add(later.append, level="TRACE", format="{message} {extra} {exception}")
    as_theirs("logger.debug(f'heard {words}')", words=WORDS)
    as_theirs("logger.error(f'heard {words}')", words=WORDS)
    logger.remove(sink)
    assert later and "zanzibar" not in "".join(later)


def test_a_reader_that_went_away_stops_nobody(configure: Configure) -> None:
    buffer = configure()
    buffer.close()
    as_ours("logger.error('still alive')")


def test_a_field_does_not_cover_a_fixed_one(configure: Configure) -> None:
    buffer = configure()
    as_ours("logger.bind(level='x', message='y').info('real')")
    assert (lines(buffer)[0]["level"], lines(buffer)[0]["message"]) == ("INFO", "real")


@pytest.mark.parametrize(
    "number",
    [
        "+12125550147",
        "2125550147",
        "(212) 555-0147",
        "( 212 ) 555 0147",
        "212.555.0147",
        "1-212-555-0147",
        "+34 600 12 34 56",
        "+44 (0)20 7946 0958",
        "whatsapp:+5215512345678",
        "From=%2B12125550147",
        "tel:+12125550147",
        "caller2125550147",
        "212\u2011555\u20110147",
        "4111 1111 1111 1111",
        "4111111111111111",
        "555-0147",
    ],
)
def test_numbers_are_redacted_however_they_are_written(number: str) -> None:
    clean = Redactor()(f"rang {number} twice")
    assert "[number]" in clean
    assert "0147" not in clean and "1111" not in clean and "0958" not in clean and "5678" not in clean


@pytest.mark.parametrize(
    "text",
    [
        "CA" + "0123456789abcdef" * 2,
        "CA" + "1" * 32,
        "3f2b1c4d-1234-5678-9012-123456789012",
        "listening on 127.0.0.1:8000",
        "192.168.100.200",
        "2026-11-23T12:03:00+00:00",
        "2026-11-23 12:03:00.123456",
        "took 0.123456789 s",
        "answered in 640 ms, 3 calls of 50",
        "pid 12345 port 49152",
    ],
)
def test_what_engineers_need_stays_readable(text: str) -> None:
    assert Redactor()(text) == text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail to ana.lopez+x@example.co.uk now", "ana"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefgh"),
        ("key sk-proj-abcdefghijkl", "abcdef"),
        ("X-Twilio-Signature: GvWf1cFY/Q7PnoempGyD5oXAezc=", "GvWf"),
        ("got GvWf1cFY/Q7PnoempGyD5oXAezc= instead", "GvWf"),
        ("x-hub-signature-256: sha256=0123456789abcdef0123", "0123456789abcdef"),
        ("api_key='abc123'", "abc123"),
        ('{"token": "abc-123"}', "abc-123"),
        ("redis://:pass-word@host:6379/0", "pass-word"),
        ("eyJhbGciOi.eyJzdWIiOi.c2ln", "eyJ"),
    ],
)
def test_credentials_and_mail_addresses_are_redacted(text: str, hidden: str) -> None:
    assert hidden not in Redactor()(text)


def test_a_template_keeps_literals_and_harmless_parts(tmp_path: Any) -> None:
    source = tmp_path / "theirs.py"
    source.write_text(
        "logger.warning(\n"
        "    f'{self} attempt {attempt} on [{text}] failed: '\n"
        "    f'{e}'\n"
        ")\n"
        "logger.error('plain')\n"
        "logger.log(level, f'x {y}')\n"
        "logger.info(message)\n"
    )
    templates = LogTemplates()
    clean = templates.clean(f"S#0 attempt 2 on [{WORDS}] failed: ConnectionRefusedError x", path=str(source), line=1)
    assert clean == "S#0 attempt 2 on […] failed: ConnectionRefusedError"
    assert templates.clean("plain", path=str(source), line=5) == "plain"
    assert templates.clean(f"x {WORDS}", path=str(source), line=6) == "x …"
    assert templates.clean(WORDS, path=str(source), line=7) == WITHHELD
    assert templates.clean(WORDS, path=str(source), line=5) == WITHHELD  # not what stands there
    assert templates.clean("x" * 20_000, path=str(source), line=5) == WITHHELD
