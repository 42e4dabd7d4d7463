"""Write the blocking client, `imagine/client.py`, from the async one; with `--check`, compare and show the difference.

Each public method becomes its head, its docstring and one line that carries the call over. Syntax trees only say where
things are: heads and docstrings are copied as text, so that the result is the same bytes under every Python. It is run
by its path: imported from the package, it would need the file that it is to repair.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE = Path(__file__).resolve().parent.parent
SOURCE = PACKAGE / "async_client.py"
TARGET = PACKAGE / "client.py"

WIDTH = 120
CLASS = "ImagineAsyncClient"
BASE = "BlockingClient"
HOMES = {BASE: "imagine._blocking.client", "Stream": "imagine._blocking.stream"}
"""Where the names come from that stand in for those of the async client."""
EXAMPLES = "\n        Examples:\n"
"""Opens the last part of a docstring: what it shows blocks already, and is copied as it is."""

WORDS = {
    CLASS: "ImagineClient",
    "AsyncStream": "Stream",
    "AsyncAudioFile": "AudioFile",
    "async def ": "def ",
    "for asyncio.": "for code that blocks.",
    "\n    The examples of its methods block, as `ImagineClient` does: here, await the same calls.\n": "",
    "also outside of a loop; it connects on first use and may serve several loops.": (
        "also inside of a loop; it connects on first use and may serve several threads."
    ),
    "`await client.close()` or use it in `async with`": "`client.close()` or use it in `with`",
    "; called without `await`, used with `async for`": "; used with `for`",
    "; called without `await`.": ".",
    " Files whose `read` is awaited, and async iterators, are taken, too.": (
        " What has to be awaited is refused: it may belong to another loop."
    ),
}
"""What is said differently in code that blocks; each entry must be of use."""

HEADER = '''
"""The client for code that blocks, written by `make sync`: edit `imagine/async_client.py`, not this file."""

from __future__ import annotations
'''.lstrip()

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Refused(Exception):
    """The source has something that cannot be carried over; the message says what and where."""


class Words:
    """The table of words, which remembers what it was good for."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self._unused = set(table)

    def adapt(self, text: str) -> str:
        """Say a piece of text in the words of code that blocks."""
        for old, new in self._table.items():
            if old in text:
                self._unused.discard(old)
                text = text.replace(old, new)
        return _without_await(text)

    def check_all_used(self) -> None:
        """Refuse a table with dead entries."""
        if self._unused:
            raise Refused(f"these words are nowhere in the source: {sorted(self._unused)}")


def _without_await(text: str) -> str:
    if left := re.search(r"\b(await|async|asyncio)\b", text):
        raise Refused(f"{left[0]!r} is left in: {text.strip()}")
    return text


class Imported(NamedTuple):
    """Where a name comes from; `name` is empty for a plain `import module`."""

    module: str
    name: str


class Source:
    """The async client's module: its text, and where things are in it."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._tree = ast.parse(text)
        self.imports = dict(_imports(self._tree.body))
        self.assignments = {
            target.id: node
            for node in self._tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    @property
    def client(self) -> ast.ClassDef:
        """The class that is carried over."""
        for node in self._tree.body:
            if isinstance(node, ast.ClassDef) and node.name == CLASS:
                return node
        raise Refused(f"there is no class {CLASS}")

    def text(self, node: ast.stmt) -> str:
        """Return the lines of a statement."""
        return "\n".join(self._lines[node.lineno - 1 : node.end_lineno])

    def head(self, method: Function) -> str:
        """Return the lines of a method from its first decorator to the colon."""
        first = min(node.lineno for node in (method, *method.decorator_list))
        return "\n".join(self._lines[first - 1 : method.body[0].lineno - 1])

    def docstring(self, node: ast.ClassDef | Function) -> str:
        """Return the lines of a docstring."""
        if not ast.get_docstring(node):
            raise Refused(f"{node.name} has no docstring")
        return self.text(node.body[0])


def generated(text: str, table: Mapping[str, str] = WORDS) -> str:
    """Return the blocking client's module for the async client's."""
    source, words = Source(text), Words(table)
    methods = [node for node in source.client.body if isinstance(node, Function) and _is_carried(node)]
    parts = [
        HEADER,
        _import_block(source, words, methods),
        f'__all__ = ["{words.adapt(CLASS)}"]\n',
        *(f"{source.text(node)}\n" for name, node in source.assignments.items() if name in _names_in_heads(methods)),
        f"\nclass {words.adapt(CLASS)}({BASE}):\n{words.adapt(source.docstring(source.client))}\n",
        *(_method(source, words, method) for method in methods),
    ]
    words.check_all_used()
    return "\n".join(parts)


def _is_carried(method: Function) -> bool:
    return not method.name.startswith("_")


def _method(source: Source, words: Words, method: Function) -> str:
    head = _shortened(words.adapt(source.head(method)))
    text, mark, examples = source.docstring(method).partition(EXAMPLES)
    if mark and ">>> " not in examples:
        raise Refused(f"the examples of {method.name} show no call: each begins with >>>")
    return f"{head}\n{words.adapt(text)}{mark}{_without_await(examples)}\n{_body(method)}\n"


def _shortened(head: str) -> str:
    """Put a head on one line where it has become short enough, as the formatter would."""
    *decorators, signature = head.rpartition("    def ")
    flat = re.sub(r"\s*\n\s*", "", signature)
    fits = len("    def ") + len(flat) <= WIDTH
    return "".join([*decorators, flat]) if fits and ",\n    )" not in signature else head


def _body(method: Function) -> str:
    decorators = {node.id for node in method.decorator_list if isinstance(node, ast.Name)}
    if len(decorators) < len(method.decorator_list) or decorators - {"property", "lists_keywords"}:
        raise Refused(f"{method.name} has a decorator that is not known here")
    if "property" in decorators:
        return f"        return self._async.{method.name}"
    carrier, how = _carrier(method)
    outer, inner, arguments = f"        return self.{carrier}(", f"{how}self._async.{method.name}(", _forwarded(method)
    if not carrier:  # it neither waits nor answers: any thread may call it
        return f"        {inner}{', '.join(arguments)})"
    line = f"{outer}{inner}{', '.join(arguments)}))"
    return line if len(line) <= WIDTH else f"{outer}\n{_laid_out(f'            {inner}', arguments)}\n        )"


def _carrier(method: Function) -> tuple[str, str]:
    """Tell which method of the base class carries a call over, by what it returns, and how the call is written."""
    if isinstance(method, ast.AsyncFunctionDef):
        return "_call", "lambda: "
    match method.returns:
        case ast.Subscript(value=ast.Name(id="AsyncStream")):
            return "_stream", ""
        case ast.Name(id="Self"):
            return "_derived", ""
        case ast.Constant(value=None):
            return "", ""
        case _:
            raise Refused(f"{method.name} returns neither an AsyncStream nor Self nor None, and is no coroutine")


def _forwarded(method: Function) -> list[str]:
    """Tell how each argument is passed on."""
    arguments = method.args
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    return [
        *positional[1:],
        *([f"*{arguments.vararg.arg}"] if arguments.vararg else []),
        *(f"{argument.arg}={argument.arg}" for argument in arguments.kwonlyargs),
        *([f"**{arguments.kwarg.arg}"] if arguments.kwarg else []),
    ]


def _laid_out(opening: str, items: list[str]) -> str:
    """Lay the arguments of a call out as the formatter would: on one line, on a line of their own, or one a line."""
    indent = " " * (len(opening) - len(opening.lstrip()))
    joined = ", ".join(items)
    if len(opening) + len(joined) < WIDTH:
        return f"{opening}{joined})"
    if len(indent) + 4 + len(joined) <= WIDTH:
        return f"{opening}\n{indent}    {joined}\n{indent})"
    return _one_a_line(opening, items)


def _one_a_line(opening: str, items: list[str]) -> str:
    indent = " " * (len(opening) - len(opening.lstrip()))
    return "\n".join([opening, *(f"{indent}    {item}," for item in items), f"{indent})"])


def _imports(body: Iterable[ast.stmt]) -> Iterator[tuple[str, Imported]]:
    """Yield what a module imports, at its top and for type checkers."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, Imported(alias.name, "")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.name, Imported(node.module or "", alias.name)) for alias in node.names)
        elif isinstance(node, ast.If):
            yield from _imports(node.body)


def _names_in_heads(methods: Iterable[Function]) -> set[str]:
    return {name for method in methods for node in (method.args, method.returns) if node for name in _names(node)}


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _import_block(source: Source, words: Words, methods: list[Function]) -> str:
    """Return the imports still in use; all of them run, so that `typing.get_type_hints` finds what heads name."""
    used = {Imported(HOMES[BASE], BASE)}
    for name in sorted(_names_in_heads(methods)):
        if name in source.assignments:
            used |= {source.imports[part] for part in _names(source.assignments[name].value)}
        elif name in source.imports:
            module, imported = source.imports[name]
            adapted = words.adapt(imported)
            used.add(Imported(HOMES.get(adapted, module), adapted))
        elif not hasattr(builtins, name):
            raise Refused(f"{name} is used in a head and is neither imported nor built in")
    used |= {source.imports[name] for name in _names_of_decorators(methods) & source.imports.keys()}
    return f"{_sorted_imports(used)}\n"


def _names_of_decorators(methods: Iterable[Function]) -> set[str]:
    return {name for method in methods for node in method.decorator_list for name in _names(node)}


def _sorted_imports(imports: set[Imported]) -> str:
    """Return import lines in the linter's order: the standard library first, plain imports before the others."""
    standard = {item for item in imports if item.module.partition(".")[0] in sys.stdlib_module_names}
    sections = (_import_lines(section) for section in (standard, imports - standard) if section)
    return "\n\n".join(sections)


def _import_lines(imports: set[Imported]) -> str:
    lines = [f"import {module}" for module, name in sorted(imports) if not name]
    for module in sorted({module for module, name in imports if name}):
        names = sorted((name for origin, name in imports if origin == module and name), key=_rank)
        flat = f"from {module} import {', '.join(names)}"
        lines.append(flat if len(flat) <= WIDTH else _one_a_line(f"from {module} import (", names))
    return "\n".join(lines)


def _rank(name: str) -> tuple[bool, bool, str]:
    """Order names as the linter does: constants, classes, the rest."""
    return not name.isupper(), not name[0].isupper(), name


def difference(wanted: str, target: Path) -> str:
    """Return what would have to change in the target, empty where nothing does."""
    there = target.read_text(encoding="utf-8") if target.exists() else ""
    lines = difflib.unified_diff(
        there.splitlines(keepends=True),
        wanted.splitlines(keepends=True),
        f"{target.name} as it is",
        f"{target.name} as {SOURCE.name} asks for",
    )
    return "".join(lines)


def main(arguments: list[str], source: Path = SOURCE, target: Path = TARGET) -> int:
    """Write the target, or compare it; the result is the exit status."""
    try:
        wanted = generated(source.read_text(encoding="utf-8"))
    except Refused as refusal:
        print(f"{source}: {refusal}", file=sys.stderr)
        return 2
    if arguments != ["--check"]:
        target.write_text(wanted, encoding="utf-8", newline="\n")
        return 0
    changes = difference(wanted, target)
    if changes:
        print(f"{changes}\n{target} is not what {source.name} makes of it: run `make sync`", file=sys.stderr)
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
