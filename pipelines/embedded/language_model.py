"""The recogniser's language model: what callers say here, mixed half and half with everyday English, and cached.

The playbook's sentences become a Witten-Bell trigram model; it is interpolated with the 5,000 most probable words of
the model that ships with pocketsphinx. Building takes 5-8 s, so the result is kept under a name made of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pocketsphinx  # pyright: ignore[reportMissingTypeStubs]

from pipelines.embedded.flite import letter_to_sound
from pipelines.embedded.ngram import END, START, BackoffModel, mix, witten_bell
from pipelines.embedded.pronunciation import pronounce, read_dictionary
from pipelines.embedded.spoken_words import spoken_words
from pipelines.embedded.trie_file import read_trie, trie_bytes

VERSION = "1"
"""Raise it when the same sentences should give another model."""

GENERAL_WORDS = 5000
DOMAIN_WEIGHT = 0.5
_OTHER_SPELLINGS = frozenset({"pm", "p.m.", "a.m.", "ok"})
"""Words of the general model that our own sentences spell otherwise: one spelling must win."""
_UNKNOWN_LOG_PROB = -5.0
_FILES = ("model.lm.bin", "words.dict", "domain.npz", "card.json")


class LanguageModelError(RuntimeError):
    """A language model cannot be built or its cached files cannot be used."""


@dataclass(frozen=True)
class LanguageModel:
    """Files of a finished model; `digest` names the sentences and the version that made it."""

    lm_path: Path
    dict_path: Path
    domain_path: Path
    digest: str

    @cached_property
    def _domain(self) -> _Domain:
        return _Domain.read(self.domain_path)

    def domain_log_prob(self, text: str) -> float:
        """Mean log10 probability a word of `text` in the playbook's model alone; 0.0 for no words.

        Speech on another subject stands out by it (AUC 0.92 on recognised speech), word confidences say nothing.
        """
        return self._domain.mean_log_prob(text.split())


@dataclass(frozen=True, slots=True)
class _Domain:
    """The playbook's model, ready for single questions."""

    model: BackoffModel
    ids: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> _Domain:
        with np.load(path, allow_pickle=False) as stored:
            model = BackoffModel(**{**stored, "words": tuple(stored["words"].tolist())})
        return cls(model, {word: index for index, word in enumerate(model.words)})

    def mean_log_prob(self, words: Sequence[str]) -> float:
        if not words:
            return 0.0
        row = [START, START, *words, END]
        known = np.array([self.ids.get(word, -1) for word in row], np.int64)
        triples = np.stack([known[:-2], known[1:-1], known[2:]])[:, : len(words) + 1]
        logs = self.model.log_prob_of_trigrams(np.maximum(triples, 0))
        pairs = self.model.log_prob_of_bigrams(np.maximum(triples[1:], 0))
        singles = self.model.log_prob[np.maximum(triples[2], 0)]
        logs = np.where(triples[0] < 0, pairs, logs)
        logs[0] = pairs[0]
        logs = np.where(triples[1] < 0, singles, logs)
        return float(np.where(triples[2] < 0, _UNKNOWN_LOG_PROB, logs).mean())


def installed_cache_dir() -> Path:
    """Where installation leaves models: inside the virtual environment."""
    return Path(sys.prefix) / "share" / "ngx-voice" / "language-models"


def build_language_model(sentences: Iterable[str], *, cache_dir: Path) -> LanguageModel:
    """The model for `sentences`, from the installation, from `cache_dir`, or built into `cache_dir` (5-8 s).

    Blocks: call it in a thread. Any number of processes may build the same model at once; the first to finish wins.

    Raises:
        LanguageModelError: no sentence holds a word, or the directory cannot be written.
    """
    tokens = sorted({words for sentence in sentences if (words := spoken_words(sentence))})
    if not tokens:
        raise LanguageModelError("a language model needs sentences, none with a word in it came")
    digest = _digest(tokens)
    for directory in (installed_cache_dir() / digest, cache_dir / digest):
        if all((directory / name).is_file() for name in _FILES):
            return _at(directory, digest=digest)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{digest}-", dir=cache_dir))
    except OSError as error:
        raise LanguageModelError(f"cannot write language models to {cache_dir}: {error}") from error
    try:
        _write(tokens, directory=work)
        _put_in_place(work, target=cache_dir / digest)
    except OSError as error:
        raise LanguageModelError(f"cannot write language models to {cache_dir}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _at(cache_dir / digest, digest=digest)


def _digest(tokens: Sequence[Sequence[str]]) -> str:
    content = "\n".join([VERSION, str(GENERAL_WORDS), str(DOMAIN_WEIGHT), *(" ".join(words) for words in tokens)])
    # With and without a synthesiser's letter-to-sound rules new words get other phones.
    content += f"\nletter-to-sound {letter_to_sound() is not None}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _at(directory: Path, *, digest: str) -> LanguageModel:
    lm_path, dict_path, domain_path, _ = (directory / name for name in _FILES)
    return LanguageModel(lm_path, dict_path, domain_path, digest)


def _put_in_place(work: Path, *, target: Path) -> None:
    """Renames; a directory left half-written by something else is replaced, a whole one is kept."""
    for _ in range(3):
        try:
            os.rename(work, target)
        except OSError:
            if all((target / name).is_file() for name in _FILES):
                return
            shutil.rmtree(target, ignore_errors=True)
        else:
            return
    os.rename(work, target)


def _write(tokens: Sequence[Sequence[str]], *, directory: Path) -> None:
    bundled = Path(pocketsphinx.get_model_path("en-us"))
    domain = witten_bell(tokens)
    general = read_trie(bundled / "en-us.lm.bin", top_words=GENERAL_WORDS, without=_OTHER_SPELLINGS - set(domain.words))
    model = mix(domain, general, weight=DOMAIN_WEIGHT)
    words = [word for word in model.words if word not in (START, END)]
    spoken = pronounce(
        words, dictionary=read_dictionary(bundled / "cmudict-en-us.dict"), letter_to_sound=letter_to_sound()
    )
    (directory / "model.lm.bin").write_bytes(trie_bytes(model))
    (directory / "words.dict").write_text(spoken.dictionary_text(), "utf-8")
    arrays = {name: getattr(domain, name) for name in BackoffModel.__slots__}
    np.savez(directory / "domain.npz", **arrays)
    card = {
        "version": VERSION,
        "sentences": len(tokens),
        "words": len(words),
        "domain_words": len(domain.words) - 2,
        "phones_by_rule": list(spoken.guessed),
        "letter_to_sound": letter_to_sound() is not None,
    }
    (directory / "card.json").write_text(json.dumps(card, indent=1), "utf-8")
