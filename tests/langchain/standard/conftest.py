"""What the standard suites need: the service in the environment, and a picture without a network."""

from __future__ import annotations

import base64

import httpx
import pytest

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


@pytest.fixture
def service(imagine_environment, monkeypatch):
    """Let the models find the local server; the pictures, which the suites fetch from afar, come from here."""
    answer = httpx.Response(200, content=PNG, request=httpx.Request("GET", "http://localhost"))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: answer)


NOT_THERE = ("PDF inputs", "audio inputs", "image tool message", "PDF tool message", "Anthropic inputs", "VCR")
"""What chat models of the service do not have, or the suites cannot try without a network."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Let a test that is skipped for any other reason fail."""
    report = yield
    is_expected = hasattr(report, "wasxfail") or any(what in str(report.longrepr) for what in NOT_THERE)
    if report.skipped and not is_expected:
        report.outcome = "failed"
    return report
