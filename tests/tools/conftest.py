"""Runs of both kinds, through both clients."""

from __future__ import annotations

from functools import partial

import pytest
from support.clients import HELLO


@pytest.fixture(params=["run_tools", "run_tools_stream"])
def kind(request):
    """By which method a run is begun: turn by turn, or as it happens."""
    return request.param


@pytest.fixture
def begin(kind, client):
    """Begin a run about one question."""
    return partial(getattr(client, kind), HELLO)
