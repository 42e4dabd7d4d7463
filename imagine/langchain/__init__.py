"""The service for LangChain: chat model, LLM, embeddings and reranker.

Needs the extra: `pip install 'imagine-aio[langchain]'`, which brings langchain-core 1.8 or newer.

    >>> from imagine.langchain import ImagineChat
    >>> chat = ImagineChat(model="Llama-3.1-8B", temperature=0, max_tokens=20)
    >>> chat.invoke("How do networks work?").usage_metadata["output_tokens"] <= 20
    True
    >>> len([chunk.text for chunk in chat.stream("How do networks work?")]) > 1
    True

Endpoint and key are `endpoint=` and `api_key=`, or the variables IMAGINE_API_ENDPOINT and IMAGINE_API_KEY. Fields that
do not exist are refused, as are unknown keywords of a call. Errors are those of `imagine.exceptions`, unchanged.

| | `ImagineChat` | `ImagineLLM` | `ImagineEmbeddings` | `ImagineReranker` |
|---|---|---|---|---|
| of LangChain | `BaseChatModel` | `BaseLLM` | `Embeddings` | `BaseDocumentCompressor` |
| blocking and awaited, without a thread a call | yes | yes | yes | yes |
| streams, `astream_events`, usage in the last chunk | yes | yes | - | - |
| several at once in `generate`, `batch` and `abatch` | yes | yes, 8 | batches of 256, 8 at once | - |
| caches, `rate_limiter`, callbacks, LangSmith | yes | yes, no `rate_limiter` | - | - |
| `dumps` and `load`, without the key; pickle | yes | yes | pickle | pickle |

Of chats:

| | |
|---|---|
| tools: `bind_tools`, `tool_choice`, calls in streams, `create_agent` | yes |
| `with_structured_output` by `function_calling`, `json_schema`, `json_mode` | yes, as far as the service heeds it |
| images in messages of the user, by url or base64 | yes |
| reasoning | `content_blocks`, `additional_kwargs["reasoning_content"]`; it is not sent back |
| `n` answers at once: `model_kwargs={"n": 2}` with `generate` | yes; a stream with it is refused |
| PDF, sound, films, blocks in the form of Anthropic | no: a ValueError names the block, nothing is sent |
| `init_chat_model("imagine:…")` | no, LangChain has a list of its own: make an `ImagineChat` |
| `get_num_tokens` | LangChain's, which needs transformers; the service counts in `usage_metadata` |

`create_agent(ImagineChat(…), tools)` takes the model as it is. To read back what `dumps` wrote, name the class:
`load(…, allowed_objects=[ImagineChat], valid_namespaces=["imagine"])`.

**A client for several objects.** Each object has a client of its own, made with its first call, which serves all
threads and loops and closes itself when the object is gone. To share connections and quotas, or for options that are no
fields here, such as `rate_limits=` or a function that gives the key, hand in a client; who made it closes it. One is
enough for blocking and awaited calls:

    >>> from imagine import ImagineClient, RateLimit
    >>> from imagine.langchain import ImagineEmbeddings
    >>> with ImagineClient(rate_limits=[RateLimit(requests=20, per=60)]) as client:
    ...     chat, embeddings = ImagineChat(client=client), ImagineEmbeddings(client=client)
    ...     _ = chat.invoke("Hello"), embeddings.embed_query("Hello")
    ...     client.quota[0].remaining
    18

`abatch` sends all at once: calls that wait longer than the client's `slot_timeout`, 60 s, for one of its 64 slots fail.
Give long lists `config={"max_concurrency": 32}`.

**Usage and cost.** Each answer has its tokens in `usage_metadata`; LangChain adds up those of any number of calls:

    >>> from langchain_core.callbacks import get_usage_metadata_callback
    >>> with get_usage_metadata_callback() as usage:
    ...     _ = ImagineChat().batch(["Hello", "How are you?"])
    >>> list(usage.usage_metadata)
    ['Llama-3.1-8B']

Prices are not the service's to tell: multiply. `ImagineClient.usage()` has what the key has spent, and `on_call=` of a
shared client gets every call, with its attempts, times and request id.
"""

from imagine.exceptions import ImagineExtraMissing

try:
    from imagine.langchain.chat import ImagineChat
    from imagine.langchain.embeddings import ImagineEmbeddings
    from imagine.langchain.llm import ImagineLLM
    from imagine.langchain.reranker import ImagineReranker
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("langchain"):
        raise
    raise ImagineExtraMissing("langchain") from error

__all__ = ["ImagineChat", "ImagineEmbeddings", "ImagineLLM", "ImagineReranker"]
