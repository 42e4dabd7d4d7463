"""The generator of the blocking client and its like: what it writes, and refuses; the result is up to date."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest
from support.pythons import MINORS, candidates, works

import imagine
from imagine import ImagineAsyncClient, ImagineClient

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "imagine" / "_tools" / "sync.py"
WORDS = {"ImagineAsyncClient": "ImagineClient", "async def ": "def "}
RUFF = Path(sys.executable).with_name("ruff")


def load():
    """The tool is no module of the package: it is run by its path."""
    spec = importlib.util.spec_from_file_location("sync", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sync = load()


def source(*methods, top=""):
    """An async client's module with these methods."""
    body = "\n\n".join(indent(dedent(method).strip(), "    ") for method in methods)
    return f'{dedent(top)}\n\nclass ImagineAsyncClient:\n    """A client."""\n\n{body}\n'


def generated(text, words=WORDS, classes=sync.CLIENT):
    """What the tool makes of a module."""
    return sync.generated([sync.Source(text, "imagine/source.py")], classes, words, sync.HEADER)


def module(target, source=None):
    """The blocking client, written to another place, or from another source."""
    client = sync.MODULES[0]
    return client._replace(target=target, sources=(source,) if source else client.sources)


def method(head, docstring='"""Do it."""'):
    """A method whose body is of no interest."""
    return f"{head}\n    {docstring}\n    raise NotImplementedError"


def body_of(head):
    """The generated body of one method, in one line."""
    table = {word: told for word, told in WORDS.items() if word in head + "ImagineAsyncClient"}
    text = generated(source(method(head), top="from typing import Self, AsyncStream, lists_keywords"), table)
    return "".join(line.strip() for line in text.rpartition('"""\n')[2].splitlines())


def test_the_blocking_client_is_up_to_date():
    """`imagine/client.py` is what the async client asks for, and so are the twins of what lives."""
    ended = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("max_items: int = 1", "max_items: int = 2", 1), id="one character"),
        pytest.param(lambda text: text + "\n# a tail\n", id="a surplus tail"),
        pytest.param(lambda text: text[:-100], id="a missing tail"),
        pytest.param(lambda text: None, id="no file"),
    ],
)
def test_drift_is_shown_and_repaired(tmp_path, capsys, change):
    """The check fails on any difference and prints it; writing the file repairs it."""
    target = tmp_path / "client.py"
    assert sync.main([], [module(target)]) == 0
    written = target.read_bytes()
    assert sync.main(["--check"], [module(target)]) == 0
    changed = change(written.decode())
    target.unlink() if changed is None else target.write_text(changed)
    assert sync.main(["--check"], [module(target)]) == 1
    shown = capsys.readouterr().err
    assert any(line.startswith(("+ ", "- ", "+", "-")) for line in shown.splitlines()[2:])
    assert "make sync" in shown
    assert sync.main([], [module(target)]) == 0
    assert sync.main(["--check"], [module(target)]) == 0
    assert target.read_bytes() == written


@pytest.mark.parametrize("minor", MINORS)
def test_every_python_writes_the_same(minor):
    """The result does not depend on the Python that runs the tool."""
    python = next((python for python in candidates(minor) if works(python, minor)), None)
    if python is None:
        pytest.skip(f"there is no python3.{minor}")
    assert subprocess.run([python, TOOL, "--check"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("async def a(self) -> int:", "return self._call(lambda: self._async.a())"),
        ("async def a(self, b: int, c: int = 1) -> int:", "return self._call(lambda: self._async.a(b, c))"),
        ("async def a(self, b: int, /, c: int) -> int:", "return self._call(lambda: self._async.a(b, c))"),
        ("async def a(self, *, b: int, c: int = 1) -> int:", "return self._call(lambda: self._async.a(b=b, c=c))"),
        ("async def a(self, *b: int, c: int) -> int:", "return self._call(lambda: self._async.a(*b, c=c))"),
        ("async def a(self, b: int, **c: int) -> int:", "return self._call(lambda: self._async.a(b, **c))"),
        ("@lists_keywords\nasync def a(self, **c: int) -> int:", "return self._call(lambda: self._async.a(**c))"),
        ("def a(self, b: int) -> AsyncStream[int, int]:", "return self._live(Stream, self._async.a(b))"),
        ("def a(self, **b: int) -> Self:", "return self._derived(self._async.a(**b))"),
        ("@property\ndef a(self) -> int:", "return self._async.a"),
    ],
)
def test_arguments_are_passed_on(head, body):
    """Each kind of method gets its carrier, and each kind of argument is passed on as it came."""
    assert body_of(head) == body


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (source(method("async def a(self) -> int:", "...")), "a has no docstring"),
        (source(method("async def a(self) -> int:", '""""""')), "a has no docstring"),
        (source(method("@staticmethod\nasync def a() -> int:")), "a has a decorator that is not known"),
        (source(method("@some.decorator\nasync def a(self) -> int:")), "a has a decorator that is not known"),
        (source(method("def a(self) -> int:")), "a returns nothing that lives, nor Self"),
        (source(method("def a(self):")), "a returns nothing that lives, nor Self"),
        (source(method("async def a(self) -> Unknown:")), "Unknown is used in a head"),
        (source(method("async def a(self) -> int:", '"""Do it with `await`."""')), "'await' is left in"),
        ("class SomeClient: ...", "there is no class ImagineAsyncClient"),
        (source(method("@property\ndef a(self) -> int:")), "these words are nowhere in the source: ['async def ']"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(tmp_path, capsys, text, told):
    """A source that the tool would have to guess at is an error that names the place, and nothing is written."""
    with pytest.raises(sync.Refused) as refusal:
        generated(text)
    assert told in str(refusal.value)
    (tmp_path / "async_client.py").write_text(text)
    assert sync.main([], [module(tmp_path / "client.py", tmp_path / "async_client.py")._replace(words=WORDS)]) == 2
    assert capsys.readouterr().err.startswith(str(tmp_path))
    assert not (tmp_path / "client.py").exists()


def test_private_methods_stay_away():
    """Names with an underscore are not generated."""
    heads = ["async def _a(self) -> int:", "async def __aenter__(self) -> int:"]
    text = generated(source(*map(method, heads)), {"ImagineAsyncClient": "ImagineClient"})
    assert "def " not in text


def test_only_imports_in_use_are_taken_over():
    """What heads and decorators name is imported, what only bodies need is not; all is sorted."""
    top = """
        import ssl
        from collections.abc import Mapping, Sequence
        from typing import TypeVar, Any

        from imagine.one import lists_keywords, Unused
        from imagine.streaming import AsyncStream

        if TYPE_CHECKING:
            from datetime import datetime
            from other import Thing

        T = TypeVar("T")
        U = TypeVar("U")
    """
    methods = [
        method("@lists_keywords\nasync def a(self, t: T, s: Sequence[Any], d: datetime = x) -> ssl.SSLContext:"),
        method("def b(self) -> AsyncStream[Thing, None]:"),
    ]
    text = generated(source(*methods, top=dedent(top) + "x = None"), WORDS | {"AsyncStream": "Stream"})
    head = text.partition('"""\n')[2].partition("\n\nclass")[0]
    assert head == dedent(
        """
        from __future__ import annotations

        import ssl
        from collections.abc import Sequence
        from datetime import datetime
        from typing import Any, TypeVar

        from imagine._blocking.client import BlockingClient
        from imagine._blocking.stream import Stream
        from imagine.one import lists_keywords
        from other import Thing

        __all__ = ["ImagineClient"]

        T = TypeVar("T")

        x = None
        """
    )


def formatted(text):
    """What the formatter makes of a module."""
    run = [RUFF, "format", "--config", ROOT / "pyproject.toml", "-"]
    return subprocess.run(run, input=text, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not RUFF.exists(), reason="the formatter is not installed")
@pytest.mark.parametrize("head", ["async def {}({}) -> Answer:", "def {}({}) -> AsyncStream[Answer, Answer]:"])
@pytest.mark.parametrize("arguments", ["self, *, some: int", "self, one: int, two: str = '', three: Answer = None"])
def test_lines_are_laid_out_as_the_formatter_would(head, arguments):
    """Over the lengths at which lines begin to wrap, the formatter finds nothing to change in the result."""
    heads = [head.format("a" * length, arguments) for length in range(1, 80)]
    words = {word: told for word, told in WORDS.items() if word in head + "ImagineAsyncClient"}
    async_client = formatted(source(*map(method, heads), top="from imagine import Answer, AsyncStream"))
    result = generated(async_client, words)
    assert result == formatted(result)


OVERLOADED = """
@overload
async def a(self, b: int) -> int: ...
@overload
async def a(self, b: str) -> str: ...
async def a(self, b: int | str) -> int | str:
    '''Do it.'''
    raise NotImplementedError
"""


def test_overloads_are_copied():
    """The heads that checkers choose from stay as they are, and the body is that of the one that runs."""
    text = generated(source(OVERLOADED.replace("'''", '"""'), top="from typing import overload"))
    assert [line.strip() for line in text.splitlines() if "def a" in line] == [
        "def a(self, b: int) -> int: ...",
        "def a(self, b: str) -> str: ...",
        "def a(self, b: int | str) -> int | str:",
    ]
    assert "from typing import overload" in text
    assert text.count("return self._call(lambda: self._async.a(b))") == 1


LIVE = """
from typing import TypeVar

from imagine.live import AsyncLive, Item

T = TypeVar("T")

class _Base(AsyncLive[T]):
    async def final(self) -> int:
        '''Read it all.'''

    async def read(self) -> list[T]:
        '''Read some.'''

class AsyncToolRun(_Base[Item]):
    '''Lives.'''

    @property
    def text(self) -> str:
        '''The text.'''

class AsyncToolStream(AsyncLive[T], Generic[T]):
    '''Lives, too.'''

class AsyncConversation:
    '''Is not iterated.'''

    def size(self) -> int:
        '''Tell the size.'''

    def ask_stream(self) -> AsyncToolStream[int]:
        '''Ask.'''
"""


def test_twins_of_what_lives():
    """A twin says what it iterates, has what its class inherits in its module, and leaves the rest to its base."""
    twins = {"AsyncToolRun": "ToolRun", "AsyncToolStream": "ToolStream", "AsyncConversation": "Conversation"}
    text = generated(LIVE.replace("'''", '"""'), {**twins, "async def ": "def "}, twins)
    assert "class ToolRun(BlockingLive[Item, AsyncToolRun]):" in text
    assert "class ToolStream(BlockingLive[T, AsyncToolStream[T]]):" in text
    assert "class Conversation(BlockingConversation):" in text
    assert [line for line in text.splitlines() if line.startswith("from imagine.")] == [
        "from imagine._blocking.conversation import BlockingConversation",
        "from imagine._blocking.live import BlockingLive",
        "from imagine.live import Item",
        "from imagine.source import AsyncToolRun, AsyncToolStream",
    ]
    members = [line.strip() for line in text.splitlines() if line.startswith("        ") and "return" in line]
    assert members == [
        "return self._call(lambda: self._async.final())",
        "return self._async.text",
        "return self._async.size()",
        "return self._live(ToolStream, self._async.ask_stream())",
    ]


PUBLIC = sorted(name for name in dir(ImagineAsyncClient) if not name.startswith("_"))


def test_both_clients_have_the_same_names():
    """Neither client has a public name that the other lacks; of what lives, only what awaits is the async one's."""
    assert sorted(name for name in dir(ImagineClient) if not name.startswith("_")) == PUBLIC
    for names in sync.LIVE.items():
        kinds = (getattr(imagine, name) for name in names)
        awaiting, blocking = ({name for name in dir(kind) if not name.startswith("_")} for kind in kinds)
        assert awaiting - blocking == awaiting & {"aclose", "read"}  # a conversation has neither
        assert not blocking - awaiting


@pytest.mark.parametrize("name", PUBLIC)
def test_both_clients_have_the_same_signatures(name):
    """Parameters, defaults, annotations and the first line of the docstring are those of the async client."""
    ours, theirs = (inspect.getattr_static(client, name) for client in (ImagineClient, ImagineAsyncClient))
    assert type(ours) is type(theirs)
    assert first_line(ours) == first_line(theirs)
    if isinstance(ours, property):
        ours, theirs = ours.fget, theirs.fget
    assert signature_of(ours) == signature_of(theirs)
    assert not inspect.iscoroutinefunction(ours)


def first_line(what):
    line = inspect.getdoc(what).partition("\n")[0]
    for word, told in {**sync.WORDS, ", of every loop that still runs": ""}.items():
        line = line.replace(word, told)
    return line


def signature_of(function):
    told = str(inspect.signature(function)).replace("AsyncAudioFile", "AudioFile")
    return re.sub(rf"\b({'|'.join(sync.LIVE)})\b", lambda found: sync.LIVE[found[0]], told)
