"""The real clients of ElevenLabs against its stand-in."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile
import websockets
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from pipecat.frames.frames import (
    ErrorFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.services.elevenlabs.tts import ElevenLabsHttpTTSService, ElevenLabsTTSService
from standin_helpers import WAIT_SECONDS, running

from rehearsal.standins.audio import Decoder
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.ear import Ear
from rehearsal.standins.elevenlabs import ElevenLabsStandin
from rehearsal.standins.profile import LatencyProfile, closed, refuse
from rehearsal.standins.server import Address, serve
from rehearsal.standins.speech import Speaker

TEXT = "The program is seventy nine dollars a month."


@pytest.fixture
def standin() -> ElevenLabsStandin:
    return ElevenLabsStandin(
        profile=LatencyProfile.named("instant"), keys=frozenset({"good"}), voices=frozenset({"anna"})
    )


def tts(address: Address, *, key: str = "good", voice: str = "anna") -> ElevenLabsTTSService:
    settings = ElevenLabsTTSService.Settings(voice=voice, model="eleven_flash_v2_5")
    return ElevenLabsTTSService(api_key=key, url=address.ws, settings=settings)


def socket_to(address: Address, *, query: str = "", voice: str = "anna", key: str | None = "good") -> Any:
    url = f"{address.ws}/v1/text-to-speech/{voice}/multi-stream-input"
    headers = {"xi-api-key": key} if key else {}
    query = "model_id=eleven_flash_v2_5&output_format=pcm_8000&auto_mode=true" + query
    return websockets.connect(f"{url}?{query}", additional_headers=headers)


async def sent(socket: Any, message: dict[str, Any]) -> None:
    await socket.send(json.dumps(message))


async def until_final(socket: Any, context: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while not (messages and messages[-1].get("isFinal") and messages[-1]["contextId"] == context):
            messages.append(json.loads(await socket.recv()))
    return messages


def sound_of(messages: list[dict[str, Any]], context: str) -> bytes:
    return b"".join(base64.b64decode(m["audio"]) for m in messages if m.get("audio") and m["contextId"] == context)


async def test_pipecats_service_speaks_and_knows_its_words(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, running(tts(address)) as bot:
        await bot.send(TTSSpeakFrame(TEXT))
        await bot.wait_for(lambda: bot.of(TTSStoppedFrame))
        audio = b"".join(frame.audio for frame in bot.of(TTSAudioRawFrame))
        words = [frame.text for frame in bot.of(TTSTextFrame)]
        assert not bot.of(ErrorFrame)
    assert " ".join(words) == TEXT
    assert 1.5 < len(audio) / 16000 < 5
    assert standin.streams[0].settings.form == "pcm_8000"


async def test_what_is_spoken_is_real_speech_that_can_be_recognised_again(standin: ElevenLabsStandin) -> None:
    known = await Speaker().speak(TEXT, voice="anna", language="en", form="pcm_8000")
    book = ClipBook()
    book.add(known.samples, TEXT)
    async with serve(standin) as address, socket_to(address) as socket:
        await sent(socket, {"text": TEXT, "context_id": "a"})
        await sent(socket, {"context_id": "a", "close_context": True})
        samples = Decoder("linear16", 8000).decode(sound_of(await until_final(socket, "a"), "a"))
    ear = Ear(book)
    for _ in ear.hear(np.concatenate([samples, np.zeros(4000, np.int16)])):
        pass
    assert " ".join(word.text for word in ear.words()) == TEXT


async def test_letters_and_their_times_restart_in_each_message(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, socket_to(address) as socket:
        await sent(socket, {"text": " ", "context_id": "a", "voice_settings": {"speed": 1.0}})
        await sent(socket, {"text": TEXT + " ", "context_id": "a"})
        await sent(socket, {"context_id": "a", "flush": True})
        await sent(socket, {"context_id": "a", "close_context": True})
        messages = await until_final(socket, "a")
    spoken = [m for m in messages if m.get("audio")]
    aligned = [m["alignment"] for m in spoken if m["alignment"]]
    assert "".join("".join(a["chars"]) for a in aligned).strip() == TEXT
    for message in spoken:
        length_ms = len(base64.b64decode(message["audio"])) / 16
        alignment = message["alignment"] or {"charStartTimesMs": [], "chars": [], "charDurationsMs": []}
        assert len(alignment["chars"]) == len(alignment["charStartTimesMs"]) == len(alignment["charDurationsMs"])
        assert all(0 <= start <= length_ms for start in alignment["charStartTimesMs"])


async def test_contexts_speak_side_by_side_and_end_on_their_own(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, socket_to(address) as socket:
        for name in ("a", "b"):
            await sent(socket, {"text": f"This is context {name}.", "context_id": name})
        await sent(socket, {"context_id": "a", "close_context": True})
        first = await until_final(socket, "a")
        await sent(socket, {"context_id": "b", "close_context": True})
        rest = await until_final(socket, "b")
    both = first + rest
    assert sound_of(both, "a") and sound_of(both, "b")
    assert standin.streams[0].texts == {"a": "This is context a.", "b": "This is context b."}


async def test_without_auto_mode_text_waits_for_a_flush(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, socket_to(address, query="&auto_mode=false") as socket:
        await sent(socket, {"text": "Short. ", "context_id": "a"})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await socket.recv()
        await sent(socket, {"context_id": "a", "flush": True})
        async with asyncio.timeout(WAIT_SECONDS):
            assert json.loads(await socket.recv())["audio"]


async def test_closing_the_socket_lets_it_finish_its_sentence(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, socket_to(address) as socket, asyncio.timeout(WAIT_SECONDS):
        await sent(socket, {"text": "Goodbye then.", "context_id": "a"})
        await sent(socket, {"close_socket": True})
        messages = [json.loads(text) async for text in socket]
    assert messages[-1] == {"contextId": "a", "isFinal": True}
    assert sound_of(messages, "a")


async def refusal(socket: Any) -> tuple[str, int]:
    async with asyncio.timeout(WAIT_SECONDS):
        errors = [json.loads(text) async for text in _until_closed(socket) if "error" in json.loads(text)]
    return errors[-1]["error"], socket.close_code


async def _until_closed(socket: Any) -> Any:
    try:
        async for text in socket:
            yield text
    except websockets.ConnectionClosed:
        return


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"key": "bad"}, "invalid_api_key"),
        ({"voice": "nobody"}, "voice_id_does_not_exist"),
        ({"query": "&model_id=wrong"}, "model_not_found"),
        ({"query": "&output_format=pcm_7"}, "output_format_not_allowed"),
    ],
)
async def test_a_wrong_address_or_key_is_told_and_closed(
    standin: ElevenLabsStandin, options: dict[str, str], error: str
) -> None:
    async with serve(standin) as address, socket_to(address, **options) as socket:
        assert await refusal(socket) == (error, 1008)


async def test_a_key_may_come_in_the_first_message(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address:
        async with socket_to(address, key=None) as socket:
            await sent(socket, {"text": "Hello there.", "context_id": "a", "xi_api_key": "good"})
            await sent(socket, {"context_id": "a", "close_context": True})
            assert sound_of(await until_final(socket, "a"), "a")
        async with socket_to(address, key=None) as socket:
            await sent(socket, {"text": "Hello there.", "context_id": "a"})
            assert await refusal(socket) == ("invalid_api_key", 1008)


async def test_too_many_contexts_late_settings_and_silence_end_the_connection(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address:
        async with socket_to(address) as socket:
            for number in range(6):
                await sent(socket, {"text": " ", "context_id": f"c{number}"})
            assert (await refusal(socket))[1] == 1008
        async with socket_to(address) as socket:
            await sent(socket, {"text": "", "context_id": "a"})
            await sent(socket, {"text": " ", "context_id": "a", "voice_settings": {"speed": 1.1}})
            assert await refusal(socket) == ("invalid_voice_settings", 1008)
        async with socket_to(address, query="&inactivity_timeout=1") as socket:
            assert await refusal(socket) == ("input_timeout_exceeded", 1008)


async def test_pipecats_service_reports_a_bad_key(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address, running(tts(address, key="bad")) as bot:
        await bot.wait_for(lambda: bot.of(ErrorFrame))
        assert not bot.of(TTSAudioRawFrame)


async def test_pipecats_service_speaks_again_after_its_connection_was_cut(standin: ElevenLabsStandin) -> None:
    standin.faults.on(1, closed(after_messages=1))
    async with serve(standin) as address, running(tts(address)) as bot:
        await bot.send(TTSSpeakFrame("This sentence breaks off somewhere in the middle."))
        async with asyncio.timeout(WAIT_SECONDS):
            while len(standin.streams) < 2:  # noqa: ASYNC110 (the stand-in has no event for it)
                await asyncio.sleep(0.05)
        await bot.send(TTSSpeakFrame("Again."))
        await bot.wait_for(lambda: "Again." in [frame.text for frame in bot.of(TTSTextFrame)])


async def test_the_first_sound_comes_when_the_profile_says() -> None:
    standin = ElevenLabsStandin(profile=LatencyProfile(tts_first_chunk_ms=300, tts_realtime_factor=0))
    async with serve(standin) as address, socket_to(address) as socket, asyncio.timeout(WAIT_SECONDS):
        for name in ("a", "b"):  # the second time the sound is already known
            started = asyncio.get_running_loop().time()
            await sent(socket, {"text": "Good morning.", "context_id": name})
            await socket.recv()
            assert asyncio.get_running_loop().time() - started >= 0.29
            await sent(socket, {"context_id": name, "close_context": True})
            await until_final(socket, name)


def sdk(address: Address, key: str = "good") -> AsyncElevenLabs:
    return AsyncElevenLabs(api_key=key, base_url=address.http)


@pytest.mark.parametrize(
    ("form", "rate"), [("pcm_16000", 16000), ("ulaw_8000", 8000), ("mp3_44100_128", 44100), ("opus_48000_32", 48000)]
)
async def test_the_sdk_gets_speech_in_every_format(standin: ElevenLabsStandin, form: str, rate: int) -> None:
    async with serve(standin) as address:
        parts = [part async for part in sdk(address).text_to_speech.convert("anna", text=TEXT, output_format=form)]
    data = b"".join(parts)
    if form.startswith("pcm"):
        samples = np.frombuffer(data, "<i2")
    elif form.startswith("ulaw"):
        samples = Decoder("mulaw", 8000).decode(data)
    else:
        samples, got = soundfile.read(io.BytesIO(data), dtype="int16")
        assert got == rate
    assert 1.5 < len(samples) / rate < 5
    assert np.abs(samples.astype(int)).max() > 3000


async def test_the_sdk_gets_times_with_the_sound(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address:
        whole = await sdk(address).text_to_speech.convert_with_timestamps(
            "anna", text="Hola, ¿cómo está?", output_format="pcm_8000", language_code="es"
        )
        parts = [
            part
            async for part in sdk(address).text_to_speech.stream_with_timestamps(
                "anna", text="Hola, ¿cómo está?", output_format="pcm_8000", language_code="es"
            )
        ]
    assert whole.alignment is not None
    assert "".join(whole.alignment.characters) == "Hola, ¿cómo está?"
    assert whole.alignment.character_end_times_seconds == sorted(whole.alignment.character_end_times_seconds)
    assert b"".join(base64.b64decode(p.audio_base_64) for p in parts) == base64.b64decode(whole.audio_base_64)


async def test_pipecats_http_service_speaks_too(standin: ElevenLabsStandin) -> None:
    settings = ElevenLabsHttpTTSService.Settings(voice="anna")
    async with serve(standin) as address, aiohttp.ClientSession() as session:
        service = ElevenLabsHttpTTSService(
            api_key="good", aiohttp_session=session, base_url=address.http, settings=settings
        )
        async with running(service) as bot:
            await bot.send(TTSSpeakFrame(TEXT))
            await bot.wait_for(lambda: bot.of(TTSStoppedFrame))
            assert len(b"".join(frame.audio for frame in bot.of(TTSAudioRawFrame))) > 20000


async def test_doctors_requests_and_refusals(standin: ElevenLabsStandin) -> None:
    async with serve(standin) as address:
        assert [voice.voice_id for voice in (await sdk(address).voices.get_all()).voices] == ["anna"]
        assert "eleven_flash_v2_5" in [model.model_id for model in await sdk(address).models.list()]
        assert (await sdk(address).user.get()).subscription.status == "active"
        with pytest.raises(ApiError) as bad_key:
            await sdk(address, "bad").user.get()
        assert bad_key.value.status_code == 401
        with pytest.raises(ApiError) as no_voice:
            [part async for part in sdk(address).text_to_speech.convert("nobody", text="x")]
        assert no_voice.value.body["detail"]["status"] == "voice_not_found"
        standin.faults.set(refuse(429))
        with pytest.raises(ApiError) as too_many:
            await sdk(address).user.get(request_options={"max_retries": 0})
        assert too_many.value.status_code == 429
