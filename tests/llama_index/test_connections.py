"""Clients that are made on first use or shared, and keys that are shown nowhere."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import textwrap

import pytest
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.llms import ChatMessage
from pydantic import Field, ValidationError

from imagine import ImagineAsyncClient, ImagineClient, ImagineExtraMissing
from imagine.llama_index import ImagineEmbedding, ImagineLLM, ImagineRerank

pytestmark = pytest.mark.anyio

KINDS = [ImagineEmbedding, ImagineLLM, ImagineRerank]
HELLO = [ChatMessage(role="user", content="Hello")]
SECRETS = {"api_key": "sk-0123456789", "proxy": "http://me:pass0123456789@127.0.0.1:1"}


class Seen(BaseEventHandler):
    """Keeps what LlamaIndex tells of calls, as text."""

    texts: list[str] = Field(default_factory=list)

    def handle(self, event, **_kwargs):
        self.texts.append(repr(event))


def run(code, *flags, cwd=None):
    """Run a program, and return what it printed; it must end well, with nothing on stderr."""
    command = [sys.executable, *flags, "-c", textwrap.dedent(code)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout.strip()


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_shown_nowhere(kind):
    """Neither the key nor the proxy's password is in a repr, a dump or a pickle, nor in those of copies."""
    made = kind(**SECRETS)
    shown = [repr(made), str(made), repr(made.to_dict()), made.to_json(), repr(pickle.dumps(made))]
    shown += [repr(made.model_copy()), repr(copy.deepcopy(made))]
    assert not [text for text in shown if "0123456789" in text]


def test_a_key_of_the_wrong_type_is_not_shown():
    """The error of a field names it alone."""
    with pytest.raises(ValidationError, match="api_key") as refused:
        ImagineLLM(api_key=b"\xffsk-0123456789")
    assert "0123456789" not in str(refused.value)


async def test_events_do_not_show_the_key(make, ask, server):
    """What LlamaIndex tells of a call has the model, and no secret."""
    dispatcher, seen = get_dispatcher(), Seen()
    dispatcher.add_event_handler(seen)
    try:
        await ask(make(ImagineLLM, max_tokens=1), "chat", HELLO)
    finally:
        dispatcher.event_handlers.remove(seen)
    assert any("Llama-3.1-8B" in text for text in seen.texts)
    assert not [text for text in seen.texts if server.api_key in text]


@pytest.mark.parametrize("kind", KINDS)
def test_a_dump_makes_the_same_again(kind):
    """All but secrets and clients goes through `to_dict`, and through a pickle."""
    made = kind(endpoint="http://127.0.0.1:1", timeout=3, **SECRETS)
    for again in (kind.from_dict(made.to_dict()), pickle.loads(pickle.dumps(made))):
        assert again.to_dict() == made.to_dict()
        assert (again.timeout, again.api_key, again.proxy) == (3, None, None)


def test_a_pickle_takes_its_key_from_the_environment(imagine_environment):
    """It has no key and no connections, and works where it is loaded."""
    llm = ImagineLLM(max_tokens=1)
    assert llm.chat(HELLO).message.content
    again = pickle.loads(pickle.dumps(llm))
    assert again.chat(HELLO).message.content
    llm.close()
    again.close()


async def test_a_client_is_shared_where_it_is_given(make_client, face, ask, server):
    """All go through it, and `close` leaves it open."""
    shared = await make_client()
    fields = {"async_client": shared} if face == "async" else {"client": shared._inner}
    llm, embedding = ImagineLLM(max_tokens=1, **fields), ImagineEmbedding(**fields)
    await ask(copy.deepcopy(llm), "chat", HELLO)
    await ask(embedding, "get_text_embedding", "a cat")
    llm.close()
    await llm.aclose()
    await ask(llm, "chat", HELLO)
    assert len({request.connection for request in server.requests}) == 1


def test_fields_that_nobody_would_read_are_refused(server):
    """Beside both clients, a connection's field has no use."""
    given = {"client": ImagineClient(server.endpoint, "k"), "async_client": ImagineAsyncClient(server.endpoint, "k")}
    with pytest.raises(ValidationError, match="timeout: no use beside client= and async_client="):
        ImagineLLM(timeout=3, **given)


async def test_a_closed_object_connects_anew(make, ask, server):
    """After `close` and `aclose` the next call makes a client of its own."""
    llm = make(ImagineLLM, max_tokens=1)
    await ask(llm, "chat", HELLO)
    llm.close()
    await llm.aclose()
    await ask(llm, "chat", HELLO)
    assert len({request.connection for request in server.requests}) == 2


async def test_a_copy_with_another_key_uses_that(make, ask, server):
    """It does not go on with the client of what it was copied from."""
    llm = make(ImagineLLM, max_tokens=1)
    await ask(llm, "chat", HELLO)
    other = llm.model_copy(update={"timeout": 7.0})
    await ask(other, "chat", HELLO)
    assert len({request.connection for request in server.requests}) == 2
    other.close()
    await other.aclose()


def test_nothing_is_read_or_connected_before_the_first_call(monkeypatch):
    """Objects are made without a key, and the first call says what is missing."""
    for name in ("IMAGINE_API_ENDPOINT", "IMAGINE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    llm = ImagineLLM()
    with pytest.raises(ValueError, match="IMAGINE_API_ENDPOINT"):
        llm.chat(HELLO)


@pytest.mark.slow
@pytest.mark.usefixtures("imagine_environment")
def test_a_program_ends_in_silence():
    """Nobody closes an LLM in LlamaIndex: the end of its loop does, and no thread or warning is left."""
    code = """
        import asyncio
        from llama_index.core.llms import ChatMessage
        from imagine.llama_index import ImagineLLM

        llm = ImagineLLM(max_tokens=3)
        hello = [ChatMessage(role="user", content="Hello")]

        async def main():
            async for piece in await llm.astream_chat(hello):
                break
            return (await llm.achat(hello)).message.content

        print(bool(asyncio.run(main()) and llm.chat(hello).message.content))
    """
    assert run(code, "-W", "error") == "True"


def test_the_extra_is_told_where_it_is_missing():
    """The message says what to install."""
    code = """
        import sys
        sys.modules["llama_index"] = None
        try:
            import imagine.llama_index
        except ImportError as error:
            print(error)
    """
    assert run(code) == str(ImagineExtraMissing("llama-index"))
    assert run(code) == "this part of imagine needs more packages: pip install 'imagine-aio[llama-index]'"


def test_a_file_that_hides_the_library_is_told(tmp_path):
    """A program named `llama_index.py` would be imported in its place."""
    (tmp_path / "llama_index.py").write_text("")
    code = """
        try:
            import imagine.llama_index
        except ImportError as error:
            print(error)
    """
    assert run(code, cwd=tmp_path).endswith("llama_index.py hides the library LlamaIndex: give that file another name")
