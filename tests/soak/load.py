"""Many streams kept in flight, each with a fault at random; each is checked against the text that it asks for."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from serving import KEY

from imagine import ImagineAsyncClient, ImagineException, Timeout

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from imagine import AsyncStream
    from imagine.types import ChatCompletionResponse, ChatCompletionStreamResponse

    ChatStream = AsyncStream[ChatCompletionStreamResponse, ChatCompletionResponse]

PROMPTS = [f"What do you know about {thing}?" for thing in ("rain", "iron", "bees", "chess", "tides", "glass")]
TOKENS = 16

GOOD = ""
STALL = "stall;after=3"
FAULTS = (
    *(GOOD, GOOD, GOOD, "reset-before-answer", "reset-before-body", STALL),
    *("cut-stream;after=3", "cut-stream;after=3;reset=false", "cut-clean;after=3"),
    *("status;code=503", "status;code=503;retry-after-ms=20"),
)
LIMITS = (GOOD, "status;code=429;retry-after-ms=20")
LIMITED_SHARE = 50
"""One in this many streams goes through the client that meets the 429s: they close the lane of its chats."""


class WrongEnd(Exception):
    """A stream that ended neither with its whole text nor, where a fault was asked for, with an error of ours."""


class Outcome(NamedTuple):
    """What came of the streams of one round."""

    ends: Counter[str]
    """How many ended in which way."""
    slots: int
    """How many slots their clients still count as taken."""


class Load:
    """Streams from one server, whose texts are known; chance picks the prompt and the fault of each."""

    def __init__(self, endpoint: str, texts: Mapping[str, str], chance: random.Random) -> None:
        self._endpoint = endpoint
        self._texts = texts
        self._chance = chance

    async def run(self, streams: int, seconds: float) -> Outcome:
        """Keep so many streams in flight for so long, over clients of their own, and wait for the last ones to end."""
        ends = Counter[str]()
        until = time.monotonic() + seconds
        async with client_of(self._endpoint) as free, client_of(self._endpoint) as limited:
            async with asyncio.TaskGroup() as group:
                for number in range(streams):
                    client, faults = (free, FAULTS) if number % LIMITED_SHARE else (limited, LIMITS)
                    group.create_task(self._keep_reading(client, faults, until, ends))
            return Outcome(ends, len(free._slots.taken | limited._slots.taken))

    async def _keep_reading(
        self, client: ImagineAsyncClient, faults: Sequence[str], until: float, ends: Counter[str]
    ) -> None:
        while time.monotonic() < until:
            prompt, fault = self._chance.choice(PROMPTS), self._chance.choice(faults)
            ends[await _end_of(ask(client, prompt, fault), self._texts[prompt], fault)] += 1


def client_of(endpoint: str) -> ImagineAsyncClient:
    """Make a client on which nothing but a fault ends a stream early, however slow a busy machine is."""
    return ImagineAsyncClient(
        endpoint,
        KEY,
        max_retries=1,
        timeout=Timeout(connect=60),
        max_concurrent_requests=10_000,
        retry_budget=math.inf,
        slot_timeout=math.inf,
    )


def ask(client: ImagineAsyncClient, prompt: str, fault: str = GOOD) -> ChatStream:
    """Ask for the text to a prompt, and for a fault."""
    return client.chat_stream(
        [{"role": "user", "content": prompt}],
        max_tokens=TOKENS,
        timeout=Timeout(between_events=1) if fault == STALL else None,
        extra_headers={"X-Imagine-Fault": fault} if fault else None,
    )


async def _end_of(stream: ChatStream, whole: str, fault: str) -> str:
    """Read a stream and tell how it ended; WrongEnd where it may not end so."""
    try:
        async for _ in stream:
            pass
    except ImagineException as error:
        if not fault or not whole.startswith(stream.text):
            raise WrongEnd(f"a stream with fault {fault!r} broke after {stream.text!r}") from error
        return type(error).__name__
    if stream.text != whole:
        raise WrongEnd(f"a stream with fault {fault!r} ended without error after {stream.text!r}")
    return "whole"
