"""Asyncio-first client SDK for the Imagine inference service.

    from imagine import ChatMessage, ImagineAsyncClient

    async with ImagineAsyncClient(endpoint, api_key) as client:
        async for chunk in client.chat_stream([ChatMessage(role="user", content="Hello!")]):
            print(chunk.first_content or "", end="")

Names are imported when they are first asked for: `import imagine` alone loads neither aiohttp nor anyio nor tenacity.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagine._call import (
        Attempt,
        CallInfo,
        RawResponse,
    )
    from imagine._ratelimit import (
        RateLimit,
    )
    from imagine._time import (
        Timeout,
    )
    from imagine.async_client import (
        ImagineAsyncClient,
    )
    from imagine.client import (
        ImagineClient,
    )
    from imagine.exceptions import (
        ImagineAPIAuthenticationException,
        ImagineAPIBadRequestException,
        ImagineAPIException,
        ImagineAPINotFoundException,
        ImagineAPIPermissionException,
        ImagineAPIRedirectException,
        ImagineAPIStatusException,
        ImagineAPITooManyRequestsException,
        ImagineConnectionException,
        ImagineDecodeException,
        ImagineException,
        ImagineQuotaException,
        ImagineStreamErrorException,
        ImagineStreamException,
        ImagineTimeoutException,
    )
    from imagine.streaming import (
        AsyncStream,
        Stream,
    )
    from imagine.types import (
        ChatCompletionRequest,
        ChatCompletionResponse,
        ChatCompletionResponseChoice,
        ChatCompletionResponseStreamChoice,
        ChatCompletionStreamResponse,
        ChatMessage,
        ChatMessageToolCall,
        CompletionRequest,
        CompletionResponse,
        CompletionResponseChoice,
        CompletionResponseStreamChoice,
        CompletionStreamResponse,
        DeltaMessage,
        EmbeddingObject,
        EmbeddingRequest,
        EmbeddingResponse,
        FinishReason,
        Function,
        FunctionTool,
        HealthResponse,
        Image,
        ImageRequest,
        ImageResponse,
        LLMSamplingParams,
        ModelType,
        PingResponse,
        ReRankerObject,
        ReRankerRequest,
        ReRankerResponse,
        Tools,
        TranscribeRequest,
        TranscribeResponse,
        TranslateRequest,
        TranslateResponse,
        UsageInfo,
        UsageRecord,
        UsageRecordAggregated,
        UsageResponse,
    )

__version__ = "0.1.0"

__all__ = [
    "AsyncStream",
    "Attempt",
    "CallInfo",
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
    "ImagineAPIAuthenticationException",
    "ImagineAPIBadRequestException",
    "ImagineAPIException",
    "ImagineAPINotFoundException",
    "ImagineAPIPermissionException",
    "ImagineAPIRedirectException",
    "ImagineAPIStatusException",
    "ImagineAPITooManyRequestsException",
    "ImagineAsyncClient",
    "ImagineClient",
    "ImagineConnectionException",
    "ImagineDecodeException",
    "ImagineException",
    "ImagineQuotaException",
    "ImagineStreamErrorException",
    "ImagineStreamException",
    "ImagineTimeoutException",
    "LLMSamplingParams",
    "ModelType",
    "PingResponse",
    "RateLimit",
    "RawResponse",
    "ReRankerObject",
    "ReRankerRequest",
    "ReRankerResponse",
    "Stream",
    "Timeout",
    "Tools",
    "TranscribeRequest",
    "TranscribeResponse",
    "TranslateRequest",
    "TranslateResponse",
    "UsageInfo",
    "UsageRecord",
    "UsageRecordAggregated",
    "UsageResponse",
    "__version__",
]

_HOMES = {
    "Attempt": "imagine._call",
    "CallInfo": "imagine._call",
    "RawResponse": "imagine._call",
    "RateLimit": "imagine._ratelimit",
    "Timeout": "imagine._time",
    "ImagineAsyncClient": "imagine.async_client",
    "ImagineClient": "imagine.client",
    "AsyncStream": "imagine.streaming",
    "Stream": "imagine.streaming",
}


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOMES.get(name) or ("imagine.exceptions" if name.endswith("Exception") else "imagine.types")
        return globals().setdefault(name, getattr(import_module(home), name))
