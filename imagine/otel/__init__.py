"""Traces and metrics of every call, for OpenTelemetry, by its conventions for generative AI.

    import imagine.otel

    imagine.otel.instrument()

After that each call that asks a model for something is a span `{operation} {model}` of kind CLIENT, one with all its
retries, from when it is first sent to the last byte of its answer or its stream. Its parent is the span that was
current where the call, or the stream, was made, for the blocking client too. The request carries its `traceparent`;
spans of aiohttp's own instrumentation become its children. Needs the extra: `pip install 'imagine-aio[otel]'`, and an
SDK such as opentelemetry-sdk, whose providers are looked up for each call, so that they may be set later.

Operations: `chat`, `text_completion`, `embeddings`, `rerank`, `translate`, `transcribe` and, for images,
`generate_content`, whichever method or path they are called by. What only looks, such as `ping`, models, usage and
history, has no span, and neither has what is called inside of OpenTelemetry's `suppress_instrumentation()`.

| attribute | what it is |
|---|---|
| `gen_ai.operation.name`, `gen_ai.provider.name` | the operation; `imagine` |
| `gen_ai.request.model` | the model that was asked for |
| `gen_ai.request.temperature`, `.top_p`, `.top_k`, `.max_tokens`, `.seed`, `.frequency_penalty`, `.presence_penalty`, \
`.stop_sequences`, `.stream` | parameters, where they were given; `stream` where it is true |
| `gen_ai.output.type` | `image`, for images |
| `gen_ai.response.id`, `gen_ai.response.model` | as the answer has them |
| `gen_ai.response.finish_reasons` | one for each choice; `error` for those that a failure cut |
| `gen_ai.response.time_to_first_chunk` | seconds from the sending to a stream's first event |
| `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens` | where the answer reports them; a stream does if asked to |
| `server.address`, `server.port` | of the endpoint |
| `http.request.resend_count` | how often it was sent again, where it was |
| `error.type` | for a call that failed: the status as text, such as `429`, else the exception's class |
| `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.tool.definitions` | what was said, as JSON; only if asked |

Each tool that `run_tools` calls is a span `execute_tool {name}`, beside those of the chats, which is current inside of
the tool. It has `gen_ai.operation.name`, `gen_ai.tool.name`, `.type`, `.description` and `.call.id`, for one that
failed `error.type`, and only if asked `gen_ai.tool.call.arguments` and `gen_ai.tool.call.result`.

A call that failed has the status ERROR, without a description, which might repeat what was said. A call that was
cancelled, and a stream that was left or dropped, end their span without an error. One that failed before it could be
sent, such as for want of a slot, has a span as long as it waited.

| histogram | unit |
|---|---|
| `gen_ai.client.operation.duration` | seconds from the first sending to the end |
| `gen_ai.client.token.usage` | tokens, by `gen_ai.token.type`: `input` or `output` |
| `gen_ai.client.operation.time_to_first_chunk` | seconds, streams only |
| `gen_ai.client.operation.time_per_output_chunk` | seconds since the chunk before, streams only; \
0 for one that came in the same read |

They have the attributes of operation, provider, models, server and `error.type`. All names are those of version 1.41.0
of the semantic conventions.

While nobody has called `instrument`, a call costs one look at a variable that is None, and nothing of this is imported.
A failure in tracing is logged and breaks no call.
"""

from imagine.exceptions import ImagineExtraMissing

try:
    from imagine.otel.switch import instrument, uninstrument
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("opentelemetry"):
        raise
    raise ImagineExtraMissing("otel") from error

__all__ = ["instrument", "uninstrument"]
