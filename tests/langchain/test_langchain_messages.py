"""Messages on their way to the service and back."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage
from support.scripted import json_answer

from imagine.server import Reply

pytestmark = pytest.mark.anyio

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALL = {"id": "1", "name": "weather", "args": {"city": "Zürich"}}


def sent(server):
    """The messages of the newest request, as JSON has them."""
    return server.requests[-1].json["messages"]


async def test_each_message_has_its_role_and_name(chat, server, invoke):
    """System, human, AI and other speakers go out under their roles, with the name that they have."""
    await invoke(
        chat,
        [
            SystemMessage("Be brief."),
            HumanMessage("Hello", name="ann"),
            AIMessage("Hi"),
            ChatMessage("Go on.", role="developer"),
        ],
    )
    assert sent(server) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello", "name": "ann"},
        {"role": "assistant", "content": "Hi"},
        {"role": "developer", "content": "Go on."},
    ]


async def test_tool_calls_and_their_results_go_back(chat, server, invoke):
    """Calls are sent with the arguments as JSON, beside a null content; those with broken arguments as they came."""
    broken = {"id": "2", "name": "weather", "args": '{"city": ', "error": "cut"}
    asked = AIMessage("", tool_calls=[CALL], invalid_tool_calls=[broken])
    await invoke(chat, [HumanMessage("Weather?"), asked, ToolMessage("Rain", tool_call_id="1")])
    _, call, result = sent(server)
    assert call["content"] is None
    assert [(one["id"], one["function"]["arguments"]) for one in call["tool_calls"]] == [
        ("1", '{"city": "Zürich"}'),
        ("2", '{"city": '),
    ]
    assert result == {"role": "tool", "content": "Rain", "tool_call_id": "1"}


@pytest.mark.parametrize(
    "block",
    [
        IMAGE,
        {"type": "image_url", "image_url": IMAGE["image_url"]["url"]},
        {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": "iVBORw0KGgo=", "mime_type": "image/png"},
        {"type": "image", "url": IMAGE["image_url"]["url"]},
    ],
)
async def test_images_are_sent_in_one_form(chat, server, invoke, block):
    """Every form in which LangChain has images becomes an `image_url` part beside the text."""
    await invoke(chat, [HumanMessage(["What is this?", block])])
    assert sent(server)[0]["content"] == [{"type": "text", "text": "What is this?"}, IMAGE]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (HumanMessage([{"type": "audio", "base64": "UklGRg==", "mime_type": "audio/wav"}]), "of type 'audio'"),
        (HumanMessage([{"type": "image", "file_id": "1"}]), "of type 'image'"),
        (HumanMessage([{"type": "file", "file_id": "1"}]), "of type 'file'"),
        (RemoveMessage("1"), "is a RemoveMessage"),
    ],
)
async def test_what_has_no_form_is_refused(chat, server, invoke, message, told):
    """The error names the message, and nothing is sent."""
    with pytest.raises(ValueError, match=rf"messages\[1\].*{told}"):
        await invoke(chat, [HumanMessage("Hello"), message])
    assert server.requests == []


@pytest.mark.parametrize("version", ["v0", "v1"])
async def test_reasoning_stays_here(make_chat, server, invoke, whole, version):
    """Reasoning is a block of the answer, whole or streamed, and no part of its text; it is not sent back."""
    chat = make_chat(output_version=version)
    server.chat.replies(Reply("Four.", reasoning="Two and two."), Reply("Five.", reasoning="Two and three."), "Done.")
    answer, streamed = await invoke(chat, "2 + 2?"), await whole(chat, "2 + 3?")
    for message, text, reasoning in ((answer, "Four.", "Two and two."), (streamed, "Five.", "Two and three.")):
        assert message.text == text
        blocks = [block for block in message.content_blocks if block["type"] == "reasoning"]
        assert [block["reasoning"] for block in blocks] == [reasoning]
    await invoke(chat, [HumanMessage("2 + 2?"), answer, HumanMessage("2 + 3?"), streamed, HumanMessage("So?")])
    assert [message["content"] for message in sent(server)] == ["2 + 2?", "Four.", "2 + 3?", "Five.", "So?"]


async def test_calls_that_are_no_calls_are_told(chat, server, invoke):
    """Arguments that are no JSON object are kept as they came, with the reason; missing ones are an empty object."""
    calls = [("weather", '{"city": '), ("weather", "[1]"), ("now", "")]
    server.chat.replies(Reply(tool_calls=calls))
    answer = await invoke(chat, "Weather?")
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("now", {})]
    assert [(call["name"], call["args"]) for call in answer.invalid_tool_calls] == calls[:2]
    assert all(call["error"] for call in answer.invalid_tool_calls)


async def test_an_answer_of_several_choices_is_several_generations(make_chat, server, call):
    """Each choice is a generation with its own end; the tokens, which the service counts together, come once."""
    choices = [
        {"index": place, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        for place, (text, reason) in enumerate([("One", "stop"), ("Two", "length")])
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    server.faults.script([json_answer({"model": "some", "choices": choices, "usage": usage})])
    result = await call(make_chat(model_kwargs={"n": 2}), "generate", [[HumanMessage("Count")]])
    [generations] = result.generations
    assert [generation.text for generation in generations] == ["One", "Two"]
    assert [one.message.response_metadata["finish_reason"] for one in generations] == ["stop", "length"]
    assert [one.message.response_metadata["model_name"] for one in generations] == ["some", "some"]
    assert [one.message.usage_metadata for one in generations] == [
        {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "input_token_details": {"cache_read": 1}},
        None,
    ]
