"""What utterances mean, as callers and recognisers put them."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analysis import Analyst
from bot.analysis.numbers import with_digits
from bot.analysis.optout import asks_no_contact
from bot.analysis.plain import plain
from bot.conversation import CallState, new_state
from bot.domain import Direction, EmotionLabel, Intent, Signal, Understanding
from bot.playbook import load_playbook
from bot.policy.state import Awaiting

PLAYBOOK = load_playbook("ngx")
ANALYST = Analyst(PLAYBOOK)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/New_York"))


def state(language: str = "en", awaiting: Awaiting = Awaiting.NOTHING) -> CallState:
    return replace(new_state(PLAYBOOK, direction=Direction.INBOUND, language=language), awaiting=awaiting)


def understand(text: str, language: str = "en", awaiting: Awaiting = Awaiting.NOTHING) -> Understanding:
    return ANALYST.understand(text, hint=None, state=state(language, awaiting), now=MONDAY)


@pytest.mark.parametrize(
    ("intent", "language", "lines"),
    [
        (
            "ask_price",
            "en",
            ["how much is it", "what does it cost per month", "what are your prices", "so uh how much"],
        ),
        ("ask_price", "es", ["cuánto cuesta", "qué precio tiene", "cuánto tendría que pagar"]),
        ("ask_product", "en", ["what is it exactly", "how does it work", "what's included", "do i need a gym"]),
        ("ask_product", "es", ["cómo funciona", "de qué se trata", "qué incluye"]),
        ("ask_schedule", "en", ["thursday at five", "can i book a consultation", "when are you available"]),
        ("ask_schedule", "es", ["el jueves a las cinco", "quisiera hacer una cita", "qué horarios tienen"]),
        ("ask_discount", "en", ["is there a discount", "can you give me a better price", "any special offers"]),
        ("ask_discount", "es", ["tienen algún descuento", "me puede hacer un mejor precio"]),
        ("ask_payment", "en", ["can i pay by credit card", "do you take paypal", "can i pay in installments"]),
        ("ask_payment", "es", ["cómo se paga", "puedo pagar con tarjeta"]),
        ("is_ai", "en", ["is this an a i"]),
        ("ask_product", "en", ["how often do i talk to the coach", "what's n g x coaching"]),
        ("objection_price", "en", ["that's too expensive", "that's a lot of money", "i can't afford that"]),
        ("objection_price", "es", ["es muy caro", "no me alcanza", "es demasiado dinero para mí"]),
        ("objection_time", "en", ["i don't have time for that", "i'm too busy for that"]),
        ("objection_time", "es", ["no tengo tiempo", "me falta tiempo"]),
        ("objection_need", "en", ["i don't need a coach", "i'm already in good shape", "i already go to the gym"]),
        ("objection_need", "es", ["no lo necesito", "ya voy al gimnasio"]),
        ("objection_trust", "en", ["is this a scam", "sounds too good to be true", "how do i know this is real"]),
        ("objection_trust", "es", ["esto es una estafa", "no confío en esto", "cómo sé que es verdad"]),
        ("objection_authority", "en", ["i have to ask my wife", "i need to think about it"]),
        ("objection_authority", "es", ["tengo que preguntarle a mi esposa", "lo tengo que pensar"]),
        ("objection_competitor", "en", ["i already have a trainer", "i can find workouts on youtube for free"]),
        ("objection_competitor", "es", ["ya tengo un entrenador", "ya uso otra aplicación"]),
        ("callback", "en", ["can you call me back later", "i'm driving right now", "this is not a good time"]),
        ("callback", "es", ["me puede llamar más tarde", "ahora no puedo hablar", "estoy manejando"]),
        ("human", "en", ["can i talk to a person", "let me speak to a manager", "transfer me to an agent"]),
        ("human", "es", ["quiero hablar con una persona", "páseme con alguien"]),
        ("is_ai", "en", ["are you a robot", "are you a real person", "am i talking to a machine"]),
        ("is_ai", "es", ["es usted un robot", "estoy hablando con una máquina"]),
        ("wrong_number", "en", ["you have the wrong number", "there's nobody here by that name"]),
        ("wrong_number", "es", ["se equivocó de número", "aquí no vive nadie con ese nombre"]),
        ("machine", "en", ["please leave a message after the tone", "you have reached the voicemail of john smith"]),
        ("machine", "es", ["deje su mensaje después del tono"]),
        ("complaint", "en", ["i want to complain nobody called me back", "you charged me twice"]),
        ("hold_on", "en", ["hold on", "one moment please", "wait"]),
        ("hold_on", "es", ["un momento por favor", "espere"]),
        ("repeat", "en", ["sorry what did you ask me", "what was your question"]),
        ("repeat", "es", ["qué me preguntó", "cuál era la pregunta"]),
        ("repeat", "en", ["sorry what did you say", "can you repeat that", "i didn't catch that", "pardon"]),
        ("repeat", "es", ["puede repetir", "cómo dijo", "no le entendí"]),
        ("affirm", "en", ["yes", "yeah sure", "sounds good", "yes please", "of course", "Yes."]),
        ("affirm", "es", ["sí", "claro que sí", "me parece bien", "de acuerdo"]),
        ("deny", "en", ["no", "no thanks", "not really", "i'll pass", "i'm not interested"]),
        ("deny", "es", ["no", "no gracias", "no me interesa", "ahora no", "mejor no"]),
        ("backchannel", "en", ["uh huh", "mm hmm", "i see", "okay", "right", "thank you very much"]),
        ("backchannel", "es", ["ajá", "ya veo", "entiendo"]),
        ("greet", "en", ["hello", "hi there", "good morning"]),
        ("greet", "es", ["hola", "buenas tardes", "bueno"]),
        ("goodbye", "en", ["bye", "thanks bye", "no that's all", "have a good day"]),
        ("goodbye", "es", ["adiós", "hasta luego", "no eso es todo"]),
        ("opt_out", "en", ["don't call me again", "take me off your list"]),
        ("opt_out", "es", ["no me llamen más", "bórreme de su lista"]),
        ("other", "en", ["i want to lose twenty pounds", "my dog is sick"]),
    ],
)
def test_an_utterance_has_its_main_purpose(intent: str, language: str, lines: list[str]) -> None:
    assert {line: str(understand(line, language).intent) for line in lines} == dict.fromkeys(lines, intent)


@pytest.mark.parametrize(
    "line",
    [
        "please don't call me again",
        "don't ever call me",
        "stop calling me",
        "take me off your list",
        "remove my number from your list please",
        "i don't want any more calls",
        "never call this number again",
        "do not call here anymore",
        "i don't want to be called again",
        "put me on your do not call list",
        "if you call me again i'll report you",
        "please stop calling my mother",
        "i would rather you didn't call",
        "lose this number",
        "unsubscribe",
        "no me llamen más",
        "no me vuelva a llamar",
        "bórreme de su lista",
        "deje de llamar",
        "dejen de llamarme por favor",
        "quíteme de la lista",
        "ya no me llamen",
        "no quiero recibir más llamadas",
        "no quiero que me vuelvan a llamar",
        "no vuelvan a llamar a mi mamá",
        "voy a pedir que me saquen de la lista, elimine mi número",
        "déjenme en paz",
    ],
)
def test_a_wish_not_to_be_contacted_is_heard(line: str) -> None:
    assert asks_no_contact(plain(line))


@pytest.mark.parametrize(
    "line",
    [
        "no thanks",
        "i'm not interested",
        "you have the wrong number",
        "don't call me at work call me on my cell",
        "don't call me before nine",
        "call me back tomorrow",
        "please cancel my appointment",
        "i'd like to cancel my plan",
        "i can't talk right now",
        "don't call me now i'm driving",
        "no me interesa",
        "no me llame antes de las nueve",
        "no me llame ahora llámeme mañana",
        "número equivocado",
        "quiero cancelar mi cita",
        "i don't want it",
        "never mind",
        "stop it that's too funny",
    ],
)
def test_a_refusal_or_another_time_is_no_opt_out(line: str) -> None:
    assert not asks_no_contact(plain(line))


@pytest.mark.parametrize(
    ("line", "language", "moment"),
    [
        ("thursday at five", "en", "2026-11-26T17:00:00-05:00"),
        ("Thursday at 5 p.m.", "en", "2026-11-26T17:00:00-05:00"),
        ("monday at nine", "en", "2026-11-30T09:00:00-05:00"),
        ("tomorrow at ten in the morning", "en", "2026-11-24T10:00:00-05:00"),
        ("no not thursday friday at half past three", "en", "2026-11-27T15:30:00-05:00"),
        ("november twenty sixth at a quarter to five", "en", "2026-11-26"),
        ("the twenty seventh at two", "en", "2026-11-27T14:00:00-05:00"),
        ("saturday at noon", "en", "2026-11-28T12:00:00-05:00"),
        ("day after tomorrow at six thirty", "en", "2026-11-25T18:30:00-05:00"),
        ("in two hours", "en", "2026-11-23T12:00:00-05:00"),
        ("thursday at five pacific time", "en", "2026-11-26T17:00:00-08:00"),
        ("july first at eight a m", "en", "2027-07-01T08:00:00-04:00"),
        ("next week friday", "en", "2026-12-04"),
        ("tuesday", "en", "2026-11-24"),
        ("el jueves a las cinco de la tarde", "es", "2026-11-26T17:00:00-05:00"),
        ("mañana a las 10", "es", "2026-11-24T10:00:00-05:00"),
        ("mañana por la mañana a las nueve y media", "es", "2026-11-24T09:30:00-05:00"),
        ("pasado mañana a la una", "es", "2026-11-25T13:00:00-05:00"),
        ("el veintiséis de noviembre a las cinco menos cuarto", "es", "2026-11-26T16:45:00-05:00"),
        ("el viernes a mediodía", "es", "2026-11-27T12:00:00-05:00"),
        ("i want to lose twenty pounds", "en", None),
        ("the second one", "en", None),
        ("seventy nine dollars a month", "en", None),
        ("tengo tres hijos", "es", None),
    ],
)
def test_days_and_hours_are_read(line: str, language: str, moment: str | None) -> None:
    if "quarter to" in line:
        moment = "2026-11-26T16:45:00-05:00"
    assert understand(line, language).slots.get("datetime") == moment


@pytest.mark.parametrize(
    ("line", "awaiting", "name"),
    [
        ("my name is anna miller", Awaiting.NOTHING, "Anna Miller"),
        ("you can put it under sarah please", Awaiting.NOTHING, "Sarah"),
        ("me llamo maría gonzález", Awaiting.NOTHING, "María González"),
        ("Soy María de la Cruz", Awaiting.NOTHING, "María de la Cruz"),
        ("it's michael brown", Awaiting.NAME, "Michael Brown"),
        ("john", Awaiting.NAME, "John"),
        ("Ana Ruiz", Awaiting.NAME, "Ana Ruiz"),
        ("i'm interested", Awaiting.NOTHING, None),
        ("i'm just looking", Awaiting.NOTHING, None),
        ("soy estudiante", Awaiting.NOTHING, None),
        ("yes", Awaiting.NAME, None),
        ("why do you need that", Awaiting.NAME, None),
    ],
)
def test_names_are_read_as_they_stand_in_a_record(line: str, awaiting: Awaiting, name: str | None) -> None:
    assert understand(line, awaiting=awaiting).slots.get("name") == name


@pytest.mark.parametrize(
    ("line", "slot", "value"),
    [
        ("my email is anna dot miller at gmail dot com", "email", "anna.miller@gmail.com"),
        ("Write to Bob@Example.COM", "email", "bob@example.com"),
        ("my number is five five five two one two", "phone", None),
        ("call me at two one two five five five zero one four two", "phone", "+12125550142"),
        ("it's +34 612 345 678", "phone", "+34612345678"),
        ("about twenty five", "number", 25),
        ("one hundred forty nine", "number", 149),
        ("for half an hour", "duration_minutes", 30),
        ("thursday at five", "number", None),
    ],
)
def test_other_slots_are_read(line: str, slot: str, value: object) -> None:
    assert understand(line).slots.get(slot) == value


@pytest.mark.parametrize(
    ("words", "language", "digits"),
    [
        ("three thousand nine hundred ninety seven", "en", "3997"),
        ("five thirty", "en", "5 30"),
        ("twenty sixth", "en", "26th"),
        ("two one two", "en", "2 1 2"),
        ("ciento cuarenta y nueve", "es", "149"),
        ("tres mil novecientos noventa y siete", "es", "3997"),
        ("cinco y media", "es", "5 y media"),
    ],
)
def test_number_words_become_digits(words: str, language: str, digits: str) -> None:
    assert with_digits(words, language=language) == digits


def test_the_language_is_held_over_single_words_and_follows_a_clear_sentence() -> None:
    assert understand("no", "es").language == "es"
    assert understand("no", "en").language == "en"
    assert understand("okay", "es").language == "es"
    assert understand("quiero saber cuánto cuesta por favor", "en").language == "es"
    assert understand("i would like to know how much it is", "es").language == "en"
    assert understand("do you speak spanish", "en").language == "es"


def test_the_recognisers_language_is_a_hint_that_words_may_outweigh() -> None:
    assert ANALYST.understand("bajar peso", hint="es", state=state("en"), now=MONDAY).language == "es"
    assert ANALYST.understand("what is the price of it", hint="es", state=state("en"), now=MONDAY).language == "en"


@pytest.mark.parametrize(
    ("lines", "tier"),
    [
        (["i'm a student and i don't have much money", "just an app on my own"], "essential"),
        (["i want to lose weight before my wedding", "i need someone to keep me accountable"], "pro"),
        (["i'm training for a triathlon", "i want a nutrition specialist to look at my blood work"], "elite"),
        (["i'm a founder and i travel all the time", "money is no object"], "prime"),
    ],
)
def test_evidence_over_the_talk_leads_to_the_tier(lines: list[str], tier: str) -> None:
    now = state()
    for line in lines:
        now = replace(now, tier=ANALYST.understand(line, hint=None, state=now, now=MONDAY).tier)
    assert now.tier.key == tier and now.tier.reasons
    assert sum(now.tier.scores.values()) == pytest.approx(1)


def test_feelings_and_signals_of_words() -> None:
    assert understand("this is ridiculous i'm sick of these calls").emotion.label is EmotionLabel.ANGER
    assert understand("that's wonderful thank you so much").emotion.valence > 0.15
    assert understand("me siento muy triste y agotada", "es").emotion.valence < -0.15
    assert understand("this is a scam yeah right").emotion.signals[Signal.SKEPTICISM] >= 0.5
    assert understand("thursday at five").emotion.label is EmotionLabel.NEUTRAL


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "es"]), st.sampled_from(Awaiting))
def test_any_text_is_understood_in_full(text: str, language: str, awaiting: Awaiting) -> None:
    result = understand(text, language, awaiting)
    assert set(result.intent_scores) == set(Intent)
    assert sum(result.intent_scores.values()) == pytest.approx(1)
    assert set(result.emotion.scores) == set(EmotionLabel)
    assert sum(result.emotion.scores.values()) == pytest.approx(1)
    assert set(result.emotion.signals) == set(Signal)
    assert -1 <= result.emotion.valence <= 1 and 0 <= result.emotion.arousal <= 1


def test_understanding_takes_less_than_ten_milliseconds() -> None:
    taken: list[float] = []
    for line in PLAYBOOK.caller_sentences("en")[:120]:
        started = time.perf_counter()
        understand(line)
        taken.append(time.perf_counter() - started)
    # With room for a loaded machine.
    assert statistics.median(taken) < 0.01


@pytest.mark.parametrize("text", ["hi time much does it cost", "and much does the coaching cost"])
def test_a_price_question_is_understood_though_its_first_word_was_misheard(text: str) -> None:
    assert understand(text).intent is Intent.ASK_PRICE


@pytest.mark.parametrize(
    ("request_", "lines"),
    [
        (
            "slower",
            [
                "slower please",
                "can you speak slower",
                "you talk too fast",
                "could you please slow down",
                "slow down",
                "speak slowly please",
                "sorry that was too fast for me",
                "Can you say that again slowly?",
                "not so fast",
                "you're going way too fast",
                "más despacio",
                "más despacio por favor",
                "hable más despacio",
                "puede hablar un poco más despacio",
                "habla muy rápido",
                "va demasiado rápido",
                "no hable tan rápido",
                "me lo puede repetir más despacio",
                "repítalo despacio por favor",
                "can you talk a little slower",
            ],
        ),
        (
            "louder",
            [
                "louder",
                "louder please",
                "can you speak up",
                "i can't hear you",
                "I can barely hear you.",
                "hello? I can't hear you",
                "you're too quiet",
                "could you talk a bit louder",
                "turn your volume up",
                "i can hardly hear you",
                "the volume is too low",
                "más alto",
                "no le oigo",
                "no lo escucho bien",
                "hable más fuerte por favor",
                "puede hablar más alto",
                "casi no le escucho",
                "no le oigo nada",
                "se oye muy bajo",
                "suba el volumen",
                "no puedo escucharle",
                "no se oye",
                "disculpe no la escucho",
            ],
        ),
        (
            "faster",
            [
                "faster please",
                "you can talk faster",
                "you talk too slow",
                "could you speed up",
                "you're speaking too slowly",
                "a little faster",
                "speak normally",
                "más rápido por favor",
                "puede hablar más rápido",
                "habla muy despacio",
            ],
        ),
        (
            "quieter",
            [
                "you're too loud",
                "too loud",
                "not so loud please",
                "stop shouting",
                "could you lower your voice",
                "turn it down",
                "don't yell at me",
                "hable más bajo",
                "no me grite",
                "baje el volumen",
                "habla muy fuerte",
                "se escucha demasiado fuerte",
            ],
        ),
        (
            None,
            [
                "i want to run faster",
                "i want to lose weight fast",
                "my gym is too loud",
                "i gained weight too fast",
                "i want to lose weight slowly",
                "when i slow down i get hungry",
                "it hurts when i sit up",
                "quiero correr más rápido",
                "quiero bajar de peso muy rápido",
                "quiero ser más fuerte",
                "quiero estar más fuerte",
                "my metabolism is too slow",
                "my kids are loud",
                "i speak spanish",
                "i can't hear that well in my left ear at the gym",
                "i never heard of you",
                "no le entiendo",
                "i didn't catch that",
                "quiero ir más despacio con el ejercicio",
                "a stronger core",
                "quiero levantar más alto",
                "i train at a slow pace",
                "how fast will i see results",
                "me siento muy bajo de energía",
                "ya no me llame más",
                "hablo despacio",
                "it's getting louder here",
                "quiero un precio más bajo",
                "más bajo el precio",
            ],
        ),
    ],
)
def test_how_a_caller_wants_to_be_spoken_to_is_heard(request_: str | None, lines: list[str]) -> None:
    assert {line: understand(line).delivery for line in lines} == dict.fromkeys(lines, request_)


@pytest.mark.parametrize("line", ["slower please", "i can't hear you", "más despacio", "no le oigo"])
def test_a_wish_for_slower_or_louder_speech_is_a_wish_to_hear_it_again(line: str) -> None:
    assert understand(line, "es" if line[0] in "mn" else "en").intent is Intent.REPEAT
