"""The client for code that blocks, written by `make sync`: edit `imagine/async_client.py`, not this file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any, Literal, Self, TypeVar, Unpack, overload

from imagine._asking.outcomes import Parsed, Way
from imagine._blocking.client import BlockingClient
from imagine._blocking.faces import Conversation, PartialStream, ToolRun, ToolStream
from imagine._blocking.stream import Stream
from imagine._options.call import CallOptions, SamplingOptions
from imagine._options.client import ClientOptions
from imagine._options.keywords import lists_keywords
from imagine._running.turns import ToolCall
from imagine.calls import RawResponse
from imagine.limits import LaneState, QuotaState
from imagine.types.chat_completions import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionStreamResponse,
    ChatMessage,
    Tools,
)
from imagine.types.completions import CompletionRequest, CompletionResponse, CompletionStreamResponse
from imagine.types.embeddings import EmbeddingRequest, EmbeddingResponse
from imagine.types.healthcheck import HealthResponse, PingResponse
from imagine.types.images import Image, ImageRequest, ImageResponse
from imagine.types.models import ModelType
from imagine.types.reranker import ReRankerRequest, ReRankerResponse
from imagine.types.transcribe import AudioFile, TranscribeResponse
from imagine.types.translate import TranslateResponse
from imagine.types.usage import UsageResponse

__all__ = ["ImagineClient"]

T = TypeVar("T")


class ImagineClient(BlockingClient):
    """A client of the Imagine service for code that blocks.

    Make it anywhere, also inside of a loop; it connects on first use and may serve several threads. Close it with
    `client.close()` or use it in `with`. Every call also takes the options of `CallOptions`:
    `timeout=`, `deadline=`, `max_retries=`, `extra_body=` and `extra_headers=`.

    Every call raises ImagineAPIException (and what is below it) when the service answers with an error,
    ImagineConnectionException when it cannot be reached, ImagineTimeoutException when a time limit is hit, and
    ImagineDecodeException when an answer does not fit its class. Bad arguments raise ValueError or TypeError, and
    nothing is sent.
    """

    @property
    def default_model_llm(self) -> str:
        """The model of chats and completions when none is given."""
        return self._async.default_model_llm

    @property
    def default_model_embedding(self) -> str:
        """The model of embeddings when none is given."""
        return self._async.default_model_embedding

    @property
    def default_model_reranker(self) -> str:
        """The model of rerankings when none is given."""
        return self._async.default_model_reranker

    @property
    def default_model_transcribe(self) -> str:
        """The model of transcriptions when none is given."""
        return self._async.default_model_transcribe

    @property
    def default_model_translate(self) -> str:
        """The model of translations when none is given."""
        return self._async.default_model_translate

    @property
    def default_model_tti(self) -> str:
        """The model of images when none is given."""
        return self._async.default_model_tti

    @property
    def endpoint(self) -> str:
        """The base URL that the routes stand below, as it is used."""
        return self._async.endpoint

    @property
    def quota(self) -> tuple[QuotaState, ...]:
        """What is left of each window of `rate_limits=`."""
        return self._async.quota

    @property
    def lanes(self) -> tuple[LaneState, ...]:
        """The lanes that the service's answers have closed, or that calls wait in; empty while all is open.

        The pace that a 429, or a header, asks for is kept for each POST route and model, and for each GET route; paths
        given to `request` share a lane for each method.
        """
        return self._async.lanes

    def reopen(self) -> None:
        """Open all lanes at once, whatever the service asked for, as after a quota was raised."""
        self._async.reopen()

    @lists_keywords
    def ping(self, **options: Unpack[CallOptions]) -> PingResponse:
        """Ask whether the service is there, at once: it needs no slot and waits for no quota.

        It is sent once, and its answer is waited for 10 s, unless `max_retries=` and `timeout=` are given here.

        Args:
            options: Call options.
        """
        return self._call(lambda: self._async.ping(**options))

    @lists_keywords
    def health_check(self, **options: Unpack[CallOptions]) -> HealthResponse:
        """Return the state of the service's parts, at once and with the limits of `ping`.

        Args:
            options: Call options.
        """
        return self._call(lambda: self._async.health_check(**options))

    @lists_keywords
    def usage(
        self,
        aggregation_duration: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> UsageResponse:
        """Return tokens and generation time by model and time bin.

        Args:
            aggregation_duration: Length of a bin, such as `1 day`.
            since: Only from then on.
            until: Only until then.
            model: Only this model.
            options: Call options.
        """
        return self._call(lambda: self._async.usage(aggregation_duration, since, until, model, **options))

    @lists_keywords
    def get_available_models_by_type(
        self, model_type: ModelType | str | None = None, **options: Unpack[CallOptions]
    ) -> dict[ModelType, list[str]]:
        """Return the names of the models by what they are for; a plain OpenAI-compatible server's are all LLMs.

        Args:
            model_type: Only these; None: all.
            options: Call options.
        """
        return self._call(lambda: self._async.get_available_models_by_type(model_type, **options))

    @lists_keywords
    def get_available_models(
        self, model_type: ModelType | str | None = None, **options: Unpack[CallOptions]
    ) -> list[str]:
        """Return the names of the models.

        Args:
            model_type: Only these; None: all.
            options: Call options.
        """
        return self._call(lambda: self._async.get_available_models(model_type, **options))

    @lists_keywords
    def chat(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Tools | Mapping[str, Any] | Callable[..., object]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        **options: Unpack[SamplingOptions],
    ) -> ChatCompletionResponse:
        """Ask for a complete chat answer.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            model: Default: `default_model_llm`.
            tools: Functions the model may ask to call: plain ones with hints, `Tool`, `Tools` or dicts. None is called.
            tool_choice: `none`, `auto`, `required`, or the function to call.
            response_format: Such as `{"type": "json_object"}`; services may ignore it.
            options: Sampling parameters and call options.

        Examples:
            >>> answer = client.chat([{"role": "user", "content": "How do networks work?"}], max_tokens=20)
            >>> answer.choices[0].message.role
            'assistant'
            >>> answer.usage.completion_tokens <= 20
            True
        """
        return self._call(
            lambda: self._async.chat(
                messages, model, tools=tools, tool_choice=tool_choice, response_format=response_format, **options
            )
        )

    @lists_keywords
    def chat_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Tools | Mapping[str, Any] | Callable[..., object]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        fold: bool = True,
        require_end: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> Stream[ChatCompletionStreamResponse, ChatCompletionResponse]:
        """Ask for a chat answer chunk by chunk; used with `for`.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            model: Default: `default_model_llm`.
            tools: Functions the model may ask to call: plain ones with hints, `Tool`, `Tools` or dicts. None is called.
            tool_choice: `none`, `auto`, `required`, or the function to call.
            response_format: Such as `{"type": "json_object"}`; services may ignore it.
            fold: Keep the text for `stream.text` and `stream.final()`.
            require_end: Whether a body that ends without `[DONE]` and finish reason is an error.
            options: Sampling parameters and call options.

        Examples:
            >>> question = {"role": "user", "content": "How do networks work?"}
            >>> with client.chat_stream([question], max_tokens=20) as stream:
            ...     pieces = [chunk.first_content or "" for chunk in stream]
            >>> "".join(pieces) == stream.final().first_content
            True
        """
        return self._live(
            Stream,
            self._async.chat_stream(
                messages,
                model,
                tools=tools,
                tool_choice=tool_choice,
                response_format=response_format,
                fold=fold,
                require_end=require_end,
                **options,
            ),
        )

    @lists_keywords
    def run_tools(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Callable[..., object] | Tools | Mapping[str, Any]],
        max_turns: int = 10,
        tool_timeout: float | None = 60.0,
        tool_concurrency: int = 8,
        tool_errors: Literal["tell", "raise"] | Callable[[ToolCall, Exception], str] = "tell",
        tool_choice: str | Mapping[str, Any] | None = None,
        **options: Unpack[SamplingOptions],
    ) -> ToolRun:
        """Let a model call functions until it answers in text, turn by turn.

        Each turn sends the whole conversation so far: `run.usage` tells what that took. A function that blocks is
        called in a thread of its own; all see the context variables of who made the run.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like; `run.messages` goes on.
            model: Default: `default_model_llm`.
            tools: Functions with type hints, and `Tool`. Where the model asks for one that is only described, as a
                `Tools` or a dict, the run ends with the call in `run.pending`.
            max_turns: The most answers to ask for; ImagineToolException where the model then still calls.
            tool_timeout: Seconds for each call of a tool that has no timeout of its own; None for no limit. A function
                that blocks cannot be stopped: it is left alone, and what it does may still happen.
            tool_concurrency: How many tools are called at once.
            tool_errors: What becomes of a tool that raises: the model is told of it ("tell"), the run ends with
                ImagineToolException ("raise"), or the model is told what your function returns, which must be quick.
                Of calls that do not fit a tool the model is told in any case.
            tool_choice: `none`, `auto`, `required`, or the function to call; what forces a call holds for the first
                turn alone.
            options: Sampling parameters and call options, of each of its chats.

        Raises:
            ValueError: No tools, two of one name, or a number that is too small.
            TypeError: A tool that cannot be described, such as one with a parameter without a hint.

        Examples:
            >>> from imagine.testing import Reply
            >>> def weather(city: str) -> str:
            ...     '''Tell the weather in a city.'''
            ...     return f"rain in {city}"
            >>> server.chat.replies(Reply(tool_calls=[("weather", {"city": "Oslo"})]), "It rains.")
            >>> run = client.run_tools([{"role": "user", "content": "How is the weather in Oslo?"}], tools=[weather])
            >>> run.final().first_content
            'It rains.'
            >>> run.turns[0].results[0].content
            'rain in Oslo'
        """
        return self._live(
            ToolRun,
            self._async.run_tools(
                messages,
                model,
                tools=tools,
                max_turns=max_turns,
                tool_timeout=tool_timeout,
                tool_concurrency=tool_concurrency,
                tool_errors=tool_errors,
                tool_choice=tool_choice,
                **options,
            ),
        )

    @lists_keywords
    def run_tools_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        model: str | None = None,
        *,
        tools: Sequence[Callable[..., object] | Tools | Mapping[str, Any]],
        max_turns: int = 10,
        tool_timeout: float | None = 60.0,
        tool_concurrency: int = 8,
        tool_errors: Literal["tell", "raise"] | Callable[[ToolCall, Exception], str] = "tell",
        tool_choice: str | Mapping[str, Any] | None = None,
        **options: Unpack[SamplingOptions],
    ) -> ToolStream:
        """Let a model call functions until it answers in text, as it happens.

        It hands over chunks, each `ToolCall` before it is called, each `ToolResult` as it comes, and each `Turn` at its
        end; each has `first_content`, which is None but for chunks of text.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like; `run.messages` goes on.
            model: Default: `default_model_llm`.
            tools: As for `run_tools`, and so are the others.
            max_turns: The most answers to ask for.
            tool_timeout: Seconds for each call of a tool that has no timeout of its own; None for no limit.
            tool_concurrency: How many tools are called at once.
            tool_errors: "tell", "raise", or a function of yours.
            tool_choice: `none`, `auto`, `required`, or the function to call in the first turn.
            options: Sampling parameters and call options, of each of its chats.

        Examples:
            >>> from imagine.testing import Reply
            >>> def weather(city: str) -> str:
            ...     '''Tell the weather in a city.'''
            ...     return f"rain in {city}"
            >>> server.chat.replies(Reply(tool_calls=[("weather", {"city": "Oslo"})]), "It rains.")
            >>> question = {"role": "user", "content": "How is the weather in Oslo?"}
            >>> with client.run_tools_stream([question], tools=[weather]) as run:
            ...     "".join(event.first_content or "" for event in run)
            'It rains.'
        """
        return self._live(
            ToolStream,
            self._async.run_tools_stream(
                messages,
                model,
                tools=tools,
                max_turns=max_turns,
                tool_timeout=tool_timeout,
                tool_concurrency=tool_concurrency,
                tool_errors=tool_errors,
                tool_choice=tool_choice,
                **options,
            ),
        )

    @lists_keywords
    def conversation(
        self,
        system: str | None = None,
        model: str | None = None,
        *,
        tools: Sequence[Callable[..., object]] | None = None,
        messages: Sequence[ChatMessage | Mapping[str, Any]] | None = None,
        budget: int | None = None,
        count: Callable[[ChatMessage], int] | None = None,
        max_turns: int = 10,
        **options: Unpack[SamplingOptions],
    ) -> Conversation:
        """Begin a conversation, which remembers what was said.

        Where it has a budget, the oldest exchanges, a question and all that came of it, are not sent once there is no
        room for them; they stay in `messages`. Tokens are guessed by bytes of UTF-8, a token to four, and by the most
        that answers' `usage` has shown beyond that.

        Args:
            system: What the model is told before all else.
            model: Default: `default_model_llm`.
            tools: Functions with type hints, and `Tool`, which are called as `run_tools` calls them.
            messages: What was said before, without `system`.
            budget: Tokens of prompt and answer together: `max_tokens`, where given, is the answer's. None: no limit.
            count: Tells the tokens of a message in place of the guess; must be quick.
            max_turns: The most answers to ask for to one question.
            options: Sampling parameters and call options of each of its chats.

        Raises:
            ValueError: Messages that a service would refuse, such as a call without its result, or a number too small.
            TypeError: A tool that cannot be described, or has no function.

        Examples:
            >>> conversation = client.conversation("Answer in one sentence.", budget=8_000, max_tokens=50)
            >>> conversation.ask("How do networks work?").choices[0].message.role
            'assistant'
            >>> [message.role for message in conversation.messages]
            ['user', 'assistant']
        """
        return self._live(
            Conversation,
            self._async.conversation(
                system,
                model,
                tools=tools,
                messages=messages,
                budget=budget,
                count=count,
                max_turns=max_turns,
                **options,
            ),
        )

    def load_conversation(
        self,
        path: str | PathLike[str],
        *,
        tools: Sequence[Callable[..., object]] | None = None,
        count: Callable[[ChatMessage], int] | None = None,
    ) -> Conversation:
        """Go on with a conversation that was saved.

        Its model, options and budget are those it had, but for headers, time limits and retries, which are not saved.

        Args:
            path: Where it was saved.
            tools: Its tools, by the names that they had, and others.
            count: As for `conversation`.

        Raises:
            OSError: There is no file that can be read.
            ValueError: It is no conversation, or one of a newer format.
            ImagineException: A tool that it has is not given; the message has the names.

        Examples:
            >>> from pathlib import Path
            >>> from tempfile import mkdtemp
            >>> path = Path(mkdtemp(), "networks.json")
            >>> client.conversation("Be brief.").save(path)
            >>> client.load_conversation(path).system
            'Be brief.'
        """
        return self._live(Conversation, self._async.load_conversation(path, tools=tools, count=count))

    @overload
    def chat_parse(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: type[T],
        model: str | None = None,
        *,
        ways: Sequence[Way] = ...,
        asks: int = ...,
        **options: Unpack[SamplingOptions],
    ) -> Parsed[T]: ...

    @overload
    def chat_parse(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: object,
        model: str | None = None,
        *,
        ways: Sequence[Way] = ...,
        asks: int = ...,
        **options: Unpack[SamplingOptions],
    ) -> Parsed[Any]: ...

    @lists_keywords
    def chat_parse(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: object,
        model: str | None = None,
        *,
        ways: Sequence[Way] = ("tool", "content", "completion"),
        asks: int = 3,
        **options: Unpack[SamplingOptions],
    ) -> Parsed[Any]:
        """Ask for a value of a type, and ask again where the answer does not fit.

        JSON is found wherever the model put it: in a tool call, in a fence, between sentences. What it means without
        doubt is mended, such as single quotes or "3" for a number; `repaired` tells. An answer that has JSON which does
        not fit is asked for again with what is wrong; one without JSON, and a service that refuses the way (400, 404,
        405, 415, 422, 501), lead to the next way. The temperature rises by 0.3 with each, and `seed` by 1.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            response_type: A Struct, dataclass, TypedDict, NamedTuple, pydantic model, Enum or Literal; int, str, or a
                list, dict or union of these.
            model: Default: `default_model_llm`.
            ways: How to ask, in this order: for a call of a "tool"; for JSON as the "content" of a chat; by a prompt
                that the model goes on with, a "completion" (of at most 1,024 tokens, unless `max_tokens` is given).
            asks: The most answers to ask for; all of them are in `usage`.
            options: Sampling parameters and call options, of each of its calls.

        Raises:
            ImagineParseException: No answer fits; one that was cut by a limit of tokens is not asked for again.
            TypeError: JSON has no form for the type.
            ValueError: Unknown ways or none, or `asks` below 1.

        Examples:
            >>> from dataclasses import dataclass
            >>> @dataclass
            ... class City:
            ...     name: str
            ...     people: int
            >>> server.chat.replies("Sure! {'name': 'Oslo', 'people': '709000'}")
            >>> parsed = client.chat_parse([{"role": "user", "content": "Norway's capital?"}], City)
            >>> parsed.value
            City(name='Oslo', people=709000)
            >>> parsed.repaired
            True
        """
        return self._call(
            lambda: self._async.chat_parse(messages, response_type, model, ways=ways, asks=asks, **options)
        )

    @overload
    def chat_parse_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: type[T],
        model: str | None = None,
        *,
        ways: Sequence[Way] = ...,
        **options: Unpack[SamplingOptions],
    ) -> PartialStream[T]: ...

    @overload
    def chat_parse_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: object,
        model: str | None = None,
        *,
        ways: Sequence[Way] = ...,
        **options: Unpack[SamplingOptions],
    ) -> PartialStream[Any]: ...

    @lists_keywords
    def chat_parse_stream(
        self,
        messages: Sequence[ChatMessage | Mapping[str, Any]],
        response_type: object,
        model: str | None = None,
        *,
        ways: Sequence[Way] = ("tool", "content", "completion"),
        **options: Unpack[SamplingOptions],
    ) -> PartialStream[Any]:
        """Ask for a value of a type, and show how it grows.

        It never asks again once something was shown: to begin anew would take back what is on the screen. Items of a
        `list[Person]` become complete one by one, with the path `(0,)`, `(1,)` and so on.

        Args:
            messages: The conversation, as ChatMessages or plain dicts, mixed as you like.
            response_type: As for `chat_parse`.
            model: Default: `default_model_llm`.
            ways: How to ask, in this order, until something can be shown.
            options: Sampling parameters and call options, of each of its calls.

        Examples:
            >>> server.chat.replies('{"value": ["red", "green"]}')
            >>> question = {"role": "user", "content": "Which colours do you like?"}
            >>> with client.chat_parse_stream([question], list[str]) as stream:
            ...     [path for partial in stream for path, _ in partial.completed]
            [(0,), (1,), ()]
            >>> stream.final().value
            ['red', 'green']
        """
        return self._live(
            PartialStream, self._async.chat_parse_stream(messages, response_type, model, ways=ways, **options)
        )

    @lists_keywords
    def completion(
        self, prompt: str, model: str | None = None, **options: Unpack[SamplingOptions]
    ) -> CompletionResponse:
        """Ask for a complete continuation of a prompt.

        Args:
            prompt: The text to continue.
            model: Default: `default_model_llm`.
            options: Sampling parameters and call options.
        """
        return self._call(lambda: self._async.completion(prompt, model, **options))

    @lists_keywords
    def completion_stream(
        self,
        prompt: str,
        model: str | None = None,
        *,
        fold: bool = True,
        require_end: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> Stream[CompletionStreamResponse, CompletionResponse]:
        """Ask for a continuation chunk by chunk; used with `for`.

        Args:
            prompt: The text to continue.
            model: Default: `default_model_llm`.
            fold: Keep the text for `stream.text` and `stream.final()`.
            require_end: Whether a body that ends without `[DONE]` and finish reason is an error.
            options: Sampling parameters and call options.
        """
        return self._live(
            Stream, self._async.completion_stream(prompt, model, fold=fold, require_end=require_end, **options)
        )

    @lists_keywords
    def embeddings(
        self, text: str | Sequence[str], model: str | None = None, **options: Unpack[CallOptions]
    ) -> EmbeddingResponse:
        """Return the vectors of one text or of several, in their order.

        Args:
            text: One text, or several; for none, nothing is sent and the answer is empty.
            model: Default: `default_model_embedding`.
            options: Call options.

        Examples:
            >>> answer = client.embeddings(["a cat", "a dog"])
            >>> [vector.index for vector in answer.data]
            [0, 1]
        """
        return self._call(lambda: self._async.embeddings(text, model, **options))

    @lists_keywords
    def reranker(
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
            top_n: How many of the best to return; None leaves it to the service, whose default is 1.
            return_documents: Whether the answer repeats their texts.
            options: Call options.

        Examples:
            >>> answer = client.reranker("a small cat", ["a big dog", "a tiny cat"], top_n=1)
            >>> answer.data[0].index
            1
        """
        return self._call(lambda: self._async.reranker(query, documents, model, top_n, return_documents, **options))

    @lists_keywords
    def translate(self, prompt: str, model: str | None = None, **options: Unpack[SamplingOptions]) -> TranslateResponse:
        """Translate a text; the model decides from which language to which.

        Args:
            prompt: The text.
            model: Default: `default_model_translate`.
            options: Sampling parameters and call options.
        """
        return self._call(lambda: self._async.translate(prompt, model, **options))

    @lists_keywords
    def transcribe(
        self,
        input_file: AudioFile,
        model: str | None = None,
        *,
        file_name: str | None = None,
        progress: Callable[[int, int | None], object] | None = None,
        **options: Unpack[CallOptions],
    ) -> TranscribeResponse:
        """Return the text spoken in an audio file, which is uploaded piece by piece and never held in memory.

        Args:
            input_file: A path; a file object opened in binary mode, read from where it stands and left open; bytes;
                or an iterator of bytes. What has to be awaited is refused: it may belong to another loop.
                What can be neither opened anew nor rewound is sent once, without retries.
            model: Default: `default_model_transcribe`.
            file_name: The name that the service sees, whose ending says what kind of audio it is; default: the file's.
            progress: Called as `progress(sent, total)` with the bytes of the file that are on their way, and all of
                them, None where their number is not known: at the start of each attempt with 0, then while they go
                out. It runs on the thread of the loop and must be quick; what it raises ends the call.
            options: Call options; `extra_body` adds form fields: one for each item of a list, none for None.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: A folder, a closed file, or a name that is not UTF-8.
            TypeError: Something that gives no bytes, or a `progress` that would have to be awaited.
            ImagineException: The file could not be read, whose error is the cause, or it changed its length meanwhile.

        Examples:
            >>> client.transcribe(b"RIFF", file_name="speech.wav").text
            '[stand-in] speech.wav: ...'
        """
        return self._call(
            lambda: self._async.transcribe(input_file, model, file_name=file_name, progress=progress, **options)
        )

    @lists_keywords
    def images_generate(
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
        """Draw images from a description.

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
        return self._call(
            lambda: self._async.images_generate(
                prompt,
                model,
                negative_prompt,
                seed,
                seed_increment,
                n,
                num_inference_steps,
                size,
                guidance_scale,
                cache_interval,
                response_format,
                **options,
            )
        )

    @lists_keywords
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
    ) -> Stream[ImageResponse, ImageResponse]:
        """Draw images from a description, each delivered when it is done.

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
        return self._live(
            Stream,
            self._async.images_generate_stream(
                prompt,
                model,
                negative_prompt,
                seed,
                seed_increment,
                n,
                num_inference_steps,
                size,
                guidance_scale,
                cache_interval,
                response_format,
                fold=fold,
                **options,
            ),
        )

    @lists_keywords
    def fetch_image(self, image: Image, **options: Unpack[CallOptions]) -> Image:
        """Return an image with its file in `b64_json`, got from its `url` where it is not there yet.

        The file is got as answers are: through the client's proxy and TLS, within its time limits and
        `max_response_bytes`, with retries, and with redirects within one origin. The key and `default_headers` go to
        the endpoint's own origin alone; `extra_headers` go wherever the image is.

        Args:
            image: An image of an answer.
            options: Call options.

        Raises:
            ValueError: It has no `url`, or one that is not of `https://` where the endpoint is, or of `http://`.
            ImagineDecodeException: What is there is no PNG, JPEG, GIF or WebP.

        Examples:
            >>> [image] = client.images_generate("a lake", size="64x64", response_format="url").data
            >>> client.fetch_image(image).to_bytes()[1:4]
            b'PNG'
        """
        return self._call(lambda: self._async.fetch_image(image, **options))

    @lists_keywords
    def get_chat_history(
        self, max_items: int = 1, **options: Unpack[CallOptions]
    ) -> list[tuple[ChatCompletionResponse, ChatCompletionRequest]]:
        """Return the last chats of this key as (response, request) pairs.

        Args:
            max_items: The most that are returned.
            options: Call options.
        """
        return self._call(lambda: self._async.get_chat_history(max_items, **options))

    @lists_keywords
    def get_completion_history(
        self, max_items: int = 1, **options: Unpack[CallOptions]
    ) -> list[tuple[CompletionResponse, CompletionRequest]]:
        """Return the last completions of this key as (response, request) pairs.

        Args:
            max_items: The most that are returned.
            options: Call options.
        """
        return self._call(lambda: self._async.get_completion_history(max_items, **options))

    @lists_keywords
    def get_embedding_history(
        self, max_items: int = 1, **options: Unpack[CallOptions]
    ) -> list[tuple[EmbeddingResponse, EmbeddingRequest]]:
        """Return the last embeddings of this key as (response, request) pairs.

        Args:
            max_items: The most that are returned.
            options: Call options.
        """
        return self._call(lambda: self._async.get_embedding_history(max_items, **options))

    @lists_keywords
    def get_reranker_history(
        self, max_items: int = 1, **options: Unpack[CallOptions]
    ) -> list[tuple[ReRankerResponse, ReRankerRequest]]:
        """Return the last rerankings of this key as (response, request) pairs.

        Args:
            max_items: The most that are returned.
            options: Call options.
        """
        return self._call(lambda: self._async.get_reranker_history(max_items, **options))

    @lists_keywords
    def get_image_history(
        self, max_items: int = 1, **options: Unpack[CallOptions]
    ) -> list[tuple[ImageResponse, ImageRequest]]:
        """Return the last image generations of this key as (response, request) pairs.

        Args:
            max_items: The most that are returned.
            options: Call options.
        """
        return self._call(lambda: self._async.get_image_history(max_items, **options))

    @lists_keywords
    def request(
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
            json: Body: a data class, or anything that JSON has a form for; None sends none.
            params: Query: a member for each item of a list, none for None.
            options: Call options.
        """
        return self._call(lambda: self._async.request(method, path, json=json, params=params, **options))

    @lists_keywords
    def request_as(
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
            json: Body: a data class, or anything that JSON has a form for; None sends none.
            params: Query: a member for each item of a list, none for None.
            options: Call options.

        Examples:
            >>> client.request_as(dict[str, str], "GET", "ping")
            {'message': 'pong', 'status': 'ok'}
        """
        return self._call(lambda: self._async.request_as(type, method, path, json=json, params=params, **options))

    def warm_up(self) -> None:
        """Import, build TLS and connect ahead of the first call, which then costs no more than any other."""
        return self._call(lambda: self._async.warm_up())

    @lists_keywords
    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """Return a client that differs in some options and shares this one's connections.

        It shares slots and quotas, too, unless it has another endpoint, key, number of slots or `rate_limits`.
        Closing it leaves the connections open; closing this one closes both.

        Args:
            options: Any option of the client, by name.

        Examples:
            >>> patient = client.with_options(timeout=120, max_retries=5)
            >>> patient.ping().status
            'ok'
        """
        return self._derived(self._async.with_options(**options))
