"""`python -m pipelines.embedded.build [PLAYBOOK …]`: makes what hearing needs at installation, so that no start waits.

Builds the language model of each playbook (`ngx` if none is named) into the installation. Nothing is done twice.
"""

from __future__ import annotations

import argparse
import sys

from bot.playbook import PlaybookError, load_playbook
from pipelines.embedded.flite import unavailable
from pipelines.embedded.language_model import LanguageModelError, build_language_model, installed_cache_dir
from pipelines.embedded.playbook_model import playbook_sentences


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 it could not be built, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.embedded.build", description="Build language models.")
    parser.add_argument("playbooks", nargs="*", default=["ngx"], help="a playbook's name or folder")
    options = parser.parse_args(arguments)
    for name in options.playbooks:
        try:
            sentences = playbook_sentences(load_playbook(name))
            model = build_language_model(sentences, cache_dir=installed_cache_dir())
        except (LanguageModelError, PlaybookError) as error:
            sys.stderr.write(f"the embedded recogniser's language model for {name} was not built: {error}\n")
            return 1
        missing = unavailable()
        note = f" ({missing.reason}; the embedded voice will be espeak-ng)" if missing else ""
        sys.stdout.write(f"embedded recogniser: language model {model.digest} for {name} is ready{note}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
