"""Whatever is accepted is on the wire what Python says it is; whatever is not says where, and nothing is sent."""

from __future__ import annotations

import json
import math
from collections import OrderedDict, deque
from contextlib import suppress
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.clients import HELLO

from imagine import ImagineAPIException

pytestmark = pytest.mark.anyio

quietly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
"""One server and client for all examples: what they keep of one does not change the next."""


class Text(str):
    pass


class Whole(int):
    pass


class Real(float):
    pass


class Colour(Enum):
    RED = "red"
    DEEP = (1, "a")


class Shade(StrEnum):
    DARK = "dark"


class Level(IntEnum):
    HIGH = 3


class Case(NamedTuple):
    """A value, and what it stands for."""

    given: Any
    plain: Any


ENUMS = [Case(Colour.RED, "red"), Case(Colour.DEEP, [1, "a"]), Case(Shade.DARK, "dark"), Case(Level.HIGH, 3)]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(), max_size=5)  # surrogates too


def each(values, *kinds):
    """Values as they are, and in other types that stand for the same."""
    return st.tuples(values, st.sampled_from([lambda value: value, *kinds])).map(
        lambda pair: Case(pair[1](pair[0]), pair[0])
    )


LEAVES = st.one_of(
    st.sampled_from([Case(None, None), Case(True, True), Case(np.bool_(False), False), *ENUMS]),
    each(st.integers(-(2**70), 2**70), Whole),
    each(st.integers(-(2**63), 2**63 - 1), np.int64, lambda value: np.array(value)),
    each(FLOATS, Real, np.float64),
    each(TEXTS, Text, np.str_),
    st.decimals(-(10**9), 10**9).map(lambda value: Case(value, float(value))),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: Case(np.float32(value), value)),
    st.lists(FLOATS, max_size=3).map(lambda values: Case(np.array(values), values)),
)
KEYS = st.dictionaries(TEXTS, st.sampled_from([str, Text, np.str_]), max_size=3)


def lists_of(cases):
    kinds = st.sampled_from([list, tuple, deque])
    return st.tuples(st.lists(cases, max_size=3), kinds).map(
        lambda pair: Case(pair[1](case.given for case in pair[0]), [case.plain for case in pair[0]])
    )


@st.composite
def dicts_of(draw, cases):
    kind = draw(st.sampled_from([dict, OrderedDict, lambda members: MappingProxyType(dict(members))]))
    members = {key: (spelled(key), draw(cases)) for key, spelled in draw(KEYS).items()}
    whole = {key: case.plain for key, (_, case) in members.items()}
    return Case(kind([(key, case.given) for key, case in members.values()]), whole)


def nested(leaves):
    return st.recursive(leaves, lambda inner: lists_of(inner) | dicts_of(inner), max_leaves=8)


BAD = st.sampled_from(
    [b"a", bytearray(b"a"), math.nan, math.inf, np.float32("nan"), Decimal("NaN"), {1}, object(), 1j, str, {None: 1}]
)


@st.composite
def spoilt(draw):
    """A value with something in it that JSON has no form for."""
    value = draw(BAD)
    for _ in range(draw(st.integers(0, 3))):
        value = draw(
            st.sampled_from([lambda inner: [0, inner], lambda inner: {"a": inner}, lambda inner: deque([inner])])
        )(value)
    return value


@quietly
@given(case=nested(LEAVES))
async def test_what_is_accepted_is_sent_as_what_it_is(client, server, case):
    """Any nesting of subclasses, enums, Decimals and numpy values is read as the plain value."""
    with suppress(ImagineAPIException):  # the local server takes no text that is not UTF-8
        await client.chat(HELLO, max_tokens=1, extra_body={"x": case.given})
    assert json.loads(server.requests[-1].body)["x"] == case.plain


@quietly
@given(value=spoilt())
async def test_what_is_refused_says_where(client, server, value):
    """At any depth: the message begins with the argument, and nothing is sent."""
    with pytest.raises((TypeError, ValueError), match=r"^(a key of )?extra_body\.x"):
        await client.chat(HELLO, extra_body={"x": value})
    assert server.requests == []
