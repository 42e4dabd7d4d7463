"""What importing costs: one statement in a fresh interpreter, timed within."""

from __future__ import annotations

__all__ = ["STATEMENTS", "TIMED"]

TIMED = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
exec(sys.argv[1])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(f'{{"time": {wall * 1e3}, "cpu": {cpu * 1e6}, "modules": {len(sys.modules)}}}')
"""

MESSAGE = "import imagine; imagine.ChatMessage(role='user', content='Hello!')"
CLIENT = "import imagine; imagine.ImagineAsyncClient('http://127.0.0.1/v2', 'key')"

STATEMENTS = {
    ("import-dto", "ours"): MESSAGE,
    ("import-dto", "floor"): "import msgspec",
    ("import-dto", "incumbent"): MESSAGE,
    ("import-dto", "openai"): (
        "from openai.types.chat import ChatCompletionMessage; ChatCompletionMessage(role='assistant', content='Hello!')"
    ),
    ("import-dto", "mistralai"): "from mistralai.client.models import UserMessage; UserMessage(content='Hello!')",
    ("import-client", "ours"): CLIENT,
    ("import-client", "floor"): "import aiohttp, anyio, msgspec, tenacity",
    ("import-client", "incumbent"): CLIENT,
    ("import-client", "openai"): "import openai; openai.AsyncOpenAI(base_url='http://127.0.0.1/v2', api_key='key')",
    ("import-client", "mistralai"): (
        "from mistralai.client import Mistral; Mistral(server_url='http://127.0.0.1/v2', api_key='key')"
    ),
}
"""By case and client."""
