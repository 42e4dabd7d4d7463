"""A server that passes requests on to another, which a second local server plays."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from support.clients import HELLO, until
from test_server_command import running

from imagine import (
    ImagineAPIAuthenticationException,
    ImagineAPINotFoundException,
    ImagineAPIStatusException,
    ImagineAPITooManyRequestsException,
    ImagineStreamErrorException,
    ImagineStreamException,
    ModelType,
)
from imagine.server import LocalServer, Raw, ServerConfig
from imagine.server.__main__ import main
from imagine.testing import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine import ImagineAsyncClient
    from imagine.server import ServerOptions

pytestmark = pytest.mark.anyio

KEY = "sk-of-the-upstream"


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(api_key=KEY) as server:
        yield server


@pytest.fixture
def imagine_server_options(upstream: LocalServer) -> ServerOptions:
    return {"upstream": upstream.openai_base_url, "upstream_key": KEY}


async def test_the_upstream_answers(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """Chats, completions and embeddings are what the upstream says, whole or as a stream."""
    upstream.chat.replies("From afar", Reply("From afar, in pieces"))
    upstream.completions.replies(" and so on", " and on")
    upstream.embeddings.replies([[0.6, 0.8]])
    assert (await client.chat(HELLO)).first_content == "From afar"
    assert (await client.chat_stream(HELLO).final()).first_content == "From afar, in pieces"
    assert (await client.completion("Once")).first_text == " and so on"
    assert (await client.completion_stream("Once").final()).first_text == " and on"
    assert (await client.embeddings("Once")).data[0].embedding == [0.6, 0.8]


async def test_a_request_is_passed_on_as_it_came(
    client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer
) -> None:
    """The upstream gets the body byte for byte, with its own key and nothing of ours."""
    await client.chat(HELLO, extra_body={"mirostat": 2})
    [ours], [theirs] = server.requests, upstream.requests
    assert theirs.body == ours.body
    assert b'"mirostat":2' in theirs.body
    assert server.api_key not in str(theirs.headers)
    assert ours.ignored == ()


async def test_routes_that_are_not_passed_on_are_answered_here(
    client: ImagineAsyncClient, upstream: LocalServer
) -> None:
    """Reranking and translation have the engines of this server."""
    assert (await client.reranker("cats", ["dogs", "cats"])).data[0].index == 1
    assert (await client.translate("Good morning")).first_text
    assert upstream.requests == []


async def test_usage_and_history_are_kept_here(
    client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer
) -> None:
    """Tokens are those that the upstream counted, or where it counted none those that this server counts."""
    upstream.chat.replies(Reply("One two", chunks=["One", " two"]), Reply("One two three"))
    asked = {"stream_options": {"include_usage": True}}
    counted = (await client.chat_stream(HELLO, **asked).final()).usage
    assert counted is not None
    await client.chat_stream(HELLO).final()
    [overall] = (await client.usage()).overall
    assert (overall.total_input_tokens, overall.total_output_tokens) == (2 * 5, (counted.completion_tokens or 0) + 3)
    [(newest, request), (older, _)] = await client.get_chat_history(max_items=2)
    assert (newest.first_content, older.first_content) == ("One two three", "One two")
    assert request.messages[0].content == HELLO[0]["content"]


async def test_events_are_passed_on_as_they_come_until_the_client_leaves(
    client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer
) -> None:
    """The first chunks are there while the upstream is still writing; leaving ends its work, and is billed."""
    upstream.faults.script(["stall;after=3"])
    async with client.chat_stream(HELLO) as stream:
        async for _ in stream:
            if stream.call is not None and stream.call.events == 3:
                break
        assert upstream.open_streams == server.open_streams == 1
    await until(lambda: upstream.open_streams == server.open_streams == 0)
    await until(lambda: server.store.history("u-1", "chat/completions", 1) != [])


async def test_a_cut_stream_is_cut_here_too(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """Where the upstream breaks off, the client's stream does, with what has come."""
    upstream.faults.script(["cut-stream;after=3;reset=false"])
    with pytest.raises(ImagineStreamException) as raised:
        await client.chat_stream(HELLO).final()
    assert raised.value.partial is not None


async def test_a_stream_without_its_end_mark_stays_one(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """Nothing is added to what the upstream says."""
    upstream.faults.script(["cut-clean;after=3"])
    with pytest.raises(ImagineStreamException):
        await client.chat_stream(HELLO).final()


@pytest.mark.parametrize("named", ["true", "false"])
async def test_an_error_in_a_stream_is_passed_on(client: ImagineAsyncClient, upstream: LocalServer, named: str) -> None:
    """With its words, whether the event is named for it or not."""
    upstream.faults.script([f"error-event;named={named}"])
    with pytest.raises(ImagineStreamErrorException):
        await client.chat_stream(HELLO).final()


async def test_an_event_in_words_becomes_an_error(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """An event named `error` that is no JSON still tells its words."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    upstream.faults.script([Raw(head + b"event: error\ndata: out of\ndata: memory\n\n")])
    with pytest.raises(ImagineStreamErrorException, match="out of\nmemory"):
        await client.chat_stream(HELLO).final()


async def test_an_error_has_its_status_and_words(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """So has one that asks to wait; nothing of it is billed."""
    upstream.faults.script(["status;code=429;message=Too busy;retry-after=7"])
    with pytest.raises(ImagineAPITooManyRequestsException, match="Too busy") as raised:
        await client.chat(HELLO)
    assert raised.value.retry_after == 7
    with pytest.raises(ImagineAPINotFoundException, match="Model not found"):
        await client.chat_stream(HELLO, model="nobody").final()
    assert (await client.usage()).overall == []


@pytest.mark.parametrize("stream", [False, True])
async def test_the_upstreams_key_is_shown_nowhere(
    client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer, stream: bool
) -> None:
    """Not where the upstream repeats it, and not in the settings."""
    upstream.faults.script(["key-echo;code=401"])
    with pytest.raises(ImagineAPIAuthenticationException) as raised:
        await (client.chat_stream(HELLO).final() if stream else client.chat(HELLO))
    assert "***" in str(raised.value.body)
    assert KEY not in f"{raised.value} {raised.value.body} {server.config!r}"


async def test_an_upstream_that_does_not_answer_is_told(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """A 502 names it; so do the list of models and the report of health."""
    upstream.close()
    for call in (client.chat, lambda _: client.get_available_models()):
        with pytest.raises(ImagineAPIStatusException, match=f"502.*{upstream.openai_base_url} did not answer"):
            await call(HELLO)
    assert "did not answer" in (await client.health_check()).models


async def test_an_upstream_that_points_elsewhere_is_told(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """The key is not taken to another address; the message names it."""
    upstream.faults.script(["redirect"])
    with pytest.raises(ImagineAPIStatusException, match=r"points to .*: give that address"):
        await client.chat(HELLO)


async def test_an_answer_that_breaks_off_is_told(client: ImagineAsyncClient, upstream: LocalServer) -> None:
    """A whole answer comes whole or not at all."""
    upstream.faults.script(["short-body"])
    with pytest.raises(ImagineAPIStatusException, match=r"502.*broke off its answer"):
        await client.chat(HELLO)


async def test_faults_are_played_on_top(client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer) -> None:
    """What the upstream says is spoilt as our own answers are; what answers by itself does not ask it."""
    server.faults.script(["no-done", "error-event;after=2", "status;code=503"])
    assert (await client.chat_stream(HELLO).final()).first_content
    with pytest.raises(ImagineStreamErrorException):
        await client.chat_stream(HELLO).final()
    await until(lambda: upstream.open_streams == 0)
    with pytest.raises(ImagineAPIStatusException):
        await client.chat(HELLO)
    assert len(upstream.requests) == 2


async def test_what_a_test_scripts_comes_first(
    client: ImagineAsyncClient, server: LocalServer, upstream: LocalServer
) -> None:
    """A scripted reply is given, and the upstream is not asked."""
    server.chat.replies("From here")
    assert (await client.chat(HELLO)).first_content == "From here"
    assert upstream.requests == []


async def test_models_are_the_upstreams(client: ImagineAsyncClient) -> None:
    """Of the types that are passed on, the upstream's; of the others, our own."""
    models = await client.get_available_models_by_type()
    assert models[ModelType.LLM] == ["Llama-3.1-8B", "Llama-3.3-70B"]
    assert models[ModelType.TRANSLATE] == ["Helsinki-NLP/opus-mt-en-es"]


class TestQuotas:
    @pytest.fixture
    def imagine_server_options(self, upstream: LocalServer) -> ServerOptions:
        return {"upstream": upstream.openai_base_url, "upstream_key": KEY, "quotas": ["1/hour", "9000 tokens/hour"]}

    async def test_quotas_are_those_of_this_server(self, client: ImagineAsyncClient, upstream: LocalServer) -> None:
        """Answers report them, in requests and tokens, and a request beyond them is not passed on."""
        await client.chat(HELLO, max_tokens=5)
        with pytest.raises(ImagineAPITooManyRequestsException) as raised:
            await client.chat(HELLO)
        assert raised.value.headers["x-ratelimit-remaining-tokens"] == "8990"
        assert len(upstream.requests) == 1


class TestAPlainList:
    @pytest.fixture
    def imagine_server_options(self, upstream: LocalServer) -> ServerOptions:
        return {"upstream": upstream.openai_base_url, "upstream_key": KEY, "models": {"embedding": ["vectors"]}}

    async def test_a_plain_list_is_one_of_llms(self, client: ImagineAsyncClient, upstream: LocalServer) -> None:
        """But for the names that `models=` gives another type."""
        body = b'{"object": "list", "data": [{"id": "qwen"}, {"id": "vectors"}]}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        upstream.faults.script([Raw(head + body)])
        assert await client.get_available_models_by_type() == {
            ModelType.EMBEDDING: ["vectors"],
            ModelType.LLM: ["qwen"],
        }

    async def test_what_is_no_list_is_told(self, client: ImagineAsyncClient, upstream: LocalServer) -> None:
        """With the upstream's status and words, or with what does not fit."""
        upstream.faults.script(["status;code=503;message=Loading", "html-200"])
        with pytest.raises(ImagineAPIStatusException, match=r"answered GET models with 503: .*Loading"):
            await client.get_available_models()
        with pytest.raises(ImagineAPIStatusException, match="has no list of models"):
            await client.get_available_models()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"upstream": "localhost:8080"}, "must be a base URL"),
        ({"upstream": "http://me:secret@localhost"}, "must hold no login"),
        ({"upstream_key": "secret"}, "of no use without upstream"),
        ({"upstream": "http://localhost", "upstream_key": "sécret"}, "must be printable ASCII"),
    ],
)
def test_odd_settings_are_refused(options: ServerOptions, words: str) -> None:
    """Before anything is started, and without showing a secret."""
    with pytest.raises(ValueError, match=words) as raised:
        ServerConfig(**options)
    assert "secret" not in str(raised.value)


async def test_the_command_says_what_it_is_for(upstream: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the key from the environment, and says that it is for development."""
    monkeypatch.setitem(os.environ, "IMAGINE_UPSTREAM_KEY", KEY)
    with running("--port", "0", "--api-key", "one", "--upstream", upstream.openai_base_url) as process:
        assert process.stdout is not None
        assert (await asyncio.to_thread(process.stdout.readline)).startswith("http://127.0.0.1:")
        told = await asyncio.to_thread(process.stdout.readline)
    assert upstream.openai_base_url in told
    assert "for development, not for production" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--upstream", "http://localhost", "--engine", "llama-cpp"], "not allowed with"),
        (["--engine", "llama-cpp"], "--engine llama-cpp needs --model"),
        (["--model", "some.gguf"], "--model needs --engine llama-cpp"),
        (["--embedding-model", "some.gguf"], "--embedding-model needs --upstream or --engine llama-cpp"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and the option that is missing."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert words in capsys.readouterr().err
