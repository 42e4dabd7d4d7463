"""An engine that takes its time: one request after the other."""

from __future__ import annotations

import asyncio
import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest
from support.clients import HELLO, until

from imagine import ImagineAPIBadRequestException
from imagine.server import Engines
from imagine.server.engines import NgramTextEngine, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine import ImagineAsyncClient
    from imagine.server import LocalServer, ServerOptions
    from imagine.types.chat_completions import ChatCompletionRequest

pytestmark = pytest.mark.anyio


TOO_LONG, ENDLESS = 1, 2
"""What `max_tokens` stands for here."""


class Slow(NgramTextEngine):
    """Makes a token when it may, and notes how many texts are under way at once."""

    takes_time = True

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.begun = 0
        self.taken = 0
        self.under_way = self.most = 0

    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        """Write three tokens, or tokens without end, or find in the first step that the request is too long."""
        self.begun += 1
        if request.max_tokens == ENDLESS:
            return self._go_on()
        return self._refuse() if request.max_tokens == TOO_LONG else self._write()

    def _write(self) -> Iterator[Token]:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for word in ("One", " two", " three"):
            yield Token(word)
            self.may.wait(30)
        self.under_way -= 1
        yield Token("", "stop")

    def _go_on(self) -> Iterator[Token]:
        for self.taken in count():
            yield Token("and so on, ")

    def _refuse(self) -> Iterator[Token]:
        raise ValueError("messages are too long.")
        yield


@pytest.fixture
def engine() -> Iterator[Slow]:
    engine = Slow()
    yield engine
    engine.may.set()


@pytest.fixture
def imagine_server_options(engine: Slow) -> ServerOptions:
    return {"engines": Engines(text=engine)}


async def test_requests_wait_for_their_turn(client: ImagineAsyncClient, engine: Slow) -> None:
    """Streams, whole answers and the choices of one are made one after the other, and all are complete."""
    engine.may.set()
    streams = [client.chat_stream(HELLO).final() for _ in range(4)]
    wholes = [client.chat(HELLO, extra_body={"n": 2}) for _ in range(4)]
    answers = await asyncio.gather(*streams, *wholes)
    assert {choice.message.content for answer in answers for choice in answer.choices} == {"One two three"}
    assert [len(answer.choices) for answer in answers] == [1] * 4 + [2] * 4
    assert (engine.begun, engine.most) == (12, 1)


async def test_the_server_answers_others_meanwhile(client: ImagineAsyncClient, engine: Slow) -> None:
    """A token under way holds up nobody but those who wait for their turn."""
    waiting = asyncio.create_task(client.chat(HELLO))
    await until(lambda: engine.under_way == 1)
    assert (await client.ping()).status == "ok"
    assert (await client.translate("Good morning")).first_text
    engine.may.set()
    assert (await waiting).first_content == "One two three"


@pytest.mark.parametrize("face", ["async"], indirect=True)  # a blocking call is not left before it is over
async def test_a_whole_answer_that_nobody_waits_for_ends(
    client: ImagineAsyncClient, engine: Slow, server: LocalServer
) -> None:
    """The next in line is answered, and what was made is billed."""
    leaving = asyncio.create_task(client.chat(HELLO, max_tokens=ENDLESS))
    await until(lambda: engine.taken > 0)
    leaving.cancel()
    engine.may.set()
    assert (await client.chat(HELLO)).first_content == "One two three"
    [_, (left, _)] = await client.get_chat_history(max_items=2)
    assert (left.first_content or "").startswith("and so on, ")


async def test_a_stream_left_early_ends(client: ImagineAsyncClient, engine: Slow) -> None:
    """It gives its turn back, too."""
    async with client.chat_stream(HELLO, max_tokens=ENDLESS) as stream:
        async for _ in stream:
            break
    engine.may.set()
    assert (await client.chat(HELLO)).first_content == "One two three"
    assert len(await client.get_chat_history(max_items=9)) == 2


async def test_what_the_first_step_refuses_is_a_bad_request(client: ImagineAsyncClient) -> None:
    """A model may find only then that it cannot; the stream has not begun."""
    for call in (client.chat, lambda *args, **options: client.chat_stream(*args, **options).final()):
        with pytest.raises(ImagineAPIBadRequestException, match="messages are too long"):
            await call(HELLO, max_tokens=TOO_LONG)


async def test_a_scripted_reply_waits_for_nobody(client: ImagineAsyncClient, engine: Slow, server: LocalServer) -> None:
    """It needs no model."""
    waiting = asyncio.create_task(client.chat(HELLO))
    await until(lambda: engine.under_way == 1)
    server.chat.replies("At once")
    assert (await client.chat(HELLO)).first_content == "At once"
    engine.may.set()
    await waiting
