"""The TwiML documents, as Twilio would read them."""

from __future__ import annotations

from xml.etree import ElementTree

from telephony.twilio import twiml


def test_a_stream_carries_its_token_as_a_parameter():
    document = twiml.connect_stream(stream_url="wss://a.example/s", action_url="https://a.example/after", token="t-1_")
    connect = ElementTree.fromstring(document).find("Connect")  # noqa: S314  our own document
    assert connect is not None and connect.attrib == {"action": "https://a.example/after"}
    stream = connect.find("Stream")
    assert stream is not None and stream.attrib == {"url": "wss://a.example/s"}
    parameter = stream.find("Parameter")
    assert parameter is not None and parameter.attrib == {"name": "token", "value": "t-1_"}


def test_a_sentence_is_said_in_its_language_before_the_end():
    document = twiml.say_and_hang_up(
        [twiml.SpokenLine(language="en", text="Sorry & <bye>"), twiml.SpokenLine(language="es", text="Adiós")]
    )
    verbs = list(ElementTree.fromstring(document))  # noqa: S314
    assert [(verb.tag, verb.text, verb.get("language")) for verb in verbs] == [
        ("Say", "Sorry & <bye>", "en-US"),
        ("Say", "Adiós", "es-US"),
        ("Hangup", None, None),
    ]


def test_a_transfer_dials_the_person_and_shows_our_number():
    verbs = list(ElementTree.fromstring(twiml.dial(number="+12125550143", caller_id="+12125550142")))  # noqa: S314
    assert [verb.tag for verb in verbs] == ["Dial", "Hangup"]
    assert verbs[0].text == "+12125550143" and verbs[0].get("callerId") == "+12125550142"


def test_a_transfer_without_a_number_of_ours_leaves_the_callers():
    assert "callerId" not in twiml.dial(number="+12125550143", caller_id=None)
