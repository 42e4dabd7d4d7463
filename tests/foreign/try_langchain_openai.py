"""LangChain through langchain-openai, and the chat models' standard suite of langchain-tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel
from tried import CHAT, EMBEDDING, IMAGE, QUESTION, fails, tried

NOT_FOUND = ("OpenAIModelNotFoundError", "NotFoundError")
SETTINGS = ("--noconftest", "-c", os.devnull, "-o", "asyncio_mode=auto", "-p", "no:cacheprovider")
# One loop for all: the client keeps its connections beyond the loop of a test.
SETTINGS += ("-o", "asyncio_default_test_loop_scope=session", "-o", "asyncio_default_fixture_loop_scope=session")


class Trip(BaseModel):
    """A journey."""

    city: str
    days: int


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


def suite() -> bool:
    """Run the standard suite; AssertionError with the names of what fails."""
    program = Path(__file__).with_name("langchain_suite.py")
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *SETTINGS, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = re.findall(r"^FAILED \S+::(\S+)", done.stdout, re.MULTILINE)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1]} {', '.join(failed)}"
    return True


model = ChatOpenAI(model=CHAT, max_retries=0, stream_usage=True)
image = [("user", [{"type": "image_url", "image_url": {"url": IMAGE}}])]
# Without the check of lengths it sends texts; with it, it would fetch the tokens of OpenAI's models.
embeddings = OpenAIEmbeddings(model=EMBEDDING, check_embedding_ctx_length=False)

tried(
    chat=lambda: model.invoke(QUESTION).usage_metadata["output_tokens"],
    streams=lambda: len(list(model.stream(QUESTION))) > 3,
    tools=lambda: model.bind_tools([get_weather]).invoke("What is the weather in Oslo?").tool_calls,
    structured=lambda: model.with_structured_output(Trip).invoke('Two days in "Oslo"').city == "Oslo",
    images=lambda: model.invoke(image),
    completions=lambda: OpenAI(model=CHAT, max_tokens=5).invoke("Once") and list(OpenAI(model=CHAT).stream("Once")),
    embeddings=lambda: len(embeddings.embed_query("a")) == 1024,
    errors=lambda: fails(lambda: ChatOpenAI(model="none", max_retries=0).invoke("a"), *NOT_FOUND),
    suite=suite,
)
