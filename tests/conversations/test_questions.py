"""Conversations: what is sent, what is kept, and what is refused."""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar, copy_context

import pytest
from support.clients import until
from support.scripted import events, json_answer
from support.tools import OSLO, asks, double, sent_messages, weather

from imagine import (
    ChatMessage,
    ImagineAPIBadRequestException,
    ImagineAsyncClient,
    ImagineClient,
    ImagineException,
    ImagineToolException,
    Tools,
)
from imagine.server import Reply
from imagine.types import FunctionTool

pytestmark = pytest.mark.anyio

DESCRIBED = Tools(type="function", function=FunctionTool(name="pay"))
CALL = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
TENANT: ContextVar[str] = ContextVar("TENANT", default="nobody")


def said(messages):
    """Roles and texts."""
    return [(message.role, message.content) for message in messages]


def sent_body(server):
    """What was sent last."""
    return json.loads(server.requests[-1].body)


async def texts(stream):
    """Read a stream to its end, and return its text."""
    return "".join([event.first_content or "" async for event in stream])


@pytest.fixture(params=["ask", "ask_stream"])
def ask(request):
    """Ask in either way; the result is the text."""

    async def asked(conversation, content, **options):
        if request.param == "ask":
            return (await conversation.ask(content, **options)).first_content
        return await texts(conversation.ask_stream(content, **options))

    return asked


async def test_a_conversation_remembers_what_was_said(client, server, ask):
    """Each question is sent with all before it, and the system message at their head."""
    server.chat.replies("Hello, Ann.", "Ann.")
    conversation = client.conversation("Be brief.", max_tokens=9)
    await ask(conversation, "I am Ann.")
    assert await ask(conversation, "Who am I?") == "Ann."
    sent = [(message["role"], message["content"]) for message in sent_messages(server)]
    assert sent == [("system", "Be brief."), *said(conversation.messages)[:-1]]
    assert said(conversation.messages)[-2:] == [("user", "Who am I?"), ("assistant", "Ann.")]
    assert conversation.system == "Be brief."
    assert sent_body(server)["max_tokens"] == 9


async def test_tools_are_called_and_their_results_kept(client, server, ask):
    """An exchange is a question with all that came of it."""
    server.chat.replies(OSLO, "It rains.")
    conversation = client.conversation(tools=[weather, double])
    assert await ask(conversation, "Oslo?") == "It rains."
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool", "assistant"]
    assert conversation.messages[2].content == "rain in Oslo"


async def test_parts_are_asked_as_they_were_given(client, server, ask):
    """What becomes of the list afterwards changes nothing of what was said."""
    parts = [{"type": "text", "text": "What is this?"}]
    conversation = client.conversation()
    await ask(conversation, parts)
    parts.clear()
    assert sent_messages(server)[0]["content"] == conversation.messages[0].content
    assert conversation.messages[0].content == [{"type": "text", "text": "What is this?"}]


async def test_options_of_a_question_come_before_those_of_the_conversation(client, server):
    """Those for streams alone are sent with streams alone."""
    conversation = client.conversation(temperature=0.5, seed=1, stream_options={"include_usage": True})
    await conversation.ask("Hello.", temperature=0.1)
    body = sent_body(server)
    assert (body["temperature"], body["seed"], "stream_options" in body) == (0.1, 1, False)
    await texts(conversation.ask_stream("Hello again."))
    body = sent_body(server)
    assert (body["temperature"], body["stream_options"]) == (0.5, {"include_usage": True})


async def test_usage_is_that_of_all_answers(client, server):
    """Also of those that came of a question that failed later."""
    conversation = client.conversation(tools=[weather], max_turns=1)
    server.chat.replies(OSLO, "Hello.")
    with pytest.raises(ImagineToolException, match="max_turns=1") as raised:
        await conversation.ask("Oslo?")
    spent = conversation.usage.total_tokens
    assert spent > 0
    assert [message.role for message in raised.value.messages] == ["user", "assistant", "tool"]
    assert conversation.messages == []
    answer = await conversation.ask("Hello.")
    assert conversation.usage.total_tokens == spent + answer.usage.total_tokens


async def test_a_question_that_fails_is_not_kept(client, server, ask):
    """Asking it again asks it once."""
    server.chat.replies("Yes.", "No.")
    conversation = client.conversation()
    await ask(conversation, "First?")
    before = said(conversation.messages)
    server.faults.script(["status;code=400"])
    with pytest.raises(ImagineAPIBadRequestException):
        await ask(conversation, "Second?")
    assert said(conversation.messages) == before
    assert await ask(conversation, "Second?") == "No."
    assert said(conversation.messages) == [*before, ("user", "Second?"), ("assistant", "No.")]


async def test_an_answer_of_no_choices_is_not_kept(client, server):
    """A question without an answer would be refused ever after."""
    server.faults.script([json_answer({"choices": []})])
    conversation = client.conversation()
    assert (await conversation.ask("Hello?")).choices == []
    assert conversation.messages == []
    await conversation.ask("Hello?")


async def test_answers_of_any_role_are_said_by_the_assistant(client, server):
    """Whatever a service calls it, the next request is one that can be understood."""
    server.faults.script([json_answer({"choices": [{"message": {"role": "tool", "content": "Hi."}}]})])
    conversation = client.conversation()
    await conversation.ask("Hello?")
    await conversation.ask("And now?")
    assert [message["role"] for message in sent_messages(server)] == ["user", "assistant", "user"]


async def test_nothing_is_sent_before_a_stream_is_read(client, server):
    """A stream that was made and never read keeps nobody from asking; it then knows what was said meanwhile."""
    server.chat.replies("One.", "Two.")
    conversation = client.conversation()
    stream = conversation.ask_stream("Second?")
    assert server.requests == []
    await conversation.ask("First?")
    await texts(stream)
    assert [message["content"] for message in sent_messages(server)] == ["First?", "One.", "Second?"]


async def test_two_questions_at_once_are_refused(client, server):
    """Neither would know of the other; a fork does not mind."""
    server.chat.replies(Reply("Late.", delay=30), when=lambda asked: asked.messages[-1].content == "First?")
    server.chat.replies("Yes.", when=lambda asked: asked.messages[-1].content == "Second?")
    conversation = client.conversation()
    stream = conversation.ask_stream("First?")
    reader = asyncio.create_task(texts(stream))
    await until(lambda: server.requests)
    with pytest.raises(ImagineException, match="is being asked: wait for the answer, close its stream, or fork it"):
        await conversation.ask("Second?")
    await conversation.fork().ask("Second?")
    await stream.aclose()
    assert await reader == ""
    await conversation.ask("Second?")
    assert [message.content for message in conversation.messages][:1] == ["Second?"]


async def test_a_fork_goes_on_by_itself(client):
    """What is said there is not said here."""
    conversation = client.conversation("Be brief.")
    await conversation.ask("First?")
    fork = conversation.fork()
    await fork.ask("Second?")
    fork.messages[0].content = "changed"
    assert len(conversation.messages) == 2
    assert conversation.messages[0].content == "First?"
    assert fork.system == "Be brief."


def tenant() -> str:
    """Tell who asks."""
    return TENANT.get()


def as_ann(function, *arguments):
    """Call a function for Ann."""
    context = copy_context()
    context.run(TENANT.set, "ann")
    return context.run(function, *arguments)


async def test_tools_see_the_context_of_who_asks(server):
    """Context variables are those of the call, in code that awaits."""
    server.chat.replies(asks(("tenant", {})), "Ann.")
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation(tools=[tenant])
        await as_ann(asyncio.ensure_future, as_ann(conversation.ask, "Who am I?"))
    assert conversation.messages[2].content == "ann"


def test_tools_see_the_context_of_the_thread_that_asks(server):
    """Context variables are those of the call, in code that blocks."""
    server.chat.replies(asks(("tenant", {})), "Ann.")
    with ImagineClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation(tools=[tenant])
        as_ann(conversation.ask, "Who am I?")
    assert conversation.messages[2].content == "ann"


REFUSED = [
    pytest.param({"budget": 0}, ValueError, "budget must be at least 1", id="budget"),
    pytest.param({"budget": 1.5}, TypeError, "budget must be an int", id="half a token"),
    pytest.param({"max_turns": 0}, ValueError, "max_turns must be at least 1", id="max_turns"),
    pytest.param({"system": 3}, TypeError, "system must be a str", id="system"),
    pytest.param({"count": 3}, TypeError, "count must be a function", id="count"),
    pytest.param({"tools": [DESCRIBED]}, TypeError, r"tools\[0\] is only described", id="described"),
    pytest.param({"tools": [weather, weather]}, ValueError, "two that are named 'weather'", id="twice"),
    pytest.param({"max_token": 3}, TypeError, "did you mean max_tokens", id="keyword"),
    pytest.param({"messages": "Hello"}, TypeError, "messages must be a list", id="a text"),
    pytest.param({"messages": [3]}, TypeError, r"messages\[0\] must be a ChatMessage or a dict", id="no message"),
    pytest.param({"messages": [{"content": "Hi"}]}, ValueError, r"messages\[0\] has no role", id="no role"),
    pytest.param({"messages": [{"role": "system", "content": "x"}]}, ValueError, "give its text as system=", id="head"),
    pytest.param({"messages": [{"role": "user", "cache": 1}]}, ValueError, r"messages\[0\] has cache", id="unknown"),
    pytest.param({"messages": [{"role": "user", "content": 3}]}, ValueError, "does not fit ChatMessage", id="content"),
    pytest.param(
        {"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]}, ValueError, "answers 'a'", id="no call"
    ),
    pytest.param(
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}]}, ValueError, "end before the result", id="no result"
    ),
    pytest.param(
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}, {"role": "user", "content": "x"}]},
        ValueError,
        r"messages\[1\] stands where the result",
        id="another",
    ),
]


@pytest.mark.parametrize(("arguments", "kind", "words"), REFUSED)
async def test_what_could_never_be_asked_is_refused(client, arguments, kind, words):
    """The message names the argument."""
    with pytest.raises(kind, match=words):
        client.conversation(**arguments)


@pytest.mark.parametrize("content", [None, 3, b"x", [], ["text"], {"type": "text"}])
async def test_what_is_no_question_is_refused(client, server, ask, content):
    """Nothing is sent, and nothing kept."""
    conversation = client.conversation()
    with pytest.raises(TypeError, match="content must be a str or a list of parts"):
        await ask(conversation, content)
    assert (server.requests, conversation.messages) == ([], [])


async def test_messages_may_be_changed_between_questions(client, server):
    """What is amiss in them then is refused as it is at the beginning."""
    conversation = client.conversation(messages=[ChatMessage(role="user", content="Hi"), {"role": "assistant"}])
    conversation.messages[1].content = "Hello."
    await conversation.ask("And now?")
    assert [message["content"] for message in sent_messages(server)] == ["Hi", "Hello.", "And now?"]
    conversation.messages.append(ChatMessage(role="tool", tool_call_id="a"))
    with pytest.raises(ValueError, match=r"messages\[4\] answers 'a', which no call before it asks"):
        await conversation.ask("And now?")


async def test_answers_without_end_are_no_answers(client, server, ask):
    """A stream that is cut is not kept; a tool that no model has is told of."""
    server.chat.replies("Fine.")
    conversation = client.conversation()
    server.faults.script([events({"choices": [{"delta": {"tool_calls": [{**CALL, "index": 0}]}}]}, b"[DONE]")])
    assert await texts(conversation.ask_stream("Hello?")) == "Fine."
    assert conversation.messages[2].content == "Error: there is no tool 'weather'"
