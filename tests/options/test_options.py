"""What a client and a call may be told, and how bad options are refused before anything is sent."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import re
import ssl
import traceback
from pathlib import Path

import pytest
from support.clients import behind_face
from support.listeners import listening

import imagine
from imagine import (
    ClientOptions,
    ExtraOptions,
    ImagineAsyncClient,
    ImagineClient,
    ImagineQuotaException,
    RateLimit,
    Timeout,
)
from imagine._http.bodies import JSONBody
from imagine._options.client import Options

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]
ENDPOINT, KEY = "http://127.0.0.1:1/v2", "k-1"
VARIABLES = ("IMAGINE_API_ENDPOINT", "IMAGINE_API_KEY", "IMAGINE_API_PROXY", "IMAGINE_DEBUG")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """None of the variables that clients read."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kind(face):
    """The class of the client."""
    return imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient


def positional(function):
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]


def test_the_heads_of_both_clients():
    """The options that may be positional stand in the order of the page, with its defaults."""
    shared = ["endpoint", "api_key", "max_retries", "timeout", "verify"]
    assert positional(imagine.ImagineAsyncClient) == [*shared, "max_concurrent_requests", "proxy", "debug"]
    assert positional(imagine.ImagineClient) == [*shared, "proxy", "debug", "ctx"]
    for kind in (imagine.ImagineAsyncClient, imagine.ImagineClient):
        parameters = inspect.signature(kind).parameters
        told = {name: parameters[name].default for name in (*shared, "max_concurrent_requests", "proxy")}
        assert told == {
            "endpoint": None,
            "api_key": None,
            "max_retries": 3,
            "timeout": None,
            "verify": True,
            "max_concurrent_requests": 64,
            "proxy": None,
        }


METHODS = {
    "chat": ["messages", "model"],
    "chat_stream": ["messages", "model"],
    "completion": ["prompt", "model"],
    "completion_stream": ["prompt", "model"],
    "embeddings": ["text", "model"],
    "reranker": ["query", "documents", "model", "top_n", "return_documents"],
    "translate": ["prompt", "model"],
    "transcribe": ["input_file", "model"],
    "images_generate": [
        "prompt",
        "model",
        "negative_prompt",
        "seed",
        "seed_increment",
        "n",
        "num_inference_steps",
        "size",
        "guidance_scale",
        "cache_interval",
        "response_format",
    ],
    "usage": ["aggregation_duration", "since", "until", "model"],
    "get_available_models": ["model_type"],
    "get_available_models_by_type": ["model_type"],
    "get_chat_history": ["max_items"],
    "get_completion_history": ["max_items"],
    "get_embedding_history": ["max_items"],
    "get_reranker_history": ["max_items"],
    "get_image_history": ["max_items"],
    "fetch_image": ["image"],
    "request": ["method", "path"],
    "request_as": ["type", "method", "path"],
}
METHODS["images_generate_stream"] = METHODS["images_generate"]
CALL_OPTIONS = {"timeout", "deadline", "max_retries", "extra_body", "extra_headers"}
SAMPLING = {
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "stop",
    "max_seconds",
    "ignore_eos",
    "skip_special_tokens",
    "stop_token_ids",
    "max_tokens",
    "temperature",
    "top_k",
    "top_p",
    "stream_options",
    "seed",
}


def test_the_heads_of_the_methods(kind):
    """What may be positional stands in the order of the page."""
    client = kind(ENDPOINT, KEY)
    assert {method: positional(getattr(client, method)) for method in METHODS} == METHODS


@pytest.mark.parametrize(
    ("methods", "keywords"),
    [
        (("chat", "chat_stream"), {"tools", "tool_choice", "response_format"} | SAMPLING | CALL_OPTIONS),
        (("completion", "completion_stream", "translate"), SAMPLING | CALL_OPTIONS),
        (
            ("embeddings", "reranker", "transcribe", "images_generate", "images_generate_stream", "request_as"),
            CALL_OPTIONS,
        ),
        (("with_options",), {"endpoint", "api_key", "verify", "retry_budget", "rate_limits", "on_call"}),
    ],
)
def test_help_shows_every_keyword(kind, methods, keywords):
    """`help()` and notebooks see each keyword of a method by its name."""
    for method in methods:
        parameters = inspect.signature(getattr(kind, method)).parameters
        shown = {name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}
        assert keywords <= shown


def test_positional_options_reach_their_places(kind):
    """Options given by position are those of the page."""
    rest = (8, False, True) if kind is imagine.ImagineAsyncClient else (False, True)
    with pytest.warns(UserWarning, match="verify=False"):
        options = options_of(kind(ENDPOINT, KEY, 1, 5.0, False, *rest))
    assert (options.max_retries, options.timeout, options.verify) == (1, Timeout.of(5), False)
    assert (options.proxy, options.debug) == (False, True)


def test_ctx_is_accepted_and_ignored():
    """`ctx` of the incumbent's blocking client warns, and does nothing else."""
    with pytest.warns(DeprecationWarning, match="ctx"):
        imagine.ImagineClient(ENDPOINT, KEY, ctx=object())
    imagine.ImagineClient(ENDPOINT, KEY, ctx=None)


async def test_endpoint_and_key_come_from_the_environment(face, monkeypatch):
    """Without arguments the variables are read; blanks and line ends around the key do not count."""
    async with listening() as listener:
        monkeypatch.setenv("IMAGINE_API_ENDPOINT", f" http://127.0.0.1:{listener.port}/v2/\n")
        monkeypatch.setenv("IMAGINE_API_KEY", "  k-9\r\n")
        async with behind_face(face) as client:
            await client.ping()
    [request] = listener.requests
    assert (request.target, request.headers["authorization"]) == ("/v2/ping", "Bearer k-9")


async def test_arguments_win_over_the_environment(make_client, server, monkeypatch):
    """An argument stands in place of its variable."""
    monkeypatch.setenv("IMAGINE_API_ENDPOINT", ENDPOINT)
    monkeypatch.setenv("IMAGINE_API_KEY", "wrong")
    client = await make_client(endpoint=server.endpoint, api_key=server.api_key)
    assert (await client.ping()).message == "pong"


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize(("name", "variable"), [("endpoint", "IMAGINE_API_ENDPOINT"), ("api_key", "IMAGINE_API_KEY")])
def test_what_is_missing_is_named(kind, monkeypatch, name, variable, value):
    """Without endpoint or key the error names both the argument and the variable."""
    with pytest.raises(ValueError, match=rf"{name}.*{variable}"):
        kind(**{"endpoint": ENDPOINT, "api_key": KEY, name: value})
    monkeypatch.setenv(variable, " ")
    with pytest.raises(ValueError, match=rf"{name}.*{variable}"):
        kind(**{"endpoint": ENDPOINT, "api_key": KEY, name: value})


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "t", "T", "y", "Yes", " yes "])
def test_debug_is_switched_on_by_its_variable(kind, monkeypatch, value):
    """The words for yes, in any case, turn debug on; an argument wins."""
    monkeypatch.setenv("IMAGINE_DEBUG", value)
    assert options_of(kind(ENDPOINT, KEY)).debug is True
    assert options_of(kind(ENDPOINT, KEY, debug=False)).debug is False


@pytest.mark.parametrize("value", ["", "0", "no", "false", "on?"])
def test_debug_is_off_otherwise(kind, monkeypatch, value):
    """Any other word leaves debug off."""
    monkeypatch.setenv("IMAGINE_DEBUG", value)
    assert options_of(kind(ENDPOINT, KEY)).debug is False


def options_of(client):
    """The checked options behind a client."""
    return getattr(client, "_async", client)._options


@pytest.mark.parametrize(
    "key", ["two words", "sk-secret\r\nX-Evil: 1", "sk-secret\nmore", "sk-sécret", "sk-\x00secret", "sk-secret\tmore"]
)
def test_a_key_that_could_break_its_line_is_refused_unseen(kind, key):
    """A key with spaces, line ends or other than ASCII inside is refused, and not repeated."""
    with pytest.raises(ValueError, match="api_key") as caught:
        kind(ENDPOINT, key)
    assert "sk-" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "host/apis/v2",
        "127.0.0.1:5050/v2",
        "ftp://host/v2",
        "file:///etc",
        "https://",
        "https:///v2",
        "http://host/a b",
        "http://host/\r\nX: 1",
        "http://user:pass-word@host/v2",
        "http://host/v2?key=pass-word",
        "http://host/v2#part",
        "http://host/v2?",
        "http://host:port/v2",
        "http://host:99999/v2",
        "http://[::1/v2",
    ],
)
def test_an_endpoint_that_is_none_is_refused(kind, endpoint):
    """An endpoint must be an http address with a host, without user, query and fragment; secrets are not repeated."""
    with pytest.raises(ValueError, match="endpoint") as caught:
        kind(endpoint, KEY)
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://10.0.0.1:5050/v2", "https://host", "http://[::1]:80/v2", "HTTPS://host/"])
def test_endpoints_of_all_kinds_are_taken(kind, endpoint):
    """Addresses with ports, of version 6, without a path, or with a slash at the end are endpoints."""
    assert repr(kind(endpoint, KEY)).startswith(kind.__name__)


BAD_OPTIONS = [
    ("endpoint", 5, TypeError),
    ("api_key", b"k-1", TypeError),
    ("max_retries", -1, ValueError),
    ("max_retries", 1.5, TypeError),
    ("max_retries", "3", TypeError),
    ("max_retries", True, TypeError),
    ("timeout", 0, ValueError),
    ("timeout", -1.0, ValueError),
    ("timeout", math.nan, ValueError),
    ("timeout", "10", TypeError),
    ("timeout", True, TypeError),
    ("timeout", (1, 2), TypeError),
    ("verify", 1, TypeError),
    ("verify", b"ca.pem", TypeError),
    ("verify", "/no/such/ca.pem", ValueError),
    ("max_concurrent_requests", 0, ValueError),
    ("max_concurrent_requests", 1.0, TypeError),
    ("proxy", "socks5://host:1080", ValueError),
    ("proxy", "http://", ValueError),
    ("proxy", "", ValueError),
    ("proxy", True, TypeError),
    ("proxy", {"http": "http://host"}, TypeError),
    ("debug", "yes", TypeError),
    ("default_headers", [("a", "b")], TypeError),
    ("default_headers", {"X": "a\r\nX-Evil: 1"}, ValueError),
    ("default_headers", {"X": "a\x00"}, ValueError),
    ("default_headers", {"X": 1}, ValueError),
    ("default_headers", {"X Y": "a"}, ValueError),
    ("default_headers", {"X:\n": "a"}, ValueError),
    ("default_headers", {"": "a"}, ValueError),
    ("retry_budget", -1, ValueError),
    ("retry_budget", "120", TypeError),
    ("slot_timeout", 0, ValueError),
    ("slot_timeout", [], TypeError),
    ("retry_on_timeout", "no", TypeError),
    ("rate_limits", ["5/minute"], TypeError),
    ("rate_limits", 5, TypeError),
    ("on_limit", "sleep", ValueError),
    ("on_call", "print", TypeError),
    ("max_event_bytes", 0, ValueError),
    ("max_event_bytes", "16M", TypeError),
    ("max_response_bytes", -5, ValueError),
    ("max_response_bytes", 1e6, TypeError),
]


@pytest.mark.parametrize(("name", "value", "error"), BAD_OPTIONS)
def test_a_bad_option_is_named(kind, name, value, error):
    """A value of the wrong type, or out of range, is refused with the name of its option, also by `with_options`."""
    with pytest.raises(error, match=name):
        kind(**{"endpoint": ENDPOINT, "api_key": KEY, name: value})
    with pytest.raises(error, match=name):
        kind(ENDPOINT, KEY).with_options(**{name: value})


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://me:pass-word@host:1080",
        "http://me:pass-word@host:port",
        "http://me:pass-word@host:99999",
        "http://me:pass-word@[::1",
        "http://me:pass-word/1@host:1",
        "http://me:1/pass-word@host:1",
        "http://me:pass-word#1@host:1",
        "http://me:pass-word @host:1",
        "http://me:pass-word\r\n@host:1",
        "pass-word://host:1",
    ],
)
def test_a_proxy_that_is_none_is_refused(kind, proxy):
    """A proxy must be an http address with a host and a port, and its password quoted; nothing of it is repeated."""
    with pytest.raises(ValueError, match="proxy") as caught:
        kind(ENDPOINT, KEY, proxy=proxy)
    assert "pass-word" not in "".join(traceback.format_exception(caught.value))


def test_a_socks_proxy_is_named(kind):
    """Of SOCKS, which is not spoken, the message says so, without the login."""
    with pytest.raises(ValueError, match=r"proxy is socks5h://.*proxy=False") as caught:
        kind(ENDPOINT, KEY, proxy="SOCKS5H://me:pass-word@host:1")
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["host:3128", "http://me:pass%2Fword@host/", "https://me:p@ss@[::1]:1", "HTTP://host"]
)
def test_proxies_of_all_kinds_are_taken(kind, proxy):
    """Addresses with and without scheme, port and login are proxies."""
    assert kind(ENDPOINT, KEY, proxy=proxy)


@pytest.mark.parametrize("value", [None, 1])
def test_an_unknown_option_is_refused(kind, value):
    """An option that does not exist is a TypeError that names it, whatever its value."""
    with pytest.raises(TypeError, match="max_retry"):
        kind(ENDPOINT, KEY, max_retry=value)
    with pytest.raises(TypeError, match="max_retry"):
        kind(ENDPOINT, KEY).with_options(max_retry=value)


def test_none_means_the_default(kind):
    """Every option may be None, which is the same as leaving it out."""
    names = {name for name, _, _ in BAD_OPTIONS} - {"endpoint", "api_key"}
    assert options_of(kind(ENDPOINT, KEY, **dict.fromkeys(names))) == options_of(kind(ENDPOINT, KEY))


def test_the_defaults(kind):
    """The options that were not given have the values of the page."""
    options = options_of(kind(ENDPOINT, KEY))
    assert options.timeout == Timeout(connect=10, write=60, read=300, first_event=60, between_events=60) == Timeout()
    assert (options.max_retries, options.retry_budget, options.slot_timeout) == (3, 120, 60)
    assert (options.max_concurrent_requests, options.on_limit, options.rate_limits) == (64, "wait", ())
    assert (options.max_event_bytes, options.max_response_bytes) == (16 * 2**20, 512 * 2**20)
    assert (options.verify, options.proxy, options.retry_on_timeout) == (True, None, False)


async def test_default_headers_go_with_every_request(make_client, server):
    """Headers of the client come along with each call, those of a call win."""
    client = await make_client(default_headers={"X-Team": "blue", "User-Agent": "mine/1"})
    await client.ping()
    await client.embeddings("a", extra_headers={"x-team": "red"})
    assert [request.headers["X-Team"] for request in server.requests] == ["blue", "red"]
    assert server.requests[0].headers.getall("User-Agent") == ["mine/1"]


async def made(client, method, *arguments, **options):
    """Make a call; of a stream, ask for its first chunk."""
    call = getattr(client, method)(*arguments, **options)
    return await (call.final() if method.endswith("_stream") else call)


CALLS = [
    ("chat", (HELLO,)),
    ("chat_stream", (HELLO,)),
    ("completion", ("Once",)),
    ("completion_stream", ("Once",)),
    ("embeddings", ("a",)),
    ("reranker", ("q", ["d"])),
    ("translate", ("Good morning",)),
    ("images_generate", ("sun",)),
    ("images_generate_stream", ("sun",)),
    ("transcribe", (__file__,)),
    ("request", ("GET", "ping")),
    ("request_as", (dict, "GET", "ping")),
]


@pytest.mark.parametrize(("method", "arguments"), CALLS)
@pytest.mark.parametrize("value", [0.5, None])
async def test_an_unknown_keyword_of_a_call_is_refused(client, server, method, arguments, value):
    """A keyword that no method knows is a TypeError that names it, whatever its value."""
    with pytest.raises(TypeError, match="temprature"):
        await made(client, method, *arguments, temprature=value)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat", (HELLO,)),
        ("images_generate_stream", ("sun",)),
        ("transcribe", (__file__,)),
        ("request", ("GET", "ping")),
    ],
)
@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("timeout", 0, ValueError),
        ("timeout", "soon", TypeError),
        ("deadline", -1, ValueError),
        ("deadline", "soon", TypeError),
        ("max_retries", -1, ValueError),
        ("max_retries", "many", TypeError),
        ("extra_headers", {"X": "a\nb"}, ValueError),
        ("extra_headers", {"X Y": "a"}, ValueError),
        ("extra_headers", "X: a", TypeError),
        ("extra_body", "model", TypeError),
        ("extra_body", [1], TypeError),
    ],
)
async def test_a_bad_option_of_a_call_is_named(make_client, server, method, arguments, option, value, error):
    """A call refuses what it cannot use by its name, and sends nothing; nor is a slot lost."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=1)
    for _ in range(2):
        with pytest.raises(error, match=option):
            await made(client, method, *arguments, **{option: value})
    assert server.requests == []
    assert (await client.ping()).message == "pong"


@pytest.mark.parametrize(("method", "arguments"), CALLS)
async def test_none_for_an_option_of_a_call_is_the_clients(client, method, arguments):
    """None leaves each option of a call to the client."""
    await made(client, method, *arguments, **dict.fromkeys(CALL_OPTIONS))


@pytest.mark.parametrize("method", ["chat", "completion_stream", "translate"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("temperature", "hot"),
        ("max_tokens", "64"),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("stop", [1]),
        ("stop_token_ids", [1, 2]),
        ("ignore_eos", 1),
        ("stream_options", "include_usage"),
        ("seed", "x"),
    ],
)
async def test_a_sampling_parameter_of_the_wrong_type_is_named(client, server, method, parameter, value):
    """A sampling parameter of another type is a TypeError that names it, and nothing is sent."""
    argument = HELLO if method.startswith("chat") else "text"
    with pytest.raises(TypeError, match=parameter):
        await made(client, method, argument, **{parameter: value})
    assert server.requests == []


@pytest.mark.parametrize(
    ("messages", "shown"),
    [
        ([], "messages"),
        ((), "messages"),
        (None, "messages"),
        ("Hello!", "messages"),
        ({"role": "user", "content": "Hello!"}, "messages"),
        ([{"content": "Hello!"}], r"messages\[0\].*role"),
        ([*HELLO, {"role": "", "content": "Hello!"}], r"messages\[1\].*role"),
        ([{"role": 5, "content": "Hello!"}], r"messages\[0\].*role"),
        ([imagine.ChatMessage(content="Hello!")], r"messages\[0\].*role"),
        (["Hello!"], r"messages\[0\]"),
        ([None], r"messages\[0\]"),
    ],
)
async def test_messages_that_are_none_are_refused(client, server, messages, shown):
    """A conversation needs at least one message, and each a role; the error tells which has none."""
    for method in ("chat", "chat_stream"):
        with pytest.raises((ValueError, TypeError), match=shown):
            await made(client, method, messages)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "arguments", "shown"),
    [
        ("embeddings", (["a", 5],), "text"),
        ("embeddings", (b"a",), "text"),
        ("embeddings", (None,), "text"),
        ("reranker", ("q", []), "documents"),
        ("reranker", ("q", "d1"), "documents"),
        ("reranker", ("q", [None]), "documents"),
        ("reranker", (None, ["d1"]), "query"),
        ("completion", (None,), "prompt"),
        ("completion_stream", (["a"],), "prompt"),
        ("translate", (5,), "prompt"),
        ("images_generate", (None,), "prompt"),
    ],
)
async def test_texts_that_are_none_are_refused(client, server, method, arguments, shown):
    """A text is a str, and lists of texts are lists with a str at least; the error names the argument."""
    with pytest.raises((ValueError, TypeError), match=shown):
        await made(client, method, *arguments)
    assert server.requests == []


async def test_a_timeout_given_as_a_number():
    """A number is the limit of each part, but of connect only up to 10 seconds."""
    assert Timeout.of(5) == Timeout(connect=5, write=5, read=5, first_event=5, between_events=5)
    assert Timeout.of(30) == Timeout(connect=10, write=30, read=30, first_event=30, between_events=30)
    assert Timeout.of(math.inf) == Timeout(10, math.inf, math.inf, math.inf, math.inf)
    assert Timeout.of(None) == Timeout()


@pytest.mark.parametrize("part", ["connect", "write", "read", "first_event", "between_events"])
@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-1, ValueError), (math.nan, ValueError), ("1", TypeError)]
)
def test_each_part_of_a_timeout_is_checked(part, value, error):
    """A part must be a number above 0; `math.inf` turns it off."""
    with pytest.raises(error, match=part):
        Timeout(**{part: value})
    assert getattr(Timeout(**{part: math.inf}), part) == math.inf


def test_a_timeout_is_a_value():
    """Timeouts are compared by value, can be keys, and do not change."""
    assert {Timeout(read=1), Timeout(read=1)} == {Timeout(read=1)}
    with pytest.raises(AttributeError):
        Timeout().read = 1
    assert pickle.loads(pickle.dumps(Timeout(read=1))) == Timeout(read=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"per": 60},
        {"requests": 5, "tokens": 5, "per": 60},
        {"requests": 0, "per": 60},
        {"tokens": -1, "per": 60},
        {"requests": 5, "per": 0},
        {"requests": 5, "per": -1},
        {"requests": 5, "per": math.nan},
        {"requests": "5", "per": 60},
        {"requests": 5, "per": "60"},
        {"requests": 5},
    ],
)
def test_a_rate_limit_that_makes_no_sense_is_refused(fields):
    """A quota names requests or tokens, at least one, and a length of its window above 0."""
    with pytest.raises((ValueError, TypeError)):
        RateLimit(**fields)


def test_a_rate_limit_is_a_value():
    """Quotas are compared by value and go through pickle."""
    limit = RateLimit(requests=5, per=60)
    assert limit == pickle.loads(pickle.dumps(limit)) != RateLimit(tokens=5, per=60)


async def test_a_declared_quota_may_raise_at_once(make_client, server):
    """With `on_limit="raise"` a call over a declared quota is an error that says when to come back."""
    client = await make_client(rate_limits=[RateLimit(requests=1, per=60)], on_limit="raise")
    await client.embeddings("a")
    with pytest.raises(ImagineQuotaException) as caught:
        await client.embeddings("a")
    assert 0 < caught.value.retry_after <= 61
    assert len(server.requests) == 1


def test_a_client_shows_itself_without_its_key(kind):
    """The repr has the endpoint, and no secret of any option."""
    client = kind(
        "https://host/v2",
        "sk-secret",
        proxy="http://me:pass-word@host:1",
        default_headers={"Authorization": "Bearer sk-secret"},
    )
    assert repr(client).startswith(f"{kind.__name__}(endpoint='https://host/v2'")
    shown = f"{client!r}{options_of(client)!r}{options_of(client).__rich_repr__()}"
    assert not [secret for secret in ("sk-secret", "pass-word") if secret in shown]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))])
@pytest.mark.parametrize("used", [True, False])
async def test_a_client_can_be_copied_and_pickled(face, kind, server, again, used):
    """A copy, or what comes out of a pickle, has the same options and connections of its own."""
    original = kind(server.endpoint, server.api_key, timeout=5, default_headers={"X-Team": "blue"}, max_retries=1)
    if used:
        await asked(original)
    copied = again(original)
    assert type(copied) is kind
    assert options_of(copied) == options_of(original)
    await closed(original)
    assert (await asked(copied)).message == "pong"
    await closed(copied)
    assert len({request.connection for request in server.requests}) == len(server.requests)


async def asked(client):
    """Ping with a bare client of either kind."""
    if isinstance(client, imagine.ImagineAsyncClient):
        return await client.ping()
    return client.ping()


async def closed(client):
    """Close a bare client of either kind."""
    if isinstance(client, imagine.ImagineAsyncClient):
        await client.close()
    else:
        client.close()


def test_what_cannot_be_pickled_is_told(kind):
    """A client with a live `SSLContext` or callback in its options cannot be pickled, and says so."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(kind(ENDPOINT, KEY, verify=ssl.create_default_context()))


async def test_options_of_a_derived_client_are_checked_anew(make_client, server):
    """`with_options` keeps what it is not told to change, and takes endpoint and key, too."""
    async with listening() as listener:
        client = await make_client(default_headers={"X-Team": "blue"})
        derived = client.with_options(endpoint=f"http://127.0.0.1:{listener.port}", api_key="k-2")
        await derived.ping()
        await client.ping()
    [request] = listener.requests
    assert (request.headers["authorization"], request.headers["x-team"]) == ("Bearer k-2", "blue")
    assert len(server.requests) == 1


def test_a_body_does_not_show_itself():
    """Tracebacks with local variables, those of `rich` among them, tell the size of a body alone."""
    body = JSONBody(b"a prompt", False)
    assert repr(body) == "JSONBody(8 bytes)"
    assert body.__rich_repr__() == [("bytes", 8)]


def test_options_are_the_same_everywhere():
    """What is checked, what the types list, what the heads show and what the README's table says are one list."""
    names = set(Options.__struct_fields__)
    assert set(ClientOptions.__annotations__) == names
    for client, more in ((ImagineAsyncClient, set()), (ImagineClient, {"ctx"})):
        assert set(inspect.signature(client).parameters) == names | more
        code = client.__init__.__code__
        head = set(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
        assert head == (names - set(ExtraOptions.__annotations__)) | more
    readme = Path(__file__).parents[2].joinpath("README.md").read_text()
    table = readme.partition("## Options")[2].partition("\n## ")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)} == names
