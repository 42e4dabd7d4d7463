"""Models, embeddings and rerankers of the service for LlamaIndex.

    from llama_index.core import Settings
    from imagine.llama_index import ImagineEmbedding, ImagineLLM, ImagineRerank

    Settings.llm = ImagineLLM(model="Llama-3.1-8B", temperature=0)
    Settings.embed_model = ImagineEmbedding()
    engine = index.as_query_engine(node_postprocessors=[ImagineRerank(top_n=3)], similarity_top_k=10)

Needs the extra: `pip install 'imagine-aio[llama-index]'`. Endpoint and key come from `endpoint=` and `api_key=`, or
from IMAGINE_API_ENDPOINT and IMAGINE_API_KEY when the first call is made. What is awaited in LlamaIndex is awaited
down to the socket; no thread stands in between.

| of LlamaIndex | |
|---|---|
| `chat`, `complete`, their streams, and the async twins of all four | yes; `complete` asks the route for completions |
| query engines, chat engines, `Settings`, callbacks, instrumentation | yes |
| `structured_predict`, its streams and twins, `as_structured_llm` | yes, by a call of a tool |
| `FunctionAgent`, `chat_with_tools`, `predict_and_call` | yes; `tool_choice=` is a tool's name, `"auto"`, `"none"` \
or `"required"` |
| `allow_parallel_tool_calls=False` | the first call of an answer is kept; streams bring all, as LlamaIndex has it |
| `ImageBlock` | yes: an address is sent as it is, bytes and files as a data URL |
| `ThinkingBlock` | made of the model's reasoning, never sent back; its pieces are `thinking_delta` |
| blocks of audio, video, documents and citations | refused by name, before anything is sent |
| batches of embeddings | one request for `embed_batch_size` texts, 256 by default |

Keywords of `chat` and `complete` win over the fields and go to the SDK's call, which refuses what it does not know;
`model_kwargs={…}` are members of the body that have no field. Where the arguments of a tool's call were cut, as by
`max_tokens`, ImagineDecodeException is raised, and no tool is run with a part of them. All other errors are the SDK's
own, as `imagine.exceptions` lists them.

Clients and quotas: each object makes a client on its first use, one for what blocks and one for what is awaited. To
share one with its connections, slots and quotas, make it and hand it to all of them; you close it then::

    client = ImagineAsyncClient(rate_limits=[RateLimit(requests=60, per=60)])
    Settings.llm = ImagineLLM(async_client=client)
    Settings.embed_model = ImagineEmbedding(async_client=client)

`client=` is the same for calls that block; who uses both gives both, since each client counts for itself. Clients that
an object made are closed by `llm.close()` and `await llm.aclose()`; those of an event loop end with their loop.

Usage and cost: `response.additional_kwargs` has `prompt_tokens`, `completion_tokens`, `total_tokens` and
`finish_reason`, of a stream in its last response (`stream_usage=False` does not ask for the counts). LlamaIndex's
`TokenCountingHandler` sees the same numbers; `imagine.otel` measures all calls, and `ImagineClient().usage()` tells
what an account has used.

Secrets: the key and the proxy, which may carry a password, are in no `repr`, `to_dict`, pickle or event. A pickle has
no clients either: where it is loaded, both come from the environment anew.
"""

from importlib.util import find_spec

from imagine.exceptions import ImagineExtraMissing

_found = find_spec("llama_index")
if _found is not None and _found.submodule_search_locations is None:
    raise ImportError(f"{_found.origin} hides the library LlamaIndex: give that file another name")

try:
    from imagine.llama_index.embedding import ImagineEmbedding
    from imagine.llama_index.llm import ImagineLLM
    from imagine.llama_index.rerank import ImagineRerank
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("llama_index"):
        raise
    raise ImagineExtraMissing("llama-index") from error

__all__ = ["ImagineEmbedding", "ImagineLLM", "ImagineRerank"]
