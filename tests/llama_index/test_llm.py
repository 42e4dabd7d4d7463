"""Chats and completions: what is sent, and what LlamaIndex gets."""

from __future__ import annotations

import asyncio
import threading

import pytest
from llama_index.core.base.llms.types import AudioBlock, ImageBlock, TextBlock, ThinkingBlock
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.llms import ChatMessage
from pydantic import ValidationError
from support.clients import in_thread, until
from support.scripted import json_answer

from imagine import ImagineAPIAuthenticationException, ImagineClient, ImagineException, ImagineStreamException
from imagine.llama_index import ImagineEmbedding, ImagineLLM, ImagineRerank
from imagine.server import Reply

pytestmark = pytest.mark.anyio

HELLO = [ChatMessage(role="user", content="How do networks work?")]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_the_default_models_are_those_of_the_client(server):
    """Who names no model gets the one that the SDK takes."""
    with ImagineClient(server.endpoint, server.api_key) as client:
        assert ImagineLLM().model == client.default_model_llm
        assert ImagineEmbedding().model == client.default_model_embedding
        assert ImagineRerank().model == client.default_model_reranker


async def test_a_chat_has_its_counts(make, ask, server):
    """The text is the message, and `additional_kwargs` has why it ended and what it took."""
    server.chat.replies("Over wires.")
    response = await ask(make(ImagineLLM), "chat", HELLO)
    assert (response.message.role, response.message.content) == ("assistant", "Over wires.")
    counts = {name: count for name, count in response.raw["usage"].items() if name.endswith("_tokens")}
    assert response.additional_kwargs == {**counts, "finish_reason": "stop"}
    assert len(counts) == 3


async def test_a_stream_has_what_came_so_far_and_the_piece(make, ask, server, bodies):
    """`message.content` grows by `delta`; the counts, which are asked for by default, come last."""
    server.chat.replies("Over many wires.")
    responses = await ask(make(ImagineLLM), "stream_chat", HELLO)
    so_far = ["".join(response.delta for response in responses[: n + 1]) for n in range(len(responses))]
    assert [response.message.content or "" for response in responses] == so_far
    assert so_far[-1] == "Over many wires."
    assert {"prompt_tokens", "completion_tokens", "finish_reason"} <= responses[-1].additional_kwargs.keys()
    assert "finish_reason" not in responses[0].additional_kwargs
    assert bodies()[0]["stream_options"] == {"include_usage": True}


async def test_a_stream_is_not_asked_for_counts_where_they_are_not_wanted(make, ask, bodies):
    """`stream_usage=False` sends no stream options."""
    await ask(make(ImagineLLM, stream_usage=False, max_tokens=1), "stream_chat", HELLO)
    assert "stream_options" not in bodies()[0]


async def test_a_completion_goes_to_the_route_for_completions(make, ask, server):
    """The prompt is put in form first, unless it is already."""
    server.completions.replies("wires", "more wires")
    llm = make(ImagineLLM, completion_to_prompt=lambda prompt: f"<{prompt}>")
    whole = await ask(llm, "complete", "Networks have")
    pieces = await ask(llm, "stream_complete", "Networks have", formatted=True)
    assert (whole.text, whole.additional_kwargs["finish_reason"]) == ("wires", "stop")
    assert "".join(piece.delta for piece in pieces) == pieces[-1].text == "more wires"
    assert [request.prompt for request in server.completions.requests] == ["<Networks have>", "Networks have"]


async def test_fields_and_keywords_go_with_the_request(make, ask, bodies):
    """Keywords win over fields; `model_kwargs` go into the body, and an empty `stop` is none."""
    llm = make(ImagineLLM, model="Llama-3.3-70B", temperature=0.5, max_tokens=9, stop=[], model_kwargs={"tier": "a"})
    await ask(llm, "chat", HELLO, temperature=0, extra_body={"mark": 1})
    messages = [{"role": "user", "content": "How do networks work?"}]
    sent = {"model": "Llama-3.3-70B", "temperature": 0, "max_tokens": 9, "tier": "a", "mark": 1}
    assert bodies() == [{"messages": messages, "stream": False, **sent}]


async def test_an_unknown_keyword_is_refused(make, ask, server):
    """Nothing is sent, and the message says what was meant."""
    with pytest.raises(TypeError, match="max_tokens"):
        await ask(make(ImagineLLM), "chat", HELLO, max_token=3)
    assert server.requests == []


@pytest.mark.parametrize("kind", [ImagineLLM, ImagineEmbedding, ImagineRerank])
def test_an_unknown_field_is_refused(kind):
    """The message names it, and does not show its value, which may be a key."""
    with pytest.raises(ValidationError, match="apikey") as refused:
        kind(apikey="sk-0123456789")
    assert "0123456789" not in str(refused.value)


async def test_reasoning_is_a_block_of_its_own(make, ask, server, bodies):
    """It is told piece by piece, is no part of the text, and is not sent back."""
    server.chat.replies(Reply("Wires.", reasoning="They ask me."), Reply("Wires.", reasoning="They ask me."), "Yes.")
    llm = make(ImagineLLM)
    whole, pieces = await ask(llm, "chat", HELLO), await ask(llm, "stream_chat", HELLO)
    for message in (whole.message, pieces[-1].message):
        assert message.blocks == [ThinkingBlock(content="They ask me."), TextBlock(text="Wires.")]
    assert "".join(piece.additional_kwargs.get("thinking_delta", "") for piece in pieces) == "They ask me."
    await ask(llm, "chat", [*HELLO, whole.message, *HELLO])
    assert bodies()[-1]["messages"][1] == {"role": "assistant", "content": "Wires."}


async def test_images_are_sent_beside_the_text(make, ask, bodies):
    """An address goes as it is, bytes as a data URL; texts stay in their place."""
    image = ImageBlock(image=PNG)
    link = ImageBlock(url="https://example.invalid/cat.png", detail="low")
    await ask(make(ImagineLLM, max_tokens=1), "chat", [ChatMessage(blocks=[TextBlock(text="Which?"), image, link])])
    text, inline, address = bodies()[0]["messages"][0]["content"]
    assert text == {"type": "text", "text": "Which?"}
    assert inline["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert address["image_url"] == {"url": "https://example.invalid/cat.png", "detail": "low"}


@pytest.mark.parametrize(
    ("block", "error", "told"),
    [
        (AudioBlock(audio=b"RIFF"), TypeError, r"messages\[1\]: .* no AudioBlock"),
        (ImageBlock(image=b"who knows"), ValueError, r"messages\[1\]: .* image_mimetype="),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_name(make, ask, server, block, error, told):
    """Nothing is sent, and nothing is left out in silence."""
    with pytest.raises(error, match=told):
        await ask(make(ImagineLLM), "chat", [*HELLO, ChatMessage(blocks=[block])])
    assert server.requests == []


async def test_roles_of_others_are_those_of_the_service(make, ask, bodies):
    """Developers speak as the system, chatbots as the assistant; a speaker's name goes along."""
    spoken = [ChatMessage(role="developer", content="Be kind."), ChatMessage(role="chatbot", content="Hi.")]
    named = ChatMessage(role="user", content="Hi!", additional_kwargs={"name": "guest"})
    await ask(make(ImagineLLM, max_tokens=1), "chat", [*spoken, named])
    assert [message["role"] for message in bodies()[0]["messages"]] == ["system", "assistant", "user"]
    assert bodies()[0]["messages"][2]["name"] == "guest"


async def test_errors_are_those_of_the_sdk(make, ask):
    """A key that is refused raises what it raises without LlamaIndex."""
    llm = make(ImagineLLM, api_key="wrong")
    for name in ("chat", "stream_chat"):
        with pytest.raises(ImagineAPIAuthenticationException):
            await ask(llm, name, HELLO)


async def test_a_cut_stream_is_an_error(make, ask, server):
    """It has what came before."""
    server.faults.script(["cut-stream;after=2"])
    with pytest.raises(ImagineStreamException) as cut:
        await ask(make(ImagineLLM), "stream_chat", HELLO)
    assert cut.value.partial.first_content


async def test_an_answer_without_choices_is_an_error(make, ask, server):
    """No empty text is made up for it."""
    server.faults.script([json_answer({"model": "m", "choices": []})])
    with pytest.raises(ImagineException, match="no choices"):
        await ask(make(ImagineLLM), "chat", HELLO)


async def test_a_stream_that_is_left_is_closed(make, face, server):
    """Who leaves after the first piece frees the connection."""
    server.faults.script(["stall;after=2"])
    llm = make(ImagineLLM)
    if face == "blocking":
        stream = llm.stream_chat(HELLO)
        await in_thread(next, stream)
        await in_thread(stream.close)
    else:
        stream = await llm.astream_chat(HELLO)
        await anext(stream)
        await stream.aclose()
    await until(lambda: server.open_streams == 0)


async def test_callbacks_count_the_tokens(make, ask):
    """LlamaIndex's own handler sees the service's numbers, of a stream, too."""
    for name in ("chat", "stream_chat"):
        counter = TokenCountingHandler(tokenizer=str.split)
        llm = make(ImagineLLM, max_tokens=7, callback_manager=CallbackManager([counter]))
        await ask(llm, name, HELLO)
        assert counter.completion_llm_token_count == 7
        assert counter.prompt_llm_token_count > 0


async def test_what_is_awaited_takes_no_threads(make, server):
    """Many chats, embeddings and rerankings at once run in the loop alone."""
    llm, embedding = make(ImagineLLM, max_tokens=1), make(ImagineEmbedding)
    await llm.achat(HELLO)
    before = threading.active_count()
    server.faults.script(["delay;seconds=0.05"] * 60)
    calls = [llm.achat(HELLO) for _ in range(30)] + [embedding.aget_text_embedding("a cat") for _ in range(30)]
    running = asyncio.gather(*calls)
    await until(lambda: len(server.requests) > 30)
    assert threading.active_count() < before + 20  # those of the server, too
    await running


def test_one_object_serves_several_loops_and_threads(server):
    """Each loop gets its own connections, and none is tied to the first."""
    llm = ImagineLLM(endpoint=server.endpoint, api_key=server.api_key, max_tokens=1)
    threads = [threading.Thread(target=lambda: asyncio.run(llm.achat(HELLO))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(llm.achat(HELLO))
    llm.chat(HELLO)
    llm.close()
    assert len(server.requests) == 5
