"""What the package shows of itself, and what it costs to import."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from importlib import import_module
from typing import get_type_hints

import pytest

import imagine

CONVERSATIONS = {"AsyncConversation", "Conversation"}
TOOLS = {"Tool", "ToolArgumentsError", "ToolCall", "ToolResult", "Turn", "tool"}
CLIENTS = {"ImagineAsyncClient", "ImagineClient", "AsyncStream", "Stream"}
VALUES = {"Timeout", "RateLimit", "QuotaState", "CallInfo", "Attempt", "RawResponse"}
OPTIONS = {"CallOptions", "SamplingOptions", "ClientOptions", "ExtraOptions"}
EXCEPTIONS = {
    "ImagineException",
    "ImagineAPIException",
    "ImagineAPIStatusException",
    "ImagineAPITooManyRequestsException",
    "ImagineConnectionException",
    "ImagineTimeoutException",
    "ImagineAPIAuthenticationException",
    "ImagineAPIPermissionException",
    "ImagineAPINotFoundException",
    "ImagineAPIBadRequestException",
    "ImagineAPIRedirectException",
    "ImagineDecodeException",
    "ImagineExtraMissing",
    "ImagineParseException",
    "ImagineQuotaException",
    "ImagineStreamException",
    "ImagineStreamErrorException",
    "ImagineToolException",
}
MODULES = {
    "chat_completions": {
        "ChatCompletionRequest",
        "ChatCompletionResponse",
        "ChatCompletionResponseChoice",
        "ChatCompletionResponseStreamChoice",
        "ChatCompletionStreamResponse",
        "ChatMessage",
        "ChatMessageToolCall",
        "Function",
        "FunctionTool",
        "Tools",
    },
    "common": {"DeltaMessage", "FinishReason", "LLMSamplingParams", "UsageInfo"},
    "completions": {
        "CompletionRequest",
        "CompletionResponse",
        "CompletionResponseChoice",
        "CompletionResponseStreamChoice",
        "CompletionStreamResponse",
    },
    "embeddings": {"EmbeddingObject", "EmbeddingRequest", "EmbeddingResponse"},
    "healthcheck": {"HealthResponse", "PingResponse"},
    "images": {"Image", "ImageRequest", "ImageResponse"},
    "models": {"ModelType"},
    "reranker": {"ReRankerObject", "ReRankerRequest", "ReRankerResponse"},
    "transcribe": {"TranscribeRequest", "TranscribeResponse"},
    "translate": {"TranslateRequest", "TranslateResponse"},
    "usage": {"UsageRecord", "UsageRecordAggregated", "UsageResponse"},
}
DATA_CLASSES = set().union(*MODULES.values())
CLASSES = [name for name in imagine.__all__ if name not in ("__version__", "image_part", "tool")]


def test_all_is_sorted_and_complete():
    """`imagine.__all__` has the version and every public name in order, each of them once; `dir()` shows the same."""
    assert imagine.__all__ == sorted(set(imagine.__all__)) == dir(imagine)
    functions = {"image_part", "tool"}
    classes = CLIENTS | VALUES | OPTIONS | TOOLS | CONVERSATIONS | EXCEPTIONS | DATA_CLASSES
    assert set(imagine.__all__) >= {"__version__"} | functions | classes


def test_all_has_nothing_private():
    """Every name but the version and the functions stands for a class of the package, under the class's own name."""
    for name in CLASSES:
        found = getattr(imagine, name)
        assert isinstance(found, type)
        assert found.__name__ == name
        assert found.__module__.startswith("imagine.")


def test_everything_public_has_a_docstring():
    """`help()` has a sentence for every class."""
    for name in CLASSES:
        assert (getattr(imagine, name).__doc__ or "").strip()


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("imagine.exceptions", EXCEPTIONS),
        ("imagine.async_client", {"ImagineAsyncClient"}),
        ("imagine.client", {"ImagineClient"}),
        ("imagine.calls", {"Attempt", "CallInfo", "RawResponse"}),
        ("imagine.limits", {"QuotaState", "RateLimit", "Timeout"}),
        ("imagine.tools", TOOLS),
        ("imagine.types", DATA_CLASSES),
        *((f"imagine.types.{module}", names) for module, names in MODULES.items()),
    ],
)
def test_module_paths_lead_to_the_same_names(module, names):
    """What users import from a module is what `imagine` has under that name."""
    home = import_module(module)
    for name in names:
        assert getattr(home, name) is getattr(imagine, name)


def test_exceptions_are_all_exported():
    """No exception class of the package is kept back."""
    exceptions = import_module("imagine.exceptions")
    defined = {
        name
        for name, found in vars(exceptions).items()
        if getattr(found, "__module__", "") == exceptions.__name__ and isinstance(found, type)
    }
    assert defined == set(exceptions.__all__) == EXCEPTIONS


def public_parts(name):
    """A public class, and all of it that is public: methods, the functions of properties, the constructor."""
    found = getattr(imagine, name)
    yield found
    for part in dir(found):
        if not part.startswith("_") or part == "__init__":
            value = inspect.getattr_static(found, part)
            value = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if inspect.isfunction(value) and value.__module__.startswith("imagine."):
                yield value


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_public_can_be_looked_into(name):
    """Type hints, source and pickles of every public name work, as frameworks and debuggers ask for them."""
    for part in public_parts(name):
        assert get_type_hints(part) is not None
        assert inspect.getsource(part)
    assert pickle.loads(pickle.dumps(getattr(imagine, name))) is getattr(imagine, name)


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_exceptions_survive_a_pickle(name):
    """An exception keeps its message and its facts on the way to another process."""
    error = getattr(imagine, name)("what happened")
    error.http_status, error.partial = 500, "some"
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("client", ["ImagineAsyncClient", "ImagineClient"])
def test_help_shows_every_option_with_its_type(client):
    """`help(ImagineClient)` names the options behind `**options`, and those of every call, each with its type."""
    kind = getattr(imagine, client)
    options = inspect.signature(kind).parameters
    assert set(imagine.ClientOptions.__annotations__) <= set(options)
    assert options["retry_budget"].annotation == "float | None"
    chat = inspect.signature(kind.chat).parameters
    assert set(imagine.SamplingOptions.__annotations__) <= set(chat)
    assert chat["temperature"].annotation == "float | None"
    for parameters in (options, chat):
        assert not [name for name, told in parameters.items() if told.annotation is told.empty and name != "self"]


def test_an_unknown_name_is_an_attribute_error():
    """A name that does not exist is told as usual."""
    with pytest.raises(AttributeError, match=r"module 'imagine' has no attribute 'ImagineCleint'"):
        _ = imagine.ImagineCleint
    with pytest.raises(AttributeError, match=r"module 'imagine\.types' has no attribute 'Chat'"):
        _ = imagine.types.Chat


def loaded_after(code):
    """The modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import imagine",
        "import imagine; imagine.ChatMessage(role='user', content='hi')",
        "from imagine.types.chat_completions import ChatMessage; ChatMessage(role='user', content='hi')",
        "from imagine import ImagineException",
    ],
)
def test_data_classes_load_no_network_library(code):
    """The package and its data classes need msgspec and nothing of the network."""
    loaded = loaded_after(code)
    assert not {"aiohttp", "anyio", "tenacity", "asyncio", "ssl", "json"} & loaded


@pytest.mark.parametrize("kind", ["ImagineAsyncClient", "ImagineClient"])
def test_a_client_loads_aiohttp_with_its_first_call(kind):
    """Making a client loads neither aiohttp nor tenacity, and starts no thread."""
    code = f"import imagine; imagine.{kind}('http://127.0.0.1:1', 'k'); import threading"
    loaded = loaded_after(f"{code}; assert threading.active_count() == 1")
    assert not {"aiohttp", "tenacity"} & loaded


def test_a_star_import_brings_all_names():
    """`from imagine import *` works and brings what `__all__` has."""
    code = "from imagine import *; import imagine; assert set(imagine.__all__) <= set(globals())"
    assert "imagine.types.usage" in loaded_after(code)


def test_the_version_is_that_of_the_distribution():
    """`imagine.__version__` is the version that is installed."""
    from importlib.metadata import version

    assert imagine.__version__ == version("imagine-aio")
