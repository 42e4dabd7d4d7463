"""What checkers know of conversations; never run."""

from __future__ import annotations

from typing import assert_type

from imagine import (
    AsyncConversation,
    AsyncToolStream,
    ChatCompletionResponse,
    ChatMessage,
    Conversation,
    ImagineAsyncClient,
    ImagineClient,
    ToolStream,
    UsageInfo,
    conversations,
)


def now() -> str:
    """Tell the time."""
    return "noon"


async def awaited(client: ImagineAsyncClient) -> None:
    """Questions are awaited, and all else is not."""
    conversation = client.conversation("Be brief.", tools=[now], budget=1_000, count=lambda message: len(message.role))
    assert_type(conversation, AsyncConversation)
    assert_type(await conversation.ask("Hello?", max_tokens=3), ChatCompletionResponse)
    assert_type(conversation.ask_stream([{"type": "text", "text": "Hello?"}]), AsyncToolStream)
    assert_type(conversation.window(), list[ChatMessage])
    assert_type(conversation.fork(), AsyncConversation)
    assert_type(client.load_conversation("chat.json", tools=[now]), AsyncConversation)

    client.conversation(tools=[{"type": "function"}])  # type: ignore[list-item]
    await conversation.ask(3)  # type: ignore[arg-type]


def blocking(client: ImagineClient) -> None:
    """The same without `await`; the names of `imagine.conversations` are the same."""
    conversation = client.conversation()
    assert_type(conversation, Conversation)
    assert_type(conversation, conversations.Conversation)
    assert_type(conversation.ask("Hello?"), ChatCompletionResponse)
    assert_type(conversation.ask_stream("Hello?"), ToolStream)
    assert_type(conversation.usage, UsageInfo | None)
    assert_type(conversation.fork(), Conversation)
    conversation.save("chat.json")
