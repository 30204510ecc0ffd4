"""Back-off models: probabilities that sum to one, also after mixing and through the binary file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pocketsphinx
import pytest

from pipelines.embedded.ngram import END, START, BackoffModel, mix, witten_bell
from pipelines.embedded.trie_file import TrieFileError, read_trie, trie_bytes

FIRST = ["how much is it", "how much does it cost", "i want to book a session on tuesday"]
SECOND = ["it is a nice day", "how is the weather on sunday", "i want to go"]


def model_of(sentences: list[str]) -> BackoffModel:
    return witten_bell(sentence.split() for sentence in sentences)


def sums(model: BackoffModel, history: list[str]) -> float:
    ids = {word: index for index, word in enumerate(model.words)}
    count = len(model.words)
    rows = [np.full(count, ids[word]) for word in history] + [np.arange(count)]
    table = np.stack(rows)
    logs = model.log_prob_of_trigrams(table) if len(history) == 2 else model.log_prob_of_bigrams(table)
    return float((10**logs).sum())


@pytest.mark.parametrize("history", [["how"], ["it"], [START], ["how", "much"], ["much", "is"], ["day", "how"]])
def test_probabilities_after_any_history_sum_to_one(history: list[str]) -> None:
    model = mix(model_of(FIRST), model_of(SECOND), weight=0.5)
    assert sums(model, history) == pytest.approx(1.0, abs=1e-3)


def test_a_seen_sentence_is_likelier_than_its_words_in_another_order() -> None:
    model = model_of(FIRST)
    ids = {word: index for index, word in enumerate(model.words)}

    def log_prob(text: str) -> float:
        row = [ids[word] for word in (START, *text.split(), END)]
        return float(model.log_prob_of_trigrams(np.array([row[:-2], row[1:-1], row[2:]])).sum())

    assert log_prob("how much is it") > log_prob("it is much how") + 1


def test_no_sentences_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one sentence"):
        witten_bell([])


def test_the_binary_file_gives_the_recogniser_the_same_probabilities(tmp_path: Path) -> None:
    model = mix(model_of(FIRST), model_of(SECOND), weight=0.5)
    path = tmp_path / "small.lm.bin"
    path.write_bytes(trie_bytes(model))
    logmath = pocketsphinx.LogMath(1.0001)
    read = pocketsphinx.NGramModel(pocketsphinx.Config(), logmath, str(path))
    ids = {word: index for index, word in enumerate(model.words)}
    for words in (["how", "much", "is"], ["it", "is", "a"], ["day", "how", "tuesday"], ["on", "sunday", END]):
        expected = float(model.log_prob_of_trigrams(np.array([[ids[word]] for word in words]))[0])
        assert read.prob(words[::-1]) * np.log10(1.0001) == pytest.approx(expected, abs=0.01)


def test_a_written_file_reads_back_as_the_same_model(tmp_path: Path) -> None:
    model = mix(model_of(FIRST), model_of(SECOND), weight=0.5)
    path = tmp_path / "small.lm.bin"
    path.write_bytes(trie_bytes(model))
    again = read_trie(path, top_words=1000)
    assert again.words == model.words
    assert (again.trigrams == model.trigrams).all()
    assert again.log_prob3 == pytest.approx(model.log_prob3, abs=0.01)
    assert again.backoff2 == pytest.approx(model.backoff2, abs=0.01)


@pytest.mark.parametrize("content", [b"", b"ARPA text", b"Trie Language Model\x03\x01\x00"])
def test_another_kind_of_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.lm.bin"
    path.write_bytes(content)
    with pytest.raises(TrieFileError, match=r"other\.lm\.bin"):
        read_trie(path, top_words=10)
