"""LangChain through langchain-qualcomm-inference-suite, which stands on this package: what its README shows, and more.

What its README shows and its own code forbids: `ChatQIS()` and `QISEmbeddings()` fail for want of a `model=`, and
`QISLLM()` asks for a model, Llama-3.2-1B, that the local server does not have; so each is given one. It does not check
certificates unless asked to, and closes none of its clients: the warnings of both are its own.
"""

from __future__ import annotations

import asyncio
import warnings

from langchain_qualcomm_inference_suite import QISLLM, ChatQIS, QISEmbeddings
from tried import CHAT, EMBEDDING, fails, tried

warnings.simplefilter("ignore")


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


async def streamed() -> list[str]:
    """Read a stream that is awaited."""
    return [chunk.text async for chunk in ChatQIS(model=CHAT).astream("Sing a ballad of LangChain.")]


tried(
    chat=lambda: ChatQIS(model=CHAT).invoke("Sing a ballad of LangChain.").text,
    embeddings=lambda: len(QISEmbeddings(model=EMBEDDING).embed_query("What is the meaning of life?")) == 1024,
    completions=lambda: QISLLM(model=CHAT).invoke("The meaning of life is"),
    streams=lambda: len(list(ChatQIS(model=CHAT).stream("Sing a ballad of LangChain."))) > 3,
    awaited=lambda: asyncio.run(ChatQIS(model=CHAT).ainvoke("Sing a ballad of LangChain.")).text,
    awaited_streams=lambda: len(asyncio.run(streamed())) > 3,
    tools=lambda: ChatQIS(model=CHAT).bind_tools([get_weather]).invoke("What is the weather in Oslo?").tool_calls,
    documents=lambda: len(QISEmbeddings(model=EMBEDDING).embed_documents(["a", "b"])) == 2,
    errors=lambda: fails(lambda: ChatQIS(model="none").invoke("a"), "ImagineAPINotFoundException"),
)
