"""The trained text models: what they answer, how they are stored, what they refuse."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from bot.analysis.models import ModelError, TextModels
from bot.analysis.models.bundle import FOLDER, NAMES
from bot.analysis.models.concepts import load_concepts
from bot.analysis.models.features import text_features
from bot.analysis.models.linear import LinearModel
from bot.analysis.models.money import budget_band, monthly_budgets
from bot.domain import EmotionLabel, Intent, Signal, Speaker, Stage

MEBIBYTE = 1 << 20
BOT, CALLER = Speaker.BOT, Speaker.CALLER


@pytest.fixture(scope="module")
def models() -> TextModels:
    return TextModels.load()


@pytest.mark.parametrize(
    ("text", "language", "intent"),
    [
        ("how much does it cost a month", "en", Intent.ASK_PRICE),
        ("I'd have to ask my wife first.", "en", Intent.OBJECTION_AUTHORITY),
        ("am i talking to a robot", "en", Intent.IS_AI),
        ("please leave a message after the tone", "en", Intent.MACHINE),
        ("let me talk to a real person please", "en", Intent.HUMAN),
        ("bye bye have a nice day", "en", Intent.GOODBYE),
        ("¿Cuánto cuesta al mes?", "es", Intent.ASK_PRICE),
        ("tengo que preguntarle a mi esposo", "es", Intent.OBJECTION_AUTHORITY),
        ("estoy hablando con un robot", "es", Intent.IS_AI),
        ("deje su mensaje después del tono", "es", Intent.MACHINE),
        ("quiero hablar con una persona de verdad", "es", Intent.HUMAN),
        ("adiós que tenga buen día", "es", Intent.GOODBYE),
    ],
)
def test_plain_purposes_are_recognised(models: TextModels, text: str, language: str, intent: Intent) -> None:
    scores = models.judge(text, language=language).intent_scores
    assert max(scores, key=lambda label: scores[label]) == intent


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("text", ["", "?", "¡¿ééé", "a" * 5000, "no " * 700, "你好", "149"])
def test_any_text_gets_all_labels_and_scores_that_sum_to_one(models: TextModels, text: str, language: str) -> None:
    found = models.judge(text, language=language)
    assert set(found.intent_scores) == {str(each) for each in Intent}
    assert set(found.emotion_scores) == {str(each) for each in EmotionLabel}
    assert set(found.signals) == {str(each) for each in Signal}
    assert sum(found.intent_scores.values()) == pytest.approx(1.0, abs=1e-4)
    assert sum(found.emotion_scores.values()) == pytest.approx(1.0, abs=1e-4)
    assert -1.0 <= found.valence <= 1.0
    assert all(0.0 <= score <= 1.0 for score in found.signals.values())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("take me off your list", "en"),
        ("would you be so kind as to remove my mother's number she passed away", "en"),
        ("stop calling this house", "en"),
        ("bórreme de su lista", "es"),
        ("ya no me vuelvan a llamar por favor", "es"),
    ],
)
def test_a_request_for_no_contact_is_heard(models: TextModels, text: str, language: str) -> None:
    assert models.judge(text, language=language).optout


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what does the pro plan include", "en"),
        ("i want to lose ten pounds", "en"),
        ("call me back tomorrow at nine", "en"),
        ("qué incluye el plan", "es"),
        ("llámeme mañana a las nueve", "es"),
    ],
)
def test_other_talk_is_no_request_for_no_contact(models: TextModels, text: str, language: str) -> None:
    assert not models.judge(text, language=language).optout


@pytest.mark.parametrize(
    ("text", "language", "takes"),
    [
        ("mm-hm", "en", False),
        ("right right", "en", False),
        ("wait how much is that", "en", True),
        ("no I said Tuesday", "en", True),
        ("ajá", "es", False),
        ("espere cuánto cuesta eso", "es", True),
    ],
)
def test_questions_take_the_floor_and_nods_do_not(models: TextModels, text: str, language: str, takes: bool) -> None:
    bot = (
        "And the coach checks in with you every week, so that" if language == "en" else "Y el entrenador le llama, así"
    )
    assert (models.takes_floor(text, language=language, bot_was_saying=bot) >= 0.5) is takes


def test_a_feeling_shows_in_the_sign_of_valence(models: TextModels) -> None:
    assert models.judge("this is ridiculous i hate you people", language="en").valence < -0.15
    assert models.judge("oh that's wonderful thank you so much", language="en").valence > 0.15
    assert models.judge("estoy harto de ustedes esto es un abuso", language="es").valence < -0.15
    assert models.judge("qué maravilla muchas gracias me encanta", language="es").valence > 0.15


def test_the_tier_follows_the_evidence_and_says_why(models: TextModels) -> None:
    found = models.judge_talk(
        [
            (BOT, "What do you do?"),
            (CALLER, "I'm the founder of a company, I sold my startup and I fly every week."),
            (BOT, "And what matters to you?"),
            (CALLER, "Somebody who handles everything for me, money is no object."),
        ],
        language="en",
    )
    assert max(found.tier_scores, key=lambda tier: found.tier_scores[tier]) == "prime"
    assert "runs a company" in dict(found.reasons)


def test_the_last_need_outweighs_the_first(models: TextModels) -> None:
    rich = "I'm the CEO of a big company and money is no object."
    modest = "I'm a beginner on a fixed income, I only want the cheapest app to try it."
    first = models.judge_talk([(CALLER, rich), (CALLER, modest)], language="en").tier_scores
    second = models.judge_talk([(CALLER, modest), (CALLER, rich)], language="en").tier_scores
    assert first["essential"] > second["essential"]


def test_a_talk_without_words_still_gets_every_label(models: TextModels) -> None:
    found = models.judge_talk([], language="en")
    assert sum(found.tier_scores.values()) == pytest.approx(1.0, abs=1e-4)
    assert set(found.stage_scores) == {str(stage) for stage in Stage}
    assert len(found.objection_scores) == 7
    assert len(found.needs) == 9
    assert found.reasons == ()


def test_the_same_question_gets_the_same_answer(models: TextModels) -> None:
    assert models.judge("is it expensive", language="en") == TextModels.load().judge("is it expensive", language="en")


def test_judging_stays_far_from_holding_up_a_call(models: TextModels) -> None:
    text = "well i don't know it sounds interesting but i'd have to talk to my wife and see what the price is " * 2
    models.judge(text, language="en")
    start = time.process_time()
    for _ in range(20):
        models.judge(text, language="en")
    assert (time.process_time() - start) / 20 < 0.1


@pytest.mark.parametrize(
    ("text", "language", "dollars"),
    [
        ("about a hundred and fifty dollars a month", "en", 150.0),
        ("forty bucks a week", "en", 173.3),
        ("ochenta euros al mes", "es", 86.4),
        ("cuatrocientos mil pesos al mes", "es", 100.0),
        ("four thousand dollars", "en", 1333.3),
    ],
)
def test_money_is_brought_to_dollars_a_month(text: str, language: str, dollars: float) -> None:
    assert monthly_budgets(text, language=language) == [pytest.approx(dollars, rel=0.01)]


@pytest.mark.parametrize(
    "text", ["i want to lose twenty pounds", "i'm forty two", "i make two hundred thousand a year"]
)
def test_weights_ages_and_incomes_are_no_budget(text: str) -> None:
    assert monthly_budgets(text, language="en") == []


def test_budget_bands_have_names_that_can_be_read() -> None:
    assert [budget_band(value) for value in (20, 149, 5000)] == ["budget under 60", "budget 110-175", "budget over 800"]


def test_case_punctuation_and_apostrophes_carry_nothing() -> None:
    written = text_features("I don't know. It's TOO expensive,", language="en")
    heard = text_features("i dont know its too expensive", language="en")
    assert np.array_equal(written.wording, heard.wording)
    assert np.array_equal(written.concepts, heard.concepts)


def test_both_languages_touch_the_same_concepts() -> None:
    def found(text: str, language: str) -> set[str]:
        return {concept for _, concept in load_concepts(language).found(text.split())}

    assert "authority" in found("i have to ask my wife", "en") & found("le pregunto a mi esposa", "es")


def test_every_model_has_a_card_and_all_are_small() -> None:
    for name in NAMES:
        card = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert all(word in card for word in ("Data:", "Licence", "Made:", "## Limits"))
    assert sum((FOLDER / f"{name}.npz").stat().st_size for name in NAMES) < 6 * MEBIBYTE


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"intent_en\.npz"):
        TextModels.load(tmp_path)


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "floor.npz").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"floor\.npz"):
        LinearModel.load(tmp_path / "floor.npz")


def test_a_model_of_other_concept_lists_is_refused(tmp_path: Path) -> None:
    with np.load(FOLDER / "floor.npz") as stored:
        arrays = dict(stored)
    arrays["concepts"] = np.array(int(arrays["concepts"]) ^ 1)
    np.savez(tmp_path / "floor.npz", **arrays)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ModelError, match="other concept lists"):
        LinearModel.load(tmp_path / "floor.npz")
