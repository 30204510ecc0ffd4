"""Any OpenAI-compatible chat server, by the openai SDK: one warm client for all calls, short deadlines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, cast

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, Timeout
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam
from pipecat.frames.frames import ErrorFrame, Frame, LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.services.openai.llm import OpenAILLMService
from pydantic import SecretStr

from bot.playbook import Playbook
from bot.settings import HttpAddress, Section, Settings, setting
from pipelines.frames import ModelFailedFrame, PlanFrame
from pipelines.provider import Check, Provider, ProviderKind
from pipelines.provider_errors import provider_cause

_CONNECT_SECONDS = 2.0
_READ_SECONDS = 4.0
"""Longest silence of the server before a reply is given up; the ready words take the turn well before."""

_MAX_REPLY_TOKENS = 160
_TEMPERATURE = 0.6


class OpenAISection(Section):
    """The chat server."""

    prefix: ClassVar[str] = "OPENAI_"
    api_key: SecretStr | None = setting(means="key of the chat server", expects="the account's API key")
    base_url: HttpAddress = setting(
        "https://api.openai.com/v1", means="chat server", expects="http(s)://host[:port]/v1"
    )
    model: str = setting("gpt-4.1-mini", means="model that words the replies", expects="a model's name")


class OpenAIModel:
    """One client and its connections, shared by all calls."""

    def __init__(self, client: AsyncOpenAI, model: str) -> None:
        self._client = client
        self._model = model

    def service(self) -> LLMService[Any]:
        """The model of one call."""
        return OpenAIReplies(self._client, self._model)


class OpenAIReplies(OpenAILLMService):
    """Words plans that carry messages; everything else passes."""

    def __init__(self, client: AsyncOpenAI, model: str) -> None:
        self._shared_client = client
        self._model = model
        super().__init__(settings=OpenAILLMService.Settings(model=model))

    def create_client(self, *_: Any, **__: Any) -> AsyncOpenAI:
        """The client that all calls share, in place of one for each."""
        return self._shared_client

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """A plan goes on first, its wording follows it."""
        if isinstance(frame, PlanFrame) and direction is FrameDirection.DOWNSTREAM:
            await self.push_frame(frame, direction)
            if frame.messages is not None:
                context = LLMContext(messages=frame.messages)  # pyright: ignore[reportArgumentType]
                await super().process_frame(LLMContextFrame(context=context), direction)
            return
        await super().process_frame(frame, direction)

    async def get_chat_completions(self, context: LLMContext) -> AsyncStream[ChatCompletionChunk]:
        """Ask for a plan's words: its messages are complete as they are, so no adapter rewrites them."""
        messages = cast("list[ChatCompletionMessageParam]", context.messages)
        return await self._shared_client.chat.completions.create(
            model=self._model,
            messages=messages,
            max_completion_tokens=_MAX_REPLY_TOKENS,
            temperature=_TEMPERATURE,
            stream=True,
            stream_options={"include_usage": True},
        )

    async def push_error_frame(self, error: ErrorFrame, force_treat_as_permanent: bool = False) -> None:
        """Tell those downstream as well, who wait for words."""
        await super().push_error_frame(error, force_treat_as_permanent=force_treat_as_permanent)
        await self.push_frame(ModelFailedFrame(cause=provider_cause(error).value))


def _client(section: OpenAISection) -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key=section.api_key.get_secret_value() if section.api_key else "none",
        base_url=section.base_url,
        timeout=Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
        max_retries=0,
    )


@asynccontextmanager
async def _open(settings: Settings, playbook: Playbook) -> AsyncIterator[OpenAIModel]:
    section = settings.section(OpenAISection)
    client = _client(section)
    try:
        yield OpenAIModel(client, section.model)
    finally:
        await client.close()


async def _check(settings: Settings, playbook: Playbook, kind: ProviderKind) -> Check:
    section = settings.section(OpenAISection)
    name = f"{kind} openai ({section.model})"
    client = _client(section)
    try:
        await client.chat.completions.create(
            model=section.model, messages=[{"role": "user", "content": "Say: ready"}], max_completion_tokens=5
        )
    except APIStatusError as error:
        fix = {401: "check OPENAI_API_KEY", 404: "check OPENAI_MODEL and OPENAI_BASE_URL (it includes /v1)"}
        return Check(
            name=name,
            ok=False,
            detail=f"{section.base_url} answered {error.status_code}",
            fix=fix.get(error.status_code, "see the provider's status page"),
        )
    except APIConnectionError:
        return Check(name=name, ok=False, detail=f"no connection to {section.base_url}", fix="check OPENAI_BASE_URL")
    finally:
        await client.close()
    return Check(name=name, ok=True, detail=f"answers at {section.base_url}")


PROVIDER = Provider(
    chosen_by="OPENAI_API_KEY",
    configured=lambda settings: settings.section(OpenAISection).api_key is not None,
    check=_check,
    llm=_open,
)
