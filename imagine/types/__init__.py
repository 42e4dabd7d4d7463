"""The data classes of all requests and answers, a module per family of endpoints.

A module is imported when one of its classes is first asked for: programs use few of them, and each costs start-up time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagine.types.chat_completions import (
        ChatCompletionRequest,
        ChatCompletionResponse,
        ChatCompletionResponseChoice,
        ChatCompletionResponseStreamChoice,
        ChatCompletionStreamResponse,
        ChatMessage,
        FunctionTool,
        Tools,
    )
    from imagine.types.common import (
        ChatMessageToolCall,
        DeltaMessage,
        FinishReason,
        Function,
        LLMSamplingParams,
        UsageInfo,
    )
    from imagine.types.completions import (
        CompletionRequest,
        CompletionResponse,
        CompletionResponseChoice,
        CompletionResponseStreamChoice,
        CompletionStreamResponse,
    )
    from imagine.types.embeddings import EmbeddingObject, EmbeddingRequest, EmbeddingResponse
    from imagine.types.healthcheck import HealthResponse, PingResponse
    from imagine.types.images import Image, ImageRequest, ImageResponse
    from imagine.types.models import ModelType
    from imagine.types.reranker import ReRankerObject, ReRankerRequest, ReRankerResponse
    from imagine.types.transcribe import TranscribeRequest, TranscribeResponse
    from imagine.types.translate import TranslateRequest, TranslateResponse
    from imagine.types.usage import UsageRecord, UsageRecordAggregated, UsageResponse

__all__ = [
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "ChatCompletionResponseChoice",
    "ChatCompletionResponseStreamChoice",
    "ChatCompletionStreamResponse",
    "ChatMessage",
    "ChatMessageToolCall",
    "CompletionRequest",
    "CompletionResponse",
    "CompletionResponseChoice",
    "CompletionResponseStreamChoice",
    "CompletionStreamResponse",
    "DeltaMessage",
    "EmbeddingObject",
    "EmbeddingRequest",
    "EmbeddingResponse",
    "FinishReason",
    "Function",
    "FunctionTool",
    "HealthResponse",
    "Image",
    "ImageRequest",
    "ImageResponse",
    "LLMSamplingParams",
    "ModelType",
    "PingResponse",
    "ReRankerObject",
    "ReRankerRequest",
    "ReRankerResponse",
    "Tools",
    "TranscribeRequest",
    "TranscribeResponse",
    "TranslateRequest",
    "TranslateResponse",
    "UsageInfo",
    "UsageRecord",
    "UsageRecordAggregated",
    "UsageResponse",
]

_MODULES = (
    "common",
    "chat_completions",
    "completions",
    "embeddings",
    "healthcheck",
    "images",
    "models",
    "reranker",
    "transcribe",
    "translate",
    "usage",
)


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> type:
        for home in _MODULES if name in __all__ else ():
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
