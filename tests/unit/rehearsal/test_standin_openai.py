"""The real clients of OpenAI against its stand-in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    ErrorFrame,
    FunctionCallResultFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.llm import OpenAILLMService
from standin_helpers import WAIT_SECONDS, running

from rehearsal.standins.openai import OpenAIStandin, Reply, ToolCall, seller_reply, tokens_of
from rehearsal.standins.profile import HALF_OPEN, MALFORMED, LatencyProfile, closed, refuse, slow
from rehearsal.standins.server import Address, serve

HELLO: list[Any] = [{"role": "user", "content": "Hello, how much is it?"}]


@pytest.fixture
def standin() -> OpenAIStandin:
    return OpenAIStandin(profile=LatencyProfile.named("instant"), keys=frozenset({"good"}))


def sdk(address: Address, *, key: str = "good", **options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, base_url=f"{address.http}/v1", max_retries=0, **options)


def llm(address: Address) -> OpenAILLMService:
    return OpenAILLMService(
        api_key="good", base_url=f"{address.http}/v1", settings=OpenAILLMService.Settings(model="gpt-4.1-mini")
    )


async def test_pipecats_service_streams_a_sellers_sentence(standin: OpenAIStandin) -> None:
    async with serve(standin) as address, running(llm(address)) as bot:
        await bot.send(LLMContextFrame(LLMContext(HELLO)))
        await bot.wait_for(lambda: bot.of(LLMFullResponseEndFrame))
        text = "".join(frame.text for frame in bot.of(LLMTextFrame))
    assert text == seller_reply({"messages": HELLO}).text
    assert len(bot.of(LLMTextFrame)) > 5
    assert standin.requests[0].finished
    assert standin.requests[0].body["stream_options"] == {"include_usage": True}


async def test_pipecats_service_calls_a_function_and_speaks_of_its_result(standin: OpenAIStandin) -> None:
    def reply(request: dict[str, Any]) -> Reply:
        if request["messages"][-1]["role"] == "tool":
            return Reply("You are booked for " + json.loads(request["messages"][-1]["content"])["day"] + ".")
        return Reply(tool_calls=(ToolCall("book", {"day": "Tuesday", "hour": 15}),))

    standin.reply = reply
    booked: list[Any] = []

    async def book(params: FunctionCallParams) -> None:
        booked.append(dict(params.arguments))
        await params.result_callback({"day": params.arguments["day"]})

    async with serve(standin) as address:
        service = llm(address)
        service.register_function("book", book)
        tool = FunctionSchema("book", "Books.", {"day": {"type": "string"}, "hour": {"type": "integer"}}, ["day"])
        context = LLMContext(HELLO, tools=ToolsSchema([tool]))
        async with running(service) as bot:
            await bot.send(LLMContextFrame(context))
            await bot.wait_for(lambda: bot.of(FunctionCallResultFrame))
    assert booked == [{"day": "Tuesday", "hour": 15}]


async def test_the_stream_has_the_vendors_parts_in_order(standin: OpenAIStandin) -> None:
    standin.reply = lambda _: Reply("Fine, thank you.")
    async with serve(standin) as address:
        stream = await sdk(address).chat.completions.create(
            model="m", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Fine, thank you."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == len(tokens_of("Fine, thank you."))
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_whole_answer_carries_text_tools_and_usage(standin: OpenAIStandin) -> None:
    standin.reply = lambda _: Reply(tool_calls=(ToolCall("opt_out"), ToolCall("note", {"text": "año"})))
    async with serve(standin) as address:
        answer = await sdk(address).chat.completions.create(model="m", messages=HELLO)
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == ["opt_out", "note"]
    assert json.loads(calls[1].function.arguments) == {"text": "año"}  # type: ignore[union-attr]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage is not None and answer.usage.prompt_tokens > 0


async def test_tokens_come_at_the_profiles_pace() -> None:
    standin = OpenAIStandin(profile=LatencyProfile(llm_first_token_ms=150, llm_tokens_per_second=50))
    standin.reply = lambda _: Reply("one two three four five six seven eight nine ten")
    clock = asyncio.get_running_loop().time
    async with serve(standin) as address:
        started = clock()
        stream = await sdk(address).chat.completions.create(model="m", messages=HELLO, stream=True)
        times = [clock() - started async for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
    assert times[0] >= 0.14
    assert times[-1] >= 0.15 + 9 / 50 - 0.02


@pytest.mark.parametrize(
    ("last", "expected"),
    [("¿Cuánto cuesta?", "Claro"), ("hola buenas", "Claro"), ("What is it?", "Of course"), ("", "Of course")],
)
def test_the_default_reply_is_in_the_callers_language(last: str, expected: str) -> None:
    assert seller_reply({"messages": [{"role": "user", "content": last}]}).text.startswith(expected)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
async def test_a_refusal_is_the_sdks_own_exception(
    standin: OpenAIStandin, status: int, error: type[openai.APIStatusError]
) -> None:
    standin.faults.on(1, refuse(status))
    async with serve(standin) as address:
        with pytest.raises(error) as raised:
            await sdk(address).chat.completions.create(model="m", messages=HELLO)
        assert raised.value.status_code == status
        assert (raised.value.response.headers.get("retry-after") == "1") == (status in (429, 503))
        await sdk(address).chat.completions.create(model="m", messages=HELLO)


async def test_pipecats_service_reports_a_vendor_in_trouble(standin: OpenAIStandin) -> None:
    standin.faults.set(refuse(500))
    async with serve(standin) as address, running(llm(address)) as bot:
        await bot.send(LLMContextFrame(LLMContext(HELLO)))
        await bot.wait_for(lambda: bot.of(ErrorFrame))
        assert not bot.of(LLMTextFrame)


async def test_a_wrong_key_and_a_missing_model_are_told_apart() -> None:
    standin = OpenAIStandin(profile=LatencyProfile.named("instant"), keys=frozenset({"good"}), models=("m",))
    async with serve(standin) as address:
        with pytest.raises(openai.AuthenticationError):
            await sdk(address, key="bad").models.list()
        with pytest.raises(openai.NotFoundError):
            await sdk(address).chat.completions.create(model="other", messages=HELLO)
        assert [model.id async for model in sdk(address).models.list()] == ["m"]
        assert (await sdk(address).models.retrieve("m")).id == "m"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "messages"),
        ([{"content": "x"}], "role"),
        ([{"role": "tool", "tool_call_id": "c", "content": "x"}], "must be a response"),
        (
            [
                {"role": "assistant", "tool_calls": [{"id": "c", "type": "function"}]},
                {"role": "user", "content": "x"},
            ],
            "did not have response messages",
        ),
    ],
)
async def test_a_context_that_openai_would_refuse_is_refused(
    standin: OpenAIStandin, messages: list[Any], reason: str
) -> None:
    async with serve(standin) as address:
        with pytest.raises(openai.BadRequestError, match=reason):
            await sdk(address).chat.completions.create(model="m", messages=messages)
    assert not standin.requests


async def test_a_body_that_is_no_json_is_refused(standin: OpenAIStandin) -> None:
    headers = {"Authorization": "Bearer good"}
    async with serve(standin) as address, httpx.AsyncClient(base_url=address.http, headers=headers) as client:
        answer = await client.post("/v1/chat/completions", content=b"{")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_stream_that_breaks_off_raises_in_the_client(standin: OpenAIStandin) -> None:
    standin.faults.set(closed(after_messages=3))
    async with serve(standin) as address:
        stream = await sdk(address).chat.completions.create(model="m", messages=HELLO, stream=True)
        got = []
        with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
            async for chunk in stream:
                got.append(chunk)
    assert len(got) == 3
    assert not standin.requests[0].finished


async def test_a_malformed_stream_raises_in_the_client(standin: OpenAIStandin) -> None:
    standin.faults.set(MALFORMED)
    async with serve(standin) as address:
        stream = await sdk(address).chat.completions.create(model="m", messages=HELLO, stream=True)
        with pytest.raises(ValueError):
            async for _ in stream:
                pass


async def test_half_open_and_slow_run_into_the_clients_deadline(standin: OpenAIStandin) -> None:
    async with serve(standin) as address:
        for fault in (HALF_OPEN, slow(2000)):
            standin.faults.set(fault)
            with pytest.raises(openai.APITimeoutError):
                await sdk(address, timeout=0.3).chat.completions.create(model="m", messages=HELLO)


async def test_forty_streams_at_once_all_get_their_own_answer(standin: OpenAIStandin) -> None:
    standin.reply = lambda request: Reply("You said " + request["messages"][-1]["content"])
    async with serve(standin) as address, asyncio.timeout(WAIT_SECONDS):
        client = sdk(address)

        async def ask(number: int) -> str:
            messages: list[Any] = [{"role": "user", "content": f"number {number}"}]
            stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

        answers = await asyncio.gather(*(ask(number) for number in range(40)))
    assert answers == [f"You said number {number}" for number in range(40)]
