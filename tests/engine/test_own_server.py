"""The local server before a real model: in its own process, and as a gateway to llama.cpp's server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from llama_server import MODEL, assembled, running_engine
from own_server import VECTORS, embedding_model, own_server

from imagine import ImagineAPIBadRequestException, ModelType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_server import Engine

    from imagine import ImagineAsyncClient

pytestmark = pytest.mark.anyio

TALE = "Once upon a time"
LONGEST = 2000
"""Tokens; a minute or more of work on a small machine."""


@pytest.fixture(scope="module", params=["engine", "upstream"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    venv, folder = Path(os.environ["IMAGINE_ENGINE_VENV"]), tmp_path_factory.mktemp("own")
    python = str(venv.absolute() / "bin" / "python")
    if request.param == "engine":
        files = ["--model", assembled(python), "--embedding-model", str(embedding_model(python, folder))]
        with own_server(python, MODEL, "--engine", "llama-cpp", *files) as server:
            yield server
        return
    with (
        running_engine(venv, folder / "server.log") as engine,
        own_server(sys.executable, MODEL, "--upstream", engine.endpoint) as server,
    ):
        yield server


@pytest.fixture
def is_gateway(request: pytest.FixtureRequest) -> bool:
    return request.node.callspec.params["server"] == "upstream"


async def test_the_models_are_the_real_ones(client: ImagineAsyncClient, server: Engine, is_gateway: bool) -> None:
    """Under the names of their files, or those that the upstream tells."""
    models = await client.get_available_models_by_type()
    assert models[ModelType.LLM] == [server.model]
    assert models[ModelType.EMBEDDING] == ([] if is_gateway else [VECTORS])


async def test_a_completion_is_counted_and_kept(client: ImagineAsyncClient, server: Engine) -> None:
    """`max_tokens` cuts the text; the tokens are in the answer and in the usage, the text in the history."""
    before = await _used(client, server)
    answer = await client.completion(TALE, server.model, max_tokens=8, temperature=0)
    assert answer.usage is not None
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 8)
    assert await _used(client, server) - before == 8
    [(kept, _)] = await client.get_completion_history(max_items=1)
    assert kept.first_text == answer.first_text


async def test_a_stream_comes_token_by_token(client: ImagineAsyncClient, server: Engine) -> None:
    """It folds to what is kept of it."""
    stream = client.completion_stream(TALE, server.model, max_tokens=12, temperature=0)
    texts = [chunk.first_content or "" async for chunk in stream]
    assert len(list(filter(None, texts))) > 6
    [(kept, _)] = await client.get_completion_history(max_items=1)
    assert "".join(texts) == (await stream.final()).first_text == kept.first_text


async def test_requests_at_the_same_time_are_all_answered(client: ImagineAsyncClient, server: Engine) -> None:
    """Each waits for its turn, whole answers and streams alike."""
    asked = {"model": server.model, "max_tokens": 8, "temperature": 0}
    wholes = [client.completion(TALE, **asked) for _ in range(3)]
    streams = [client.completion_stream(TALE, **asked).final() for _ in range(3)]
    answers = await asyncio.gather(*wholes, *streams)
    assert {answer.choices[0].finish_reason for answer in answers} == {"length"}


async def test_a_chat_keeps_to_a_schema(client: ImagineAsyncClient, server: Engine) -> None:
    """The model can write nothing else."""
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
    answer = await client.chat(
        [{"role": "user", "content": "What is the capital of France?"}],
        server.model,
        max_tokens=60,
        temperature=0,
        response_format={"type": "json_object", "schema": schema},
    )
    assert list(json.loads(answer.first_content or "")) == ["city"]


async def test_a_stream_left_early_frees_the_model(client: ImagineAsyncClient, server: Engine) -> None:
    """The next request is answered long before all text could have come."""
    asked = {"model": server.model, "max_tokens": LONGEST}
    async with client.completion_stream(TALE, ignore_eos=True, extra_body={"min_tokens": LONGEST}, **asked) as stream:
        async for _ in stream:
            break
    answer = await client.completion(TALE, server.model, max_tokens=1, temperature=0, timeout=20)
    assert answer.choices[0].finish_reason == "length"


async def test_a_prompt_beyond_the_context_is_a_bad_request(
    client: ImagineAsyncClient, server: Engine, is_gateway: bool
) -> None:
    """In the words of the model's own software."""
    with pytest.raises(ImagineAPIBadRequestException, match="context"):
        await client.completion("word " * 6000, server.model)
    if not is_gateway:  # llama.cpp's server answers with a stream of nothing
        with pytest.raises(ImagineAPIBadRequestException, match="context"):
            await client.completion_stream("word " * 6000, server.model).final()


async def test_texts_that_mean_the_same_are_close(client: ImagineAsyncClient, is_gateway: bool) -> None:
    """The vectors know meanings, not words; they have unit length."""
    if is_gateway:
        pytest.skip("llama.cpp's server has no embedding model here")
    texts = ["The cat sleeps on the sofa.", "A kitten is napping on the couch.", "Stocks fell sharply on Monday."]
    cat, kitten, stocks = (each.embedding for each in (await client.embeddings(texts, VECTORS)).data)
    assert _product(cat, cat) == pytest.approx(1)
    assert _product(cat, kitten) > 0.6 > 0.2 > _product(cat, stocks)


async def test_a_tool_that_is_named_is_called(client: ImagineAsyncClient, server: Engine, is_gateway: bool) -> None:
    """With arguments that fit its schema."""
    if is_gateway:
        pytest.skip("what llama.cpp's server does with tools is its own")
    parameters = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
    tool = {"type": "function", "function": {"name": "weather", "parameters": parameters}}
    asked = [{"role": "user", "content": "How is the weather in Rome?"}]
    answer = await client.chat(asked, server.model, tools=[tool], tool_choice="required", max_tokens=40, temperature=0)
    [call] = answer.choices[0].message.tool_calls or []
    assert call.function is not None
    assert call.function.name == "weather"
    assert "city" in (call.function.arguments or "")


async def _used(client: ImagineAsyncClient, server: Engine) -> int:
    return sum(record.total_output_tokens for record in (await client.usage(model=server.model)).overall)


def _product(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
