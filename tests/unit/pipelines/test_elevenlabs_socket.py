"""ElevenLabs for work ahead of calls, against its stand-in."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_server

from pipelines.elevenlabs_socket import open_elevenlabs_socket
from pipelines.embedded.voice import SpeechChunk, VoiceFailed
from pipelines.provider import Synthesiser
from pipelines.providers.elevenlabs import ElevenLabsSection, ElevenLabsVoice
from rehearsal.standins.elevenlabs import ElevenLabsStandin
from rehearsal.standins.profile import MALFORMED, LatencyProfile, closed, refuse
from rehearsal.standins.server import serve

TEXT = "The program is seventy nine dollars a month."


def standin() -> ElevenLabsStandin:
    return ElevenLabsStandin(profile=LatencyProfile.named("instant"), keys=frozenset({"good"}))


def voice_at(url: str, *, key: str = "good") -> ElevenLabsVoice:
    return ElevenLabsVoice(ElevenLabsSection(url=url, api_key=key))


async def spoken(speak: Synthesiser, text: str, *, pace: float = 1.0) -> list[SpeechChunk]:
    return [chunk async for chunk in speak(text, language="en", pace=pace)]


async def test_texts_are_spoken_one_after_the_other_over_one_socket() -> None:
    vendor = standin()
    async with serve(vendor) as address, voice_at(address.http).synthesis() as speak:
        first = await spoken(speak, TEXT)
        second = await spoken(speak, "No.")
    assert len(vendor.streams) == 1
    assert [text.strip() for text in vendor.streams[0].texts.values()] == [TEXT, "No."]
    assert sum(len(chunk.pcm) for chunk in first) > 2 * sum(len(chunk.pcm) for chunk in second) > 1000


async def test_every_word_comes_once_with_its_time() -> None:
    async with serve(standin()) as address, voice_at(address.http).synthesis() as speak:
        chunks = await spoken(speak, TEXT)
    words = [word for chunk in chunks for word in chunk.words]
    assert [word.word for word in words] == TEXT.split()
    starts = [word.start_seconds for word in words]
    seconds = sum(len(chunk.pcm) for chunk in chunks) / 2 / 8000
    assert starts == sorted(starts)
    assert 0 <= starts[0] < 0.5 and seconds / 2 < starts[-1] < seconds


async def test_the_socket_is_closed_with_the_block() -> None:
    vendor = standin()
    async with serve(vendor) as address:
        async with voice_at(address.http).synthesis() as speak:
            await spoken(speak, "No.")
            assert vendor.streams[0].is_open
        async with asyncio.timeout(5):
            while vendor.streams[0].is_open:  # noqa: ASYNC110 - the stand-in has no event for it
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", [refuse(429), MALFORMED, closed(after_messages=1)])
async def test_a_fault_of_the_vendor_is_told(fault: object) -> None:
    vendor = standin()
    vendor.faults.set(fault)  # type: ignore[arg-type]
    async with serve(vendor) as address:
        with pytest.raises(VoiceFailed):
            async with voice_at(address.http).synthesis() as speak:
                await spoken(speak, TEXT)


async def test_a_refused_key_is_told() -> None:
    async with serve(standin()) as address:
        with pytest.raises(VoiceFailed):
            async with voice_at(address.http, key="bad").synthesis() as speak:
                await spoken(speak, TEXT)


async def test_nobody_there_is_told() -> None:
    with pytest.raises(VoiceFailed):
        async with voice_at("http://127.0.0.1:9").synthesis():
            pass


async def test_pace_is_asked_for_within_what_the_vendor_allows() -> None:
    asked: list[dict[str, object]] = []

    async def vendor(socket: ServerConnection) -> None:
        async for raw in socket:
            message = json.loads(raw)
            asked.append(message)
            if message.get("close_context"):
                await socket.send(json.dumps({"contextId": message["context_id"], "isFinal": True}))

    async with websocket_server(vendor, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_elevenlabs_socket(f"ws://127.0.0.1:{port}/", key="k") as socket:
            await spoken(socket.speak, "No.", pace=0.5)
            await spoken(socket.speak, "No.")
    settings = [message.get("voice_settings") for message in asked if message.get("text") == " "]
    assert settings == [{"speed": 0.7}, None]


def test_another_voice_model_or_origin_is_another_sound() -> None:
    sections = [
        ElevenLabsSection(),
        ElevenLabsSection(voice_id="another"),
        ElevenLabsSection(model="eleven_v3"),
        ElevenLabsSection(url="http://127.0.0.1:1"),
    ]
    assert len({ElevenLabsVoice(section).identity for section in sections}) == 4
    assert "secret" not in ElevenLabsVoice(ElevenLabsSection(api_key="secret")).identity
