"""Lanes against a model of the service: any limits that it tells, any generation times."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from typing import NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.clients import HELLO
from support.virtual_time import run_in_virtual_time

from imagine import ImagineAsyncClient
from imagine._pacing.throttle import FASTEST, FIRST_PROBE, RECOVERY

ANSWER = json.dumps(
    {"id": "1", "object": "chat.completion", "created": 1, "model": "m",
     "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}]}
).encode()  # fmt: skip
FORGETTING = RECOVERY * (math.log2(FASTEST) + 1)
REFUSAL = b'{"message": "too many requests"}'


class Limit(NamedTuple):
    """What the service lets through of one model."""

    requests: int
    seconds: float
    slides: bool
    """Whether the window is the last `seconds`, or one of a grid."""
    generation: float
    """Seconds from a request that is let through to its answer."""


class Service:
    """Answers chats over HTTP/1.1, as many as the limits of their models let through."""

    def __init__(self, limits):
        self.limits = limits
        self.passed = {model: [] for model in limits}
        self.refused = {model: [] for model in limits}
        self.connections = set()

    async def serve(self, reader, writer):
        """Answer the requests of one connection."""
        self.connections.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                model = json.loads(await reader.readexactly(size))["model"]
                writer.write(await self.answer(model))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, model):
        """Return the answer to a request that came now."""
        limit, now = self.limits[model], asyncio.get_running_loop().time()
        free = self.free_in(model, now)
        if free:
            self.refused[model].append((now, now + free))
            return response("429 Too Many Requests", REFUSAL, f"retry-after-ms: {math.ceil(free * 1000)}\r\n")
        self.passed[model].append(now)
        await asyncio.sleep(limit.generation)
        return response("200 OK", ANSWER)

    def free_in(self, model, now):
        """Return the seconds until a request would be let through."""
        limit, passed = self.limits[model], self.passed[model]
        begin = now - limit.seconds if limit.slides else now // limit.seconds * limit.seconds
        inside = [at for at in passed if at > begin or (at == begin and not limit.slides)]
        if len(inside) < limit.requests:
            return 0.0
        return max(0.001, (inside[-limit.requests] if limit.slides else begin) + limit.seconds - now)


def response(status, body, headers=""):
    """Return an answer as bytes."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


class Run:
    """Calls of each model, some at once, each followed by another when it is done."""

    def __init__(self, limits, calls, at_once, slots):
        self.service, self.calls, self.slots = Service(limits), calls, slots
        self.at_once = at_once
        self.failures = []

    async def __call__(self):
        """Make the calls."""
        server = await asyncio.start_server(self.service.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        options = {"max_concurrent_requests": self.slots, "retry_budget": 3600, "slot_timeout": 3600}
        async with ImagineAsyncClient(f"http://127.0.0.1:{port}", "key", timeout=3600, **options) as client:
            await asyncio.gather(
                *(self.ask(client, model, worker) for model in self.service.limits for worker in range(self.at_once))
            )
        server.close()
        await asyncio.gather(*self.service.connections)

    async def ask(self, client, model, worker):
        """Make every so many of the calls of a model, one after the other."""
        for _ in range(worker, self.calls, self.at_once):
            try:
                await client.chat(HELLO, model)
            except Exception as error:  # what fails is what the test is about
                self.failures.append(error)

    def check_pace(self, model):
        """Check that each closing costs one 429, but for a burst where none came for long, and is kept but for probes.

        Two leave in one instant only when the lane has been open for as long as it takes to forget that it was closed.
        """
        closed = opens = -math.inf
        for at, group in itertools.groupby(self.service.refused[model], key=lambda refusal: refusal[0]):
            refusals = list(group)
            assert len(refusals) == 1 or at - opens >= FORGETTING
            assert at >= opens or at - closed > FIRST_PROBE - 0.01
            closed = at if at >= opens else closed
            opens = max(until for _, until in refusals)


LIMITS = st.builds(
    Limit,
    requests=st.integers(1, 20),
    seconds=st.floats(0.2, 60.0),
    slides=st.booleans(),
    generation=st.floats(0.0, 10.0),
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@example([Limit(1, 0.5, True, 0.0)], 5, 5, 64)
@given(st.lists(LIMITS, min_size=1, max_size=3), st.integers(1, 60), st.integers(1, 40), st.integers(1, 64))
def test_no_call_fails_that_the_service_would_have_served(limits, calls, at_once, slots):
    """No call fails, however late it comes, and 429s stay within the first burst and one for each lane and window."""
    run = Run({f"model-{n}": limit for n, limit in enumerate(limits)}, calls, at_once, slots)
    run_in_virtual_time(run)
    assert run.failures == []
    for model in run.service.limits:
        run.check_pace(model)
