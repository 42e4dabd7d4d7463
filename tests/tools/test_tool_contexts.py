"""Where tools are called: in their caller's context, on no thread that others wait for."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest
from support.clients import HELLO
from support.tools import asks, turns

from imagine import ImagineAsyncClient, ImagineClient

pytestmark = pytest.mark.anyio

TENANT = ContextVar("TENANT", default="nobody")


def tenant() -> str:
    """Tell who asks, in a thread."""
    told = TENANT.get()
    TENANT.set("changed")
    return told


async def tenant_awaited() -> str:
    """Tell who asks, in the loop."""
    told = TENANT.get()
    TENANT.set("changed")
    return told


async def test_tools_see_the_variables_of_who_made_the_run(begin, server):
    """As they were then; what a tool sets is its own."""
    server.chat.replies(asks(("tenant", {}), ("tenant_awaited", {})), asks(("tenant", {})), "Done.")
    TENANT.set("acme")
    run = begin(tools=[tenant, tenant_awaited])
    TENANT.set("another")
    first, second, _ = await turns(run)
    assert [result.value for result in (*first.results, *second.results)] == ["acme"] * 3
    assert TENANT.get() == "another"


async def test_a_tool_may_call_a_client(begin, server):
    """A function that blocks calls one that blocks, a coroutine one that awaits."""

    def ask(question: str) -> str:
        """Ask."""
        with ImagineClient(server.endpoint, server.api_key) as client:
            return client.chat([{"role": "user", "content": question}], max_tokens=3).first_content

    async def ask_awaited(question: str) -> str:
        """Ask."""
        async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
            return (await client.chat([{"role": "user", "content": question}], max_tokens=3)).first_content

    calls = [("ask", {"question": "One?"}), ("ask_awaited", {"question": "Two?"})]
    server.chat.replies(asks(*calls), when=lambda asked: asked.tools and len(asked.messages) == 1)
    server.chat.replies("Done.", when=lambda asked: len(asked.messages) > 1)
    server.chat.replies("1", when=lambda asked: asked.messages[-1].content == "One?")
    server.chat.replies("2", when=lambda asked: asked.messages[-1].content == "Two?")
    turn, _ = await turns(begin(tools=[ask, ask_awaited]))
    assert [result.value for result in turn.results] == ["1", "2"]


@pytest.mark.parametrize("kind", ["run_tools", "run_tools_stream"])
def test_a_tool_may_call_the_client_of_its_run(server, kind):
    """Also one that blocks, and has one slot: while tools are at work the run holds none."""
    with ImagineClient(server.endpoint, server.api_key, max_concurrent_requests=1) as client:

        def ping() -> str:
            """Ask whether the service is there."""
            assert threading.current_thread().daemon
            return client.chat(HELLO).first_content

        server.chat.replies(asks(("ping", {})), "pong", "Done.")
        assert getattr(client, kind)(HELLO, tools=[ping]).final().first_content == "Done."
