"""OpenAI's own package against the local server."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any

import msgspec
import openai
import pytest
from pydantic import BaseModel

from imagine.server import MODELS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from imagine.server import LocalServer

LLM, EMBEDDING = "Llama-3.1-8B", "BAAI/bge-large-en-v1.5"
MESSAGES: Any = [{"role": "user", "content": "What does a router do?"}]
LONG: Any = {"extra_body": {"ignore_eos": True}}
"""No text ends before its limit."""
WEATHER: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}


@pytest.fixture
def client(server: LocalServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.openai_base_url, api_key=server.api_key, max_retries=0) as client:
        yield client


@pytest.fixture
async def async_client(server: LocalServer, anyio_backend: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=server.openai_base_url, api_key=server.api_key, max_retries=0
    ) as async_client:
        yield async_client


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    """All models of all types are listed, and each is found by its name, slashes included."""
    assert [model.id for model in client.models.list()] == [name for names in MODELS.values() for name in names]
    assert client.models.retrieve(EMBEDDING).id == EMBEDDING
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("none")


@pytest.mark.anyio
async def test_a_chat_has_as_many_choices_as_asked_for(client: openai.OpenAI, async_client: openai.AsyncOpenAI) -> None:
    """`n` choices of one prompt differ, and each keeps to the newer name of the limit."""
    options: Any = {"model": LLM, "messages": MESSAGES, "n": 3, "max_completion_tokens": 12, **LONG}
    answer = client.chat.completions.create(**options)
    assert len({choice.message.content for choice in answer.choices}) == 3
    assert answer.choices[0].message.tool_calls is None
    assert (answer.usage and answer.usage.completion_tokens) == 36
    assert (await async_client.chat.completions.create(**options)).choices == answer.choices


@pytest.mark.anyio
async def test_a_streamed_chat_says_the_same(client: openai.OpenAI, async_client: openai.AsyncOpenAI) -> None:
    """Each choice's pieces come to the text of the whole answer, through both of its clients; usage comes last."""
    options: Any = {"model": LLM, "messages": MESSAGES, "n": 2, "max_tokens": 8, **LONG}
    streamed: Any = {**options, "stream": True, "stream_options": {"include_usage": True}}
    whole = [choice.message.content for choice in client.chat.completions.create(**options).choices]
    *chunks, last = client.chat.completions.create(**streamed)
    assert [_text_of(chunks, index) for index in range(2)] == whole
    assert (last.choices, last.usage.completion_tokens) == ([], 16)
    again = [chunk async for chunk in await async_client.chat.completions.create(**streamed)]
    assert [_text_of(again, index) for index in range(2)] == whole


def _text_of(chunks: list[Any], index: int) -> str:
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
    return "".join(choice.delta.content for choice in choices)


def test_chats_tell_probabilities(client: openai.OpenAI) -> None:
    """Each token comes with its logarithm and the likeliest ones in its place, whole and in a stream."""
    options: Any = {"model": LLM, "messages": MESSAGES, "max_tokens": 6, "logprobs": True, "top_logprobs": 2}
    [choice] = client.chat.completions.create(**options).choices
    tokens = choice.logprobs.content
    assert "".join(token.token for token in tokens) == choice.message.content
    assert all(token.logprob <= 0 and 1 <= len(token.top_logprobs) <= 2 for token in tokens)
    assert any(token.logprob < 0 for token in tokens)
    chunks = client.chat.completions.create(**options, stream=True)
    assert [token for chunk in chunks for token in chunk.choices[0].logprobs.content] == tokens


def test_tools_are_called(client: openai.OpenAI) -> None:
    """A tool's call comes whole, and in pieces that the package puts together."""
    options: Any = {"model": LLM, "messages": [{"role": "user", "content": "Weather in Oslo?"}], "tools": [TOOL]}
    [call] = client.chat.completions.create(**options).choices[0].message.tool_calls
    with client.chat.completions.stream(**options) as stream:
        [again] = stream.get_final_completion().choices[0].message.tool_calls
    assert call.function.arguments == again.function.arguments == '{"city":"Oslo"}'


class Customer(BaseModel):
    customer_name: str
    address: str


def test_structured_answers_are_filled_from_quotations(client: openai.OpenAI) -> None:
    """A text is taken from the prompt's quotations, whichever marks they have, before anything else in it."""
    prompt = "Create a customer named '你好啊集团' (Hello Group, of Beijing), address “Main Street 1”."
    [choice] = client.chat.completions.parse(
        model=LLM, messages=[{"role": "user", "content": prompt}], response_format=Customer
    ).choices
    assert choice.message.parsed == Customer(customer_name="你好啊集团", address="Main Street 1")


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        ("Tell a joke as JSON with 'setup' and \"punchline\" keys. Don't quote 'me'.", ["setup", "punchline"]),
        ('As JSON of {"type": "object", "properties": {"city": {"type": "string"}}}', ["city"]),
        ("A {joke} as JSON", ["answer"]),
    ],
)
def test_an_object_has_what_the_prompt_asks_for(client: openai.OpenAI, prompt: str, keys: list[str]) -> None:
    """Its members are those of a schema in the prompt, or of the keys that are quoted where it speaks of keys."""
    answer = client.chat.completions.create(
        model=LLM, messages=[{"role": "user", "content": prompt}], response_format={"type": "json_object"}
    )
    made = msgspec.json.decode(answer.choices[0].message.content or "", type=dict[str, str])
    assert list(made) == keys
    assert all(made.values())


@pytest.mark.parametrize("url", ["data:image/png;base64,iVBORw0KGgo=", "https://example.com/cat.png"])
def test_images_in_messages_are_taken(client: openai.OpenAI, url: str) -> None:
    """A message may hold pictures, by address or in itself, beside its text."""
    content: Any = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = client.chat.completions.create(model=LLM, messages=[{"role": "user", "content": content}], stop=".")
    assert answer.choices[0].message.content


def test_prompts_in_a_list_are_each_continued(client: openai.OpenAI) -> None:
    """A list of prompts, or of their tokens, gets `n` choices for each; a stream says the same."""
    options: Any = {"model": LLM, "prompt": ["A network is", "A kettle"], "max_tokens": 5, "n": 2}
    answer = client.completions.create(**options)
    alone = client.completions.create(**{**options, "prompt": "A kettle"})
    assert [choice.text for choice in answer.choices[2:]] == [choice.text for choice in alone.choices]
    choices = [choice for chunk in client.completions.create(**options, stream=True) for choice in chunk.choices]
    texts = ["".join(choice.text for choice in choices if choice.index == index) for index in range(4)]
    assert texts == [choice.text for choice in answer.choices]
    assert len(client.completions.create(model=LLM, prompt=[[1, 2], [3]]).choices) == 2


def test_completions_tell_probabilities(client: openai.OpenAI) -> None:
    """Tokens come with logarithms, likely ones and their places in the text, the same whole and in a stream."""
    options: Any = {"model": LLM, "prompt": "A network is", "max_tokens": 5, "logprobs": 2}
    [choice] = client.completions.create(**options).choices
    told = choice.logprobs
    assert [choice.text[start:] for start in told.text_offset] == ["".join(told.tokens[place:]) for place in range(5)]
    assert [place[token] for place, token in zip(told.top_logprobs, told.tokens, strict=True)] == told.token_logprobs
    chunks = [chunk.choices[0].logprobs for chunk in client.completions.create(**options, stream=True)]
    assert [start for chunk in chunks for start in chunk.text_offset] == told.text_offset


@pytest.mark.anyio
async def test_embeddings_come_in_the_form_asked_for(client: openai.OpenAI, async_client: openai.AsyncOpenAI) -> None:
    """Base64, which the package asks for by itself, holds a list's numbers; cut vectors have unit length again."""
    options: Any = {"model": EMBEDDING, "input": ["a kettle", "a router"]}
    packed = (await async_client.embeddings.create(**options)).data
    plain = client.embeddings.create(**options, encoding_format="float").data
    assert packed[1].embedding == pytest.approx(plain[1].embedding, abs=1e-6)
    [short, _] = client.embeddings.create(**options, dimensions=16).data
    assert (len(short.embedding), hypot(*short.embedding)) == (16, pytest.approx(1, abs=1e-6))


@pytest.mark.parametrize(("tokens", "vectors"), [([1, 2, 3], 1), ([[1, 2], [3]], 2)])
def test_tokens_are_embedded(client: openai.OpenAI, tokens: Any, vectors: int) -> None:
    """The numbers of tokens are taken for a text, lists of them for several."""
    answer = client.embeddings.create(model=EMBEDDING, input=tokens)
    assert (len(answer.data), answer.usage.prompt_tokens) == (vectors, 3)


def test_speech_is_transcribed(client: openai.OpenAI) -> None:
    """A transcription comes as an object, with what clients count by, or as text alone; other forms are refused."""
    options: Any = {"model": "whisper-tiny", "file": ("speech.wav", b"RIFF")}
    text = client.audio.transcriptions.create(**options).text
    assert "speech.wav" in text
    assert client.audio.transcriptions.create(**options, response_format="text") == text
    assert client.audio.transcriptions.create(**options, response_format="verbose_json").duration == 0
    with pytest.raises(openai.UnprocessableEntityError, match="response_format: must be"):
        client.audio.transcriptions.create(**options, response_format="srt")


def test_addresses_of_images_are_whole(client: openai.OpenAI, server: LocalServer) -> None:
    """The package does not put addresses together: they come with the server's own."""
    [image] = client.images.generate(model="sdxl-turbo", prompt="a cat", size="64x64", response_format="url").data or []
    assert (image.url or "").startswith(server.endpoint.removesuffix("v2") + "images/")


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"model": "none"}, openai.NotFoundError, ("invalid_request_error", "model_not_found", None)),
        ({"n": 129}, openai.UnprocessableEntityError, ("invalid_request_error", None, "n")),
        ({"temperature": "hot"}, openai.UnprocessableEntityError, ("invalid_request_error", None, "temperature")),
        (
            {"messages": [{"role": 3}]},
            openai.UnprocessableEntityError,
            ("invalid_request_error", None, "messages.0.role"),
        ),
    ],
)
def test_errors_are_told_as_the_package_reads_them(
    client: openai.OpenAI, options: Any, error: type[openai.APIStatusError], told: tuple[str | None, ...]
) -> None:
    """An error has a type, a code and the parameter that it is about, where there is one."""
    with pytest.raises(error) as raised:
        client.chat.completions.create(**{"model": LLM, "messages": MESSAGES, **options})
    assert (raised.value.type, raised.value.code, raised.value.param) == told


def test_a_wrong_key_is_told(server: LocalServer) -> None:
    """A key that is nobody's is an error of authentication."""
    with (
        openai.OpenAI(base_url=server.openai_base_url, api_key="none", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as raised,
    ):
        client.models.list()
    assert (raised.value.type, raised.value.code) == ("authentication_error", "invalid_api_key")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n": 65, "prompt": ["a", "b"]}, "at most 128"), ({"logprobs": 21}, "logprobs"), ({"prompt": [1.5]}, "prompt.0")],
)
def test_what_is_too_much_is_refused(client: openai.OpenAI, options: Any, message: str) -> None:
    """Choices of all prompts together and likely tokens have bounds, and prompts are texts or tokens."""
    with pytest.raises(openai.UnprocessableEntityError, match=message):
        client.completions.create(**{"model": LLM, "prompt": "a", **options})


def test_dimensions_are_at_most_those_of_the_model(client: openai.OpenAI) -> None:
    """Nothing is made up to fill a longer vector."""
    with pytest.raises(openai.UnprocessableEntityError, match="dimensions must be at most 1024"):
        client.embeddings.create(model=EMBEDDING, input="a", dimensions=1025)


def test_what_is_ignored_is_told(client: openai.OpenAI, server: LocalServer) -> None:
    """A header names members that mean nothing here, at each depth once, however strange they are."""
    tools: Any = [{**TOOL, "function": {**TOOL["function"], "strict": True}}]
    extra = {"x\r\ny": 1, **{f"x{number}": 1 for number in range(18)}}
    answer = client.chat.completions.with_raw_response.create(
        model=LLM, messages=MESSAGES, tools=tools, user="me", extra_body=extra
    )
    told = answer.headers["X-Imagine-Ignored"].split(", ")
    assert set(told) >= {"user", "tools.function.strict", "x%0D%0Ay", "and 1 more"}
    assert len(server.requests[-1].ignored) == 21
    plain = client.chat.completions.with_raw_response.create(model=LLM, messages=MESSAGES)
    assert "X-Imagine-Ignored" not in plain.headers


def test_fields_of_a_form_that_are_ignored_are_told(client: openai.OpenAI) -> None:
    """So are the fields of an upload."""
    answer = client.audio.transcriptions.with_raw_response.create(
        model="whisper-tiny", file=("a.wav", b"RIFF"), language="en"
    )
    assert answer.headers["X-Imagine-Ignored"] == "language"
