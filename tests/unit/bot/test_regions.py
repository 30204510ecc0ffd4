"""In which language a caller is greeted, by their number alone."""

from __future__ import annotations

import pytest

from bot.regions import language_of_number

BOTH = ("en", "es")

SPANISH = {
    "AR": "+541123456789", "BO": "+59171234567", "CL": "+56221234567", "CO": "+573211234567", "CR": "+50622123456",
    "CU": "+5371234567", "DO": "+18092345678", "EC": "+59322123456", "ES": "+34915550127", "GQ": "+240333091234",
    "GT": "+50222456789", "HN": "+50422123456", "MX": "+5215512345678", "NI": "+50521234567", "PA": "+5072001234",
    "PE": "+51911123456", "PR": "+17872345678", "PY": "+595212345678", "SV": "+50321234567", "UY": "+59821231234",
    "VE": "+582121234567",
}  # fmt: skip


@pytest.mark.parametrize("number", SPANISH.values(), ids=SPANISH.keys())
def test_callers_from_where_spanish_is_spoken_are_greeted_in_spanish(number: str) -> None:
    assert language_of_number(number, languages=BOTH) == "es"


@pytest.mark.parametrize(
    "number",
    ["+14155550123", "+442071234567", "+5511912345678", "+33612345678", "+18765550123", "+35020012345", "+12424567890"],
)
def test_elsewhere_the_playbooks_first_language_is_left_to_it(number: str) -> None:
    assert language_of_number(number, languages=BOTH) is None


@pytest.mark.parametrize("number", [None, "", "anonymous", "+", "+99999999", "+0", "sip:a@b"])
def test_a_number_that_cannot_be_read_tells_nothing(number: str | None) -> None:
    assert language_of_number(number, languages=BOTH) is None


def test_the_language_is_one_of_the_playbooks() -> None:
    assert language_of_number("+34915550127", languages=("en",)) is None
    assert language_of_number("+34915550127", languages=("en", "es-MX")) == "es-MX"
    assert language_of_number("+34915550127", languages=()) is None
