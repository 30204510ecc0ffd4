"""A playbook is loaded whole and checked, or refused with the place of every mistake."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import bot.tools
from bot.playbook import Playbook, PlaybookError, check_playbook, load_playbook
from bot.playbook.keys import TOOLS
from bot.playbook.loader import BOOKS


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook("ngx")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BOOKS / "ngx", tmp_path / "mine"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_default_playbook_has_no_findings() -> None:
    assert check_playbook("ngx") == []


def test_it_sells_the_four_tiers_at_their_prices_in_spoken_form(playbook: Playbook) -> None:
    assert {offer.key: playbook.price(offer.key, language="en") for offer in playbook.tiers} == {
        "essential": "79 dollars a month",
        "pro": "149 dollars a month",
        "elite": "199 dollars a month",
        "prime": "3,997 dollars for 12 weeks",
    }
    assert playbook.price("pro", language="es") == "149 dólares al mes"
    assert playbook.price("prime", language="es") == "3997 dólares por 12 semanas"


def test_the_words_of_a_full_house_and_of_a_bad_line_are_there(playbook: Playbook) -> None:
    for language in playbook.languages:
        for key in ("full_house", "degraded.hearing", "degraded.speaking"):
            assert playbook.sentences(language, key)


def test_no_text_file_holds_a_price_in_digits_of_its_own() -> None:
    for language in ("en", "es"):
        text = (BOOKS / "ngx" / f"texts.{language}.toml").read_text(encoding="utf-8")
        assert not re.search(r"\b(?:79|149|199|3,?997)\b|\d+ (?:dollars|dólares)", text)


def test_both_languages_say_the_same_things(playbook: Playbook) -> None:
    english, spanish = (set(playbook.texts[language].sentences) for language in ("en", "es"))
    assert english == spanish


def test_what_callers_say_is_plain_and_plenty(playbook: Playbook) -> None:
    english, spanish = playbook.caller_sentences("en"), playbook.caller_sentences("es")
    assert len(english) >= 250 and len(spanish) >= 100
    assert all(re.fullmatch(r"[a-z' ]+", line) for line in english), [
        line for line in english if not re.fullmatch(r"[a-z' ]+", line)
    ]
    assert all(line == line.lower() and not re.search(r"\d", line) for line in spanish)


def test_a_playbook_may_lie_in_any_folder_and_its_version_follows_its_content(book: Path, playbook: Playbook) -> None:
    copied = load_playbook(str(book))
    assert copied.version == playbook.version and copied.name == "mine"
    edit(book / "texts.en.toml", "How can I help you today?", "What can I do for you?")
    assert load_playbook(str(book)).version != copied.version


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        ("playbook.toml", "amount = 149", 'amount = "a lot"', r"playbook\.toml: tiers\[1\]\.amount: .*got 'a lot'"),
        ("playbook.toml", "amount = 149", "amount = -1", r"tiers\[1\]\.amount: .*greater than 0; got -1"),
        ("playbook.toml", 'zone = "America/New_York"', 'zone = "New York"', r"business\.zone: .*IANA zone.*New York"),
        ("playbook.toml", "appointment_minutes = 30", "appointment_minute = 30", r"appointment_minute"),
        ("playbook.toml", 'stage = "discover"', 'stage = "chat"', r"questions\[0\]\.stage: .*got 'chat'"),
        ("playbook.toml", 'key = "obstacle"', 'key = "goal"', r"expected keys once, got goal"),
        (
            "playbook.toml",
            "{ essential = 0.9 }",
            "{ basic = 0.9 }",
            r"speaks_for: expected one of the tiers .* got basic",
        ),
        ("playbook.toml", '["opt_out", "end_call"]', '["opt_in"]', r"tools\.farewell: expected one of .*got opt_in"),
        ("playbook.toml", "[business]", "[business", r"playbook\.toml: -: expected TOML"),
        ("texts.es.toml", 'storage = "', 'storag = "', r"texts\.es\.toml: sentences\.notice\.storage: .*missing"),
        ("texts.en.toml", "{tier.pro.price}", "{tier.gold.price}", r"texts\.en\.toml: .*got \{tier\.gold\.price\}"),
        ("texts.en.toml", "{moment}", "{when}", r"sentences\.session\.confirm\[0\]: .*\{when\}"),
        ("texts.en.toml", "[tiers.pro]", "[tiers.gold]", r"tiers\.gold"),
        ("texts.en.toml", "Are you still there?", "word " * 26, r"silence\.first\[0\]: expected at most 25 words.*26"),
        ("texts.es.toml", 'calm = ["Le', 'clam = ["Le', r"texts\.es\.toml: sentences\.opener\.calm: .*missing"),
        (
            "texts.en.toml",
            '"That\'s a good question."',
            '"That is a good question."',
            r"opener\.question\[0\]: .*4 words, got 5",
        ),
        (
            "texts.en.toml",
            '"That\'s a good question."',
            '"Good one, {name}."',
            r"opener\.question\[0\]: .*got \{name\}",
        ),
        (
            "texts.es.toml",
            'calm = ["Le entiendo bien.", "Sí, lo entiendo.", "Sí, le escucho."]',
            'calm = "Bien."',
            r"at least 2",
        ),
        ("playbook.toml", '9 = "opt_out"', '1 = "opt_out"', r"keys\.1: expected another key than 1 and 2"),
        ("texts.en.toml", '"Are you still there?"', "7", r"silence\.first\[0\]: expected a text"),
        ("texts.en.toml", '"Are you still there?"', '{tone = "loud", text = "Hey"}', r"tone: expected one of .*'loud'"),
    ],
)
def test_a_mistake_is_refused_with_file_place_and_what_was_expected(
    book: Path, file: str, old: str, new: str, wanted: str
) -> None:
    edit(book / file, old, new)
    with pytest.raises(PlaybookError) as caught:
        load_playbook(str(book))
    assert re.search(wanted, str(caught.value)), str(caught.value)


def test_the_tools_a_playbook_may_name_are_those_that_exist() -> None:
    tools = Path(bot.tools.__file__).parent
    assert all((tools / f"{name}.py").is_file() for name in TOOLS)


def test_a_playbook_without_openers_needs_no_words_for_them(book: Path) -> None:
    edit(book / "playbook.toml", "openers = true", "openers = false")
    for language in ("en", "es"):
        edit(book / f"texts.{language}.toml", "[sentences.opener]", "[sentences.narrower2]")
    findings = check_playbook(str(book))
    assert findings and all("narrower2" in finding.key for finding in findings)


def test_every_mistake_is_told_at_once(book: Path) -> None:
    edit(book / "texts.en.toml", "{tier.pro.price}", "{tier.gold.price}")
    edit(book / "texts.es.toml", "{callback_number}", "{numero}")
    assert {Path(finding.file).name for finding in check_playbook(str(book))} == {"texts.en.toml", "texts.es.toml"}


@pytest.mark.parametrize("missing", ["playbook.toml", "texts.es.toml", "hears.en.txt"])
def test_a_missing_file_is_named(book: Path, missing: str) -> None:
    (book / missing).unlink()
    with pytest.raises(PlaybookError, match=f"{re.escape(missing)}: -: expected this file"):
        load_playbook(str(book))


def test_a_file_that_is_no_text_is_named(book: Path) -> None:
    (book / "texts.en.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlaybookError, match="UTF-8"):
        load_playbook(str(book))


def test_an_unknown_name_tells_which_there_are() -> None:
    with pytest.raises(PlaybookError, match=r"no_such.*\(ngx\)"):
        load_playbook("no_such")
