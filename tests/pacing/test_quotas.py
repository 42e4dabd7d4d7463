"""The windows of declared quotas, against a plain model of them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine import RateLimit
from imagine._pacing.quotas import LONGEST_WAY, MOST_CHARGES, Quotas


class Ticket(SimpleNamespace):
    """What is charged."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def ticket(tokens=0, model=None):
    return Ticket(tokens=tokens, model=model)


STEPS = st.lists(st.tuples(st.floats(0, 3), st.integers(1, 6), st.floats(0, 2)), max_size=40)


@given(STEPS)
def test_no_window_ever_holds_more_than_its_amount(steps):
    """However requests come and arrive, at most 10 tokens arrive in any 5 s; who is told to wait may go then."""
    quotas, now, arrived = Quotas([RateLimit(tokens=10, per=5.0)]), 0.0, []
    for pause, tokens, way in steps:
        now += pause
        request = ticket(tokens)
        if wait := quotas.wait(now, request):
            assert 0 < wait <= 5.0 + LONGEST_WAY
            now += wait + 1e-6
            assert quotas.wait(now, request) == 0.0
        quotas.leaves(now, request)
        arrived.append((now + min(way, LONGEST_WAY), tokens))
        now += way
        quotas.arrived(now, request)
    for when, _ in arrived:
        assert sum(tokens for other, tokens in arrived if when - 5.0 < other <= when) <= 10


def test_a_refund_gives_back_what_was_charged():
    """A request that did not leave after all costs nothing."""
    quotas, request = Quotas([RateLimit(requests=1, per=60)]), ticket()
    quotas.leaves(0.0, request)
    assert quotas.wait(0.0, ticket()) > 0
    quotas.refund(request)
    assert quotas.wait(0.0, ticket()) == 0.0


def test_a_nonsense_usage_is_bounded_by_the_window():
    """A usage of 10**12 tokens fills the window, and is over with it."""
    quotas = Quotas([RateLimit(tokens=1000, per=60)])
    quotas.charge_tokens(0.0, ticket(), 10**12)
    assert quotas.state(0.0)[0].remaining == 0
    assert quotas.state(60.1)[0].remaining == 1000


@pytest.mark.parametrize("amount", [25_000, 50_000_000])
def test_a_window_of_any_size_keeps_few_charges(amount):
    """100,000 charges take no more room than a thousand, and none of them is forgotten before its time."""
    quotas = Quotas([RateLimit(tokens=amount, per=60)])
    for number in range(100_000):
        quotas.charge_tokens(number / 10_000, ticket(), 1)
    [window] = quotas._windows
    assert len(window._charges) <= MOST_CHARGES
    assert quotas.state(10.0)[0].remaining == amount - min(amount, 100_000)
    assert quotas.state(59.9)[0].remaining == amount - min(amount, 100_000)
    assert quotas.state(70.1)[0].remaining == amount


def test_what_is_larger_than_a_window_never_fits():
    """A request that costs more than the whole window waits for ever."""
    assert Quotas([RateLimit(tokens=10, per=60)]).wait(0.0, ticket(11)) == math.inf
