"""Slips and numbers that make no sense are refused by the argument's name, before anything is sent."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import numpy as np
import pytest
from support.clients import HELLO

from imagine import ChatCompletionRequest, ChatMessage, ImagineAPIException

pytestmark = pytest.mark.anyio


async def asked(client, method, *arguments, **options):
    """Make a call; of a stream, ask for its end."""
    call = getattr(client, method)(*arguments, **options)
    return await (call.final() if method.endswith("_stream") else call)


@pytest.mark.parametrize("method", ["chat", "chat_stream"])
@pytest.mark.parametrize(
    ("role", "meant"),
    [("asistant", "assistant"), ("User", "user"), ("uesr", "user"), ("sytem", "system"), ("tools", "tool")],
)
@pytest.mark.parametrize("form", [dict, ChatMessage])
async def test_a_role_that_is_nearly_one_is_refused(client, server, method, role, meant, form):
    """A slip is a ValueError that says where it is and what was meant, in dicts and data classes."""
    with pytest.raises(ValueError, match=rf"messages\[1\]\.role is '{role}': did you mean '{meant}'\?"):
        await asked(client, method, [*HELLO, form(role=role, content="Well")])
    assert server.requests == []


@pytest.mark.parametrize("role", ["developer", "function", "ipython", "model", "observation"])
async def test_a_role_that_is_near_none_is_sent(client, server, role):
    """Services have roles of their own."""
    await client.chat([*HELLO, {"role": role, "content": "Well", "name": "f"}], max_tokens=1)
    assert server.requests[0].json["messages"][1]["role"] == role


def test_nothing_is_refused_while_history_is_decoded():
    """What a service kept is read whatever it holds."""
    kept = {"messages": [{"role": "asistant"}], "model": "m", "stream": False, "max_tokens": -1, "top_p": 7}
    read = ChatCompletionRequest.model_validate(kept)
    assert (read.messages[0].role, read.max_tokens, read.top_p) == ("asistant", -1, 7)


async def test_one_message_is_no_conversation(client, server):
    """A message that is not in a list is refused, as text and dict are."""
    for messages in (ChatMessage(role="user", content="Hello"), HELLO[0], "Hello"):
        with pytest.raises(ValueError, match="messages must be a list"):
            await client.chat(messages)
    assert server.requests == []


@pytest.mark.parametrize("method", ["chat", "chat_stream", "completion", "completion_stream", "translate"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("max_tokens", -1, "at least 0, not -1; leave it out"),
        ("max_tokens", np.int64(-5), "at least 0"),
        ("max_seconds", -1, "at least 0"),
        ("temperature", -0.1, "at least 0, not -0.1"),
        ("temperature", Decimal("-0.1"), "at least 0"),
        ("temperature", float("inf"), "infinite"),
        ("top_p", 1.5, "from 0 to 1, not 1.5"),
        ("top_p", -0.5, "from 0 to 1"),
        ("top_k", -2, "at least -1"),
        ("repetition_penalty", -1.0, "at least 0"),
    ],
)
async def test_a_number_that_makes_no_sense_is_refused(client, server, method, name, value, said):
    """It is a ValueError with the name, what it has to be, and what it is."""
    with pytest.raises(ValueError, match=f"{name} .*{said}"):
        await asked(client, method, HELLO if method.startswith("chat") else "Once", **{name: value})
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "value", "got"),
    [
        ("max_tokens", True, "bool"),
        ("max_tokens", "5", "str"),
        ("max_tokens", 2.5, "float"),
        ("temperature", True, "bool"),
        ("seed", [1], "array"),
        ("stop", 5, "int"),
        ("stop_token_ids", 5, "int"),
        ("ignore_eos", "yes", "str"),
    ],
)
async def test_a_parameter_of_the_wrong_type_is_refused(client, server, name, value, got):
    """It is a TypeError with the name and both types; a bool is no number."""
    with pytest.raises(TypeError, match=f"{name} has the wrong type: .*got `{got}`"):
        await client.chat(HELLO, **{name: value})
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "arguments", "options", "error", "said"),
    [
        ("chat", (HELLO,), {"tool_choice": "atuo"}, ValueError, "tool_choice is 'atuo': did you mean 'auto'"),
        ("chat", (HELLO,), {"tool_choice": "Required"}, ValueError, "did you mean 'required'"),
        ("completion", (["a", "b"],), {}, TypeError, "prompt must be a str, not list"),
        ("translate", (["a", "b"],), {}, TypeError, "prompt must be a str, not list"),
        ("embeddings", (5,), {}, ValueError, "text must be a list"),
        ("embeddings", (["a", ["b"]],), {}, TypeError, r"text\[1\] must be a str, not list"),
        ("reranker", (["q"], ["a"]), {}, TypeError, "query must be a str, not list"),
        ("reranker", ("q", []), {}, ValueError, "documents must be a list of at least 1"),
        ("reranker", ("q", "a"), {}, ValueError, "documents must be a list"),
        ("reranker", ("q", ["a"]), {"top_n": 0}, ValueError, "top_n must be at least 1, not 0"),
        ("reranker", ("q", ["a"]), {"top_n": True}, TypeError, "top_n has the wrong type"),
        ("reranker", ("q", ["a"]), {"return_documents": "no"}, TypeError, "return_documents has the wrong type"),
        ("images_generate", ("sun",), {"n": 0}, ValueError, "n must be at least 1, not 0"),
        ("images_generate", ("sun",), {"n": True}, TypeError, "n has the wrong type"),
        ("images_generate", ("sun",), {"num_inference_steps": 0}, ValueError, "num_inference_steps must be"),
        ("images_generate", ("sun",), {"size": (512, 512)}, TypeError, "size has the wrong type"),
        ("images_generate", ("sun",), {"response_format": "b64-json"}, ValueError, "did you mean 'b64_json'"),
        ("images_generate_stream", ("sun",), {"cache_interval": -1}, ValueError, "cache_interval must be"),
        ("get_available_models", ("embeddings",), {}, ValueError, "model_type is 'embeddings': did you mean"),
        ("get_available_models_by_type", (5,), {}, TypeError, "model_type must be a str, not int"),
        ("usage", (), {"since": 1700000000}, TypeError, "since must be a datetime or a str, not int"),
        ("usage", (), {"model": 5}, TypeError, "model must be a str, not int"),
        *(
            (f"get_{kind}_history", (0,), {}, ValueError, "max_items must be at least 1, not 0")
            for kind in ("chat", "completion", "embedding", "reranker", "image")
        ),
        ("get_chat_history", (True,), {}, TypeError, "max_items must be an int, not bool"),
        ("get_chat_history", ("2",), {}, TypeError, "max_items must be an int, not str"),
    ],
)
async def test_an_argument_that_makes_no_sense_is_refused(client, server, method, arguments, options, error, said):
    """Every method names the argument, and what it is or was meant to be."""
    with pytest.raises(error, match=said):
        await asked(client, method, *arguments, **options)
    assert server.requests == []


async def test_what_only_some_services_refuse_is_sent(client, server):
    """A service may take more documents than there are, all tokens, no tokens, or words of its own."""
    await client.reranker("q", ["a"], top_n=9)
    with suppress(ImagineAPIException):
        await client.chat(HELLO, max_tokens=0, top_k=-1, seed=-1, frequency_penalty=3, tool_choice=None)
    await client.images_generate("sun", size="16x16", cache_interval=None, seed=None)
    ranked, chat, drawn = (request.json for request in server.requests)
    assert (ranked["top_n"], chat["max_tokens"], chat["top_k"], chat["seed"]) == (9, 0, -1, -1)
    assert "seed" not in drawn


async def test_an_option_of_the_client_that_is_nearly_one_says_what_was_meant(make_client, client):
    """The error names the option and the nearest, when the client is made and when one is made from it."""
    with pytest.raises(TypeError, match=r"unknown option max_retry \(did you mean max_retries\?\)"):
        await make_client(max_retry=3)
    with pytest.raises(TypeError, match=r"unknown option time_out \(did you mean timeout\?\)"):
        client.with_options(time_out=3)
