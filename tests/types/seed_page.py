"""The public contract of the data classes, typed out by hand: a row per field, in the order of the signatures.

`SEED_PAGE` is the published page of the incumbent SDK. `WIRE_PAGE` has the classes that it names without fields. A
`Widened` row deviates on purpose, and says how and why. `ADDITIONS` are the fields beyond both pages. Types and
defaults are texts; `REQUIRED` is no default.
"""

from __future__ import annotations

from typing import NamedTuple

REQUIRED = "REQUIRED"

MISSING = "may be missing or null on the wire"
PARTS = "a message may be made of parts, or have no text beside tool calls"
BATCH = "several texts in one request"
LEFT_OUT = "the service makes one up"


class Widened(NamedTuple):
    """What a field is instead, and the reason."""

    type: str
    default: str
    reason: str


class Row(NamedTuple):
    """A field as its page has it."""

    owner: str
    name: str
    type: str
    default: str = REQUIRED
    widened: Widened | None = None


def sampling(owner: str) -> list[Row]:
    """Rows of the sampling parameters, which the page repeats for each request that takes them."""
    return [
        Row(owner, "frequency_penalty", "float | None", "None"),
        Row(owner, "presence_penalty", "float | None", "None"),
        Row(owner, "repetition_penalty", "float | None", "None"),
        Row(
            owner,
            "stop",
            "list[str] | None",
            "None",
            Widened("str | list[str] | None", "None", "one text is taken, too"),
        ),
        Row(owner, "max_seconds", "int | None", "None"),
        Row(owner, "ignore_eos", "bool | None", "None"),
        Row(owner, "skip_special_tokens", "bool | None", "None"),
        Row(owner, "stop_token_ids", "list[list[int]] | None", "None"),
        Row(owner, "max_tokens", "int | None", "None"),
        Row(owner, "temperature", "float | None", "None"),
        Row(owner, "top_k", "int | None", "None"),
        Row(owner, "top_p", "float | None", "None"),
    ]


NO_TEXT = Widened("str", "''", MISSING)
NO_INT = Widened("int", "0", MISSING)
NO_FLOAT = Widened("float", "0.0", MISSING)
INTS = "services send a whole number, which relayed answers are to keep"
NO_TIME = Widened("int | float", "0.0", f"{MISSING}; {INTS}")
SOME_TIME = Widened("int | float | None", "None", INTS)
NO_USAGE = Widened("UsageInfo | None", "None", MISSING)
NO_REASON = Widened("FinishReason | None", "None", MISSING)

# The page tells names and defaults of all these, but no types for TranslateResponse, ImageResponse.id,
# and `data` and `usage` of EmbeddingResponse: those stand here as the sibling classes have them.
SEED_PAGE = [
    Row("ReRankerRequest", "query", "str"),
    Row("ReRankerRequest", "documents", "list[str]"),
    Row("ReRankerRequest", "top_n", "int | None", "None"),
    Row("ReRankerRequest", "model", "str"),
    Row("ReRankerRequest", "return_documents", "bool | None", "None"),
    Row("ChatMessage", "role", "str", REQUIRED, NO_TEXT),
    Row("ChatMessage", "content", "str", REQUIRED, Widened("str | list[dict[str, Any]] | None", "None", PARTS)),
    Row("ChatMessage", "tool_calls", "list[ChatMessageToolCall] | None", "None"),
    Row("ChatMessage", "tool_call_id", "str | None", "None"),
    Row("ChatMessage", "name", "str | None", "None"),
    *sampling("LLMSamplingParams"),
    *sampling("ChatCompletionRequest"),
    Row("ChatCompletionRequest", "messages", "list[ChatMessage]"),
    Row("ChatCompletionRequest", "model", "str"),
    Row("ChatCompletionRequest", "stream", "bool"),
    Row("ChatCompletionRequest", "tools", "list[Tools] | None", "None"),
    Row("EmbeddingRequest", "id", "str | None", REQUIRED, Widened("str | None", "None", LEFT_OUT)),
    Row("EmbeddingRequest", "input", "str", REQUIRED, Widened("str | list[str]", REQUIRED, BATCH)),
    Row("EmbeddingRequest", "model", "str"),
    *sampling("CompletionRequest"),
    Row("CompletionRequest", "prompt", "str"),
    Row("CompletionRequest", "model", "str"),
    Row("CompletionRequest", "stream", "bool"),
    Row("EmbeddingResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("EmbeddingResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("EmbeddingResponse", "data", "list[EmbeddingObject]"),
    Row("EmbeddingResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("EmbeddingResponse", "usage", "UsageInfo", REQUIRED, NO_USAGE),
    Row("TranslateResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("TranslateResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("TranslateResponse", "created", "float", REQUIRED, NO_TIME),
    Row("TranslateResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("TranslateResponse", "choices", "list[CompletionResponseChoice]"),
    Row("TranslateResponse", "usage", "UsageInfo | None", "None"),
    Row("TranslateResponse", "generation_time", "float | None", "None"),
    Row("ReRankerResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("ReRankerResponse", "data", "list[ReRankerObject]"),
    Row("ReRankerResponse", "failure", "str | None", "None"),
    Row("ReRankerResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("ReRankerResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("ReRankerResponse", "usage", "UsageInfo", REQUIRED, NO_USAGE),
    Row("HealthResponse", "postgres", "str", REQUIRED, NO_TEXT),
    Row("HealthResponse", "redis", "str", REQUIRED, NO_TEXT),
    Row("HealthResponse", "models", "str", REQUIRED, NO_TEXT),
    Row("PingResponse", "message", "str", REQUIRED, NO_TEXT),
    Row("PingResponse", "status", "str", REQUIRED, NO_TEXT),
    Row("UsageResponse", "usage", "list[UsageRecord]", REQUIRED, Widened("list[UsageRecord]", "list()", MISSING)),
    Row(
        "UsageResponse",
        "overall",
        "list[UsageRecordAggregated]",
        REQUIRED,
        Widened("list[UsageRecordAggregated]", "list()", MISSING),
    ),
    Row("CompletionResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("CompletionResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("CompletionResponse", "created", "float", REQUIRED, NO_TIME),
    Row("CompletionResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("CompletionResponse", "choices", "list[CompletionResponseChoice]"),
    Row("CompletionResponse", "usage", "UsageInfo | None", "None"),
    Row("CompletionResponse", "generation_time", "float | None", "None"),
    Row("CompletionStreamResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("CompletionStreamResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("CompletionStreamResponse", "choices", "list[CompletionResponseStreamChoice]"),
    Row("CompletionStreamResponse", "created", "float | None", "None", SOME_TIME),
    Row("CompletionStreamResponse", "object", "str | None", "None"),
    Row("CompletionStreamResponse", "usage", "UsageInfo | None", "None"),
    Row("ChatCompletionResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("ChatCompletionResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("ChatCompletionResponse", "created", "float", REQUIRED, NO_TIME),
    Row("ChatCompletionResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("ChatCompletionResponse", "choices", "list[ChatCompletionResponseChoice]"),
    Row("ChatCompletionResponse", "usage", "UsageInfo", REQUIRED, NO_USAGE),
    Row("ChatCompletionResponseChoice", "index", "int", REQUIRED, NO_INT),
    Row("ChatCompletionResponseChoice", "message", "ChatMessage"),
    Row("ChatCompletionResponseChoice", "finish_reason", "FinishReason | None", REQUIRED, NO_REASON),
    Row("ChatCompletionStreamResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("ChatCompletionStreamResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("ChatCompletionStreamResponse", "choices", "list[ChatCompletionResponseStreamChoice]"),
    Row("ChatCompletionStreamResponse", "created", "float | None", "None", SOME_TIME),
    Row("ChatCompletionStreamResponse", "object", "str | None", "None"),
    Row("ChatCompletionStreamResponse", "usage", "UsageInfo | None", "None"),
    Row("TranscribeResponse", "generation_time", "float", REQUIRED, NO_FLOAT),
    Row("TranscribeResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("TranscribeResponse", "text", "str"),
    Row("TranscribeResponse", "ts", "str | None", REQUIRED, Widened("str | None", "None", MISSING)),
    Row("ImageResponse", "id", "str", REQUIRED, NO_TEXT),
    Row("ImageResponse", "model", "str", REQUIRED, NO_TEXT),
    Row("ImageResponse", "object", "str", REQUIRED, NO_TEXT),
    Row("ImageResponse", "created", "float", REQUIRED, NO_TIME),
    Row("ImageResponse", "data", "list[Image]"),
    Row("ChatCompletionResponseStreamChoice", "index", "int", REQUIRED, NO_INT),
    Row(
        "ChatCompletionResponseStreamChoice",
        "delta",
        "DeltaMessage",
        REQUIRED,
        Widened("DeltaMessage", "DeltaMessage()", MISSING),
    ),
    Row("ChatCompletionResponseStreamChoice", "finish_reason", "FinishReason | None", REQUIRED, NO_REASON),
    Row("DeltaMessage", "role", "str | None", "None"),
    Row("DeltaMessage", "content", "str | None", "None"),
    Row("UsageInfo", "prompt_tokens", "int | None", "None"),
    Row("UsageInfo", "total_tokens", "int | None", "None"),
    Row("UsageInfo", "completion_tokens", "int | None", "None"),
]

WIRE_PAGE = [
    Row("ChatMessageToolCall", "id", "str | None", "None"),
    Row("ChatMessageToolCall", "type", "str | None", "None"),
    Row("ChatMessageToolCall", "function", "Function | None", "None"),
    Row("ChatMessageToolCall", "index", "int | None", "None"),
    Row("Function", "name", "str | None", "None"),
    Row("Function", "arguments", "str | None", "None"),
    Row("Tools", "type", "str"),
    Row("Tools", "function", "FunctionTool"),
    Row("FunctionTool", "name", "str"),
    Row("FunctionTool", "description", "str | None", "None"),
    Row("FunctionTool", "parameters", "dict[str, Any] | None", "None"),
    Row("CompletionResponseChoice", "index", "int", REQUIRED, NO_INT),
    Row("CompletionResponseChoice", "text", "str"),
    Row("CompletionResponseChoice", "finish_reason", "FinishReason | None", "None"),
    Row("CompletionResponseStreamChoice", "index", "int", REQUIRED, NO_INT),
    Row(
        "CompletionResponseStreamChoice",
        "delta",
        "DeltaMessage",
        REQUIRED,
        Widened("DeltaMessage", "DeltaMessage()", MISSING),
    ),
    Row("CompletionResponseStreamChoice", "finish_reason", "FinishReason | None", "None"),
    Row("EmbeddingObject", "object", "str", REQUIRED, NO_TEXT),
    Row("EmbeddingObject", "embedding", "list[float]"),
    Row("EmbeddingObject", "index", "int", REQUIRED, NO_INT),
    Row("ReRankerObject", "document", "str | None", "None"),
    Row("ReRankerObject", "index", "int"),
    Row("ReRankerObject", "relevance_score", "float"),
    Row("Image", "b64_json", "str | None", "None"),
    Row("Image", "url", "str | None", "None"),
    Row("ImageRequest", "prompt", "str"),
    Row("ImageRequest", "model", "str"),
    Row("ImageRequest", "stream", "bool"),
    Row("ImageRequest", "negative_prompt", "str", "'blurry'"),
    Row("ImageRequest", "seed", "int", "27"),
    Row("ImageRequest", "seed_increment", "int", "100"),
    Row("ImageRequest", "n", "int", "1"),
    Row("ImageRequest", "num_inference_steps", "int", "20"),
    Row("ImageRequest", "size", "str", "'512x512'"),
    Row("ImageRequest", "guidance_scale", "float", "6.5"),
    Row("ImageRequest", "cache_interval", "int | None", "None"),
    Row("ImageRequest", "response_format", "str", "'b64_json'"),
    Row("TranscribeRequest", "model", "str"),
    Row("UsageRecord", "userid", "str", REQUIRED, NO_TEXT),
    Row("UsageRecord", "model", "str", REQUIRED, NO_TEXT),
    Row("UsageRecord", "date_bin", "datetime", REQUIRED, Widened("datetime | None", "None", MISSING)),
    Row("UsageRecord", "total_input_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecord", "total_output_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecord", "total_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecord", "total_generation_time", "float", REQUIRED, NO_FLOAT),
    Row("UsageRecordAggregated", "userid", "str", REQUIRED, NO_TEXT),
    Row("UsageRecordAggregated", "model", "str", REQUIRED, NO_TEXT),
    Row("UsageRecordAggregated", "total_input_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecordAggregated", "total_output_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecordAggregated", "total_tokens", "int", REQUIRED, NO_INT),
    Row("UsageRecordAggregated", "total_generation_time", "float", REQUIRED, NO_FLOAT),
]

SAMPLED = ["LLMSamplingParams", "ChatCompletionRequest", "CompletionRequest"]

WRITTEN = ["ChatMessage", "DeltaMessage"]
OF_SOME_SERVICES = {
    "reasoning": "str | None",
    "refusal": "str | None",
    "annotations": "list[dict[str, Any]] | None",
    "audio": "dict[str, Any] | None",
}
CHOICES = [
    "ChatCompletionResponseChoice",
    "ChatCompletionResponseStreamChoice",
    "CompletionResponseChoice",
    "CompletionResponseStreamChoice",
]
ANSWERED = [
    "TranslateResponse",
    "ChatCompletionResponse",
    "ChatCompletionStreamResponse",
    "CompletionResponse",
    "CompletionStreamResponse",
]

ADDITIONS = [
    *(Row(owner, "stream_options", "dict[str, Any] | None", "None") for owner in SAMPLED),
    *(Row(owner, "seed", "int | None", "None") for owner in SAMPLED),
    Row("ChatCompletionRequest", "tool_choice", "str | dict[str, Any] | None", "None"),
    Row("ChatCompletionRequest", "response_format", "dict[str, Any] | None", "None"),
    Row("ChatMessage", "reasoning_content", "str | None", "None"),
    Row("DeltaMessage", "tool_calls", "list[ChatMessageToolCall] | None", "None"),
    Row("DeltaMessage", "reasoning_content", "str | None", "None"),
    Row("CompletionResponseStreamChoice", "text", "str | None", "None"),
    *(Row(owner, name, kind, "None") for owner in WRITTEN for name, kind in OF_SOME_SERVICES.items()),
    *(Row(owner, "logprobs", "dict[str, Any] | None", "None") for owner in CHOICES),
    *(Row(owner, "stop_reason", "int | str | None", "None") for owner in CHOICES),
    *(Row(owner, name, "str | None", "None") for owner in ANSWERED for name in ("system_fingerprint", "service_tier")),
    Row("UsageInfo", "prompt_tokens_details", "dict[str, Any] | None", "None"),
    Row("UsageInfo", "completion_tokens_details", "dict[str, Any] | None", "None"),
    *(Row(owner, "usage", "UsageInfo | None", "None") for owner in CHOICES if "Stream" not in owner),
]

# A class beyond both pages, which is one of theirs under a name of its own: (ours, theirs).
ADDED_CLASSES = [("TranslateRequest", "CompletionRequest")]

PROPERTIES = [
    ("EmbeddingResponse", "first_embedding", "list[float]"),
    ("CompletionResponse", "first_text", "str | None"),
    ("TranslateResponse", "first_text", "str | None"),
    ("CompletionStreamResponse", "first_content", "str | None"),
    ("ChatCompletionResponse", "first_content", "str | None"),
    ("ChatCompletionStreamResponse", "first_content", "str | None"),
    ("ChatCompletionResponse", "first_reasoning", "str | None"),
    ("ChatCompletionStreamResponse", "first_reasoning", "str | None"),
]

HOMES = {
    "chat_completions": [
        "ChatCompletionRequest",
        "ChatCompletionResponse",
        "ChatCompletionResponseChoice",
        "ChatCompletionResponseStreamChoice",
        "ChatCompletionStreamResponse",
        "ChatMessage",
        "ChatMessageToolCall",
        "DeltaMessage",
        "Function",
        "FunctionTool",
        "Tools",
    ],
    "common": ["DeltaMessage", "FinishReason", "LLMSamplingParams", "UsageInfo"],
    "completions": [
        "CompletionRequest",
        "CompletionResponse",
        "CompletionResponseChoice",
        "CompletionResponseStreamChoice",
        "CompletionStreamResponse",
    ],
    "embeddings": ["EmbeddingObject", "EmbeddingRequest", "EmbeddingResponse"],
    "healthcheck": ["HealthResponse", "PingResponse"],
    "images": ["Image", "ImageRequest", "ImageResponse"],
    "models": ["ModelType"],
    "reranker": ["ReRankerObject", "ReRankerRequest", "ReRankerResponse"],
    "transcribe": ["TranscribeRequest", "TranscribeResponse"],
    "translate": ["TranslateRequest", "TranslateResponse"],
    "usage": ["UsageRecord", "UsageRecordAggregated", "UsageResponse"],
}
