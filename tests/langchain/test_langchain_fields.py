"""Fields of the objects: what they are checked for, what becomes of them, and who gets to see them."""

from __future__ import annotations

import pickle

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.documents import Document
from langchain_core.load import dumpd, dumps, load
from langchain_core.tracers import BaseTracer
from pydantic import SecretStr, ValidationError

from imagine import ImagineAsyncClient
from imagine.langchain import ImagineChat, ImagineEmbeddings, ImagineLLM, ImagineReranker

KINDS = [ImagineChat, ImagineLLM, ImagineEmbeddings, ImagineReranker]
MODELS = [ImagineChat, ImagineLLM]
WORK = {
    **dict.fromkeys(MODELS, ("invoke", "Hello")),
    ImagineEmbeddings: ("embed_query", "Hello"),
    ImagineReranker: ("compress_documents", [Document("a cat")], "cats"),
}
"""The method of each kind, and what it is called with."""
SECRET = "key-nobody-reads"
PROXY = "http://user:word-nobody-reads@127.0.0.1:1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fields", "named"),
    [({"temprature": 0}, "temprature"), ({"max_retries": -1}, "max_retries"), ({"timeout": "soon"}, "timeout")],
)
def test_fields_that_make_no_sense_are_refused(kind, fields, named):
    """A misspelt field, and a value of no use, are named when the object is made."""
    with pytest.raises(ValidationError, match=named):
        kind(**fields)


def test_default_models_are_those_of_the_client():
    """An object without a model asks the one that the client would."""
    client = ImagineAsyncClient("http://127.0.0.1:1", "key")
    assert ImagineChat().model == ImagineLLM().model == client.default_model_llm
    assert ImagineEmbeddings().model == client.default_model_embedding
    assert ImagineReranker().model == client.default_model_reranker


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_shown_nowhere(kind):
    """Neither the key nor a proxy's password is in what an object shows of itself."""
    made = kind(api_key=SECRET, proxy=PROXY)
    shown = [repr(made), str(made), str(made.model_dump()), made.model_dump_json(), dumps(made)]
    if kind in MODELS:
        shown.append(str(made.asdict()))
    assert not [text for text in shown if "nobody-reads" in text]


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
@pytest.mark.parametrize("kind", MODELS)
def test_what_is_written_down_can_be_read_again(kind, monkeypatch):
    """Written down under a stable name, a model is the same when it is read, with the key from the environment."""
    monkeypatch.setenv("IMAGINE_API_KEY", SECRET)
    made = kind(model="some", temperature=0.5, endpoint="http://127.0.0.1:1/apis/v2")
    assert dumpd(made)["id"] == ["imagine", "langchain", kind.__name__]
    read = load(dumpd(made), allowed_objects=[kind], valid_namespaces=["imagine"], secrets_from_env=True)
    assert (read, read.api_key) == (made, SecretStr(SECRET))


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_an_object_goes_to_another_process(kind, imagine_environment, call):
    """The pickle of an object that was used makes a client of its own."""
    made = kind()
    await call(made, *WORK[kind])
    await call(pickle.loads(pickle.dumps(made)), *WORK[kind])


@pytest.mark.anyio
async def test_fields_are_sent(make_chat, server, invoke):
    """What is set is sent, further members too; what is not set is not, nor is an empty `stop`."""
    await invoke(make_chat(temperature=0.5, top_k=3, seed=1, stop=[], model_kwargs={"min_p": 0.1}), "Hello")
    body = server.requests[-1].json
    assert {name: body[name] for name in body if name != "messages"} == {
        "model": "Llama-3.1-8B",
        "stream": False,
        "temperature": 0.5,
        "top_k": 3,
        "seed": 1,
        "min_p": 0.1,
    }


@pytest.mark.anyio
async def test_keywords_of_a_call_take_the_place_of_fields(make_chat, server, invoke):
    """Whatever is given with a call holds for it."""
    chat = make_chat(max_tokens=100, stop=["a"], model_kwargs={"min_p": 0.1, "other": 1}, temperature=1)
    given = {"max_tokens": 3, "stop": ["b"], "model": "Llama-3.3-70B", "extra_body": {"min_p": 0.2}}
    await invoke(chat, "Hello", **given, temperature=None, parallel_tool_calls=False)
    body = server.requests[-1].json
    names = ("max_tokens", "stop", "model", "min_p", "other", "parallel_tool_calls")
    assert [body[name] for name in names] == [3, ["b"], "Llama-3.3-70B", 0.2, 1, False]
    assert "temperature" not in body


@pytest.mark.anyio
async def test_an_unknown_keyword_is_refused(chat, server, invoke):
    """A misspelt keyword of a call is named, and nothing is sent."""
    with pytest.raises(TypeError, match="temprature"):
        await invoke(chat, "Hello", temprature=0)
    assert server.requests == []


@pytest.mark.anyio
async def test_a_cache_answers_the_same_question_of_the_same_model(make_chat, server, invoke):
    """A second time nothing is sent; another parameter, or another endpoint, is another question."""
    cache = InMemoryCache()
    chat = make_chat(cache=cache, temperature=0)
    first = await invoke(chat, "Hello")
    again = await invoke(make_chat(cache=cache, temperature=0, api_key="another"), "Hello")
    assert again.content == first.content
    assert len(server.requests) == 1
    await invoke(make_chat(cache=cache, temperature=1), "Hello")
    await invoke(make_chat(cache=cache, temperature=0, endpoint=server.endpoint + "/"), "Hello")
    assert len(server.requests) == 3
    assert not [key for key in cache._cache if server.api_key in str(key)]


class Runs(BaseTracer):
    """What a tracer gets to see."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _persist_run(self, run):
        self.seen.append(run)


@pytest.mark.anyio
async def test_tracers_get_parameters_and_no_secrets(make_chat, server, invoke):
    """A tracer sees the provider, the model of the call and its parameters, and neither key nor proxy."""
    runs = Runs()
    await invoke(make_chat(temperature=0.5), "Hello", {"callbacks": [runs]}, model="Llama-3.3-70B", stop=["b"])
    [run] = runs.seen
    told = run.extra["metadata"]
    assert (told["ls_provider"], told["ls_model_name"], told["ls_model_type"]) == ("imagine", "Llama-3.3-70B", "chat")
    assert (told["ls_temperature"], told["ls_stop"]) == (0.5, ["b"])
    assert run.extra["invocation_params"]["temperature"] == 0.5
    assert server.api_key not in run.model_dump_json()
