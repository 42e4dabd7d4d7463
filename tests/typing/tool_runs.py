# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What type checkers make of runs with tools: checked by mypy and pyright in strict mode, never run."""

from __future__ import annotations

from typing import assert_type

from imagine import (
    AsyncToolRun,
    AsyncToolStream,
    ChatCompletionResponse,
    ChatCompletionStreamResponse,
    FunctionTool,
    ImagineAsyncClient,
    ImagineClient,
    Tool,
    ToolCall,
    ToolResult,
    ToolRun,
    Tools,
    ToolStream,
    Turn,
    UsageInfo,
    tool,
    tools,
)

HELLO = [{"role": "user", "content": "Hello!"}]
DESCRIBED = Tools(type="function", function=FunctionTool(name="f"))


@tool(timeout=5)
def weather(city: str) -> str:
    """Tell the weather."""
    return city


async def awaited(client: ImagineAsyncClient) -> None:
    """Runs are iterated with `async for`, and their last answer is awaited."""
    run = client.run_tools(HELLO, tools=[weather, len, DESCRIBED], tool_errors=lambda call, error: f"{call.id}{error}")
    assert_type(run, AsyncToolRun)
    async for turn in run:
        assert_type(turn, Turn)
    assert_type(await run.final(), ChatCompletionResponse)
    assert_type(run.usage, UsageInfo | None)
    assert_type(run.pending, tuple[ToolCall, ...])
    run.messages.append({"role": "user", "content": "And then?"})
    async with client.run_tools_stream(HELLO, tools=[weather]) as stream:
        assert_type(stream, AsyncToolStream)
        async for event in stream:
            assert_type(event, ChatCompletionStreamResponse | ToolCall | ToolResult | Turn)
            assert_type(event.first_content, str | None)

    client.run_tools(HELLO)  # type: ignore[call-arg]
    client.run_tools(HELLO, tools=[1])  # type: ignore[list-item]
    client.run_tools(HELLO, tools=[weather], tool_errors="log")  # type: ignore[arg-type]


def blocking(client: ImagineClient) -> None:
    """The blocking ones are iterated with `for`; the names of `imagine.tools` are the same."""
    assert_type(weather, Tool)
    run = client.run_tools(HELLO, tools=[weather])
    assert_type(run, tools.ToolRun)
    assert_type(run, ToolRun)
    for turn in run:
        assert_type(turn.results, tuple[ToolResult, ...])
    assert_type(run.final(), ChatCompletionResponse)
    with client.run_tools_stream(HELLO, tools=[weather]) as stream:
        assert_type(stream, ToolStream)
        for event in stream:
            assert_type(event, ChatCompletionStreamResponse | ToolCall | ToolResult | Turn)
