"""The model that continues a text."""

from __future__ import annotations

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from imagine import ImagineAPINotFoundException
from imagine.langchain import ImagineLLM
from imagine.server import Reply

pytestmark = pytest.mark.anyio


@pytest.fixture
def make_llm(imagine_environment):
    """Make models that do not retry."""
    return lambda **fields: ImagineLLM(**{"max_retries": 0, **fields})


async def test_texts_are_continued(make_llm, server, invoke):
    """A prompt goes out as it is, and its continuation is the answer."""
    server.completions.replies(" upon a time")
    assert await invoke(make_llm(max_tokens=9), "Once", stop=["."]) == " upon a time"
    body = server.requests[-1].json
    assert (body["prompt"], body["max_tokens"], body["stop"]) == ("Once", 9, ["."])


@pytest.mark.parametrize("streaming", [False, True])
async def test_several_prompts_are_answered_in_their_order(make_llm, server, call, streaming):
    """Each has its generations, and their tokens are added up."""
    for number in range(20):
        server.completions.replies(f"{number}!", when=lambda asked, number=number: asked.prompt == f"{number}?")
    result = await call(make_llm(streaming=streaming), "generate", [f"{number}?" for number in range(20)])
    assert [one.text for [one] in result.generations] == [f"{number}!" for number in range(20)]
    assert {one.generation_info["finish_reason"] for [one] in result.generations} == {"stop"}
    assert result.llm_output["model_name"] == "Llama-3.1-8B"
    assert result.llm_output["token_usage"]["completion_tokens"] >= 20


async def test_the_first_failure_is_raised(make_llm, server, call):
    """Of several prompts the first that fails ends them all, with the SDK's own error."""
    server.completions.replies(Reply(fault="status;code=404"), when=lambda asked: asked.prompt == "7")
    server.completions.replies("good", when=lambda _: True)
    with pytest.raises(ImagineAPINotFoundException):
        await call(make_llm(), "generate", [str(number) for number in range(20)])


class Tokens(BaseCallbackHandler):
    """The tokens that a handler is told."""

    def __init__(self):
        self.told = []

    def on_llm_new_token(self, token, **_):
        self.told.append(token)


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_stream_tells_its_tokens(make_llm, server, invoke, streamed, streaming):
    """Handlers get each piece once, from `stream`, and from `invoke` of a model that streams."""
    server.completions.replies(Reply(chunks=[" upon", " a time"]))
    tokens = Tokens()
    read = invoke if streaming else streamed
    found = await read(make_llm(streaming=streaming), "Once", {"callbacks": [tokens]})
    assert "".join(found) == " upon a time"
    assert tokens.told == [" upon", " a time"]
