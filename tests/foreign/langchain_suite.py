"""The standard suite of langchain-tests over langchain-openai, for what this server has."""

from __future__ import annotations

import base64
import os

import httpx
import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch):
    """The suite fetches its pictures from afar: here it gets one without."""
    answer = httpx.Response(200, content=PNG, request=httpx.Request("GET", "http://localhost"))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: answer)


class TestStandard(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        url, key = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
        return {"model": "Llama-3.1-8B", "base_url": url, "api_key": key, "stream_usage": True, "max_retries": 0}

    @property
    def supports_json_mode(self):
        return True

    @property
    def supports_image_inputs(self):
        return True

    @property
    def supports_image_urls(self):
        return True

    @property
    def model_override_value(self):
        return "Llama-3.3-70B"
