"""The recogniser's language model for a playbook: what its callers say, and what callers say to any phone seller."""

from __future__ import annotations

from pathlib import Path

from bot.playbook import Playbook
from pipelines.embedded.caller_sentences import english_caller_sentences
from pipelines.embedded.language_model import LanguageModel, build_language_model


def playbook_sentences(playbook: Playbook) -> tuple[str, ...]:
    """What English callers of this playbook say, the sentences of any phone call included."""
    own = playbook.caller_sentences("en") if "en" in playbook.languages else ()
    return (*english_caller_sentences(), *own)


def playbook_language_model(playbook: Playbook, *, data_dir: Path) -> LanguageModel:
    """The model for a playbook's English callers; built under `data_dir` where installation left none (5-8 s).

    Blocks: call it in a thread.

    Raises:
        LanguageModelError: the directory cannot be written.
    """
    return build_language_model(playbook_sentences(playbook), cache_dir=data_dir / "cache" / "language-models")
