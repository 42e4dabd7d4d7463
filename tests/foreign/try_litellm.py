"""LiteLLM, which speaks to services of many kinds."""

from __future__ import annotations

import os

# Before the import: it would fetch prices and tokenizers from afar.
os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", HF_HUB_OFFLINE="1")

import litellm
from tried import CHAT, EMBEDDING, IMAGE, KEY, QUESTION, RERANKER, URL, WEATHER, fails, tried

where = {"api_base": URL, "api_key": KEY, "num_retries": 0}
tool = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}


def ask(content=QUESTION, **options):
    return litellm.completion(f"openai/{CHAT}", [{"role": "user", "content": content}], **{**where, **options})


def schema_of(name):
    return {"type": "json_schema", "json_schema": {"name": name, "schema": WEATHER, "strict": True}}


tried(
    chat=lambda: ask(max_tokens=5).choices[0].message.content,
    streams=lambda: len(list(ask(max_tokens=5, stream=True))) > 3,
    tools=lambda: ask("Weather in Oslo?", tools=[tool]).choices[0].message.tool_calls,
    structured=lambda: "Oslo" in ask('I like "Oslo"', response_format=schema_of("town")).choices[0].message.content,
    images=lambda: ask([{"type": "image_url", "image_url": {"url": IMAGE}}]).choices,
    completions=lambda: litellm.text_completion(prompt="Once", model=f"text-completion-openai/{CHAT}", **where).choices,
    embeddings=lambda: litellm.embedding(f"openai/{EMBEDDING}", input=["a"], **where).data,
    reranking=lambda: (
        litellm.rerank(
            f"jina_ai/{RERANKER}", query="cats", documents=["dogs", "cats"], api_base=URL + "/rerank", api_key=KEY
        ).results[0]["index"]
        == 1
    ),
    speech=lambda: litellm.transcription("openai/whisper-tiny", file=("a.wav", b"RIFF"), **where).text,
    errors=lambda: fails(lambda: ask(api_key="none"), "AuthenticationError"),
)
