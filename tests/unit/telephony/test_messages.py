"""Media Streams messages: what is read, and why the rest is not."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.metrics import BadFrameCause
from telephony.twilio.messages import (
    MAX_FRAME_BYTES,
    BadFrameError,
    ConnectedMessage,
    DtmfMessage,
    MarkMessage,
    MediaMessage,
    OutgoingMessages,
    StartMessage,
    StopMessage,
    parse_message,
)

START = (
    '{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC..","streamSid":"MZ..","callSid":"CA..",'
    '"tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},'
    '"customParameters":{"token":"secret"}},"streamSid":"MZ.."}'
)


def test_connected_is_read():
    assert isinstance(parse_message('{"event":"connected","protocol":"Call","version":"1.0.0"}'), ConnectedMessage)


def test_start_names_its_call_and_token():
    start = StartMessage.parse(START)
    assert (start.call_sid, start.token, start.stream_sid, start.sequence) == ("CA..", "secret", "MZ..", 1)


def test_anything_else_is_no_start():
    with pytest.raises(BadFrameError) as caught:
        StartMessage.parse('{"event":"stop","streamSid":"MZ.."}')
    assert caught.value.cause is BadFrameCause.OUT_OF_ORDER


def test_a_start_without_parameters_has_no_token():
    assert StartMessage.parse('{"event":"start","start":{"callSid":"CA1"},"streamSid":"MZ"}').token == ""


def test_media_is_decoded():
    audio = bytes(range(160))
    message = parse_message(
        json.dumps(
            {
                "event": "media",
                "sequenceNumber": "2",
                "streamSid": "MZ..",
                "media": {
                    "track": "inbound",
                    "chunk": "1",
                    "timestamp": "155",
                    "payload": base64.b64encode(audio).decode(),
                },
            }
        )
    )
    assert isinstance(message, MediaMessage)
    assert (message.media.payload, message.media.timestamp_ms, message.sequence) == (audio, 155, 2)


def test_keys_marks_and_stop_are_read():
    key = parse_message(
        '{"event":"dtmf","streamSid":"M","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}'
    )
    mark = parse_message('{"event":"mark","sequenceNumber":"4","streamSid":"M","mark":{"name":"x"}}')
    stop = parse_message(
        '{"event":"stop","sequenceNumber":"5","stop":{"accountSid":"AC","callSid":"CA"},"streamSid":"M"}'
    )
    assert isinstance(key, DtmfMessage) and key.dtmf.digit == "1"
    assert isinstance(mark, MarkMessage) and mark.mark.name == "x"
    assert isinstance(stop, StopMessage)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ("", BadFrameCause.NOT_JSON),
        ("{", BadFrameCause.NOT_JSON),
        ("\ud800", BadFrameCause.NOT_JSON),
        ("[]", BadFrameCause.BAD_FIELD),
        ("[" * 60_000, BadFrameCause.BAD_FIELD),
        ('{"event":5}', BadFrameCause.BAD_FIELD),
        ('{"event":"media"}', BadFrameCause.BAD_FIELD),
        ('{"event":"media","media":{"payload":"***"}}', BadFrameCause.BAD_FIELD),
        ('{"event":"start","start":{}}', BadFrameCause.BAD_FIELD),
        ('{"event":"sing"}', BadFrameCause.UNKNOWN_EVENT),
        (" " * (MAX_FRAME_BYTES + 1), BadFrameCause.TOO_LARGE),
    ],
)
def test_a_bad_frame_is_told_by_its_cause(raw: str, cause: BadFrameCause):
    with pytest.raises(BadFrameError) as caught:
        parse_message(raw)
    assert caught.value.cause is cause


@pytest.mark.parametrize("digits", ["", "x", "-1", "٣", "9" * 400])
def test_a_number_that_cannot_be_read_is_none(digits: str):
    assert MarkMessage(sequence_number=digits, mark=parse_mark("m").mark).sequence is None


def parse_mark(name: str) -> MarkMessage:
    message = parse_message(json.dumps({"event": "mark", "mark": {"name": name}}))
    assert isinstance(message, MarkMessage)
    return message


@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["event", "media", "start", "mark", "dtmf", "payload", "sequenceNumber", "streamSid"]) | st.text(max_size=5), inner | st.sampled_from(["media", "start", "mark"]), max_size=5), max_leaves=12).map(json.dumps))  # fmt: skip  # noqa: E501
def test_any_text_is_a_message_or_a_bad_frame(raw: str):
    try:
        parse_message(raw)
    except BadFrameError as error:
        assert isinstance(error.cause, BadFrameCause)


@given(audio=st.binary(max_size=400), sid=st.text(min_size=1, max_size=12), name=st.text(max_size=20))
def test_what_is_sent_is_the_json_that_twilio_takes(audio: bytes, sid: str, name: str):
    outgoing = OutgoingMessages(stream_sid=sid)
    media = json.loads(outgoing.media(audio))
    assert media == {"event": "media", "streamSid": sid, "media": {"payload": base64.b64encode(audio).decode()}}
    assert json.loads(outgoing.mark(name)) == {"event": "mark", "streamSid": sid, "mark": {"name": name}}
    assert json.loads(outgoing.clear) == {"event": "clear", "streamSid": sid}
