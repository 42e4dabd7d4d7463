"""Quotas: windows, and the headers that report them."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_http import CHAT, COMPLETION, EMBEDDING, own_words, post, stream

from imagine.server import Quota
from imagine.server.quotas import HEADER_STYLES, QuotaBook, quota_headers

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from imagine.server import ServerOptions

pytest_plugins = ["http_session"]


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("5/minute", Quota(5, "requests", 60)),
        ("20 requests/hour", Quota(20, "requests", 3600)),
        ("1 request per day", Quota(1, "requests", 86400)),
        ("25000 tokens/hour", Quota(25000, "tokens", 3600)),
        ("3 / 10 s", Quota(3, "requests", 10)),
        ("2/0.5seconds", Quota(2, "requests", 0.5)),
    ],
)
def test_quotas_are_read_as_people_write_them(text: str, quota: Quota) -> None:
    """The unit is requests unless tokens are named; a window may be a multiple of its period."""
    assert Quota.parse(text) == quota


@pytest.mark.parametrize("text", ["", "5", "five/minute", "5/fortnight", "0/minute", "5/0 s", "-1/hour"])
def test_what_is_not_a_quota_is_refused(text: str) -> None:
    """A spelling that makes no sense is an error that shows it."""
    with pytest.raises(ValueError, match=r"quota"):
        Quota.parse(text)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_window_slides() -> None:
    """Room comes back one by one, as the requests that took it grow old."""
    clock = Clock()
    quotas = QuotaBook([Quota(2, "requests", 60)], clock)
    waits: list[float] = []
    for now in (0, 20, 30, 59, 60, 61):
        clock.now = now
        waits.append(quotas.admit("u").wait)
    assert waits == [0, 0, 30, 1, 0, 19]


def test_the_longest_wait_of_several_windows_counts() -> None:
    """A request must fit all windows; one that does not is charged to none."""
    clock = Clock()
    quotas = QuotaBook([Quota(1, "requests", 10), Quota(2, "requests", 100)], clock)
    waits: list[float] = []
    for now in (0, 5, 10, 20):
        clock.now = now
        waits.append(quotas.admit("u").wait)
    assert waits == [0, 5, 0, 80]


def test_tokens_are_charged_when_they_are_known() -> None:
    """Requests pass until the tokens spent reach the amount, and again once enough of them are old."""
    clock = Clock()
    quotas = QuotaBook([Quota(100, "tokens", 60)], clock)
    assert quotas.admit("u").wait == 0
    quotas.spend_tokens("u", 60)
    clock.now = 10
    assert quotas.admit("u").wait == 0
    quotas.spend_tokens("u", 90)
    assert quotas.admit("u").wait == 50
    clock.now = 60
    assert quotas.admit("u").wait == 0


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40)), max_size=30))
def test_no_window_ever_holds_more_than_its_amount(steps: list[tuple[float, int]]) -> None:
    """Whatever the pace of the requests, any window of time admits at most its amount."""
    clock = Clock()
    quotas = QuotaBook([Quota(3, "requests", 10)], clock)
    admitted: list[float] = []
    for pause, attempts in steps:
        clock.now += pause
        admitted += [clock.now for _ in range(attempts) if not quotas.admit("u").wait]
    assert all(early + 10 <= late for early, late in zip(admitted, admitted[3:], strict=False))


def test_headers_of_every_style() -> None:
    """Each style reports the tightest window in its own headers; `retry-after…` only when there is a wait."""
    clock = Clock()
    quotas = QuotaBook([Quota(1, "requests", 2.5), Quota(9, "requests", 60), Quota(50, "tokens", 60)], clock)
    let_in, refused = quotas.admit("u"), quotas.admit("u")
    quotas.spend_tokens("u", 10)
    told = {style: quota_headers(refused, [style]) for style in HEADER_STYLES}
    date = parsedate_to_datetime(told.pop("retry-after-date")["Retry-After"])
    assert 2.5 <= date.timestamp() - time.time() + 1 <= 5
    assert told == {
        "retry-after": {"Retry-After": "3"},
        "retry-after-ms": {"retry-after-ms": "2500"},
        "x-ratelimit": {
            "x-ratelimit-limit-requests": "1",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "2.500s",
            "x-ratelimit-limit-tokens": "50",
            "x-ratelimit-remaining-tokens": "50",
            "x-ratelimit-reset-tokens": "0.000s",
        },
        "ratelimit": {"ratelimit-limit": "1", "ratelimit-remaining": "0", "ratelimit-reset": "3"},
    }
    assert quota_headers(let_in, ["retry-after", "retry-after-date", "retry-after-ms"]) == {}
    assert quota_headers(quotas.left("u"), ["x-ratelimit"])["x-ratelimit-remaining-tokens"] == "40"


@pytest.mark.anyio
class TestOverHttp:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"quotas": ["2/hour", "1000 tokens/day"]}

    async def test_an_exhausted_quota_answers_429(self, session: ClientSession) -> None:
        """Good answers report what is left; then comes a 429 with the wait; refused requests cost nothing."""
        left: list[str] = []
        for _ in range(2):
            async with session.post("embeddings", json=EMBEDDING) as answer:
                assert answer.status == 200
                assert "Retry-After" not in answer.headers
                left.append(answer.headers["x-ratelimit-remaining-requests"])
        async with session.post("completions", json=COMPLETION) as answer:
            assert answer.status == 429
            assert own_words(await answer.json()) == {"message": "Rate limit exceeded", "status": "error"}
            assert 3500 <= int(answer.headers["Retry-After"]) <= 3600
            assert answer.headers["x-ratelimit-remaining-requests"] == "0"
        assert left == ["1", "0"]

    async def test_a_stream_reports_what_is_left_in_its_headers(self, session: ClientSession) -> None:
        """A stream's headers come before its tokens are known; they count from the next answer on."""
        async with session.post("chat/completions", json={**CHAT, "stream": True}) as answer:
            assert answer.headers["x-ratelimit-remaining-tokens"] == "1000"
            await answer.read()
        async with session.post("embeddings", json=EMBEDDING) as answer:
            assert answer.headers["x-ratelimit-remaining-tokens"] == str(1000 - 7 - 2)

    async def test_questions_about_the_service_cost_nothing(self, session: ClientSession) -> None:
        """Ping, models, usage, history and unknown routes are outside the quotas."""
        for path in ("ping", "models", "usage", "embeddings", "ping", "models"):
            async with session.get(path) as answer:
                assert answer.status == 200
        await post(session, "nowhere", {})
        assert "data" in await post(session, "embeddings", EMBEDDING)
        assert (await stream(session, "chat/completions", {**CHAT, "stream": True}))[-1] == "[DONE]"
