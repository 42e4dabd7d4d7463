"""LangChain through langchain-qualcomm-inference-suite, which stands on this package: what its README shows, and more.

Nobody closes its clients: that this is warned of, and that it asks not to check certificates, are faults of its own.
"""

from __future__ import annotations

import asyncio
import warnings

from langchain_qualcomm_inference_suite import QISLLM, ChatQIS, QISEmbeddings
from tried import fails, tried

warnings.simplefilter("ignore")


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


async def streamed() -> list[str]:
    """Read a stream that is awaited."""
    return [chunk.text async for chunk in ChatQIS().astream("Sing a ballad of LangChain.")]


tried(
    chat=lambda: ChatQIS().invoke("Sing a ballad of LangChain.").text,
    embeddings=lambda: len(QISEmbeddings().embed_query("What is the meaning of life?")) == 1024,
    completions=lambda: QISLLM().invoke("The meaning of life is"),
    streams=lambda: len(list(ChatQIS().stream("Sing a ballad of LangChain."))) > 3,
    awaited=lambda: asyncio.run(ChatQIS().ainvoke("Sing a ballad of LangChain.")).text,
    awaited_streams=lambda: len(asyncio.run(streamed())) > 3,
    tools=lambda: ChatQIS().bind_tools([get_weather]).invoke("What is the weather in Oslo?").tool_calls,
    documents=lambda: len(QISEmbeddings().embed_documents(["a", "b"])) == 2,
    errors=lambda: fails(lambda: ChatQIS(model="none").invoke("a"), "ImagineAPINotFoundException"),
)
