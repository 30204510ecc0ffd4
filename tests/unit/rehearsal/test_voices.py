"""The test callers' voices."""

from __future__ import annotations

import numpy as np
import pytest

from rehearsal import voices


@pytest.mark.parametrize(("text", "lang"), [("How much is it for a month?", "en"), ("¿Cuánto cuesta al mes?", "es")])
def test_speech_is_audible_of_plausible_length_and_starts_at_once(text: str, lang: str) -> None:
    samples = voices.synthesise(text, lang=lang)
    assert samples.dtype == np.int16
    assert 0.8 < len(samples) / 8000 < 4
    assert np.abs(samples).max() > 5000
    assert np.abs(samples[: int(0.05 * 8000)]).max() > 200


def test_voices_differ_and_equal_requests_are_equal() -> None:
    spanish = [voices.synthesise("Sí, claro.", lang="es", voice=voice) for voice in voices.SPANISH_VOICES[:3]]
    assert len({samples.tobytes() for samples in spanish}) == 3
    assert np.array_equal(voices.synthesise("Sí, claro.", lang="es"), spanish[0])


def test_the_rate_is_the_one_asked_for() -> None:
    narrow = voices.synthesise("Good morning.")
    wide = voices.synthesise("Good morning.", sample_rate=16000)
    assert len(wide) / 16000 == pytest.approx(len(narrow) / 8000, abs=0.03)


def test_shared_samples_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        voices.synthesise("Good morning.")[0] = 1


@pytest.mark.parametrize(("text", "lang", "reason"), [("  ", "en", "empty"), ("Bonjour", "fr", "no voice speaks")])
def test_what_cannot_be_spoken_is_refused(text: str, lang: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        voices.synthesise(text, lang=lang)


def test_without_flite_english_is_spoken_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda _: None)
    assert len(voices.synthesise("This one is spoken without flite.")) > 4000
    with pytest.raises(voices.VoiceUnavailable, match="flite is not installed"):
        voices.synthesise("Nobody has said this before, has he?", voice="kal16")


def test_an_unknown_voice_is_refused_with_its_name() -> None:
    with pytest.raises(voices.VoiceUnavailable, match="has no voice 'klingon-nobody'"):
        voices.synthesise("Hello.", voice="klingon-nobody")
