"""Tools that a run calls, as spans beside those of its chats."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from support.clients import HELLO
from support.tools import OSLO, asks, fail, turns, weather

import imagine.otel

pytestmark = pytest.mark.anyio


def current() -> str:
    """Tell the span that is current."""
    return trace.get_current_span().name


async def current_awaited() -> str:
    """Tell the span that is current."""
    return trace.get_current_span().name


@pytest.mark.parametrize("kind", ["run_tools", "run_tools_stream"])
async def test_tools_and_chats_hang_below_the_caller(client, server, traced, kind):
    """A run has no span of its own; each tool's is current inside of it."""
    server.chat.replies(asks(("current", {}), ("current_awaited", {})), "Done.")
    with traced.tracer.start_as_current_span("caller") as caller:
        run = getattr(client, kind)(HELLO, tools=[current, current_awaited])
    turn, _ = await turns(run)
    assert [result.value for result in turn.results] == ["execute_tool current", "execute_tool current_awaited"]
    chat = f"chat {client.default_model_llm}"
    names = [chat, chat, "execute_tool current", "execute_tool current_awaited"]
    assert sorted(span.name for span in traced.ours) == names
    assert {span.parent.span_id for span in traced.ours} == {caller.get_span_context().span_id}


async def test_a_tool_has_the_attributes_of_the_conventions(client, server, traced):
    """Names and ids, of a failure its class, and nothing that was said."""
    server.chat.replies(asks(("weather", {"city": "Oslo"}), ("fail", {"why": "secret"})), "Done.")
    run = client.run_tools(HELLO, tools=[weather, fail])
    turn, _ = await turns(run)
    spans = {span.name: span for span in traced.ours}
    good, bad = spans["execute_tool weather"], spans["execute_tool fail"]
    assert dict(good.attributes) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.description": "Tell the weather.",
        "gen_ai.tool.call.id": turn.results[0].call.id,
    }
    assert (good.status.is_ok, bad.status.is_ok, bad.attributes["error.type"]) == (True, False, "LookupError")
    assert not [text for text in ("Oslo", "secret") if text in good.to_json() + bad.to_json()]


async def test_what_was_said_is_told_where_that_is_asked_for(client, server, traced):
    """Arguments and result, without secrets of the client."""
    imagine.otel.instrument(traced.tracers, traced.meters, capture_content=True)
    server.chat.replies(OSLO, asks(("weather", {"city": server.api_key})), "Done.")
    await client.run_tools(HELLO, tools=[weather]).final()
    first, second = (span.attributes for span in traced.ours if span.name == "execute_tool weather")
    assert first["gen_ai.tool.call.arguments"] == '{"city":"Oslo"}'
    assert first["gen_ai.tool.call.result"] == "rain in Oslo"
    assert server.api_key not in str(dict(second))


async def test_nothing_is_traced_where_that_is_suppressed(client, server, traced):
    """As of calls."""
    server.chat.replies(OSLO, "Done.")
    with suppress_instrumentation():
        run = client.run_tools(HELLO, tools=[weather])
    await run.final()
    assert traced.ours == []


async def test_tracing_that_fails_breaks_no_tool(client, server, traced, monkeypatch, caplog):
    """It is logged."""
    monkeypatch.setattr("imagine.otel.settings.ToolSpan", None)
    server.chat.replies(OSLO, "Done.")
    run = client.run_tools(HELLO, tools=[weather])
    assert (await run.final()).first_content == "Done."
    assert "a call could not be traced" in caplog.text
