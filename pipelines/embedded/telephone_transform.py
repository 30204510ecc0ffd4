"""The mean transform that lets a wideband acoustic model hear telephone speech.

How it was made, its figures and its licence are in data/telephone_transform_en.md; telephone_fit.py makes it anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TelephoneTransform:
    """`path`: the file for pocketsphinx's `mllr` option. `cepstral_mean`: thirteen numbers with commas between them,
    the mean of telephone speech, where the running normalisation starts with each caller."""

    path: Path
    cepstral_mean: str

    @classmethod
    def load(cls) -> TelephoneTransform:
        """The package's own transform."""
        data = Path(str(files("pipelines.embedded"))) / "data"
        card = json.loads((data / "telephone_transform_en.json").read_text("utf-8"))
        return cls(data / "telephone_transform_en.mllr", card["cepstral_mean"])
