# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What type checkers make of the public names: checked by mypy and pyright in strict mode, never run.

An ignore that is not needed is an error of both checkers: each line with one is a mistake that they must find.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_type

import imagine
from imagine import (
    AsyncStream,
    CallInfo,
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionStreamResponse,
    ChatMessage,
    CompletionRequest,
    CompletionResponse,
    CompletionStreamResponse,
    EmbeddingRequest,
    EmbeddingResponse,
    FinishReason,
    FunctionTool,
    HealthResponse,
    Image,
    ImageRequest,
    ImageResponse,
    ImagineAPIException,
    ImagineAPITooManyRequestsException,
    ImagineAsyncClient,
    ImagineClient,
    ImagineConnectionException,
    ImagineException,
    ImagineTimeoutException,
    ModelType,
    PingResponse,
    RateLimit,
    RawResponse,
    ReRankerRequest,
    ReRankerResponse,
    Stream,
    Timeout,
    Tools,
    TranscribeResponse,
    TranslateResponse,
    UsageInfo,
    UsageResponse,
    image_part,
)
from imagine.calls import Outcome

HELLO = [ChatMessage(role="user", content="Hello!")]
MIXED: list[ChatMessage | dict[str, str]] = [
    ChatMessage(role="system", content="Be brief."),
    {"role": "user", "content": "Hello!"},
]
TOOL = Tools(type="function", function=FunctionTool(name="f", parameters={"type": "object"}))


def heads() -> None:
    """Both clients take their options by position and by keyword, and None for each."""
    ImagineAsyncClient()
    ImagineAsyncClient("https://host/v2", "key", 3, 60.0, True, 64, None, False)
    ImagineClient("https://host/v2", "key", 3, Timeout(read=5), "ca.pem", "http://proxy:3128", False, None)
    ImagineClient(max_concurrent_requests=8, proxy=False, verify=Path("ca.pem"))
    ImagineAsyncClient(
        verify=ssl.create_default_context(),
        default_headers={"X-Team": "blue"},
        retry_budget=60,
        slot_timeout=5,
        retry_on_timeout=True,
        rate_limits=[RateLimit(requests=5, per=60), RateLimit(tokens=25_000, per=3600)],
        on_limit="raise",
        on_call=lambda call: print(call.seconds_total),
        max_event_bytes=1024,
        max_response_bytes=1024,
    )
    ImagineAsyncClient(endpoint=None, api_key=None, timeout=None, verify=None, rate_limits=None, on_limit=None)

    ImagineAsyncClient(max_retry=3)  # type: ignore[call-arg]
    ImagineAsyncClient(timeout="60")  # type: ignore[arg-type]
    ImagineAsyncClient(on_limit="sleep")  # type: ignore[arg-type]
    ImagineAsyncClient(proxy=True)  # type: ignore[arg-type]
    ImagineClient(rate_limits=["5/minute"])  # type: ignore[list-item]
    ImagineClient(on_call=print, retries=3)  # type: ignore[call-arg]


async def async_methods(client: ImagineAsyncClient) -> None:
    """Every awaited method has the class of its answer."""
    assert_type(await client.ping(), PingResponse)
    assert_type(await client.health_check(), HealthResponse)
    assert_type(await client.usage("1 day", datetime.now(UTC), "2026-11-01", "Llama-3.1-8B"), UsageResponse)
    assert_type(await client.get_available_models_by_type(ModelType.LLM), dict[ModelType, list[str]])
    assert_type(await client.get_available_models("llm"), list[str])
    assert_type(await client.chat(HELLO), ChatCompletionResponse)
    assert_type(await client.completion("Once", temperature=0.5), CompletionResponse)
    assert_type(await client.embeddings("a"), EmbeddingResponse)
    assert_type(await client.embeddings(["a", "b"], "model", deadline=5), EmbeddingResponse)
    assert_type(await client.reranker("q", ["a"], None, 1, True), ReRankerResponse)
    assert_type(await client.translate("Good morning", seed=1), TranslateResponse)
    assert_type(await client.transcribe("speech.wav"), TranscribeResponse)
    assert_type(await client.transcribe(Path("speech.wav")), TranscribeResponse)
    assert_type(await client.transcribe(io.BytesIO(b"RIFF")), TranscribeResponse)
    assert_type(await client.transcribe(b"RIFF", file_name="speech.wav"), TranscribeResponse)
    assert_type(await client.transcribe(iter([b"RIFF"])), TranscribeResponse)
    assert_type(await client.transcribe(asyncio.StreamReader()), TranscribeResponse)
    assert_type(await client.transcribe(b"RIFF", progress=lambda sent, total: print(sent, total)), TranscribeResponse)
    assert_type(await client.images_generate("sun", n=2, size="64x64"), ImageResponse)
    assert_type(await client.fetch_image(Image(url="images/sun.png")), Image)
    assert_type(image_part(Path("sun.png"), detail="low"), dict[str, Any])
    assert_type(await client.warm_up(), None)
    assert_type(client.with_options(timeout=5, max_retries=0), ImagineAsyncClient)
    assert_type(client.default_model_llm, str)
    assert_type(await client.close(), None)
    async with client as entered:
        assert_type(entered, ImagineAsyncClient)


async def async_histories(client: ImagineAsyncClient) -> None:
    """A history is a list of pairs of the answer's and the request's class."""
    chats = await client.get_chat_history(2)
    assert_type(chats, list[tuple[ChatCompletionResponse, ChatCompletionRequest]])
    completions = await client.get_completion_history()
    assert_type(completions, list[tuple[CompletionResponse, CompletionRequest]])
    embeddings = await client.get_embedding_history()
    assert_type(embeddings, list[tuple[EmbeddingResponse, EmbeddingRequest]])
    rerankings = await client.get_reranker_history()
    assert_type(rerankings, list[tuple[ReRankerResponse, ReRankerRequest]])
    images = await client.get_image_history()
    assert_type(images, list[tuple[ImageResponse, ImageRequest]])


async def async_streams(client: ImagineAsyncClient) -> None:
    """Streams have the classes of their chunks and of the folded answer, and are used without `await`."""
    chat = client.chat_stream(HELLO, max_tokens=5)
    assert_type(chat, AsyncStream[ChatCompletionStreamResponse, ChatCompletionResponse])
    async for chunk in chat:
        assert_type(chunk, ChatCompletionStreamResponse)
        assert_type(chunk.first_content, str | None)
    async with client.chat_stream(HELLO) as entered:
        assert_type(entered, AsyncStream[ChatCompletionStreamResponse, ChatCompletionResponse])
    assert_type(await chat.final(), ChatCompletionResponse)
    assert_type(chat.text, str)
    assert_type(chat.call, CallInfo | None)
    assert_type(await chat.aclose(), None)
    completion = client.completion_stream("Once", fold=False, require_end=False)
    async for piece in completion:
        assert_type(piece, CompletionStreamResponse)
    assert_type(await completion.final(), CompletionResponse)
    images = client.images_generate_stream("sun", n=2)
    async for image in images:
        assert_type(image, ImageResponse)
    assert_type(await images.final(), ImageResponse)

    for _ in chat:  # type: ignore[attr-defined]
        pass
    await client.chat_stream(HELLO)  # type: ignore[misc]
    client.images_generate_stream("sun", temperature=1)  # type: ignore[call-arg]


async def async_requests(client: ImagineAsyncClient) -> None:
    """`request` gives the raw answer, `request_as` an instance of the class it was given."""
    raw = await client.request("GET", "ping", params={"a": 1, "b": None})
    assert_type(raw, RawResponse)
    assert_type((raw.status, raw.content, raw.call), tuple[int, bytes, CallInfo])
    assert_type(await client.request_as(PingResponse, "GET", "ping"), PingResponse)
    assert_type(await client.request_as(dict[str, str], "GET", "ping", json={"a": 1}), dict[str, str])


async def arguments(client: ImagineAsyncClient) -> None:
    """Right arguments pass, wrong ones and misspelt ones are found."""
    await client.chat(MIXED, "model", tools=[TOOL, {"type": "function"}], tool_choice="auto", max_tokens=5)
    await client.chat([{"role": "user", "content": "Hello!"}], response_format={"type": "json_object"})
    await client.chat(HELLO, timeout=5, deadline=60, max_retries=0, extra_body={"a": None}, extra_headers={"X": "a"})
    await client.chat(HELLO, timeout=Timeout(connect=1), temperature=None, stop=["\n"], stop_token_ids=[[1]])

    await client.chat("Hello!")  # type: ignore[arg-type]
    await client.chat(HELLO, temprature=0.5)  # type: ignore[call-arg]
    await client.chat(HELLO, temperature="hot")  # type: ignore[arg-type]
    await client.chat(HELLO, stop="\n")
    await client.chat(HELLO, None, [TOOL])  # type: ignore[call-arg]
    await client.chat(HELLO, extra_headers={"X": 1})  # type: ignore[dict-item]
    await client.completion()  # type: ignore[call-arg]
    await client.completion("Once", None, 0.5)  # type: ignore[call-arg]
    await client.embeddings("a", temperature=0.5)  # type: ignore[call-arg]
    await client.embeddings([1])  # type: ignore[list-item]
    await client.reranker("q", ["a"], top_n="1")  # type: ignore[arg-type]
    await client.transcribe([5])  # type: ignore[list-item]
    await client.transcribe(io.StringIO())  # type: ignore[arg-type]
    await client.transcribe(b"RIFF", progress=len)  # type: ignore[arg-type]
    await client.fetch_image("sun.png")  # type: ignore[arg-type]
    await client.images_generate("sun", n="2")  # type: ignore[arg-type]
    await client.get_chat_history(max_items=None)  # type: ignore[arg-type]
    client.with_options(retries=1)  # type: ignore[call-arg]
    client.default_model_llm = "other"  # type: ignore[misc]
    await client.chats(HELLO)  # type: ignore[attr-defined]


def blocking_methods(client: ImagineClient) -> None:
    """The blocking client returns what the async one's awaits give."""
    assert_type(client.ping(), PingResponse)
    assert_type(client.health_check(), HealthResponse)
    assert_type(client.usage(), UsageResponse)
    assert_type(client.get_available_models_by_type(), dict[ModelType, list[str]])
    assert_type(client.get_available_models(), list[str])
    assert_type(client.chat(MIXED, temperature=0.5), ChatCompletionResponse)
    assert_type(client.completion("Once"), CompletionResponse)
    assert_type(client.embeddings(["a"]), EmbeddingResponse)
    assert_type(client.reranker("q", ["a"]), ReRankerResponse)
    assert_type(client.translate("Good morning"), TranslateResponse)
    assert_type(client.transcribe("speech.wav"), TranscribeResponse)
    assert_type(client.images_generate("sun"), ImageResponse)
    assert_type(client.fetch_image(Image(url="images/sun.png")).to_bytes(), bytes)
    assert_type(client.get_chat_history(), list[tuple[ChatCompletionResponse, ChatCompletionRequest]])
    assert_type(client.get_completion_history(), list[tuple[CompletionResponse, CompletionRequest]])
    assert_type(client.get_embedding_history(), list[tuple[EmbeddingResponse, EmbeddingRequest]])
    assert_type(client.get_reranker_history(), list[tuple[ReRankerResponse, ReRankerRequest]])
    assert_type(client.get_image_history(), list[tuple[ImageResponse, ImageRequest]])
    assert_type(client.request("GET", "ping"), RawResponse)
    assert_type(client.request_as(PingResponse, "GET", "ping"), PingResponse)
    assert_type(client.warm_up(), None)
    assert_type(client.with_options(timeout=5), ImagineClient)
    assert_type(client.default_model_tti, str)
    assert_type(client.close(), None)
    with client as entered:
        assert_type(entered, ImagineClient)

    client.chat(HELLO, temprature=0.5)  # type: ignore[call-arg]
    client.embeddings("a", deadline="1")  # type: ignore[arg-type]


def blocking_streams(client: ImagineClient) -> None:
    """The blocking streams are iterated with `for`."""
    chat = client.chat_stream(HELLO, max_tokens=5)
    assert_type(chat, Stream[ChatCompletionStreamResponse, ChatCompletionResponse])
    for chunk in chat:
        assert_type(chunk, ChatCompletionStreamResponse)
    assert_type(next(chat), ChatCompletionStreamResponse)
    with client.chat_stream(HELLO) as entered:
        assert_type(entered, Stream[ChatCompletionStreamResponse, ChatCompletionResponse])
    assert_type(chat.final(), ChatCompletionResponse)
    assert_type(chat.text, str)
    assert_type(chat.call, CallInfo | None)
    assert_type(chat.close(), None)
    for piece in client.completion_stream("Once"):
        assert_type(piece, CompletionStreamResponse)
    for image in client.images_generate_stream("sun"):
        assert_type(image, ImageResponse)
    assert_type(client.images_generate_stream("sun").final(), ImageResponse)


def data_classes(answer: ChatCompletionResponse) -> None:
    """Fields and the habits of the data classes have their types."""
    assert_type(answer.first_content, str | None)
    assert_type(answer.choices[0].finish_reason, FinishReason | None)
    assert_type(answer.model_dump_json(indent=2, exclude={"usage"}), str)
    assert_type(answer.model_dump(mode="json", include={"choices": {0: {"message"}}}), dict[str, Any])
    assert_type(ChatCompletionResponse.model_validate_json(b"{}"), ChatCompletionResponse)
    assert_type(answer.model_copy(update={"id": "1"}), ChatCompletionResponse)
    assert_type(ChatMessage.model_validate({"role": "user", "content": "Hello!"}), ChatMessage)
    ChatMessage(role="user", content=None, tool_calls=[])

    ChatMessage("user", "Hello!")  # type: ignore[call-arg]
    ChatMessage(role="user", contents="Hello!")  # type: ignore[call-arg]
    RateLimit(5, 60)  # type: ignore[call-arg]
    Timeout(reads=5)  # type: ignore[call-arg]


def exceptions(error: ImagineException) -> None:
    """The attributes of the exceptions have their types, by class where they differ."""
    assert_type(error.http_status, int | None)
    assert_type(error.headers.get("Retry-After"), str | None)
    assert_type(error.call, CallInfo | None)
    if error.call is not None:
        assert_type(error.call.outcome, Outcome | None)
        assert_type((error.call.usage, error.call.choices_finished), tuple[UsageInfo | None, int | None])
    if isinstance(error, ImagineAPIException):
        assert_type(error.request_id, str | None)
    if isinstance(error, ImagineAPITooManyRequestsException):
        assert_type(error.retry_after, float | None)
    if isinstance(error, ImagineConnectionException):
        assert_type(error.reason, str)
    if isinstance(error, ImagineTimeoutException):
        assert_type((error.limit, error.seconds), tuple[str, float])


def names() -> None:
    """A name that does not exist is found, although names are imported lazily."""
    imagine.ImagineCleint()  # type: ignore[attr-defined]
    imagine.types.Chat()  # type: ignore[attr-defined]
