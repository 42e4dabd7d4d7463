"""Clients that nobody closed: one warning that names the client, and no more."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest
from support.clients import until

from imagine import ImagineAsyncClient, ImagineClient


async def ping(client):
    """Use a client of either kind."""
    await client.ping() if isinstance(client, ImagineAsyncClient) else client.ping()


async def one(make, server):
    """Use one."""
    await ping(make(server.endpoint, server.api_key))


async def several_derived(make, server):
    """Use one and those made from it, which share its connections."""
    client = make(server.endpoint, server.api_key)
    for user in (client, client.with_options(max_retries=0), client.with_options(debug=False)):
        await ping(user)


async def in_a_cycle(make, server):
    """Use one that is garbage only together with others."""
    client = make(server.endpoint, server.api_key)
    client.itself = client
    await ping(client)
    del client
    gc.collect()


async def in_a_task_that_the_end_cancels(make, server):
    """Use one in a task that is under way when the loop ends, and that lets go of it when it is cancelled."""

    async def use(used):
        client = make(server.endpoint, server.api_key)
        await ping(client)
        used.set()
        try:
            await asyncio.Event().wait()
        finally:
            del client  # else it depends on the Python whether the frame goes before the loop

    used = asyncio.Event()
    task = asyncio.create_task(use(used))
    await used.wait()
    assert not task.done()


async def in_an_open_generator(make, server):
    """Use one in an asynchronous generator that the loop's end closes."""

    async def answers():
        client = make(server.endpoint, server.api_key)
        await ping(client)
        yield client

    generators.append(answers())
    await anext(generators[-1])


generators = []
"""Held until the loop has ended."""


@pytest.fixture(params=[ImagineAsyncClient, ImagineClient])
def make(request):
    """Each of the clients."""
    return request.param


@pytest.mark.parametrize("use", [one, several_derived, in_a_cycle, in_a_task_that_the_end_cancels])
def test_a_client_that_was_dropped_is_told_of_once(server, make, caplog, use):
    """One ResourceWarning says which client was not closed, asyncio's log says nothing, and the connections close."""
    with pytest.warns(ResourceWarning, match=rf"unclosed {make.__name__}\(endpoint='{server.endpoint}'") as warned:
        asyncio.run(use(make, server))
        asyncio.run(until(lambda: server.open_connections == 0))
    assert len(warned) == 1
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_dropped_by_the_end_of_its_loop_is_no_trouble(server, caplog):
    """What a loop closes on its way out closes the client's connections with it, in silence."""
    with pytest.warns(ResourceWarning, match="unclosed ImagineAsyncClient") as warned:
        asyncio.run(one(ImagineAsyncClient, server))
        asyncio.run(in_an_open_generator(ImagineAsyncClient, server))
        generators.clear()
        asyncio.run(until(lambda: server.open_connections == 0))
    assert len(warned) <= 2
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_the_warning_says_what_to_do(server, make):
    """It names the way to use the client that closes it."""
    way = "`async with`" if make is ImagineAsyncClient else "`with`"
    with pytest.warns(ResourceWarning, match=rf"max_retries=3\): use {way}, or close\(\)"):
        asyncio.run(one(make, server))
        gc.collect()


def test_a_client_without_connections_is_dropped_in_silence(server, make):
    """Clients that were not used, that were closed, or whose loop has ended hold nothing, and warn of nothing."""
    make(server.endpoint, server.api_key).with_options(max_retries=0)
    client = make(server.endpoint, server.api_key)
    asyncio.run(ping(client))
    if make is ImagineClient:
        client.close()
    del client
    gc.collect()
