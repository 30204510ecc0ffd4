"""What the embedded speech tests share: one small language model, one full one, callers' voices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.embedded import flite
from pipelines.embedded.caller_sentences import english_caller_sentences
from pipelines.embedded.language_model import LanguageModel, build_language_model

SELLER_WORDS = (
    "tell me about the pro plan",
    "what is the elite plan",
    "the essential plan please",
    "what is prime",
    "is pro better than essential",
    "what does elite include",
    "is ngx any good",
)


@pytest.fixture(scope="session")
def caller_model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    """The generic sentences and a few product names, as a playbook would add them."""
    return build_language_model(
        [*english_caller_sentences(), *SELLER_WORDS], cache_dir=tmp_path_factory.mktemp("language-models")
    )


@pytest.fixture(scope="session")
def held_out_sentences() -> tuple[str, ...]:
    lines = (Path(__file__).parent / "data" / "held_out_sentences_en.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@pytest.fixture
def flite_voices() -> Iterator[None]:
    """Skips where flite is not installed."""
    missing = flite.unavailable()
    if missing:
        pytest.skip(missing.reason)
    yield
