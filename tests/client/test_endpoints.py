"""Every method of both clients: what it sends, and what comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import urllib.request
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest
from support.clients import behind_face
from support.listeners import answer, listening

import imagine
from imagine import (
    ChatCompletionRequest,
    ChatMessage,
    ChatMessageToolCall,
    DeltaMessage,
    Function,
    FunctionTool,
    ImagineAPINotFoundException,
    ImagineException,
    ModelType,
    Tools,
)
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]
LLM, OTHER_LLM = "Llama-3.1-8B", "Llama-3.3-70B"
SUN = {
    "prompt": "sun",
    "model": "sdxl-turbo",
    "stream": False,
    "negative_prompt": "blurry",
    "seed": 27,
    "seed_increment": 100,
    "n": 1,
    "num_inference_steps": 20,
    "size": "512x512",
    "guidance_scale": 6.5,
    "response_format": "b64_json",
}
MOON_ARGUMENTS = ("moon", "sdxl-turbo", "clouds", 1, 2, 3, 4, "16x16", 5.5, 6, "url")
MOON = {
    "prompt": "moon",
    "model": "sdxl-turbo",
    "stream": False,
    "negative_prompt": "clouds",
    "seed": 1,
    "seed_increment": 2,
    "n": 3,
    "num_inference_steps": 4,
    "size": "16x16",
    "guidance_scale": 5.5,
    "cache_interval": 6,
    "response_format": "url",
}


class Case(NamedTuple):
    """One call, the request it makes, and the class of its answer."""

    method: str
    arguments: tuple[Any, ...]
    verb: str
    route: str
    sent: Any
    """Query of a GET, JSON of a POST."""
    answer: type

    def __str__(self):
        return f"{self.method}-{len(self.arguments)}"


def chat_body(**members):
    return {"messages": HELLO, "model": LLM, "stream": False, **members}


CASES = [
    Case("ping", (), "GET", "ping", {}, imagine.PingResponse),
    Case("health_check", (), "GET", "health", {}, imagine.HealthResponse),
    Case("usage", (), "GET", "usage", {}, imagine.UsageResponse),
    Case(
        "usage",
        ("1 hour", datetime(2026, 11, 1), datetime(2026, 11, 2, tzinfo=UTC), LLM),
        "GET",
        "usage",
        {
            "aggregation_duration": "1 hour",
            "from": "2026-11-01 00:00:00",
            "to": "2026-11-02 00:00:00+00:00",
            "model": LLM,
        },
        imagine.UsageResponse,
    ),
    Case("get_available_models_by_type", (), "GET", "models", {}, dict),
    Case("get_available_models_by_type", (ModelType.LLM,), "GET", "models", {"model_type": "llm"}, dict),
    Case("get_available_models", (), "GET", "models", {}, list),
    Case("get_available_models", ("embedding",), "GET", "models", {"model_type": "embedding"}, list),
    Case("chat", (HELLO,), "POST", "chat/completions", chat_body(), imagine.ChatCompletionResponse),
    Case(
        "chat",
        (HELLO, OTHER_LLM),
        "POST",
        "chat/completions",
        chat_body(model=OTHER_LLM),
        imagine.ChatCompletionResponse,
    ),
    Case("chat_stream", (HELLO,), "POST", "chat/completions", chat_body(stream=True), imagine.ChatCompletionResponse),
    Case(
        "chat_stream",
        (HELLO, OTHER_LLM),
        "POST",
        "chat/completions",
        chat_body(stream=True, model=OTHER_LLM),
        imagine.ChatCompletionResponse,
    ),
    Case(
        "completion",
        ("Once",),
        "POST",
        "completions",
        {"prompt": "Once", "model": LLM, "stream": False},
        imagine.CompletionResponse,
    ),
    Case(
        "completion_stream",
        ("Once", OTHER_LLM),
        "POST",
        "completions",
        {"prompt": "Once", "model": OTHER_LLM, "stream": True},
        imagine.CompletionResponse,
    ),
    Case(
        "embeddings",
        ("a",),
        "POST",
        "embeddings",
        {"model": "BAAI/bge-large-en-v1.5", "input": "a"},
        imagine.EmbeddingResponse,
    ),
    Case(
        "embeddings",
        (("a", "b"), "BAAI/bge-large-en-v1.5"),
        "POST",
        "embeddings",
        {"model": "BAAI/bge-large-en-v1.5", "input": ["a", "b"]},
        imagine.EmbeddingResponse,
    ),
    Case(
        "reranker",
        ("q", ["d1", "d2"]),
        "POST",
        "reranker",
        {"query": "q", "documents": ["d1", "d2"], "model": "BAAI/bge-reranker-base"},
        imagine.ReRankerResponse,
    ),
    Case(
        "reranker",
        ("q", ["d1", "d2"], "BAAI/bge-reranker-base", 2, True),
        "POST",
        "reranker",
        {
            "query": "q",
            "documents": ["d1", "d2"],
            "model": "BAAI/bge-reranker-base",
            "top_n": 2,
            "return_documents": True,
        },
        imagine.ReRankerResponse,
    ),
    Case(
        "translate",
        ("Good morning",),
        "POST",
        "translate",
        {"prompt": "Good morning", "model": "Helsinki-NLP/opus-mt-en-es", "stream": False},
        imagine.TranslateResponse,
    ),
    Case("images_generate", ("sun",), "POST", "images/generations", SUN, imagine.ImageResponse),
    Case("images_generate", MOON_ARGUMENTS, "POST", "images/generations", MOON, imagine.ImageResponse),
    Case(
        "images_generate_stream", ("sun",), "POST", "images/generations", SUN | {"stream": True}, imagine.ImageResponse
    ),
    Case(
        "images_generate_stream",
        MOON_ARGUMENTS,
        "POST",
        "images/generations",
        MOON | {"stream": True},
        imagine.ImageResponse,
    ),
    Case("get_chat_history", (), "GET", "chat/completions", {"max_items": "1"}, list),
    Case("get_chat_history", (2,), "GET", "chat/completions", {"max_items": "2"}, list),
    Case("get_completion_history", (2,), "GET", "completions", {"max_items": "2"}, list),
    Case("get_embedding_history", (2,), "GET", "embeddings", {"max_items": "2"}, list),
    Case("get_reranker_history", (2,), "GET", "reranker", {"max_items": "2"}, list),
    Case("get_image_history", (2,), "GET", "images/generations", {"max_items": "2"}, list),
]


async def outcome(client, method, *arguments, **keywords):
    """Make a call; of a stream, return the final answer."""
    made = getattr(client, method)(*arguments, **keywords)
    return await (made.final() if method.endswith("_stream") else made)


def content_of(request):
    return request.json if request.method == "POST" else dict(request.query)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_each_method_sends_its_request_and_returns_its_class(client, server, case):
    """Every method makes one request, with the defaults of its page, without None, and returns its class."""
    result = await outcome(client, case.method, *case.arguments)
    [request] = server.requests
    assert (request.method, request.path) == (case.verb, f"/apis/v2/{case.route}")
    assert content_of(request) == case.sent
    assert type(result) is case.answer
    check_headers(request, streamed=case.method.endswith("_stream"))


def check_headers(request, *, streamed):
    """A stream is asked for as events, uncompressed, all else as JSON; only a body has a type."""
    assert request.headers["Accept"] == ("text/event-stream" if streamed else "application/json")
    assert (request.headers["Accept-Encoding"] == "identity") == streamed
    assert request.headers.get("Content-Type") == ("application/json" if request.method == "POST" else None)
    assert request.headers["User-Agent"].startswith(f"imagine-aio/{imagine.__version__}")


async def test_the_key_is_sent_as_a_bearer_token(make_client):
    """`Authorization` is `Bearer` and the key as it was given; neither cookies nor `.netrc` come along."""
    async with listening(answer(b'{"message": "pong"}', "200 OK", "Set-Cookie: sid=1")) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}/v2", api_key="k-1")
        await client.ping()
        await client.ping()
    assert [request.headers["authorization"] for request in listener.requests] == ["Bearer k-1"] * 2
    assert "cookie" not in listener.requests[1].headers


async def test_netrc_is_not_read(make_client, monkeypatch, tmp_path):
    """An entry of `.netrc` for the host changes nothing."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with listening() as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key="k-1")
        await client.ping()
    assert listener.requests[0].headers["authorization"] == "Bearer k-1"


SAMPLING = {
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "repetition_penalty": 1,
    "stop": ["\n"],
    "max_seconds": 5,
    "ignore_eos": False,
    "skip_special_tokens": True,
    "stop_token_ids": [[1, 2]],
    "max_tokens": 3,
    "temperature": 0.0,
    "top_k": -1,
    "top_p": 0.5,
    "stream_options": {"include_usage": True},
    "seed": 0,
}


@pytest.mark.parametrize(
    ("method", "argument"),
    [
        ("chat", HELLO),
        ("chat_stream", HELLO),
        ("completion", "Once"),
        ("completion_stream", "Once"),
        ("translate", "Good morning"),
    ],
)
async def test_sampling_parameters_are_sent_as_they_are(client, server, method, argument):
    """Every sampling parameter arrives, also where it is 0 or False; those that are None do not."""
    await outcome(client, method, argument, **SAMPLING)
    await outcome(client, method, argument, **dict.fromkeys(SAMPLING))
    full, bare = (request.json for request in server.requests)
    assert full == {**bare, **SAMPLING}
    assert not SAMPLING.keys() & bare.keys()


async def test_false_zero_and_empty_are_sent(client, server):
    """Only None is left out of a request: False, 0 and "" are values."""
    await client.reranker("", ["d1"], return_documents=False)
    await client.images_generate("sun", size="16x16", negative_prompt="", seed=0, guidance_scale=0.0)
    reranked, drawn = (request.json for request in server.requests)
    assert (reranked["query"], reranked["return_documents"]) == ("", False)
    assert (drawn["negative_prompt"], drawn["seed"], drawn["guidance_scale"]) == ("", 0, 0.0)


async def test_messages_may_be_mixed_and_dicts_go_verbatim(client, server):
    """ChatMessages leave out None but for the content; of a dict nothing is added or taken away."""
    odd = {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": None, "x_vendor": {"a": [None]}}
    call = ChatMessageToolCall(id="c1", type="function", function=Function(name="f", arguments="{}"))
    messages = [
        ChatMessage(role="system", content="Be brief."),
        odd,
        ChatMessage(role="assistant", content=None, tool_calls=[call]),
        ChatMessage(role="tool", content="7", tool_call_id="c1"),
    ]
    await client.chat(messages, max_tokens=1)
    called = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert server.requests[0].json["messages"] == [
        {"role": "system", "content": "Be brief."},
        odd,
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "content": "7", "tool_call_id": "c1"},
    ]


class Cached(ChatMessage, kw_only=True):
    """A message of a user's own, with a default that is not None."""

    cache: bool = False


class Prioritised(ChatCompletionRequest, kw_only=True):
    """A request of a user's own, with defaults that are not None."""

    priority: int = 0
    temperature: float | None = 0.5


async def test_defaults_of_a_users_own_classes_are_sent(client, server):
    """Only None is left out of a subclass, too, and a content of null stays."""
    await client.chat([Cached(role="user", content="hi")], max_tokens=1)
    request = Prioritised(messages=[ChatMessage(role="user")], model=LLM, stream=False, max_tokens=1)
    await client.request("POST", "chat/completions", json=request)
    first, second = (request.json for request in server.requests)
    assert first["messages"] == [{"role": "user", "content": "hi", "cache": False}]
    assert second == {
        "messages": [{"role": "user", "content": None}],
        "model": LLM,
        "stream": False,
        "max_tokens": 1,
        "temperature": 0.5,
        "priority": 0,
    }


async def test_a_delta_may_be_a_message(client, server):
    """What a stream delivered can go back into the conversation, without its nulls."""
    await client.chat([DeltaMessage(role="user", content="hi")], max_tokens=1)
    assert server.requests[0].json["messages"] == [{"role": "user", "content": "hi"}]


async def test_extra_members_stand_beside_json_that_is_encoded_already(client, server):
    """`extra_body` leaves alone what else the body holds."""
    message = {"role": "user", "content": msgspec.Raw(b'"hi"')}
    await client.chat([message], max_tokens=1, extra_body={"x_vendor": None})
    assert server.requests[0].json == chat_body(
        messages=[{"role": "user", "content": "hi"}], max_tokens=1, x_vendor=None
    )


async def test_an_answers_message_goes_back_into_the_conversation(client, server):
    """A message that came with tool calls can be sent on as it is."""
    server.faults.script(["tool-calls"])
    message = (await client.chat(HELLO)).choices[0].message
    await client.chat([*HELLO, message, {"role": "tool", "tool_call_id": "call_0", "content": "7"}], max_tokens=1)
    sent = server.requests[1].json["messages"][1]
    assert (sent["role"], sent["content"]) == ("assistant", None)
    assert [call["id"] for call in sent["tool_calls"]] == ["call_0", "call_1"]


async def test_tools_may_be_classes_or_dicts(client, server):
    """Tools and the choices about them arrive as they were given, None left out of the classes."""
    tools = [
        Tools(type="function", function=FunctionTool(name="f", parameters={"type": "object", "default": None})),
        {"type": "function", "function": {"name": "g", "strict": True}},
    ]
    choice, form = {"type": "function", "function": {"name": "g"}}, {"type": "text"}
    await client.chat(HELLO, tools=tools, tool_choice=choice, response_format=form, max_tokens=5)
    sent = server.requests[0].json
    assert sent["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "default": None}}},
        tools[1],
    ]
    assert (sent["tool_choice"], sent["response_format"]) == (choice, form)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat", (HELLO,)),
        ("chat_stream", (HELLO,)),
        ("completion", ("Once",)),
        ("completion_stream", ("Once",)),
        ("embeddings", ("a",)),
        ("reranker", ("q", ["d1"])),
        ("translate", ("Good morning",)),
        ("images_generate", ("sun",)),
        ("images_generate_stream", ("sun",)),
    ],
)
async def test_extra_body_and_extra_headers_win(make_client, server, method, arguments):
    """Every inference call takes members that win over the SDK's, nulls among them, and headers likewise."""
    client = await make_client(default_headers={"X-Team": "blue", "X-Kept": "1"})
    extra = {"model": "none-such", "x_vendor": {"a": None}, "x_null": None}
    with pytest.raises(ImagineAPINotFoundException):
        await outcome(client, method, *arguments, extra_body=extra, extra_headers={"x-team": "red"})
    [request] = server.requests
    assert extra.items() <= request.json.items()
    assert request.headers.getall("X-Team") == ["red"]
    assert request.headers["X-Kept"] == "1"


async def test_extra_body_replaces_what_the_user_set(client, server):
    """A member of `extra_body` stands in place of the argument of that name."""
    await client.chat(HELLO, temperature=0.5, extra_body={"temperature": None, "max_tokens": 2})
    assert server.requests[0].json == chat_body(temperature=None, max_tokens=2)


async def test_long_bodies_arrive_whole(client, server):
    """A prompt of a megabyte is sent with its length and arrives as it was."""
    text = "né " * 300_000
    await client.embeddings([text, "b"])
    request = server.requests[0]
    assert request.json["input"] == [text, "b"]
    assert int(request.headers["Content-Length"]) == len(request.body)


async def test_an_iterator_is_sent_whole(client, server):
    """Messages, texts and documents may come from an iterator, which can be walked only once."""
    await client.chat(iter(HELLO), max_tokens=1)
    await client.embeddings(iter(["a", "b"]))
    await client.reranker("q", iter(["d1", "d2"]))
    chat, embedded, reranked = (request.json for request in server.requests)
    assert chat["messages"] == HELLO
    assert embedded["input"] == ["a", "b"]
    assert reranked["documents"] == ["d1", "d2"]


async def test_what_the_short_answers_say(client):
    """Ping and health come with the service's words."""
    assert await client.ping() == imagine.PingResponse(message="pong", status="ok")
    assert await client.health_check() == imagine.HealthResponse(postgres="ok", redis="ok", models="ok")


async def test_usage_sums_up_with_datetimes(client):
    """Usage has a record for each bin, whose start is a datetime, and one for each model over all."""
    answer = await client.chat(HELLO, max_tokens=4)
    usage = await client.usage("1 day", since=datetime(2020, 1, 1), model=LLM)
    [record], [overall] = usage.usage, usage.overall
    assert isinstance(record.date_bin, datetime)
    assert record.total_output_tokens == overall.total_output_tokens == answer.usage.completion_tokens == 4
    assert (overall.model, overall.total_tokens) == (LLM, answer.usage.total_tokens)


async def test_no_texts_have_no_vectors(client, server):
    """For an empty list nothing is sent, and the answer is empty; what is no list of texts is refused."""
    assert (await client.embeddings([])).data == []
    for wrong in ({}, b"text", None):
        with pytest.raises((TypeError, ValueError), match="text must be a list"):
            await client.embeddings(wrong)
    assert server.requests == []


async def test_vectors_come_in_the_order_of_the_texts(client):
    """There is one vector for each text, and `first_embedding` is that of the first."""
    both = await client.embeddings(["networks", "cooking"])
    alone = await client.embeddings("networks")
    assert [vector.index for vector in both.data] == [0, 1]
    assert both.first_embedding == alone.first_embedding == both.data[0].embedding
    assert both.data[1].embedding != both.data[0].embedding


async def test_reranked_documents_come_best_first(client):
    """The answer has `top_n` documents by relevance, with their texts where asked for."""
    documents = ["a recipe for soup", "how networks route packets", "gardens in spring"]
    answer = await client.reranker("networks and packets", documents, top_n=2, return_documents=True)
    assert len(answer.data) == 2
    assert (answer.data[0].index, answer.data[0].document) == (1, documents[1])
    assert answer.data[0].relevance_score >= answer.data[1].relevance_score


async def test_a_translation_is_a_completion(client):
    """A translation has the fields of a completion."""
    answer = await client.translate("Good morning")
    assert isinstance(answer, imagine.CompletionResponse)
    assert "Buenos" in answer.first_text


async def test_models_come_by_type_and_as_a_list(client, server):
    """Models are keyed by ModelType, which equals its string; the plain list has all of them."""
    by_type = await client.get_available_models_by_type()
    assert by_type == {ModelType(kind): list(names) for kind, names in server.config.models.items()}
    assert by_type["llm"] == [LLM, OTHER_LLM]
    assert all(isinstance(kind, ModelType) for kind in by_type)
    assert sorted(await client.get_available_models()) == sorted(name for names in by_type.values() for name in names)
    assert await client.get_available_models("embedding") == ["BAAI/bge-large-en-v1.5"]


def json_answer(value):
    """A good answer with this body."""
    return Raw([answer(json.dumps(value).encode())])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"llm": ["a"], "video": ["b"], "count": 7}, {"llm": ["a"]}),
        ({"object": "list", "data": [{"id": "a", "owned_by": "x"}, {"id": "b"}]}, {"llm": ["a", "b"]}),
        ({"object": "list", "data": []}, {"llm": []}),
        ({"llm": None, "embedding": []}, {"embedding": []}),
        ([{"id": "a"}], {"llm": ["a"]}),
        ({"models": [{"id": "a"}]}, {"llm": ["a"]}),
        ({"embedding": ["e"], "object": "list", "data": [{"id": "a"}]}, {"embedding": ["e"]}),
    ],
    ids=["unknown types", "plain list", "plain empty list", "null", "bare list", "under models", "both"],
)
async def test_odd_lists_of_models_are_read(client, server, body, expected):
    """Types that are not known are skipped; a plain OpenAI-compatible list is one of LLMs."""
    server.faults.script([json_answer(body)])
    assert await client.get_available_models_by_type() == expected


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        ("/apis/v2", "/apis/images/1.png"),
        ("/apis/v2/", "/apis/images/1.png"),
        ("/v2", "/images/1.png"),
        ("", "/images/1.png"),
        ("/", "/images/1.png"),
    ],
)
@pytest.mark.parametrize("method", ["images_generate", "images_generate_stream"])
async def test_image_paths_become_absolute(make_client, method, path, absolute):
    """A path in the answer is joined to the endpoint's parent, the origin where it has none; addresses stay."""
    body = b'{"data": [{"url": "/images/1.png"}, {"url": "https://cdn/2.png"}, {"b64_json": "aa"}]}'
    streamed = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: " + body + b"\n\n"
    async with listening(streamed if method.endswith("stream") else answer(body)) as listener:
        origin = f"http://127.0.0.1:{listener.port}"
        client = await make_client(endpoint=origin + path)
        images = (await outcome(client, method, "sun", response_format="url")).data
    assert [image.url for image in images] == [origin + absolute, "https://cdn/2.png", None]
    assert listener.requests[0].target == f"{path.rstrip('/')}/images/generations"


async def test_an_image_address_leads_to_the_image(client):
    """What stands behind the address is the image."""
    url = (await client.images_generate("sun", size="16x16", response_format="url")).data[0].url

    def fetch():
        with urllib.request.urlopen(url) as image:
            return image.read()

    assert (await asyncio.to_thread(fetch)).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("method", "argument", "history", "response", "request_class"),
    [
        ("chat", HELLO, "get_chat_history", imagine.ChatCompletionResponse, imagine.ChatCompletionRequest),
        ("completion", "Once", "get_completion_history", imagine.CompletionResponse, imagine.CompletionRequest),
        ("embeddings", ["a", "b"], "get_embedding_history", imagine.EmbeddingResponse, imagine.EmbeddingRequest),
        ("images_generate", "sun", "get_image_history", imagine.ImageResponse, imagine.ImageRequest),
    ],
)
async def test_histories_are_pairs_of_classes(client, method, argument, history, response, request_class):
    """A history has (response, request) pairs, at most `max_items`, decoded into their classes."""
    first = await outcome(client, method, argument)
    await outcome(client, method, argument)
    pairs = await getattr(client, history)(max_items=5)
    assert [(type(answered), type(asked)) for answered, asked in pairs] == [(response, request_class)] * 2
    assert first in [answered for answered, _ in pairs]
    assert len(await getattr(client, history)()) == 1


async def test_a_reranker_history_has_its_request(client):
    """A reranking's request comes back with its query and documents."""
    answer = await client.reranker("q", ["d1", "d2"], top_n=1)
    [(response, request)] = await client.get_reranker_history()
    assert response == answer
    assert (request.query, request.documents, request.top_n) == ("q", ["d1", "d2"], 1)


async def test_request_returns_the_answer_as_it_came(client, server):
    """`request` gives status, headers in any case, the raw bytes, and the record of the call."""
    raw = await client.request("get", "/usage", params={"model": LLM, "from": None, "aggregation_duration": "1 day"})
    [request] = server.requests
    assert (request.method, request.path) == ("GET", "/apis/v2/usage")
    assert dict(request.query) == {"model": LLM, "aggregation_duration": "1 day"}
    assert (raw.status, json.loads(raw.content)) == (200, {"usage": [], "overall": []})
    assert raw.headers["X-REQUEST-ID"] == raw.call.request_id == request.request_id
    assert (raw.call.status, raw.call.events, len(raw.call.attempts)) == (200, 0, 1)


async def test_request_sends_classes_and_plain_values(client, server):
    """`json=` takes a data class, without its None, or any plain value; `extra_body` is merged into it."""
    asked = imagine.EmbeddingRequest(input="a", model="BAAI/bge-large-en-v1.5")
    await client.request("POST", "embeddings", json=asked)
    await client.request("POST", "embeddings", json={"input": "a", "id": None}, extra_body={"model": asked.model})
    assert [request.json for request in server.requests] == [
        {"input": "a", "model": asked.model},
        {"input": "a", "id": None, "model": asked.model},
    ]


async def test_request_gets_what_has_no_body(client, server):
    """An answer without a body is no error of `request`."""
    server.faults.script(["no-content-204"])
    raw = await client.request("DELETE", "models")
    assert (raw.status, raw.content) == (204, b"")


class Pong(msgspec.Struct):
    """A user's own class."""

    message: str


class Guarded(msgspec.Struct):
    """One that has nothing else, and tells so in its own way."""

    message: str

    def __getattr__(self, name: str) -> object:
        raise LookupError(f"no column {name}")


class Open(msgspec.Struct):
    """One that has whatever it is asked for."""

    message: str

    def __getattr__(self, name: str) -> object:
        return name


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (imagine.PingResponse, imagine.PingResponse(message="pong", status="ok")),
        (dict[str, str], {"message": "pong", "status": "ok"}),
        (Pong, Pong("pong")),
        (object, {"message": "pong", "status": "ok"}),
    ],
)
async def test_request_as_decodes_into_a_type(client, kind, expected):
    """`request_as` takes a class of ours, one of the user's, or a plain type."""
    assert await client.request_as(kind, "GET", "ping") == expected


@pytest.mark.parametrize("kind", [Guarded, Open])
async def test_an_answer_of_the_users_class_is_asked_for_nothing(client, kind, caplog):
    """A class whose `__getattr__` fails in its own way, or has an answer to everything, is as good as any."""
    with caplog.at_level(logging.INFO, logger="imagine"):  # the line of the log has the usage of answers that have one
        assert (await client.request_as(kind, "GET", "ping")).message == "pong"
    assert "complete" in caplog.text


async def test_request_as_sends_what_request_sends(client, server):
    """`request_as` passes body, query and options on."""
    body = {"input": "a", "model": "BAAI/bge-large-en-v1.5"}
    answer = await client.request_as(
        imagine.EmbeddingResponse,
        "POST",
        "embeddings",
        json=body,
        params={"a": "b c", "none": None},
        extra_headers={"X-Team": "red"},
    )
    [request] = server.requests
    assert answer.first_embedding
    assert (request.json, dict(request.query), request.headers["X-Team"]) == (body, {"a": "b c"}, "red")


@pytest.mark.parametrize("path", ["", "/", "..", "../ping", "a/../../ping", "./ping", "a//b", "http://host/ping"])
async def test_a_path_that_leaves_the_endpoint_is_refused(client, server, path):
    """A path that is no route below the endpoint is refused before anything is sent, and shown."""
    for call in (client.request("GET", path), client.request_as(dict, "GET", path)):
        with pytest.raises(ValueError, match=f"path.*{re.escape(path.strip('/'))}"):
            await call
    assert server.requests == []


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("models/Llama 3", "/v2/models/Llama%203"),
        ("models/a?b=c#d", "/v2/models/a%3Fb%3Dc%23d"),
        ("models/..%2f..%2fping", "/v2/models/..%252f..%252fping"),
        ("models/a\r\nX-Evil: 1", "/v2/models/a%0D%0AX-Evil%3A%201"),
        ("models/größe", "/v2/models/gr%C3%B6%C3%9Fe"),
        ("models/BAAI/bge", "/v2/models/BAAI/bge"),
    ],
)
async def test_a_path_is_quoted(make_client, path, target):
    """What has a meaning in an address is quoted, so that a name from a user stays a name."""
    async with listening() as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}/v2")
        await client.request("GET", path)
    assert [request.target for request in listener.requests] == [target]


async def test_warm_up_leaves_a_connection_for_the_first_call(client, server):
    """After `warm_up` the first call goes over the connection that stands."""
    await client.warm_up()
    await client.chat(HELLO, max_tokens=1)
    assert len({request.connection for request in server.requests}) == 1


async def test_warm_up_needs_no_ping_route(make_client):
    """A service without that route is warmed up all the same; one that cannot be reached is an error."""
    async with listening(answer(b"{}", "404 Not Found")) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        await client.warm_up()
    with pytest.raises(imagine.ImagineConnectionException):
        await client.warm_up()


async def test_with_options_differs_and_shares_the_connections(client, server):
    """A derived client goes over the same connections, with its own options."""
    derived = client.with_options(default_headers={"X-Team": "red"}, max_retries=1)
    await client.ping()
    await derived.ping()
    await client.ping()
    assert [request.headers.get("X-Team") for request in server.requests] == [None, "red", None]
    assert len({request.connection for request in server.requests}) == 1


async def test_a_derived_clients_close_leaves_its_parent_open(client):
    """Closing a derived client ends that one alone."""
    async with client.with_options(max_retries=1) as derived:
        await derived.ping()
    with pytest.raises(ImagineException, match="closed"):
        await derived.ping()
    assert (await client.ping()).message == "pong"


async def test_a_parents_close_closes_all_that_came_from_it(client):
    """After the parent's close neither a derived client nor one derived from that goes on."""
    derived = client.with_options(max_retries=1)
    further = derived.with_options(max_retries=2)
    await further.ping()
    await client.close()
    for closed in (derived, further):
        with pytest.raises(ImagineException, match="closed"):
            await closed.ping()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("default_model_llm", "Llama-3.1-8B"),
        ("default_model_embedding", "BAAI/bge-large-en-v1.5"),
        ("default_model_reranker", "BAAI/bge-reranker-base"),
        ("default_model_transcribe", "whisper-tiny"),
        ("default_model_translate", "Helsinki-NLP/opus-mt-en-es"),
        ("default_model_tti", "sdxl-turbo"),
    ],
)
async def test_default_models_are_read_only(face, client, name, model):
    """The default models are properties without a setter."""
    kind = imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient
    made = kind("http://127.0.0.1", "k")
    assert getattr(client, name) == getattr(made, name) == model
    with pytest.raises(AttributeError):
        setattr(made, name, "other")


async def test_a_client_is_closed_twice(client):
    """A second `close` does nothing, also on a client that has never sent anything."""
    await client.close()
    await client.close()


@pytest.mark.parametrize("used", [True, False])
async def test_a_closed_client_says_so(client, server, used):
    """After `close` every method raises, and nothing is sent, whether the client was used before or not."""
    if used:
        await client.ping()
    await client.close()
    for method, arguments in {"warm_up": (), **{case.method: case.arguments for case in CASES}}.items():
        with pytest.raises(ImagineException, match="closed") as caught:
            await outcome(client, method, *arguments)
        assert type(caught.value) is ImagineException
    assert len(server.requests) == int(used)


async def test_a_closed_client_cannot_be_entered_again(face, server):
    """Leaving the context closes the client; entering it again is an error that says so."""
    made = behind_face(face, endpoint=server.endpoint, api_key=server.api_key)
    async with made as client:
        await client.ping()
    with pytest.raises(ImagineException, match="closed"):
        async with made:
            pass


async def test_closing_breaks_open_streams_off(client, server):
    """A stream that is open when its client closes ends with our exception, and its connection is gone."""
    server.faults.script(["stall;after=1"])
    stream = client.chat_stream(HELLO)
    async for _ in stream:
        break
    await client.close()
    with pytest.raises(ImagineException):
        await stream.final()
    assert stream.text


@pytest.mark.anyio
async def test_addresses_of_images_elsewhere_stay(client, server):
    """An address with a host of its own, or one that is nonsense, is left as it came."""
    body = b'{"data": [{"url": "//cdn.example/a.png"}, {"url": "https://x.example/b.png"}, {"url": "//[x"}]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    server.faults.script([Raw([head, body], then="keep")])
    answer = await client.images_generate("sun", response_format="url")
    assert [image.url for image in answer.data] == ["//cdn.example/a.png", "https://x.example/b.png", "//[x"]


async def test_vectors_are_put_in_the_order_of_their_texts(client, server):
    """Where the service numbers the vectors otherwise than it orders them, they are put in order; else left alone."""
    vectors = [(1, [2.0]), (0, [1.0])]
    data = ",".join(f'{{"index":{index},"embedding":{vector}}}' for index, vector in vectors)
    server.faults.script([Raw([answer(f'{{"data":[{data}]}}'.encode())])])
    found = await client.embeddings(["a", "b"])
    assert [vector.embedding for vector in found.data] == [[1.0], [2.0]]
    assert found.first_embedding == [1.0]
    server.faults.script([Raw([answer(b'{"data":[{"embedding":[2.0]},{"embedding":[1.0]}]}')])])
    assert [vector.embedding for vector in (await client.embeddings(["a", "b"])).data] == [[2.0], [1.0]]


async def test_a_whole_number_of_seconds_stays_one(client, server):
    """`created` is an int where the service sends an int, and is relayed as it came."""
    body = b'{"created":1795734201,"choices":[]}'
    server.faults.script([Raw([answer(body)]), Raw([answer(b'{"created":1795734201.5,"choices":[]}')])])
    assert '"created":1795734201,' in (await client.chat([{"role": "user", "content": "Hello!"}])).model_dump_json()
    assert (await client.chat([{"role": "user", "content": "Hello!"}])).created == 1795734201.5


async def test_one_text_may_be_the_stop(client, server):
    """`stop` takes one text or several, and is sent as it was given."""
    found = await client.completion("Once upon a time", stop=" ", max_tokens=20)
    assert server.requests[-1].json["stop"] == " "
    assert len(found.first_text.strip().split()) <= 1
