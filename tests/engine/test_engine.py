"""The clients against a real engine: tokens that a model makes one by one, at its own pace."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from imagine import ImagineAPIBadRequestException, ModelType

if TYPE_CHECKING:
    from llama_server import Engine

    from imagine import ImagineAsyncClient

pytestmark = pytest.mark.anyio

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
TALE = "Once upon a time"
LONGEST = 2000
"""Tokens; all that the engine's context holds, and a minute or more of work on a small machine."""


async def test_the_models_of_a_plain_server_are_llms(client: ImagineAsyncClient, server: Engine) -> None:
    """A list in OpenAI's shape is one of LLMs."""
    assert await client.get_available_models_by_type() == {ModelType.LLM: [server.model]}
    assert await client.get_available_models() == [server.model]


async def test_a_completion_stops_at_max_tokens_and_counts_them(client: ImagineAsyncClient, server: Engine) -> None:
    """`max_tokens` cuts the text, `finish_reason` says so, and `usage` adds up."""
    answer = await client.completion(TALE, server.model, max_tokens=8, temperature=0)
    assert answer.first_text
    assert (answer.model, answer.choices[0].finish_reason) == (server.model, "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8
    assert answer.usage.total_tokens == 8 + (answer.usage.prompt_tokens or 0)


async def test_a_chat_answers_up_to_the_stop_text(client: ImagineAsyncClient) -> None:
    """The model knows the answer, and a stop text ends it before the token limit does."""
    answer = await client.chat(QUESTION, max_tokens=40, temperature=0, stop=["USER:"])
    assert "Paris" in (answer.first_content or "")
    assert (answer.choices[0].message.role, answer.choices[0].finish_reason) == ("assistant", "stop")


async def test_a_chat_keeps_to_a_schema(client: ImagineAsyncClient) -> None:
    """`response_format` reaches the engine, which lets the model write nothing else."""
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
    answer = await client.chat(
        QUESTION, max_tokens=60, temperature=0, response_format={"type": "json_object", "schema": schema}
    )
    assert list(json.loads(answer.first_content or "")) == ["city"]


async def test_completion_chunks_that_carry_text_fold(client: ImagineAsyncClient) -> None:
    """This engine streams `text` instead of `delta`; chunks, `stream.text` and `final()` have it all the same."""
    stream = client.completion_stream(TALE, max_tokens=8, temperature=0)
    texts = [chunk.first_content or "" async for chunk in stream]
    final = await stream.final()
    assert len([text for text in texts if text]) > 1
    assert "".join(texts) == stream.text == final.first_text
    assert final.choices[0].finish_reason == "length"


async def test_chat_chunks_fold(client: ImagineAsyncClient) -> None:
    """The role of the first chunk, the text of the others and the last one's finish reason make up the answer."""
    stream = client.chat_stream(QUESTION, max_tokens=40, temperature=0, stop=["USER:"])
    texts = [chunk.first_content or "" async for chunk in stream]
    message = (await stream.final()).choices[0].message
    assert "Paris" in stream.text
    assert (message.role, message.content) == ("assistant", "".join(texts))
    assert (await stream.final()).choices[0].finish_reason == "stop"


async def test_streams_at_the_same_time_are_both_complete(client: ImagineAsyncClient) -> None:
    """The engine makes one text after the other; the second stream waits and misses nothing."""
    streams = [client.completion_stream(prompt, max_tokens=8, temperature=0) for prompt in (TALE, "In the beginning")]
    finals = await asyncio.gather(*(stream.final() for stream in streams))
    assert [final.choices[0].finish_reason for final in finals] == ["length", "length"]


async def test_a_stream_left_early_frees_the_engine(client: ImagineAsyncClient) -> None:
    """Leaving a stream ends the work on it: the next request is answered long before all text could have come."""
    async with client.completion_stream(TALE, max_tokens=LONGEST, extra_body={"min_tokens": LONGEST}) as stream:
        async for _ in stream:
            break
    answer = await client.completion(TALE, max_tokens=1, temperature=0, timeout=10)
    assert answer.choices[0].finish_reason == "length"


async def test_a_prompt_beyond_the_context_is_a_bad_request(client: ImagineAsyncClient) -> None:
    """What the engine has to say about it is in the message."""
    with pytest.raises(ImagineAPIBadRequestException, match="maximum context length is 2048 tokens"):
        await client.completion("word " * 3000)


async def test_the_record_of_a_stream_tells_the_speed(
    client: ImagineAsyncClient, server: Engine, face: str, figures: list[str]
) -> None:
    """`stream.call` has the times and the count of events; the speed is printed at the end of the run."""
    stream = client.completion_stream(TALE, server.model, max_tokens=64, temperature=0)
    chunks = [chunk async for chunk in stream]
    call = stream.call
    assert call is not None
    assert (call.method, call.path, call.status, len(call.attempts)) == ("POST", "completions", 200, 1)
    assert call.request_id
    assert call.events == len(chunks)
    assert call.seconds_to_first_event is not None
    assert 0 < call.seconds_to_first_event < call.seconds_total
    speed = (call.events - 1) / (call.seconds_total - call.seconds_to_first_event)
    first = call.seconds_to_first_event
    figures.append(f"{server.model} ({face} client): {speed:.1f} tokens/s, the first after {first:.2f} s")
