"""All names that are emitted: those of the GenAI conventions in version 1.41.0 of the semantic conventions.

The conventions have moved since, and will change names: https://github.com/open-telemetry/semantic-conventions-genai
"""

from __future__ import annotations

from typing import Final

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.41.0"
SCOPE: Final = "imagine"
PROVIDER: Final = "imagine"

OPERATIONS: Final = {
    "chat/completions": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "reranker": "rerank",
    "translate": "translate",
    "transcribe": "transcribe",
    "images/generations": "generate_content",
}
"""The operation of each route that is sent something; what only looks, such as `ping` or the history, has none."""

CAPTURED: Final = {"chat", "text_completion", "generate_content"}
"""Operations whose messages or prompts are messages of the conventions."""

EXECUTE_TOOL: Final = "execute_tool"
"""The operation of a tool that is called."""

OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
OUTPUT_TYPE: Final = "gen_ai.output.type"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_STOP: Final = "gen_ai.request.stop_sequences"
REQUEST_PARAMETER: Final = "gen_ai.request.{}"
"""Of a parameter that has the service's own name: `temperature`, `top_p`, `max_tokens`, …"""
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TOKEN_TYPE: Final = "gen_ai.token.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
RESEND_COUNT: Final = "http.request.resend_count"

INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_TYPE: Final = "gen_ai.tool.type"
TOOL_DESCRIPTION: Final = "gen_ai.tool.description"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_RESULT: Final = "gen_ai.tool.call.result"

DURATION: Final = "gen_ai.client.operation.duration"
TOKEN_USAGE: Final = "gen_ai.client.token.usage"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
TIME_PER_CHUNK: Final = "gen_ai.client.operation.time_per_output_chunk"

SECONDS: Final = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
TOKENS: Final = [4**power for power in range(14)]
"""Bounds of the buckets, as the conventions advise them."""

CAPTURE_VARIABLE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
SUPPRESSED: Final = "suppress_instrumentation"
"""Set in a context in which nothing is to be traced."""
