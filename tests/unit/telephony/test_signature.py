"""Twilio's signatures: the vendor's vectors, and what must not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from telephony.twilio.signature import TwilioSignature

TOKEN = "12345"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675310"),
    ("Caller", "+14158675310"),
    ("To", "+18005551212"),
]


def make(public_url: str = "https://mycompany.com", token: str | None = TOKEN) -> TwilioSignature:
    return TwilioSignature(auth_token=token, public_url=public_url, stream_url="wss://example.com/media")


def accepts(signature: str | None, *, public_url: str = "https://mycompany.com", path: str = "/myapp.php") -> bool:
    return make(public_url).accepts_form(path=path, query="foo=1&bar=2", fields=FIELDS, signature=signature)


def test_the_vendors_form_vector_is_accepted():
    assert accepts("GvWf1cFY/Q7PnoempGyD5oXAezc=")


def test_the_vendors_websocket_vector_is_accepted():
    assert make().accepts_upgrade(signature="7PR3qMkpDyEJtMrVOY/LDyNq8J8=")


@pytest.mark.parametrize("given_signature", ["", None, "x", "GvWf1cFY/Q7PnoempGyD5oXAezd=", "ü", "\udce9" * 28])
def test_a_wrong_or_missing_signature_is_refused(given_signature: str | None):
    assert not accepts(given_signature)
    assert not make().accepts_upgrade(signature=given_signature)


def test_another_path_is_refused():
    assert not accepts("GvWf1cFY/Q7PnoempGyD5oXAezc=", path="/other")


def test_another_origin_is_refused():
    assert not accepts("GvWf1cFY/Q7PnoempGyD5oXAezc=", public_url="https://elsewhere.com")


def test_without_a_token_nothing_is_accepted():
    signature = make(token=None)
    empty = RequestValidator("").compute_signature("wss://example.com/media", {})
    assert not signature.can_accept
    assert not signature.accepts_upgrade(signature=empty)
    assert not make(token="").accepts_upgrade(signature=empty)


@pytest.mark.parametrize("signed", ["https://a.example/x", "https://a.example:443/x"])
def test_a_standard_port_may_be_named_or_left_out(signed: str):
    expected = RequestValidator(TOKEN).compute_signature(signed, {})
    assert make("https://a.example").accepts_form(path="/x", query="", fields=[], signature=expected)


def test_an_address_in_brackets_keeps_its_brackets():
    expected = RequestValidator(TOKEN).compute_signature("http://[::1]:8000/x", {})
    assert make("http://[::1]:8000").accepts_form(path="/x", query="", fields=[], signature=expected)


def test_the_upgrade_admits_no_other_port_and_no_query():
    for url in ("wss://example.com:443/media", "wss://example.com/media?a=1", "ws://example.com/media"):
        signature = RequestValidator(TOKEN).compute_signature(url, {})
        assert not make().accepts_upgrade(signature=signature), url


def test_repeated_and_empty_fields_are_covered():
    fields = [("MediaUrl", "b"), ("MediaUrl", "a"), ("Body", "")]
    expected = RequestValidator(TOKEN).compute_signature("https://mycompany.com/x", {"Body": "", "MediaUrl": "ab"})
    # "MediaUrla" + "MediaUrlb" for a repeated field, values sorted.
    repeated = RequestValidator(TOKEN).compute_signature("https://mycompany.com/xBodyMediaUrlaMediaUrlb", {})
    check = make()
    assert check.accepts_form(path="/x", query="", fields=fields, signature=repeated)
    assert not check.accepts_form(path="/x", query="", fields=fields, signature=expected)
    assert not check.accepts_form(path="/x", query="", fields=fields[:2], signature=expected)


@given(
    fields=st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=8),
    path=st.text(max_size=20),
    query=st.text(max_size=20),
    given_signature=st.text(max_size=40),
)
def test_no_request_breaks_the_check(fields: list[tuple[str, str]], path: str, query: str, given_signature: str):
    assert not make().accepts_form(path=path, query=query, fields=fields, signature=given_signature)
