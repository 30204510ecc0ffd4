"""The plain pipecat bot on Twilio, as the framework's example has it: all defaults, at the telephone's rate."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import WebSocket
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.transports.base_transport import BaseTransport
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

_INSTRUCTIONS = (
    "You are an assistant of a coaching service on a telephone call. Your words are read aloud: be short, use no "
    "special characters. Answer in the caller's language. Begin by introducing yourself."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Keys and addresses."""

    deepgram_key: str
    deepgram_url: str
    openai_key: str
    openai_base_url: str
    elevenlabs_key: str
    elevenlabs_url: str
    twilio_url: str
    account_sid: str
    auth_token: str


async def run_bot(socket: WebSocket, *, stream_sid: str, call_sid: str, vendors: Vendors) -> None:
    """Hold one call on an accepted socket whose `start` was read. Safe to cancel."""
    serializer = TwilioFrameSerializer(
        stream_sid=stream_sid,
        call_sid=call_sid,
        account_sid=vendors.account_sid,
        auth_token=vendors.auth_token,
        base_url=vendors.twilio_url,
    )
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, add_wav_header=False, serializer=serializer
        ),
    )
    await _converse(transport, vendors)


async def _converse(transport: BaseTransport, vendors: Vendors) -> None:
    stt = DeepgramFluxSTTService(
        api_key=vendors.deepgram_key,
        url=f"{vendors.deepgram_url}/v2/listen",
        settings=DeepgramFluxSTTService.Settings(model="flux-general-multi"),
    )
    llm = OpenAILLMService(
        api_key=vendors.openai_key,
        base_url=vendors.openai_base_url,
        settings=OpenAILLMService.Settings(model="gpt-4.1-mini"),
    )
    tts = ElevenLabsTTSService(
        api_key=vendors.elevenlabs_key,
        url=vendors.elevenlabs_url.replace("http", "ws", 1),
        settings=ElevenLabsTTSService.Settings(voice="EXAVITQu4vr4xnSDxMaL", model="eleven_flash_v2_5"),
    )
    context = LLMContext([{"role": "system", "content": _INSTRUCTIONS}])
    aggregators = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    pipeline = Pipeline(
        [transport.input(), stt, aggregators.user(), llm, tts, transport.output(), aggregators.assistant()]
    )
    worker = PipelineWorker(
        pipeline,
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000, enable_metrics=True),
    )

    @transport.event_handler("on_client_connected")
    async def greet(_transport: BaseTransport, _client: object) -> None:
        await worker.queue_frames([LLMRunFrame()])

    @transport.event_handler("on_client_disconnected")
    async def leave(_transport: BaseTransport, _client: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(worker)
    await runner.run()
