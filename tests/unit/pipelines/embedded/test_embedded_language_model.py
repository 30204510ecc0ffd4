"""The language model's cache: built once, shared, whole or absent."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest

from pipelines.embedded import language_model
from pipelines.embedded.language_model import LanguageModel, LanguageModelError, build_language_model
from pipelines.embedded.pronunciation import read_dictionary


@pytest.fixture
def few_general_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less everyday English: the cache's behaviour does not depend on it, the time does."""
    monkeypatch.setattr(language_model, "GENERAL_WORDS", 300)


SENTENCES = ["I'd like to book a call with NGX on Tuesday.", "how much is it", "zzyzx coaching"]


def test_the_second_build_of_the_same_sentences_reads_the_cache(tmp_path: Path, few_general_words: None) -> None:
    first = build_language_model(SENTENCES, cache_dir=tmp_path)
    made = first.lm_path.stat().st_mtime_ns
    begun = time.perf_counter()
    second = build_language_model(reversed(SENTENCES), cache_dir=tmp_path)
    assert second == first
    assert second.lm_path.stat().st_mtime_ns == made
    assert time.perf_counter() - begun < 2
    assert [path.name for path in tmp_path.iterdir()] == [first.digest], "no temporary directory stays"


def test_new_words_have_phones_and_are_named_on_the_card(tmp_path: Path) -> None:
    model = build_language_model(SENTENCES, cache_dir=tmp_path)
    words = read_dictionary(model.dict_path)
    assert words["ngx"] == ("EH N JH IY EH K S",)
    assert words["zzyzx"]
    assert "tuesday" in words
    assert len(words) > 4900, "everyday English is there too"
    assert "zzyzx" in json.loads((model.lm_path.parent / "card.json").read_text())["phones_by_rule"]


def test_other_sentences_or_another_version_make_another_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_general_words: None
) -> None:
    first = build_language_model(SENTENCES, cache_dir=tmp_path)
    monkeypatch.setattr(language_model, "VERSION", "another")
    assert build_language_model(SENTENCES, cache_dir=tmp_path).digest != first.digest


def test_a_half_written_model_is_built_again(tmp_path: Path, few_general_words: None) -> None:
    model = build_language_model(SENTENCES, cache_dir=tmp_path)
    model.dict_path.unlink()
    again = build_language_model(SENTENCES, cache_dir=tmp_path)
    assert again.dict_path.is_file()


async def test_several_processes_may_build_the_same_model_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from pipelines.embedded.language_model import build_language_model; "
        f"print(build_language_model({SENTENCES!r}, cache_dir=pathlib.Path(sys.argv[1])).lm_path)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    async with asyncio.timeout(120):
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE, env=environment
            )
            for _ in range(2)
        ]
        outputs = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len({output for output, _ in outputs}) == 1
    assert len(os.listdir(tmp_path)) == 1


@pytest.mark.parametrize("sentences", [[], ["", " ?! "]])
def test_sentences_without_words_are_refused(tmp_path: Path, sentences: list[str]) -> None:
    with pytest.raises(LanguageModelError, match="none with a word"):
        build_language_model(sentences, cache_dir=tmp_path)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(LanguageModelError, match="file"):
        build_language_model(SENTENCES, cache_dir=blocked / "models")


def test_speech_on_another_subject_scores_lower_than_a_callers(
    caller_model: LanguageModel, held_out_sentences: tuple[str, ...]
) -> None:
    others = (
        "the parliament passed a law about fishing rights in northern waters",
        "she painted the old castle with watercolors from memory",
        "galaxies rotate faster than their visible matter allows",
        "the recipe needs two cups of flour and a spoon of vinegar",
    )
    own = sorted(caller_model.domain_log_prob(text) for text in held_out_sentences)
    assert max(caller_model.domain_log_prob(text) for text in others) < own[len(own) // 10]
    assert caller_model.domain_log_prob("") == 0.0
