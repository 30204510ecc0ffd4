"""Slots of hand-made utterances in both languages, exactly as wanted, and none that is not there."""

from __future__ import annotations

import statistics
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slot_items import SlotItem, read_items

from bot.analysis.moments import Frame, find_moment
from bot.analysis.plain import plain
from bot.analysis.slots import Slot, find_slots

SETS = [
    (f"slots{part}_{language}.txt", language)
    for part in ("", "_second", "_third", "_fourth")
    for language in ("en", "es")
]
SLOTS = {"datetime", "phone", "email", "name", "number", "duration_minutes"}
AIM = 0.97
"""Of items exactly right. The sets are known by now. When first read: the held-out third of the first set 0.92 (en)
and 0.85 (es), the second set 0.91 and 0.89, the third 0.88 and 0.91,
the fourth 0.94 and 0.97."""
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/New_York"))

WORDS = """at five 25 monday . , at @ dot com y media a las 0 99 in 9999999 hours may 31 february the th hora de madrid
    my name is soy one hundred million and half past 2026-13-45 12/45""".split()


def read(text: str, language: str = "en", *, region: str = "US", asked: bool = False) -> dict[str, Slot]:
    frame = Frame(now=MONDAY, zone="America/New_York", language=language)
    return find_slots(text, plain(text), frame=frame, expects_name=asked, region=region)


def wrong(items: list[SlotItem]) -> list[str]:
    return [f"{item.text}: {item.slots} not {found}" for item in items if (found := item.found()) != item.slots]


@pytest.mark.parametrize(("name", "language"), SETS)
def test_slots_are_exactly_right(name: str, language: str) -> None:
    items = read_items(name, language=language)
    failed = wrong(items)
    assert len(failed) <= (1 - AIM) * len(items), "\n".join(failed)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_sets_hold_every_slot_and_lines_without_any(language: str) -> None:
    items = read_items(f"slots_{language}.txt", language=language)
    assert len(items) >= 200
    counts = {slot: sum(slot in item.slots for item in items) for slot in SLOTS}
    assert min(counts.values()) >= 9, counts
    assert sum(not item.slots for item in items) >= 15


@pytest.mark.parametrize(("name", "language"), SETS)
def test_raw_recogniser_output_is_read_as_well_as_punctuated_text(name: str, language: str) -> None:
    """Without capitals and sentence marks nothing but the form of names and weak introductions may be lost."""
    lost = 0
    items = [item for item in read_items(name, language=language) if "name" not in item.slots and "@" not in item.text]
    for item in items:
        frame = Frame(now=item.now, zone=item.zone, language=language)
        raw = item.text.lower()
        for sign in ",;?!¿¡":
            raw = raw.replace(sign, "")
        found = find_slots(raw, plain(raw), frame=frame, expects_name=item.asked, region=item.region)
        lost += found != item.slots
    assert lost <= 0.04 * len(items)


@pytest.mark.parametrize(
    ("text", "language"),
    [("the second one", "en"), ("one moment", "en"), ("uno de ellos", "es"), ("hold on a second", "en")],
)
def test_a_word_that_counts_nothing_is_no_number(text: str, language: str) -> None:
    assert read(text, language) == {}


@pytest.mark.parametrize(
    "text",
    [
        "my card number is 4111 1111 1111 1111",
        "four one one one one one one one one one one one",
        "my ssn is 494-33-0748",
    ],
)
def test_a_card_or_an_identity_number_goes_into_no_slot(text: str) -> None:
    assert read(text) == {}


def test_a_number_is_whole_or_has_a_fraction() -> None:
    assert type(read("one hundred forty nine")["number"]) is int
    assert read("two and a half")["number"] == 2.5
    assert type(read("one point five million")["number"]) is int


def test_what_belongs_to_one_slot_is_not_read_again_for_another() -> None:
    found = read(
        "anna at gmail dot com on friday at five for thirty minutes and two one two five five five oh one four two"
    )
    assert found == {
        "email": "anna@gmail.com",
        "datetime": "2026-11-27T17:00:00-05:00",
        "duration_minutes": 30,
        "phone": "+12125550142",
    }


def test_a_name_is_read_on_either_side_of_an_address() -> None:
    wanted = {"name": "Daniel Pérez", "email": "daniel@gmail.com"}
    assert read("me llamo Daniel Pérez y mi correo es daniel arroba gmail punto com", "es") == wanted
    assert read("mi correo es daniel arroba gmail punto com y me llamo Daniel Pérez", "es") == wanted
    assert read("my email is daniel at gmail dot com") == {"email": "daniel@gmail.com"}


@pytest.mark.parametrize(
    ("region", "text", "number"),
    [
        ("US", "305 555 1222", "+13055551222"),
        ("MX", "55 1234 5678", "+525512345678"),
        ("ES", "612 345 678", "+34612345678"),
        ("AR", "11 4321 9876", "+541143219876"),
        ("CO", "310 555 1234", "+573105551234"),
        ("US", "+34 612 345 678", "+34612345678"),
    ],
)
def test_national_numbers_are_the_regions(region: str, text: str, number: str) -> None:
    assert read(text, "es", region=region)["phone"] == number


def test_a_name_keeps_what_the_recogniser_wrote_and_gets_what_it_did_not() -> None:
    assert read("my name is shaun mcallister")["name"] == "Shaun McAllister"
    assert read("Me llamo José DeVito", "es")["name"] == "José DeVito"
    assert read("me llamo maría de la o", "es")["name"].startswith("María")  # pyright: ignore[reportAttributeAccessIssue]


def test_an_hour_alone_is_of_the_day_already_agreed() -> None:
    frame = Frame(now=MONDAY, zone="America/New_York", language="en", day=datetime(2026, 12, 1).date())  # noqa: DTZ001
    assert find_moment("five", frame) == "2026-12-01T17:00:00-05:00"
    assert find_moment("five", Frame(now=MONDAY, zone="America/New_York", language="en")) is None


@pytest.mark.parametrize("text", ["i am looking for something", "i am going to pay ten", "i am not sure about the two"])
def test_i_am_is_no_time_of_day(text: str) -> None:
    assert "datetime" not in read(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=120) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
    st.sampled_from(["en", "es"]),
    st.sampled_from(["US", "MX", "ES", "AR", "XX"]),
    st.booleans(),
)  # fmt: skip
def test_any_text_gives_slots_of_the_right_form(text: str, language: str, region: str, asked: bool) -> None:
    found = read(text, language, region=region, asked=asked)
    assert set(found) <= SLOTS
    if "datetime" in found:
        moment = datetime.fromisoformat(str(found["datetime"]))
        assert len(str(found["datetime"])) == 10 or moment.utcoffset() is not None
    if "phone" in found:
        assert str(found["phone"]).startswith("+") and str(found["phone"])[1:].isdigit()
    if "email" in found:
        assert str(found["email"]).count("@") == 1 and " " not in str(found["email"])
    if "name" in found:
        assert str(found["name"]).strip() and str(found["name"])[0] == str(found["name"])[0].upper()
    if "duration_minutes" in found:
        assert isinstance(found["duration_minutes"], int)


def test_slots_take_a_few_milliseconds_at_most() -> None:
    taken: list[float] = []
    for item in read_items("slots_en.txt", language="en"):
        started = time.perf_counter()
        item.found()
        taken.append(time.perf_counter() - started)
    assert statistics.median(taken) < 0.005
    started = time.perf_counter()
    read("five at monday " * 130)
    assert time.perf_counter() - started < 2
