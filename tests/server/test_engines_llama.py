"""The engines on llama.cpp, over the wire, with the library played; `make test-engine` runs the real one."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from support.clients import HELLO

from imagine import ImagineAPIBadRequestException, ImagineExtraMissing, ModelType
from imagine.server import Engines
from imagine.server.__main__ import main
from imagine.server.engines.llama import LlamaCppEmbeddingEngine, LlamaCppTextEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine import ImagineAsyncClient
    from imagine.server import ServerOptions

pytestmark = pytest.mark.anyio

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "listen"}}
NAMED = {"type": "function", "function": {"name": "look"}}


class Llama:
    """Plays the library's class: a word is a token, and what it is asked is noted."""

    asked: dict[str, Any]
    arguments = '{"at": "you"}'

    def __init__(self, model_path: str, **options: Any) -> None:
        Llama.asked = {}
        if not model_path.endswith(".gguf"):
            raise ValueError(f"Model path does not exist: {model_path}")
        self.metadata = {"general.architecture": "bert", "bert.context_length": "4"}
        self._pools = "plain" not in model_path

    def tokenize(self, text: bytes, add_bos: bool = True, special: bool = False) -> list[int]:
        return [len(word) for word in text.split()]

    def create_completion(self, prompt: str, **options: Any) -> Iterator[dict[str, Any]]:
        Llama.asked = {"prompt": prompt, **options}
        return self._chunks(len(prompt.split()), lambda text: {"text": text})

    def create_chat_completion(self, messages: list[Any], **options: Any) -> Any:
        Llama.asked = {"messages": messages, **options}
        if options.get("stream"):
            return self._chunks(1, lambda text: {"delta": {"content": text} if text else {}})
        call = {"id": "call-1", "type": "function", "function": {"name": "look", "arguments": self.arguments}}
        return {"choices": [{"message": {"tool_calls": [call]}}]}

    def _chunks(self, tokens: int, shape: Any) -> Iterator[dict[str, Any]]:
        if tokens > 3:
            raise ValueError("Requested tokens exceed context window")
        for text, reason in (("One", None), (" two", None), ("", "stop")):
            yield {"choices": [{**shape(text), "finish_reason": reason}]}

    def embed(self, text: str, normalize: bool, truncate: bool) -> list[float]:
        return [0.6, 0.8]

    def n_embd(self) -> int:
        return 2

    def token_eos(self) -> int:
        return 7

    def pooling_type(self) -> int:
        return 1 if self._pools else 0


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("llama_cpp")
    vars(module)["Llama"] = Llama
    monkeypatch.setitem(sys.modules, "llama_cpp", module)


@pytest.fixture
def imagine_server_options(library: None) -> ServerOptions:
    return {"engines": Engines(text=LlamaCppTextEngine("m.gguf"), embedding=LlamaCppEmbeddingEngine("e.gguf"))}


async def test_the_model_writes(client: ImagineAsyncClient) -> None:
    """Whole or as a stream, with the tokens counted."""
    whole, streamed = await client.chat(HELLO), await client.chat_stream(HELLO).final()
    assert [answer.first_content for answer in (whole, streamed)] == ["One two"] * 2
    assert whole.usage is not None
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (4, 2)
    assert (await client.completion("Once")).first_text == "One two"
    assert streamed.choices[0].finish_reason == "stop"


async def test_options_reach_the_library_in_its_terms(client: ImagineAsyncClient) -> None:
    """What is not given is left to the library."""
    await client.completion("Once", top_k=-1, repetition_penalty=1.2, seed=3, stop="END", ignore_eos=True)
    assert Llama.asked == {
        "prompt": "Once",
        "stream": True,
        "max_tokens": None,
        "seed": 3,
        "top_k": 0,
        "repeat_penalty": 1.2,
        "stop": ["END"],
        "logit_bias": {7: float("-inf")},
    }


async def test_a_form_reaches_the_library_in_its_terms(client: ImagineAsyncClient) -> None:
    """A schema as OpenAI's clients give it, or beside the type; messages come without what is None."""
    schema = {"type": "object"}
    for form in (
        {"type": "json_schema", "json_schema": {"schema": schema}},
        {"type": "json_object", "schema": schema},
    ):
        await client.chat(HELLO, response_format=form)
        assert Llama.asked["response_format"] == {"type": "json_object", "schema": schema}
    await client.chat(HELLO, response_format={"type": "text"}, tools=[TOOL])
    assert Llama.asked["response_format"] is None
    assert Llama.asked["messages"] == HELLO
    assert [tool["function"]["name"] for tool in Llama.asked["tools"]] == ["look"]


@pytest.mark.parametrize(("tools", "choice"), [([TOOL], "required"), ([OTHER, TOOL], NAMED)])
async def test_a_tool_that_is_named_is_called(client: ImagineAsyncClient, tools: list[Any], choice: Any) -> None:
    """With the arguments that the model wrote."""
    answer = await client.chat(HELLO, tools=tools, tool_choice=choice)
    [call] = answer.choices[0].message.tool_calls or []
    assert call.function is not None
    assert (call.function.name, json.loads(call.function.arguments or "")) == ("look", {"at": "you"})
    assert Llama.asked["tool_choice"] == NAMED


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tools": [TOOL, OTHER], "tool_choice": "required"}, "tool_choice must name one of the tools"),
        ({"tools": [OTHER], "tool_choice": NAMED}, "the request's are: listen"),
        ({"stop_token_ids": [[1]]}, "stop_token_ids has no meaning"),
        ({"temperature": 9}, "temperature must be between"),
    ],
)
async def test_what_it_cannot_do_is_refused(client: ImagineAsyncClient, options: Any, words: str) -> None:
    """With the name of the option."""
    with pytest.raises(ImagineAPIBadRequestException, match=words):
        await client.chat(HELLO, **options)


async def test_a_call_that_is_cut_is_refused(client: ImagineAsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a call helps nobody."""
    monkeypatch.setattr(Llama, "arguments", '{"at": "yo')
    with pytest.raises(ImagineAPIBadRequestException, match="max_tokens is too small for a call of look"):
        await client.chat(HELLO, tools=[TOOL], tool_choice=NAMED, max_tokens=3)


async def test_texts_that_are_too_long_are_refused(client: ImagineAsyncClient) -> None:
    """A prompt in the library's words, a text to embed with its length."""
    for call in (client.completion, lambda prompt: client.completion_stream(prompt).final()):
        with pytest.raises(ImagineAPIBadRequestException, match="exceed context window"):
            await call("four words are many")
    with pytest.raises(ImagineAPIBadRequestException, match="a text of 5 tokens; the model takes at most 4"):
        await client.embeddings("five words are too many")


async def test_the_model_embeds(client: ImagineAsyncClient) -> None:
    """A vector of unit length for each text."""
    answer = await client.embeddings(["one", "two"])
    assert [each.embedding for each in answer.data] == [[0.6, 0.8]] * 2


def test_a_model_that_does_not_embed_is_refused(library: None) -> None:
    """It would make a vector of each token."""
    with pytest.raises(ValueError, match=r"plain\.gguf is no embedding model"):
        LlamaCppEmbeddingEngine("plain.gguf")


def test_without_the_extra_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the class and by the command."""
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    words = "pip install 'imagine-aio[engine]'"
    with pytest.raises(ImagineExtraMissing, match=r"imagine-aio\[engine\]"):
        LlamaCppTextEngine("m.gguf")
    assert main(["--engine", "llama-cpp", "--model", "m.gguf"]) == 1
    assert words in capsys.readouterr().err


def test_the_command_takes_models_by_their_files(library: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names are those of the files; a file that is no model ends the command with status 2."""
    served: list[Any] = []

    async def serve(config: Any, *, tell_key: bool) -> None:
        served.append(config)

    monkeypatch.setattr("imagine.server.__main__._serve", serve)
    options = ["--engine", "llama-cpp", "--model"]
    assert main([*options, "models/chat.gguf", "--embedding-model", "models/vectors.gguf"]) == 0
    [config] = served
    assert config.models[ModelType.LLM] == ["chat"]
    assert config.models[ModelType.EMBEDDING] == ["vectors"]
    with pytest.raises(SystemExit):
        main([*options, "nothing.txt"])
