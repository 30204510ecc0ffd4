"""The real clients of Deepgram against its stand-in."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
import websockets
from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from pipecat.frames.frames import (
    ErrorFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.transcriptions.language import Language
from standin_helpers import WAIT_SECONDS, frames_of, over_the_phone, running, silence, small_book

from rehearsal.standins.audio import to_mulaw
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.deepgram import DeepgramStandin
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, LatencyProfile, closed, refuse, slow
from rehearsal.standins.server import Address, serve
from rehearsal.voices import synthesise

KEYS = frozenset({"good"})
TEXT = "How much is it for a month?"


@pytest.fixture(scope="module")
def book() -> ClipBook:
    return small_book()


@pytest.fixture
def standin(book: ClipBook) -> DeepgramStandin:
    return DeepgramStandin(book=book, profile=LatencyProfile.named("instant"), keys=KEYS)


def flux(address: Address, *, key: str = "good", **settings: Any) -> DeepgramFluxSTTService:
    return DeepgramFluxSTTService(
        api_key=key,
        url=f"{address.ws}/v2/listen",
        settings=DeepgramFluxSTTService.Settings(model="flux-general-multi", **settings),
    )


def sdk(address: Address, key: str = "good") -> AsyncDeepgramClient:
    environment = DeepgramClientEnvironment(
        base=address.http, production=address.ws, agent=address.ws, agent_rest=address.http
    )
    return AsyncDeepgramClient(api_key=key, environment=environment)


async def flux_events(
    address: Address, audio: np.ndarray, *, query: str = "", until: str = "EndOfTurn"
) -> list[dict[str, Any]]:
    """Play audio to Flux over a bare socket; all messages up to the wanted event."""
    url = f"{address.ws}/v2/listen?model=flux-general-multi&encoding=linear16&sample_rate=8000{query}"
    messages: list[dict[str, Any]] = []
    async with (
        asyncio.timeout(WAIT_SECONDS),
        websockets.connect(url, additional_headers={"Authorization": "Token good"}) as socket,
    ):
        for data in frames_of(audio):
            await socket.send(data)
        async for text in socket:
            messages.append(json.loads(text))
            if messages[-1].get("event") == until:
                break
    return messages


# -- Flux --------------------------------------------------------------------------------------------------------


async def test_pipecats_flux_service_gets_the_callers_words(standin: DeepgramStandin) -> None:
    async with serve(standin) as address, running(flux(address, language_hints=[Language.EN, Language.ES])) as bot:
        await bot.hear(over_the_phone(synthesise(TEXT)))
        await bot.wait_for(lambda: bot.of(TranscriptionFrame))
        await bot.hear(over_the_phone(synthesise("¿Cuánto cuesta al mes?", lang="es")))
        await bot.wait_for(lambda: len(bot.of(TranscriptionFrame)) == 2)
        english, spanish = bot.of(TranscriptionFrame)
        assert (english.text, english.language) == (TEXT, Language.EN)
        assert (spanish.text, spanish.language) == ("¿Cuánto cuesta al mes?", Language.ES)
        assert bot.of(InterimTranscriptionFrame)
        assert not bot.of(ErrorFrame)
    assert standin.sessions[0].query["language_hint"] == ["en", "es"]


async def test_flux_tells_a_turn_in_the_vendors_order(standin: DeepgramStandin) -> None:
    async with serve(standin) as address:
        messages = await flux_events(address, over_the_phone(synthesise(TEXT)), query="&eager_eot_threshold=0.5")
    assert messages[0]["type"] == "Connected"
    assert [m["sequence_id"] for m in messages] == list(range(len(messages)))
    events = [m["event"] for m in messages[1:]]
    assert events[0] == "StartOfTurn"
    assert events[-2:] == ["EagerEndOfTurn", "EndOfTurn"]
    assert set(events[1:-2]) == {"Update"}
    lengths = [len(m["transcript"]) for m in messages[1:]]
    assert lengths == sorted(lengths) and lengths[0] > 0
    start, eager, end = messages[1], messages[-2], messages[-1]
    assert (end["transcript"], end["trigger"], end["languages"]) == (TEXT, "model", ["en"])
    assert [w["word"] for w in end["words"]] == TEXT.split()
    assert end["end_of_turn_confidence"] > eager["end_of_turn_confidence"] > start["end_of_turn_confidence"]


async def test_flux_waits_as_long_as_the_profile_says(book: ClipBook) -> None:
    profile = LatencyProfile(flux_eager_ms=200, flux_end_of_turn_ms=600)
    clip = book.add(synthesise(TEXT), TEXT)
    async with serve(DeepgramStandin(book=book, profile=profile)) as address:
        messages = await flux_events(address, over_the_phone(synthesise(TEXT)), query="&eager_eot_threshold=0.5")
    last_sample = 1234 / 8000 + clip.speech_end
    waited = {m["event"]: m["audio_window_end"] - last_sample for m in messages[1:]}
    assert waited["EagerEndOfTurn"] == pytest.approx(0.2, abs=0.06)
    assert waited["EndOfTurn"] == pytest.approx(0.6, abs=0.06)


async def test_without_an_eager_threshold_nothing_is_predicted(standin: DeepgramStandin) -> None:
    async with serve(standin) as address:
        messages = await flux_events(address, over_the_phone(synthesise(TEXT)))
    assert "EagerEndOfTurn" not in [m.get("event") for m in messages]


async def test_a_pause_inside_a_sentence_is_predicted_and_withdrawn(standin: DeepgramStandin) -> None:
    first, second = synthesise("I was thinking"), synthesise("maybe on Friday.")
    whole = np.concatenate([first, silence(0.7), second])
    standin.book.add(whole, "I was thinking maybe on Friday.")
    async with serve(standin) as address:
        messages = await flux_events(address, over_the_phone(whole), query="&eager_eot_threshold=0.5")
    events = [m["event"] for m in messages[1:] if m["event"] != "Update"]
    assert events == ["StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EagerEndOfTurn", "EndOfTurn"]
    assert messages[-1]["transcript"] == "I was thinking maybe on Friday."
    assert {m["turn_index"] for m in messages[1:]} == {0}


async def test_speech_nobody_knows_makes_no_turn_unless_a_transcript_is_set(standin: DeepgramStandin) -> None:
    stranger = over_the_phone(synthesise("Completely different matters are on my mind today.", voice="kal"))
    known = over_the_phone(synthesise(TEXT))
    async with serve(standin) as address:
        silent = await flux_events(address, np.concatenate([stranger, known]))
        assert silent[-1]["transcript"] == TEXT
        assert silent[-1]["turn_index"] == 0
        standin.unknown_transcript = "something else"
        guessed = await flux_events(address, stranger)
        assert guessed[-1]["transcript"] == "something else"


async def test_settings_change_in_the_middle_and_bad_ones_are_refused(standin: DeepgramStandin) -> None:
    async with (
        serve(standin) as address,
        asyncio.timeout(WAIT_SECONDS),
        sdk(address).listen.v2.connect(model="flux-general-multi", encoding="linear16", sample_rate=8000) as socket,
    ):
        assert (await socket.recv()).type == "Connected"
        await socket._send({"type": "Configure", "thresholds": {"eot_threshold": 0.8}, "language_hints": ["es"]})
        success = await socket.recv()
        assert success.type == "ConfigureSuccess"
        assert success.thresholds.eot_threshold == 0.8
        await socket._send({"type": "Configure", "thresholds": {"eot_threshold": 3}})
        assert (await socket.recv()).type == "ConfigureFailure"
        await socket._send({"type": "Nonsense"})
        fatal = await socket.recv()
        assert (fatal.type, fatal.code) == ("Error", "UNPARSABLE_CLIENT_MESSAGE")


async def test_closing_the_stream_ends_the_turn_that_is_open(standin: DeepgramStandin) -> None:
    samples = over_the_phone(synthesise(TEXT))[:12000]
    url = "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=8000"
    async with (
        serve(standin) as address,
        asyncio.timeout(WAIT_SECONDS),
        websockets.connect(address.ws + url, additional_headers={"Authorization": "Token good"}) as socket,
    ):
        await socket.send(samples.astype("<i2").tobytes())
        await socket.send('{"type": "CloseStream"}')
        messages = [json.loads(text) async for text in socket]
    assert messages[-1]["event"] == "EndOfTurn"
    assert TEXT.startswith(messages[-1]["transcript"])
    assert "languages" not in messages[-1]


async def test_a_bad_key_is_refused_in_the_vendors_words(standin: DeepgramStandin) -> None:
    async with serve(standin) as address, running(flux(address, key="bad")) as bot:
        await bot.wait_for(lambda: bot.of(ErrorFrame))
        assert "HTTP 401): Invalid credentials." in bot.of(ErrorFrame)[0].error


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("model=nova-3", "No such model"),
        ("model=flux-general-en&encoding=opus", "unsupported encoding"),
        ("model=flux-general-en&sample_rate=11025", "unsupported sample_rate"),
        ("model=flux-general-en&language_hint=es", "language_hint"),
        ("model=flux-general-en&eot_threshold=2", "eot_threshold"),
    ],
)
async def test_a_bad_query_is_refused_with_its_reason(standin: DeepgramStandin, query: str, reason: str) -> None:
    async with serve(standin) as address:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(
                f"{address.ws}/v2/listen?{query}", additional_headers={"Authorization": "Token good"}
            ):
                pass
    assert refused.value.response.status_code == 400
    assert reason in refused.value.response.headers["dg-error"]


async def test_flux_recovers_from_a_connection_that_is_cut(standin: DeepgramStandin) -> None:
    standin.faults.on(1, closed(after_messages=2))
    async with serve(standin) as address, running(flux(address)) as bot:
        await bot.hear(over_the_phone(synthesise(TEXT))[:16000])
        async with asyncio.timeout(WAIT_SECONDS):
            while len(standin.sessions) < 2:  # noqa: ASYNC110 (the stand-in has no event for it)
                await asyncio.sleep(0.05)
        await bot.hear(over_the_phone(synthesise("No thanks.")))
        await bot.wait_for(lambda: [f for f in bot.of(TranscriptionFrame) if f.text == "No thanks."])


async def test_a_half_open_flux_says_nothing_at_all(standin: DeepgramStandin) -> None:
    standin.faults.set(HALF_OPEN)
    url = "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=8000"
    async with (
        serve(standin) as address,
        websockets.connect(address.ws + url, additional_headers={"Authorization": "Token good"}) as socket,
    ):
        await socket.send(over_the_phone(synthesise(TEXT)).tobytes())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await socket.recv()


async def test_a_slow_flux_keeps_the_order_of_its_messages(standin: DeepgramStandin) -> None:
    standin.faults.set(slow(300))
    async with serve(standin) as address:
        started = asyncio.get_running_loop().time()
        messages = await flux_events(address, over_the_phone(synthesise(TEXT)))
        assert asyncio.get_running_loop().time() - started >= 0.3
    assert [m["sequence_id"] for m in messages] == list(range(len(messages)))


# -- Nova --------------------------------------------------------------------------------------------------------


def nova(address: Address, *, key: str = "good") -> DeepgramSTTService:
    return DeepgramSTTService(api_key=key, base_url=address.ws, settings=DeepgramSTTService.Settings(model="nova-3"))


async def test_pipecats_nova_service_gets_a_finalized_transcript(standin: DeepgramStandin) -> None:
    async with serve(standin) as address, running(nova(address)) as bot:
        await bot.send(VADUserStartedSpeakingFrame())
        await bot.hear(over_the_phone(synthesise(TEXT)))
        await bot.send(VADUserStoppedSpeakingFrame())
        await bot.wait_for(lambda: bot.of(TranscriptionFrame))
        assert " ".join(f.text for f in bot.of(TranscriptionFrame)) == TEXT
        assert bot.of(InterimTranscriptionFrame)
        assert not bot.of(ErrorFrame)


async def test_nova_answers_finalize_after_its_own_time(book: ClipBook) -> None:
    standin = DeepgramStandin(book=book, profile=LatencyProfile(nova_final_ms=400))
    received: list[Any] = []
    async with (
        serve(standin) as address,
        asyncio.timeout(WAIT_SECONDS),
        sdk(address).listen.v1.connect(
            model="nova-3", encoding="linear16", sample_rate="8000", punctuate="true", endpointing="false"
        ) as socket,
    ):
        clip = book.add(synthesise(TEXT), TEXT)
        samples = over_the_phone(synthesise(TEXT))
        await socket.send_media(samples[: 1234 + int((clip.speech_end + 0.05) * 8000)].tobytes())
        started = asyncio.get_running_loop().time()
        await socket.send_finalize()
        received.append(await socket.recv())
        assert asyncio.get_running_loop().time() - started >= 0.25
    assert received[0].from_finalize is True
    assert received[0].channel.alternatives[0].transcript == TEXT
    assert received[0].channel.alternatives[0].words[0].punctuated_word == "How"


async def test_nova_tells_speech_and_the_end_of_utterances_when_asked(standin: DeepgramStandin) -> None:
    kinds: list[str] = []
    async with (
        serve(standin) as address,
        asyncio.timeout(WAIT_SECONDS),
        sdk(address).listen.v1.connect(
            model="nova-3",
            encoding="mulaw",
            sample_rate="8000",
            vad_events="true",
            utterance_end_ms="1000",
            interim_results="true",
            language="multi",
        ) as socket,
    ):
        spanish = synthesise("¿Cuánto cuesta al mes?", lang="es")
        await socket.send_media(to_mulaw(over_the_phone(np.concatenate([spanish, silence(1)]))))
        await socket.send_close_stream()
        final = None

        async def keep(message: Any) -> None:
            nonlocal final
            kinds.append(message.type)
            if message.type == "Results" and message.is_final:
                final = message

        socket.on(EventType.MESSAGE, keep)
        await socket.start_listening()
    assert kinds[0] == "SpeechStarted"
    assert kinds[-2:] == ["UtteranceEnd", "Metadata"]
    assert final is not None and final.speech_final
    assert final.channel.alternatives[0].languages == ["es"]


async def test_a_wrong_text_message_to_nova_is_answered_with_a_schema_error(standin: DeepgramStandin) -> None:
    async with (
        serve(standin) as address,
        asyncio.timeout(WAIT_SECONDS),
        sdk(address).listen.v1.connect(model="nova-3", encoding="linear16", sample_rate="8000") as socket,
    ):
        await socket._send("no json")
        error = await socket.recv()
        assert (error.type, error.variant) == ("Error", "SchemaError")


async def test_the_sdk_reports_a_refused_key_and_an_overloaded_vendor(standin: DeepgramStandin) -> None:
    async with serve(standin) as address:
        with pytest.raises(ApiError) as refused:
            async with sdk(address, "bad").listen.v1.connect(model="nova-3"):
                pass
        assert refused.value.status_code == 401
        standin.faults.on(1, refuse(429))
        with pytest.raises(ApiError) as overloaded:
            async with sdk(address).listen.v1.connect(model="nova-3"):
                pass
        assert overloaded.value.status_code == 429


# -- prerecorded and doctor --------------------------------------------------------------------------------------


def sound_file(samples: np.ndarray, kind: str = "WAV", subtype: str = "PCM_16", rate: int = 8000) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind, subtype=subtype)
    return out.getvalue()


async def test_a_recording_is_transcribed_with_its_language(standin: DeepgramStandin) -> None:
    spanish = sound_file(synthesise("¿Cuánto cuesta al mes?", lang="es"), "OGG", "OPUS")
    async with serve(standin) as address, asyncio.timeout(WAIT_SECONDS):
        answer = await sdk(address).listen.v1.media.transcribe_file(
            request=spanish, model="nova-3", detect_language=True, punctuate=True
        )
    channel = answer.results.channels[0]
    assert channel.alternatives[0].transcript == "¿Cuánto cuesta al mes?"
    assert channel.detected_language == "es"


async def test_an_unreadable_recording_is_refused(standin: DeepgramStandin) -> None:
    async with serve(standin) as address, httpx.AsyncClient(base_url=address.http) as client:
        answer = await client.post("/v1/listen", content=b"not audio", headers={"Authorization": "Token good"})
    assert answer.status_code == 400
    assert "corrupt or unsupported" in answer.json()["err_msg"]


async def test_doctors_requests_are_answered(standin: DeepgramStandin) -> None:
    async with serve(standin) as address:
        projects = await sdk(address).manage.v1.projects.list()
        assert projects.projects
        async with httpx.AsyncClient(base_url=address.http) as client:
            good = await client.get("/v1/auth/token", headers={"Authorization": "Token good"})
            bad = await client.get("/v1/auth/token", headers={"Authorization": "Token bad"})
    assert good.status_code == 200
    assert (bad.status_code, bad.json()["err_code"]) == (401, "INVALID_AUTH")


async def test_faults_and_clips_can_be_set_from_another_process(standin: DeepgramStandin) -> None:
    headers = {"Authorization": "Token good"}
    fresh = synthesise("A brand new caller speaks.")
    async with serve(standin) as address, httpx.AsyncClient(base_url=address.http, headers=headers) as client:
        assert (await client.put("/_standin/faults", json={"kind": "status", "status": 503})).status_code == 204
        assert (await client.get("/v1/projects")).status_code == 503
        assert (await client.put("/_standin/faults", json={"kind": "explode"})).status_code == 400
        assert (await client.delete("/_standin/faults")).status_code == 204
        assert (await client.get("/v1/projects")).status_code == 200
        query = {"transcript": "A brand new caller speaks."}
        assert (await client.post("/_standin/clips", params=query, content=sound_file(fresh))).status_code == 204
        answer = await client.post("/v1/listen", content=sound_file(fresh), params={"punctuate": "true"})
        transcript = answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"]
        assert transcript == "A brand new caller speaks."
        standin.faults.on(1, MALFORMED)
        with pytest.raises(ValueError):
            (await client.get("/v1/projects")).json()
