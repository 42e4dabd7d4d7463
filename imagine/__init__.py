"""Asyncio-first client SDK for the Imagine inference service.

    from imagine import ChatMessage, ImagineAsyncClient

    async with ImagineAsyncClient(endpoint, api_key) as client:
        async for chunk in client.chat_stream([ChatMessage(role="user", content="Hello!")]):
            print(chunk.first_content or "", end="")

Names are imported when they are first asked for: `import imagine` alone loads neither aiohttp nor anyio nor tenacity.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from imagine._version import __version__

if TYPE_CHECKING:
    from imagine._blocking.stream import (
        Stream,
    )
    from imagine._options.call import (
        CallOptions,
        SamplingOptions,
    )
    from imagine._options.client import (
        ClientOptions,
        ExtraOptions,
    )
    from imagine.async_client import (
        ImagineAsyncClient,
    )
    from imagine.calls import (
        Attempt,
        CallInfo,
        RawResponse,
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
        ImagineExtraMissing,
        ImagineParseException,
        ImagineQuotaException,
        ImagineStreamErrorException,
        ImagineStreamException,
        ImagineTimeoutException,
        ImagineToolException,
    )
    from imagine.limits import (
        LaneState,
        QuotaState,
        RateLimit,
        Timeout,
    )
    from imagine.parsing import (
        AsyncPartialStream,
        Parsed,
        Partial,
        PartialStream,
    )
    from imagine.streaming import (
        AsyncStream,
    )
    from imagine.tools import (
        AsyncToolRun,
        AsyncToolStream,
        Tool,
        ToolArgumentsError,
        ToolCall,
        ToolResult,
        ToolRun,
        ToolStream,
        Turn,
        tool,
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

__all__ = [
    "AsyncPartialStream",
    "AsyncStream",
    "AsyncToolRun",
    "AsyncToolStream",
    "Attempt",
    "CallInfo",
    "CallOptions",
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "ChatCompletionResponseChoice",
    "ChatCompletionResponseStreamChoice",
    "ChatCompletionStreamResponse",
    "ChatMessage",
    "ChatMessageToolCall",
    "ClientOptions",
    "CompletionRequest",
    "CompletionResponse",
    "CompletionResponseChoice",
    "CompletionResponseStreamChoice",
    "CompletionStreamResponse",
    "DeltaMessage",
    "EmbeddingObject",
    "EmbeddingRequest",
    "EmbeddingResponse",
    "ExtraOptions",
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
    "ImagineExtraMissing",
    "ImagineParseException",
    "ImagineQuotaException",
    "ImagineStreamErrorException",
    "ImagineStreamException",
    "ImagineTimeoutException",
    "ImagineToolException",
    "LLMSamplingParams",
    "LaneState",
    "ModelType",
    "Parsed",
    "Partial",
    "PartialStream",
    "PingResponse",
    "QuotaState",
    "RateLimit",
    "RawResponse",
    "ReRankerObject",
    "ReRankerRequest",
    "ReRankerResponse",
    "SamplingOptions",
    "Stream",
    "Timeout",
    "Tool",
    "ToolArgumentsError",
    "ToolCall",
    "ToolResult",
    "ToolRun",
    "ToolStream",
    "Tools",
    "TranscribeRequest",
    "TranscribeResponse",
    "TranslateRequest",
    "TranslateResponse",
    "Turn",
    "UsageInfo",
    "UsageRecord",
    "UsageRecordAggregated",
    "UsageResponse",
    "__version__",
    "tool",
]

_HOMES = {
    "Attempt": "imagine.calls",
    "CallInfo": "imagine.calls",
    "RawResponse": "imagine.calls",
    "LaneState": "imagine.limits",
    "QuotaState": "imagine.limits",
    "RateLimit": "imagine.limits",
    "Timeout": "imagine.limits",
    "CallOptions": "imagine._options.call",
    "SamplingOptions": "imagine._options.call",
    "ClientOptions": "imagine._options.client",
    "ExtraOptions": "imagine._options.client",
    "ImagineAsyncClient": "imagine.async_client",
    "ImagineClient": "imagine.client",
    "AsyncStream": "imagine.streaming",
    "ImagineExtraMissing": "imagine.exceptions",
    "Stream": "imagine._blocking.stream",
    **dict.fromkeys(("AsyncPartialStream", "Parsed", "Partial", "PartialStream"), "imagine.parsing"),
    **dict.fromkeys(("AsyncToolRun", "AsyncToolStream", "Tool", "ToolArgumentsError", "ToolCall"), "imagine.tools"),
    **dict.fromkeys(("ToolResult", "ToolRun", "ToolStream", "Turn", "tool"), "imagine.tools"),
}


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOMES.get(name) or ("imagine.exceptions" if name.endswith("Exception") else "imagine.types")
        try:
            return globals().setdefault(name, getattr(import_module(home), name))
        except ImportError as error:
            if sys.meta_path is not None:
                raise
            kind = globals().get("ImagineException", ImportError)  # there wherever somebody can catch it
            raise kind(
                f"the interpreter is ending: imagine.{name} cannot be loaded any more, import it before"
            ) from error
