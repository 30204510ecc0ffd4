"""Text on its way into the recogniser: spoken words, templates, pronunciations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.embedded.caller_sentences import CallerSentencesError, english_caller_sentences, expand_sentences
from pipelines.embedded.pronunciation import pronounce
from pipelines.embedded.sentences import LONGEST, split_sentences
from pipelines.embedded.spoken_words import number_words, spoken_words

DICTIONARY = {
    "n": ("EH N",), "g": ("JH IY",), "x": ("EH K S",), "coach": ("K OW CH",), "plan": ("P L AE N",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It's $149 a month!", "it's one hundred forty nine dollars a month"),
        ("Tuesday at 3:30pm", "tuesday at three thirty p m"),
        ("10:05 A.M. or 9 am", "ten oh five a m or nine a m"),
        ("I am at home, am I?", "i am at home am i"),
        ("May 21st", "may twenty first"),
        ("the 12th and the 30th", "the twelfth and the thirtieth"),
        ("john.smith@gmail.com", "john smith at gmail dot com"),
        ("3,997 dollars for 12 weeks", "three thousand nine hundred ninety seven dollars for twelve weeks"),
        ("0123", "zero one two three"),
        ("Let\u2019s go \u2014 100%", "let's go one hundred percent"),
        ("¿?", ""),
    ],
)
def test_text_becomes_the_words_a_caller_says(written: str, spoken: str) -> None:
    assert " ".join(spoken_words(written)) == spoken


@given(st.integers(min_value=0, max_value=999_999_999))
def test_any_number_is_said_in_words_that_stay_as_they_are(value: int) -> None:
    assert " ".join(spoken_words(number_words(value))) == number_words(value)


@given(st.text(max_size=200))
def test_any_text_gives_only_words_that_the_recogniser_can_hold(text: str) -> None:
    for word in spoken_words(text):
        assert word and all(character.isascii() and (character.isalpha() or character == "'") for character in word)


def test_every_member_of_a_class_is_used_across_lines() -> None:
    lines = ["@day " + " | ".join(f"day{index}" for index in range(12)), "on {day}", "until {day}"]
    used = {word for sentence in expand_sentences(lines) for word in sentence.split()}
    assert {f"day{index}" for index in range(12)} <= used


def test_a_class_without_a_definition_is_named_with_its_line() -> None:
    with pytest.raises(CallerSentencesError, match=r"line 2: class \{month\}"):
        expand_sentences(["hello", "in {month}"])


def test_the_package_has_many_sentences_and_none_that_is_held_out(held_out_sentences: tuple[str, ...]) -> None:
    sentences = english_caller_sentences()
    assert len(sentences) >= 600
    assert not set(sentences) & set(held_out_sentences)
    assert not [sentence for sentence in sentences if not spoken_words(sentence)]


def test_initials_are_spelled_and_possessives_follow_their_noun() -> None:
    entries = pronounce(["ngx", "coach's", "plan's"], dictionary=DICTIONARY, letter_to_sound=None).entries
    assert entries == {
        "ngx": ("EH N JH IY EH K S",),
        "coach's": ("K OW CH IH Z",),
        "plan's": ("P L AE N Z",),
    }


def test_a_new_name_gets_phones_also_without_a_synthesiser_and_is_reported() -> None:
    result = pronounce(["noom", "coach"], dictionary=DICTIONARY, letter_to_sound=None)
    assert result.entries["noom"] == ("N UW M",)
    assert result.guessed == ("noom",)


def test_letter_to_sound_rules_win_over_guesses() -> None:
    result = pronounce(["zeno"], dictionary=DICTIONARY, letter_to_sound=lambda word: ("Z", "IY", "N", "OW"))
    assert result.dictionary_text() == "zeno Z IY N OW\n"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there. How are you? Fine!", ("Hello there.", "How are you?", "Fine!")),
        ("I'm Dr. Smith. It is 3.5 miles.", ("I'm Dr. Smith.", "It is 3.5 miles.")),
        ("Hola. ¿Cómo está?", ("Hola.", "¿Cómo está?")),
        ("", ()),
        ("  \n ", ()),
    ],
)
def test_a_text_is_cut_at_its_sentences(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(alphabet="ab .,!?\nA", max_size=600))
def test_cutting_loses_no_character_but_spaces(text: str) -> None:
    pieces = split_sentences(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) <= LONGEST for piece in pieces)
