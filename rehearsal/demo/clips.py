"""Makes the demo callers' sound: `python -m rehearsal.demo.clips`. Needed only when a scene's words change.

The clips come with the project so that the demo sounds, and is understood, the same on a machine without flite.
"""

from __future__ import annotations

import sys

import numpy as np
import soundfile

from rehearsal.demo.scenes import CLIPS, SCENES
from rehearsal.voices import synthesise


def main() -> int:
    """Write every clip as 8 kHz mu-law."""
    CLIPS.mkdir(exist_ok=True)
    for old in CLIPS.glob("*.wav"):
        old.unlink()
    for scene in SCENES:
        for index, line in enumerate(scene.lines):
            voice = None if scene.language != "en" else scene.voice
            samples = synthesise(line.text, lang=scene.language, voice=voice)
            scaled = (samples.astype(np.float32) / max(1, np.abs(samples).max()) * 0.5 * 32767).astype(np.int16)
            soundfile.write(scene.clip(index), scaled, 8000, subtype="ULAW")
    return 0


if __name__ == "__main__":
    sys.exit(main())
