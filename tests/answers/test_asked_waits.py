"""How long an exception says to wait, whoever made it."""

from __future__ import annotations

import pickle

import pytest
from support.listeners import listening

from imagine import ImagineAPIException, ImagineAPITooManyRequestsException, ImagineStreamErrorException

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"retry-after": "3"}, 3.0),
        ({"RETRY-AFTER": 3}, 3.0),
        ({"Retry-After-Ms": "250"}, 0.25),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7s"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Content-Type": "text/html"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_an_exception_made_by_hand_reads_its_headers(headers, seconds):
    """`retry_after` comes from the headers, whatever the case of their names; it survives a pickle."""
    error = ImagineAPITooManyRequestsException("slow down", 429, headers)
    assert error.retry_after == pickle.loads(pickle.dumps(error)).retry_after == seconds


def test_a_wait_that_is_given_counts():
    """`retry_after=` wins over what the headers say."""
    assert ImagineAPIException("busy", 503, {"Retry-After": "3"}, retry_after=0.0).retry_after == 0.0


async def test_a_good_answer_asks_for_no_wait(make_client):
    """An error inside a stream has the headers of a good answer, which ask for nothing."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nRetry-After: 9\r\nConnection: close\r\n\r\n"
    async with listening(head + b"event: error\ndata: out of memory\n\n") as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        with pytest.raises(ImagineStreamErrorException) as caught:
            await client.chat_stream([{"role": "user", "content": "Hello!"}]).final()
    assert caught.value.retry_after is None
    assert caught.value.headers["retry-after"] == "9"
