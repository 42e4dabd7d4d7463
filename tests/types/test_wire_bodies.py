"""Every body that the service's documentation shows decodes, and requests are sent in exactly these shapes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from imagine.types.base import DTO, to_json, to_wire
from imagine.types.chat_completions import CHAT_CHUNK, CHAT_HISTORY, CHAT_RESPONSE, ChatCompletionRequest
from imagine.types.completions import COMPLETION_CHUNK, COMPLETION_HISTORY, COMPLETION_RESPONSE, CompletionRequest
from imagine.types.decoding import Decoding
from imagine.types.embeddings import EMBEDDING_HISTORY, EMBEDDING_RESPONSE, EmbeddingRequest
from imagine.types.healthcheck import HEALTH_RESPONSE, PING_RESPONSE
from imagine.types.images import IMAGE_HISTORY, IMAGE_RESPONSE, ImageRequest
from imagine.types.models import ModelType
from imagine.types.reranker import RERANKER_HISTORY, RERANKER_RESPONSE, ReRankerRequest
from imagine.types.transcribe import TRANSCRIBE_RESPONSE, TranscribeRequest
from imagine.types.translate import TRANSLATE_RESPONSE, TranslateRequest
from imagine.types.usage import USAGE_RESPONSE

USAGE = """{"usage": [{"userid": "u-17", "model": "Llama-3.1-8B", "date_bin": "2026-11-01T00:00:00",
    "total_input_tokens": 120, "total_output_tokens": 480, "total_tokens": 600, "total_generation_time": 9.25}],
    "overall": [{"userid": "u-17", "model": "Llama-3.1-8B", "total_input_tokens": 120, "total_output_tokens": 480,
    "total_tokens": 600, "total_generation_time": 9.25}]}"""
MODELS = """{"llm": ["Llama-3.1-8B", "Llama-3.3-70B"], "embedding": ["BAAI/bge-large-en-v1.5"],
    "reranker": ["BAAI/bge-reranker-base"], "text_to_image": ["sdxl-turbo"], "transcribe": ["whisper-tiny"],
    "translate": ["Helsinki-NLP/opus-mt-en-es"]}"""
CHAT_REQUEST = """{"messages": [{"role": "user", "content": "hi"}], "model": "Llama-3.1-8B", "stream": false,
    "temperature": 0.0, "max_tokens": 64}"""
CHAT = """{"id": "chatcmpl-9f", "object": "chat.completion", "created": 1763856000, "model": "Llama-3.1-8B",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!", "tool_calls": []},
    "finish_reason": "stop"}], "usage": {"prompt_tokens": 12, "total_tokens": 15, "completion_tokens": 3}}"""
CHUNK = """{"id": "chatcmpl-9f", "object": "chat.completion.chunk", "created": 1763856000, "model": "Llama-3.1-8B",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}, "finish_reason": null}]}"""
LAST_CHUNK = """{"id": "chatcmpl-9f", "object": "chat.completion.chunk", "created": 1763856000,
    "model": "Llama-3.1-8B", "choices": [],
    "usage": {"prompt_tokens": 12, "total_tokens": 15, "completion_tokens": 3}}"""
COMPLETION_BODY = """{"prompt": "Once", "model": "Llama-3.1-8B", "stream": false}"""
COMPLETION = """{"id": "cmpl-3", "object": "completion", "created": 1763856000, "model": "Llama-3.1-8B",
    "choices": [{"index": 0, "text": " upon", "finish_reason": "length"}],
    "usage": {"prompt_tokens": 1, "total_tokens": 2, "completion_tokens": 1}, "generation_time": 0.41}"""
DELTA_CHUNK = """{"id": "cmpl-3", "object": "completion.chunk", "created": 1763856000, "model": "Llama-3.1-8B",
    "choices": [{"index": 0, "delta": {"content": " upon"}, "finish_reason": null}]}"""
TEXT_CHUNK = """{"id": "cmpl-3", "object": "text_completion", "created": 1763856000, "model": "Llama-3.1-8B",
    "choices": [{"index": 0, "text": " upon", "finish_reason": null}]}"""
EMBEDDING_BODY = """{"model": "BAAI/bge-large-en-v1.5", "input": "text"}"""
EMBEDDING_BATCH = """{"model": "BAAI/bge-large-en-v1.5", "input": ["a", "b"]}"""
EMBEDDING = """{"id": "emb-1", "object": "list", "data": [{"object": "embedding", "embedding": [0.015, -0.25, 1],
    "index": 0}], "model": "BAAI/bge-large-en-v1.5",
    "usage": {"prompt_tokens": 4, "total_tokens": 4, "completion_tokens": 0}}"""
RERANKER_BODY = """{"query": "q", "documents": ["d1", "d2"], "model": "BAAI/bge-reranker-base", "top_n": 2,
    "return_documents": true}"""
RERANKER = """{"id": "rr-1", "object": "list", "model": "BAAI/bge-reranker-base", "failure": null,
    "data": [{"index": 1, "relevance_score": 0.98, "document": "d2"},
    {"index": 0, "relevance_score": 0.02, "document": "d1"}], "usage": {"prompt_tokens": 6, "total_tokens": 6}}"""
TRANSLATE_BODY = """{"prompt": "Good morning", "model": "Helsinki-NLP/opus-mt-en-es", "stream": false}"""
IMAGE_BODY = """{"prompt": "a fox", "model": "sdxl-turbo", "stream": false, "negative_prompt": "blurry", "seed": 27,
    "seed_increment": 100, "n": 1, "num_inference_steps": 20, "size": "512x512", "guidance_scale": 6.5,
    "response_format": "b64_json"}"""
IMAGE = """{"id": "img-1", "object": "text_to_image", "created": 1763856000, "model": "sdxl-turbo",
    "data": [{"b64_json": "iVBORw0KGgo="}]}"""
IMAGE_URL = IMAGE.replace('"b64_json": "iVBORw0KGgo="', '"url": "/images/img-1-0.png"')

ANSWERS: dict[str, tuple[Decoding[Any], str]] = {
    "ping": (PING_RESPONSE, '{"message": "pong", "status": "ok"}'),
    "health": (HEALTH_RESPONSE, '{"postgres": "ok", "redis": "ok", "models": "ok"}'),
    "usage": (USAGE_RESPONSE, USAGE),
    "chat": (CHAT_RESPONSE, CHAT),
    "chat chunk": (CHAT_CHUNK, CHUNK),
    "chat chunk with usage alone": (CHAT_CHUNK, LAST_CHUNK),
    "completion": (COMPLETION_RESPONSE, COMPLETION),
    "text_completion": (COMPLETION_RESPONSE, COMPLETION.replace('"completion"', '"text_completion"')),
    "completion chunk with delta": (COMPLETION_CHUNK, DELTA_CHUNK),
    "completion chunk with text": (COMPLETION_CHUNK, TEXT_CHUNK),
    "embedding": (EMBEDDING_RESPONSE, EMBEDDING),
    "reranker": (RERANKER_RESPONSE, RERANKER),
    "translate": (TRANSLATE_RESPONSE, COMPLETION),
    "transcribe": (
        TRANSCRIBE_RESPONSE,
        '{"id": "tr-1", "text": "hello", "generation_time": 0.8, "ts": "2026-11-01T10:00:00"}',
    ),
    "transcribe without time": (
        TRANSCRIBE_RESPONSE,
        '{"id": "tr-1", "text": "hello", "generation_time": 0.8, "ts": null}',
    ),
    "image": (IMAGE_RESPONSE, IMAGE),
    "image url": (IMAGE_RESPONSE, IMAGE_URL),
}

REQUESTS: dict[str, tuple[type[DTO], str]] = {
    "chat": (ChatCompletionRequest, CHAT_REQUEST),
    "completion": (CompletionRequest, COMPLETION_BODY),
    "embedding of one": (EmbeddingRequest, EMBEDDING_BODY),
    "embedding of two": (EmbeddingRequest, EMBEDDING_BATCH),
    "reranker": (ReRankerRequest, RERANKER_BODY),
    "translate": (TranslateRequest, TRANSLATE_BODY),
    "transcribe": (TranscribeRequest, '{"model": "whisper-tiny"}'),
    "image": (ImageRequest, IMAGE_BODY),
}

HISTORIES: dict[str, tuple[Decoding[Any], str, str]] = {
    "chat": (CHAT_HISTORY, CHAT, CHAT_REQUEST),
    "completion": (COMPLETION_HISTORY, COMPLETION, COMPLETION_BODY),
    "embedding": (EMBEDDING_HISTORY, EMBEDDING, EMBEDDING_BATCH),
    "reranker": (RERANKER_HISTORY, RERANKER, RERANKER_BODY),
    "image": (IMAGE_HISTORY, IMAGE, IMAGE_BODY),
}


def holds(decoded: Any, body: Any) -> bool:
    """Tell whether all that a body says is in what was made of it, which may say more (defaults)."""
    if isinstance(body, dict):
        return all(holds(decoded[name], item) for name, item in body.items())
    if isinstance(body, list):
        return len(decoded) == len(body) and all(map(holds, decoded, body))
    return bool(decoded == body)


@pytest.mark.parametrize(("decoding", "body"), ANSWERS.values(), ids=ANSWERS)
def test_a_documented_answer_decodes_the_quick_way_and_keeps_all_it_says(decoding: Decoding[Any], body: str) -> None:
    """Every documented body of an answer passes the strict decoder, and no value of it is lost."""
    answer = decoding.fast.decode(body.encode())
    assert type(answer) is decoding.type
    assert decoding.decode(body.encode()) == answer
    assert holds(json.loads(answer.model_dump_json()), json.loads(body))


@pytest.mark.parametrize(("cls", "body"), REQUESTS.values(), ids=REQUESTS)
def test_a_documented_request_is_sent_as_documented(cls: type[DTO], body: str) -> None:
    """A request read from a documented body is sent as exactly that body."""
    request = cls.model_validate(json.loads(body))
    assert json.loads(to_json(to_wire(request))) == json.loads(body)


@pytest.mark.parametrize(("decoding", "answer", "request_"), HISTORIES.values(), ids=HISTORIES)
def test_a_history_is_pairs_of_answer_and_request(decoding: Decoding[Any], answer: str, request_: str) -> None:
    """A history of two calls decodes into two typed pairs."""
    pair = f"[{answer}, {request_}]"
    history = decoding.decode(f"[{pair}, {pair}]".encode())
    assert len(history) == 2
    assert holds(json.loads(msgspec.json.encode(history[1])), json.loads(pair))
    assert [type(dto) for dto in history[0]] == list(decoding.type.__args__[0].__args__)


def test_a_listing_of_models_names_them_by_type() -> None:
    """The listing of models is a plain dict, whose known keys are model types."""
    listing = Decoding(dict[str, list[str]]).decode(MODELS.encode())
    assert {ModelType(kind) for kind in listing} == set(ModelType)
    assert listing[ModelType.TRANSCRIBE] == ["whisper-tiny"]


def test_a_span_of_usage_starts_at_a_datetime() -> None:
    """`date_bin` is a datetime, written with a T or with a space."""
    written = [USAGE, USAGE.replace("01T00", "01 00")]
    bins = [USAGE_RESPONSE.decode(body.encode()).usage[0].date_bin for body in written]
    assert bins == [datetime(2026, 11, 1)] * 2
