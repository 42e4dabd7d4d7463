"""The client for code that awaits. `imagine.client` is generated from this file by `make sync`."""

from __future__ import annotations

import asyncio
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self, TypeVar, cast
from urllib.parse import urlsplit

from imagine._catalogue import models_by_type
from imagine._fold import ChatFold, ChoicesWatch, CompletionFold, ImageFold, ImagesWatch
from imagine._gate import Gate, QuotaState
from imagine._log import show
from imagine._options import ClientOptions, ExtraOptions, Options
from imagine._parameters import CallOptions, SamplingOptions, call_options, spelled, split
from imagine._pool import Pool
from imagine._slots import Slots
from imagine._warn import warn
from imagine.exceptions import ImagineAPIException, ImagineException
from imagine.streaming import AsyncStream
from imagine.types.base import DTO, to_json, to_wire
from imagine.types.chat_completions import (
    CHAT_CHUNK,
    CHAT_HISTORY,
    CHAT_RESPONSE,
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionStreamResponse,
    ChatMessage,
    Tools,
)
from imagine.types.completions import (
    COMPLETION_CHUNK,
    COMPLETION_HISTORY,
    COMPLETION_RESPONSE,
    CompletionRequest,
    CompletionResponse,
    CompletionStreamResponse,
)
from imagine.types.decoding import Decoding
from imagine.types.embeddings import EMBEDDING_HISTORY, EMBEDDING_RESPONSE, EmbeddingRequest, EmbeddingResponse
from imagine.types.healthcheck import HEALTH_RESPONSE, PING_RESPONSE, HealthResponse, PingResponse
from imagine.types.images import IMAGE_HISTORY, IMAGE_RESPONSE, ImageRequest, ImageResponse
from imagine.types.reranker import RERANKER_HISTORY, RERANKER_RESPONSE, ReRankerRequest, ReRankerResponse
from imagine.types.transcribe import TRANSCRIBE_RESPONSE, TranscribeResponse
from imagine.types.translate import TRANSLATE_RESPONSE, TranslateRequest, TranslateResponse
from imagine.types.usage import USAGE_RESPONSE, UsageResponse

if TYPE_CHECKING:
    import ssl
    from datetime import datetime
    from types import TracebackType
    from typing import Unpack

    from imagine._call import RawResponse
    from imagine._feed import Feed
    from imagine._time import Timeout
    from imagine._transport import Call, Transport
    from imagine.streaming import Opening
    from imagine.types.models import ModelType

__all__ = ["ImagineAsyncClient"]

T = TypeVar("T")

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # RFC 3986 sections 3.1 and 4.2
_SHARED_BY_SLOTS = ("endpoint", "api_key", "max_concurrent_requests", "rate_limits")
"""Options in which clients must agree to share slots and quotas."""


class ImagineAsyncClient:
    """A client of the Imagine service for asyncio.

    Make it anywhere, also outside of a loop; it connects on first use and may serve several loops. Close it with
    `await client.close()` or use it in `async with`. Every inference call also takes the options of `CallOptions`:
    `timeout=`, `deadline=`, `max_retries=`, `extra_body=` and `extra_headers=`.

    Every call raises ImagineAPIException (and what is below it) when the service answers with an error,
    ImagineConnectionException when it cannot be reached, ImagineTimeoutException when a limit of time is hit, and
    ImagineDecodeException when an answer does not fit its class. Bad arguments raise ValueError or TypeError, and
    nothing is sent.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        api_key: str | None = None,
        max_retries: int | None = 3,
        timeout: float | Timeout | None = None,
        verify: bool | str | PathLike[str] | ssl.SSLContext | None = True,
        max_concurrent_requests: int | None = 64,
        proxy: str | Literal[False] | None = None,
        debug: bool | None = None,
        **options: Unpack[ExtraOptions],
    ) -> None:
        """Check the options; nothing is connected yet.

        Args:
            endpoint: Base URL such as `https://host/apis/v2`; default: the variable IMAGINE_API_ENDPOINT.
            api_key: The key; default: the variable IMAGINE_API_KEY.
            max_retries: Attempts after the first, 3 by default; 0 turns all retries off.
            timeout: Seconds, or a `Timeout` with its parts.
            verify: True, a CA file or folder, an `ssl.SSLContext`, or False (unsafe; warns).
            max_concurrent_requests: Requests and open streams at once, over all loops; 64 by default.
            proxy: URL of a proxy; default: IMAGINE_API_PROXY, then HTTP(S)_PROXY and NO_PROXY. False: none at all.
            debug: Show the log, bodies included, without the key; default: the variable IMAGINE_DEBUG, else off.
            options: The options of `ExtraOptions`.

        Raises:
            ValueError: No endpoint or key, or a value that cannot be used; the message names the option.
            TypeError: A value of the wrong type, or an unknown option.
        """
        self._open(
            Options.read(
                {
                    "endpoint": endpoint,
                    "api_key": api_key,
                    "max_retries": max_retries,
                    "timeout": timeout,
                    "verify": verify,
                    "max_concurrent_requests": max_concurrent_requests,
                    "proxy": proxy,
                    "debug": debug,
                    **options,
                }
            )
        )

    def _open(self, options: Options, parent: ImagineAsyncClient | None = None) -> None:
        self._options = options
        self._parent = parent
        self._closed = False
        self._transport: Transport | None = None
        self._making: Future[Transport] | None = None
        self._pool: Pool = parent._pool if parent else Pool()
        shares = parent is not None and all(
            getattr(parent._options, name) == getattr(options, name) for name in _SHARED_BY_SLOTS
        )
        self._slots: Slots = (
            parent._slots if parent and shares else Slots(options.max_concurrent_requests, Gate(options.rate_limits))
        )
        if options.debug:
            show()
        if options.verify is False:
            warn("verify=False: TLS certificates are not checked, anyone in between can read the key")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options!r})"

    def __reduce__(self) -> tuple[Callable[..., ImagineAsyncClient], tuple[type[ImagineAsyncClient], Options]]:
        return _restored, (type(self), self._options)

    @property
    def default_model_llm(self) -> str:
        """Model of chats and completions that name none."""
        return "Llama-3.1-8B"

    @property
    def default_model_embedding(self) -> str:
        """Model of embeddings that name none."""
        return "BAAI/bge-large-en-v1.5"

    @property
    def default_model_reranker(self) -> str:
        """Model of rerankings that name none."""
        return "BAAI/bge-reranker-base"

    @property
    def default_model_transcribe(self) -> str:
        """Model of transcriptions that name none."""
        return "whisper-tiny"

    @property
    def default_model_translate(self) -> str:
        """Model of translations that name none."""
        return "Helsinki-NLP/opus-mt-en-es"

    @property
    def default_model_tti(self) -> str:
        """Model of images that name none."""
        return "sdxl-turbo"

    @property
    def quota(self) -> tuple[QuotaState, ...]:
        """What is left of each window of `rate_limits=`."""
        return self._slots.quota

    async def ping(self) -> PingResponse:
        """Ask the service for a sign of life."""
        return await self._get("ping", {}, PING_RESPONSE.decode)

    async def health_check(self) -> HealthResponse:
        """Return the state of the service's parts."""
        return await self._get("health", {}, HEALTH_RESPONSE.decode)

    async def usage(
        self,
        aggregation_duration: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        model: str | None = None,
    ) -> UsageResponse:
        """Return tokens and generation time by model and time bin.

        Args:
            aggregation_duration: Length of a bin, such as `1 day`.
            since: Only from then on.
            until: Only until then.
            model: Only this model.
        """
        params = {"aggregation_duration": aggregation_duration, "from": since, "to": until, "model": model}
        return await self._get("usage", params, USAGE_RESPONSE.decode)

    async def get_available_models_by_type(
        self, model_type: ModelType | str | None = None
    ) -> dict[ModelType, list[str]]:
        """Return the names of the models by what they are for; a plain OpenAI-compatible server's are all LLMs."""
        return await self._get("models", {"model_type": model_type}, models_by_type)

    async def get_available_models(self, model_type: ModelType | str | None = None) -> list[str]:
        """Return the names of the models."""
        by_type = await self.get_available_models_by_type(model_type)
        return [name for names in by_type.values() for name in names]

    @spelled
    async def chat(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Tools | Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        **options: Unpack[SamplingOptions],
    ) -> ChatCompletionResponse:
        """Ask for a complete chat answer.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            model: Default: `default_model_llm`.
            tools: Functions the model may ask to call.
            tool_choice: `none`, `auto`, `required`, or the function to call.
            response_format: Such as `{"type": "json_object"}`; services may ignore it.
            options: Sampling parameters and call options.
        """
        body, call = self._chat(messages, model, tools, tool_choice, response_format, options, stream=False)
        return await self._post("chat/completions", body, CHAT_RESPONSE, call)

    @spelled
    def chat_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Tools | Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        fold: bool = True,
        require_end: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> AsyncStream[ChatCompletionStreamResponse, ChatCompletionResponse]:
        """Ask for a chat answer chunk by chunk; called without `await`, used with `async for`.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            model: Default: `default_model_llm`.
            tools: Functions the model may ask to call.
            tool_choice: `none`, `auto`, `required`, or the function to call.
            response_format: Such as `{"type": "json_object"}`; services may ignore it.
            fold: Keep the text for `stream.text` and `stream.final()`.
            require_end: Whether a body that ends without `[DONE]` and finish reason is an error.
            options: Sampling parameters and call options.
        """
        body, call = self._chat(messages, model, tools, tool_choice, response_format, options, stream=True)
        opening = self._opening("chat/completions", body, call)
        folding = ChatFold() if fold else ChoicesWatch[ChatCompletionStreamResponse]()
        return AsyncStream(opening, CHAT_CHUNK.fast.decode, CHAT_CHUNK.decode, folding, require_end=require_end)

    @spelled
    async def completion(
        self, prompt: str, model: str | None = None, **options: Unpack[SamplingOptions]
    ) -> CompletionResponse:
        """Ask for a complete continuation of a prompt.

        Args:
            prompt: The text to continue.
            model: Default: `default_model_llm`.
            options: Sampling parameters and call options.
        """
        body, call = self._completion(prompt, model, options, stream=False)
        return await self._post("completions", body, COMPLETION_RESPONSE, call)

    @spelled
    def completion_stream(
        self,
        prompt: str,
        model: str | None = None,
        *,
        fold: bool = True,
        require_end: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> AsyncStream[CompletionStreamResponse, CompletionResponse]:
        """Ask for a continuation chunk by chunk; called without `await`, used with `async for`.

        Args:
            prompt: The text to continue.
            model: Default: `default_model_llm`.
            fold: Keep the text for `stream.text` and `stream.final()`.
            require_end: Whether a body that ends without `[DONE]` and finish reason is an error.
            options: Sampling parameters and call options.
        """
        body, call = self._completion(prompt, model, options, stream=True)
        opening = self._opening("completions", body, call)
        folding = CompletionFold() if fold else ChoicesWatch[CompletionStreamResponse]()
        return AsyncStream(
            opening, COMPLETION_CHUNK.fast.decode, COMPLETION_CHUNK.decode, folding, require_end=require_end
        )

    @spelled
    async def embeddings(
        self, text: str | Sequence[str], model: str | None = None, **options: Unpack[CallOptions]
    ) -> EmbeddingResponse:
        """Return the vectors of one text or of several, in their order.

        Args:
            text: One text, or several.
            model: Default: `default_model_embedding`.
            options: Call options.
        """
        texts = text if isinstance(text, str) else _texts("text", text)
        body = EmbeddingRequest(input=texts, model=model or self.default_model_embedding)
        return await self._post("embeddings", body, EMBEDDING_RESPONSE, call_options(options))

    @spelled
    async def reranker(
        self,
        query: str,
        documents: Sequence[str],
        model: str | None = None,
        top_n: int | None = None,
        return_documents: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> ReRankerResponse:
        """Return documents in the order of their relevance to a query.

        Args:
            query: What they should be relevant to.
            documents: Their texts.
            model: Default: `default_model_reranker`.
            top_n: Only so many of the best; the service's default otherwise.
            return_documents: Whether the answer repeats their texts.
            options: Call options.
        """
        body = ReRankerRequest(
            query=_text("query", query),
            documents=_texts("documents", documents),
            model=model or self.default_model_reranker,
            top_n=top_n,
            return_documents=return_documents,
        )
        return await self._post("reranker", body, RERANKER_RESPONSE, call_options(options))

    @spelled
    async def translate(
        self, prompt: str, model: str | None = None, **options: Unpack[SamplingOptions]
    ) -> TranslateResponse:
        """Translate a text; the model tells from which language to which.

        Args:
            prompt: The text.
            model: Default: `default_model_translate`.
            options: Sampling parameters and call options.
        """
        sampling, call = split(options)
        body = TranslateRequest(
            prompt=_text("prompt", prompt), model=model or self.default_model_translate, stream=False, **sampling
        )
        return await self._post("translate", body, TRANSLATE_RESPONSE, call)

    @spelled
    async def transcribe(
        self, input_file: str | PathLike[str] | BinaryIO, model: str | None = None, **options: Unpack[CallOptions]
    ) -> TranscribeResponse:
        """Return the text spoken in an audio file, which is uploaded piece by piece and never held in memory.

        Args:
            input_file: A path, or a file object opened in binary mode, read from where it stands and left open.
            model: Default: `default_model_transcribe`.
            options: Call options; `extra_body` adds form fields.

        Raises:
            FileNotFoundError: There is no such file.
        """
        call = call_options(options)
        _check_readable(input_file)
        fields = {"model": model or self.default_model_transcribe}
        fields.update((name, str(value)) for name, value in (call.get("extra_body") or {}).items())
        return await self._upload("transcribe", fields, input_file, TRANSCRIBE_RESPONSE, call)

    @spelled
    async def images_generate(
        self,
        prompt: str,
        model: str | None = None,
        negative_prompt: str = "blurry",
        seed: int = 27,
        seed_increment: int = 100,
        n: int = 1,
        num_inference_steps: int = 20,
        size: str = "512x512",
        guidance_scale: float = 6.5,
        cache_interval: int | None = None,
        response_format: str = "b64_json",
        **options: Unpack[CallOptions],
    ) -> ImageResponse:
        """Draw images after a description.

        Args:
            prompt: What the image shows.
            model: Default: `default_model_tti`.
            negative_prompt: What it must not show.
            seed: Starts the random numbers of the first image.
            seed_increment: Added for each further image.
            n: Number of images.
            num_inference_steps: Steps from noise to image.
            size: Width and height in pixels.
            guidance_scale: How closely the image follows the prompt.
            cache_interval: Steps between two full computations; None computes every step.
            response_format: `b64_json`, or `url` for an absolute address to fetch the image from.
            options: Call options.
        """
        body = ImageRequest(
            prompt=_text("prompt", prompt),
            model=model or self.default_model_tti,
            stream=False,
            negative_prompt=negative_prompt,
            seed=seed,
            seed_increment=seed_increment,
            n=n,
            num_inference_steps=num_inference_steps,
            size=size,
            guidance_scale=guidance_scale,
            cache_interval=cache_interval,
            response_format=response_format,
        )
        answer = await self._post("images/generations", body, IMAGE_RESPONSE, call_options(options))
        return self._with_addresses(answer)

    @spelled
    def images_generate_stream(
        self,
        prompt: str,
        model: str | None = None,
        negative_prompt: str = "blurry",
        seed: int = 27,
        seed_increment: int = 100,
        n: int = 1,
        num_inference_steps: int = 20,
        size: str = "512x512",
        guidance_scale: float = 6.5,
        cache_interval: int | None = None,
        response_format: str = "b64_json",
        *,
        fold: bool = True,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[ImageResponse, ImageResponse]:
        """Draw images after a description, each delivered when it is done; called without `await`.

        Args:
            prompt: What the image shows.
            model: Default: `default_model_tti`.
            negative_prompt: What it must not show.
            seed: Starts the random numbers of the first image.
            seed_increment: Added for each further image.
            n: Number of images.
            num_inference_steps: Steps from noise to image.
            size: Width and height in pixels.
            guidance_scale: How closely the image follows the prompt.
            cache_interval: Steps between two full computations; None computes every step.
            response_format: `b64_json`, or `url` for an absolute address to fetch the image from.
            fold: Keep the images for `stream.final()`.
            options: Call options.
        """
        body = ImageRequest(
            prompt=_text("prompt", prompt),
            model=model or self.default_model_tti,
            stream=True,
            negative_prompt=negative_prompt,
            seed=seed,
            seed_increment=seed_increment,
            n=n,
            num_inference_steps=num_inference_steps,
            size=size,
            guidance_scale=guidance_scale,
            cache_interval=cache_interval,
            response_format=response_format,
        )
        opening = self._opening("images/generations", body, call_options(options))
        return AsyncStream(opening, self._images, self._images, ImageFold() if fold else ImagesWatch())

    async def get_chat_history(self, max_items: int = 1) -> list[tuple[ChatCompletionResponse, ChatCompletionRequest]]:
        """Return the last chats of this key as (response, request) pairs, at most `max_items`."""
        return await self._get("chat/completions", {"max_items": max_items}, CHAT_HISTORY.decode)

    async def get_completion_history(self, max_items: int = 1) -> list[tuple[CompletionResponse, CompletionRequest]]:
        """Return the last completions of this key as (response, request) pairs, at most `max_items`."""
        return await self._get("completions", {"max_items": max_items}, COMPLETION_HISTORY.decode)

    async def get_embedding_history(self, max_items: int = 1) -> list[tuple[EmbeddingResponse, EmbeddingRequest]]:
        """Return the last embeddings of this key as (response, request) pairs, at most `max_items`."""
        return await self._get("embeddings", {"max_items": max_items}, EMBEDDING_HISTORY.decode)

    async def get_reranker_history(self, max_items: int = 1) -> list[tuple[ReRankerResponse, ReRankerRequest]]:
        """Return the last rerankings of this key as (response, request) pairs, at most `max_items`."""
        return await self._get("reranker", {"max_items": max_items}, RERANKER_HISTORY.decode)

    async def get_image_history(self, max_items: int = 1) -> list[tuple[ImageResponse, ImageRequest]]:
        """Return the last image generations of this key as (response, request) pairs, at most `max_items`."""
        pairs = await self._get("images/generations", {"max_items": max_items}, IMAGE_HISTORY.decode)
        return [(self._with_addresses(response), request) for response, request in pairs]

    @spelled
    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
        **options: Unpack[CallOptions],
    ) -> RawResponse:
        """Send any request through the same retries, clocks and errors, and return the answer as it came.

        Args:
            method: Such as `GET`.
            path: Route below the endpoint, such as `chat/completions`; it is quoted.
            json: Body: a data class, or anything msgspec encodes; None sends none.
            params: Query; members that are None are left out.
            options: Call options.
        """
        transport, call = await self._new_call(method, path, json, params, call_options(options))
        return await transport.fetch_raw(call)

    @spelled
    async def request_as(
        self,
        type: type[T],
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
        **options: Unpack[CallOptions],
    ) -> T:
        """Send any request as `request` does, and return the answer decoded into a type.

        Args:
            type: A data class, a `msgspec.Struct`, or any type msgspec decodes, such as `dict[str, int]`.
            method: Such as `GET`.
            path: Route below the endpoint; it is quoted.
            json: Body: a data class, or anything msgspec encodes; None sends none.
            params: Query; members that are None are left out.
            options: Call options.
        """
        transport, call = await self._new_call(method, path, json, params, call_options(options))
        return await transport.fetch(call, Decoding(type).decode)

    async def warm_up(self) -> None:
        """Import, build TLS and connect ahead of the first call, which then costs no more than any other."""
        try:
            await self.request("GET", "ping")
        except ImagineAPIException:
            return  # the service has no such route: the connection stands all the same

    @spelled
    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """Return a client that differs in some options and shares this one's connections.

        It shares slots and quotas, too, unless it has another endpoint, key, number of slots or `rate_limits`.
        Closing it leaves the connections open; closing this one closes both.

        Args:
            options: Any option of the client, by name.
        """
        derived = object.__new__(type(self))
        derived._open(self._options.changed(options), parent=self)
        return derived

    async def close(self) -> None:
        """Close the connections, of every loop that still runs; open streams break off. A second time does nothing."""
        self._closed = True
        if self._parent is None:
            await self._pool.close()

    async def __aenter__(self) -> Self:
        self._check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ImagineException("this client is closed: make a new one, or close it later")
        if self._parent is not None:
            self._parent._check_open()

    def _chat(
        self,
        messages: object,
        model: str | None,
        tools: Any,
        tool_choice: Any,
        response_format: Any,
        options: SamplingOptions,
        *,
        stream: bool,
    ) -> tuple[ChatCompletionRequest, CallOptions]:
        """Put a chat's body together; dicts of the user stay as they are, whatever the service may make of them."""
        sampling, call = split(options)
        body = ChatCompletionRequest(
            messages=_conversation(messages),
            model=model or self.default_model_llm,
            stream=stream,
            tools=_offered(tools),
            tool_choice=tool_choice,
            response_format=response_format,
            **sampling,
        )
        return body, call

    def _completion(
        self, prompt: str, model: str | None, options: SamplingOptions, *, stream: bool
    ) -> tuple[CompletionRequest, CallOptions]:
        sampling, call = split(options)
        body = CompletionRequest(
            prompt=_text("prompt", prompt), model=model or self.default_model_llm, stream=stream, **sampling
        )
        return body, call

    def _with_addresses(self, answer: ImageResponse) -> ImageResponse:
        """Make image addresses absolute against the endpoint's parent: `…/apis` for `…/apis/v2`."""
        endpoint = self._options.endpoint
        parent = endpoint.rpartition("/")[0] if urlsplit(endpoint).path.strip("/") else endpoint
        for image in answer.data:
            if image.url and not _ABSOLUTE.match(image.url):
                image.url = f"{parent}/{image.url.lstrip('/')}"
        return answer

    def _images(self, payload: bytes) -> ImageResponse:
        return self._with_addresses(IMAGE_RESPONSE.decode(payload))

    async def _get(self, path: str, params: Mapping[str, object], decode: Callable[[bytes | bytearray], T]) -> T:
        transport, call = await self._new_call("GET", path, None, params, {})
        return await transport.fetch(call, decode)

    async def _post(self, path: str, body: DTO, decoding: Decoding[T], own: CallOptions) -> T:
        content = _encoded(body, own.get("extra_body"))
        transport = self._ready() or await self._get_ready()
        return await transport.fetch(transport.call("POST", path, {}, content, own), decoding.decode)

    async def _upload(
        self,
        path: str,
        fields: dict[str, str],
        file: str | PathLike[str] | BinaryIO,
        decoding: Decoding[T],
        own: CallOptions,
    ) -> T:
        transport = self._ready() or await self._get_ready()
        return await transport.fetch(transport.upload(path, fields, file, own), decoding.decode)

    async def _new_call(
        self, method: str, path: str, json: object, params: Mapping[str, object] | None, own: CallOptions
    ) -> tuple[Transport, Call]:
        content = _encoded(to_wire(json) if isinstance(json, DTO) else json, own.get("extra_body"))
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        transport = self._ready() or await self._get_ready()
        return transport, transport.call(method, path, query, content, own)

    def _opening(self, path: str, body: DTO, own: CallOptions) -> Opening:
        self._check_open()
        content = _encoded(body, own.get("extra_body"))

        async def open_stream() -> tuple[Call, Feed]:
            transport = self._ready() or await self._get_ready()
            call = transport.call("POST", path, {}, content, own, stream=True)
            return call, await transport.open(call)

        return open_stream

    def _ready(self) -> Transport | None:
        """Return the transport; None before the first use."""
        self._check_open()
        return self._transport

    async def _get_ready(self) -> Transport:
        """Make the transport in a thread, on first use: importing aiohttp would stall the loop for 250 ms."""
        making = self._making = self._making or _in_thread(self._make_transport)
        try:
            made = await asyncio.shield(asyncio.wrap_future(making))
        finally:
            self._making = None  # after a failure, the next call tries anew
        self._transport = made
        return made

    def _make_transport(self) -> Transport:
        from imagine._transport import Transport

        return Transport(self._options, self._pool, self._slots)


def _in_thread(function: Callable[[], T]) -> Future[T]:
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(function)
    finally:
        executor.shutdown(wait=False)


def _restored(kind: type[ImagineAsyncClient], options: Options) -> ImagineAsyncClient:
    """Make a client from pickled or copied options; it opens its own connections."""
    client = object.__new__(kind)
    client._open(options)  # pyright: ignore[reportPrivateUsage] - part of the class, where pickles find it
    return client


def _encoded(json: object, extra: Mapping[str, Any] | None) -> bytes | None:
    """Encode a body once for all attempts; `extra_body` wins over what the SDK put there.

    A data class is one of ours, not of a subclass: where it has `omit_defaults`, msgspec leaves out just what is None.
    """
    if isinstance(json, DTO) and not json.__struct_config__.omit_defaults:
        json = to_wire(json)
    if extra:
        given = {name: item for name, item in json if item is not None} if isinstance(json, DTO) else json
        json = {**cast("dict[str, object]", given or {}), **extra}
    return None if json is None else to_json(json)


def _conversation(messages: Any) -> list[ChatMessage]:
    """Check messages before they are sent."""
    listed = _items(messages)
    if not listed:
        raise ValueError("messages must be a list of at least one ChatMessage or dict")
    for number, message in enumerate(listed):
        quick = type(message) is ChatMessage and message.tool_calls is None
        role = message.role if quick else _role_of(message)
        if not role or not isinstance(role, str):
            raise ValueError(f"messages[{number}] has no role: user, assistant, system or tool")
        if not quick and isinstance(message, DTO):
            listed[number] = to_wire(message)  # msgspec would leave out, or send, what another class does otherwise
    return listed


def _offered(tools: Any) -> Any:
    if not isinstance(tools, list | tuple):
        return tools
    return [to_wire(tool) if isinstance(tool, DTO) else tool for tool in cast("list[object]", tools)]


def _role_of(message: object) -> object:
    if isinstance(message, Mapping):
        return cast("Mapping[str, object]", message).get("role")
    return getattr(message, "role", None)


def _text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return text


def _texts(name: str, texts: object) -> list[str]:
    listed = _items(texts)
    if not listed:
        raise ValueError(f"{name} must be a list of at least one str")
    if not all(isinstance(text, str) for text in listed):
        raise TypeError(f"{name} must be a list of str")
    return listed


def _items(values: Any) -> list[Any]:
    """Return the items of a list, or of anything like it; none of a text or a mapping, whose items nobody means."""
    return list(values) if _has_items(values) else []


def _has_items(values: object) -> bool:
    if type(values) is list:  # the abstract classes take longer to ask
        return True
    return isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)


def _check_readable(file: object) -> None:
    if isinstance(file, str | PathLike):
        os.stat(cast("str | PathLike[str]", file))
    elif isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise TypeError("input_file must be a path, or a file object opened in binary mode")
