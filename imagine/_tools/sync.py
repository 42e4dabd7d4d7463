"""Write the blocking client and the twins of what lives from the async ones; with `--check`, show what differs.

Each public method becomes its head, its docstring and one line that carries the call over. Syntax trees only say where
things are: heads and docstrings are copied as text, so that the result is the same bytes under every Python. It is run
by its path: imported from the package, it would need the file that it is to repair.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE = Path(__file__).resolve().parent.parent

WIDTH = 120
LIVE = {
    "AsyncStream": "Stream",
    "AsyncToolRun": "ToolRun",
    "AsyncToolStream": "ToolStream",
    "AsyncPartialStream": "PartialStream",
}
"""What is returned without a wait and iterated, and its twins."""
CLIENT = {"ImagineAsyncClient": "ImagineClient"}
TWINS = {name: twin for name, twin in LIVE.items() if name != "AsyncStream"}
"""Those that are generated; `Stream` is written by hand, as its words are others."""
BY_HAND = {"aclose", "close", "read"}
"""What twins have from their base."""
HOMES = {
    "BlockingClient": "imagine._blocking.client",
    "BlockingLive": "imagine._blocking.live",
    "Stream": "imagine._blocking.stream",
    **dict.fromkeys(TWINS.values(), "imagine._blocking.faces"),
}
"""Where the names come from that stand in for those of the async ones."""
EXAMPLES = "\n        Examples:\n"
"""Opens the last part of a docstring: what it shows blocks already, and is copied as it is."""

WORDS = {
    **CLIENT,
    **LIVE,
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

TWIN_WORDS = {
    **TWINS,
    "async def ": "def ",
}
"""The same for the twins."""

HEADER = '''
"""{title}, written by `make sync`: edit {sources}"""

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


class Module(NamedTuple):
    """A module that is written: its classes, and where they come from."""

    title: str
    target: Path
    sources: tuple[Path, ...]
    classes: Mapping[str, str]
    words: Mapping[str, str]

    def text(self) -> str:
        """Return what it has to be."""
        sources = [Source(path.read_text(encoding="utf-8"), _shown(path)) for path in self.sources]
        header = HEADER.format(title=self.title, sources=_listed(self.sources))
        return generated(sources, self.classes, self.words, header)


def _listed(sources: Iterable[Path]) -> str:
    """Name one module, or several in lines of their own."""
    first, *others = (f"`{_shown(path)}`" for path in sources)
    lines = "".join(f"\n- {name}" for name in (first, *others))
    return f"what is listed here, not this file.\n{lines}\n" if others else f"{first}, not this file."


def _shown(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix() if path.is_relative_to(PACKAGE.parent) else path.name


MODULES = (
    Module("The client for code that blocks", PACKAGE / "client.py", (PACKAGE / "async_client.py",), CLIENT, WORDS),
    Module(
        "The twins of what lives",
        PACKAGE / "_blocking" / "faces.py",
        (PACKAGE / "_running" / "run.py", PACKAGE / "_asking" / "partial_stream.py"),
        TWINS,
        TWIN_WORDS,
    ),
)


class Source:
    """A module that awaits: its text, and where things are in it."""

    def __init__(self, text: str, path: str) -> None:
        self.module = path.removesuffix(".py").replace("/", ".")
        self._lines = text.splitlines()
        self._tree = ast.parse(text)
        self.imports = dict(_imports(self._tree.body))
        self.classes = {node.name: node for node in self._tree.body if isinstance(node, ast.ClassDef)}
        self.assignments = {
            target.id: node
            for node in self._tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def methods(self, node: ast.ClassDef) -> list[Function]:
        """Return what is carried over of a class, and of those of this module that it stands on."""
        bases = [self.classes[name] for base in node.bases for name in _names(base) if name in self.classes]
        inherited = [method for base in bases for method in self.methods(base)]
        own = [method for method in node.body if isinstance(method, Function) and _is_carried(method)]
        names = {method.name for method in own}
        return [*(method for method in inherited if method.name not in names), *own]

    def text(self, node: ast.stmt) -> str:
        """Return the lines of a statement."""
        return "\n".join(self._lines[node.lineno - 1 : node.end_lineno])

    def whole(self, method: Function) -> str:
        """Return the lines of a method from its first decorator to its end."""
        first = min(node.lineno for node in (method, *method.decorator_list))
        return "\n".join(self._lines[first - 1 : method.end_lineno])

    def head(self, method: Function) -> str:
        """Return the lines of a method from its first decorator to the colon."""
        lines = self.whole(method).splitlines()
        return "\n".join(lines[: method.body[0].lineno - 1 - (method.end_lineno or 0)])

    def docstring(self, node: ast.ClassDef | Function) -> str:
        """Return the lines of a docstring."""
        if not ast.get_docstring(node):
            raise Refused(f"{node.name} has no docstring")
        return self.text(node.body[0])


Named = tuple[Source, set[str]]
"""A source, and names that heads of a class in it have."""


def generated(sources: list[Source], classes: Mapping[str, str], table: Mapping[str, str], header: str) -> str:
    """Return the module for code that blocks."""
    words = Words(table)
    carried = [(source, node) for source in sources for node in source.classes.values() if node.name in classes]
    if missing := classes.keys() - {node.name for _, node in carried}:
        raise Refused(f"there is no class {', '.join(sorted(missing))}")
    named = [(source, _names_in_heads(node, source.methods(node))) for source, node in carried]
    parts = [
        header,
        _import_block(named, words, carried),
        f"__all__ = {json.dumps(sorted(classes.values()))}\n",
        *(f"{text}\n" for text in _assignments(named)),
        *(_class(source, words, node) for source, node in carried),
    ]
    words.check_all_used()
    return "\n".join(parts)


def _is_carried(method: Function) -> bool:
    return not method.name.startswith("_") and method.name not in BY_HAND


def _class(source: Source, words: Words, node: ast.ClassDef) -> str:
    head = f"\nclass {words.adapt(node.name)}({_base(node)}):\n{words.adapt(source.docstring(node))}\n"
    return "\n".join([head, *(_method(source, words, method) for method in source.methods(node))])


def _base(node: ast.ClassDef) -> str:
    """Return the base of a twin, which says what it iterates and what it comes from."""
    if node.name in CLIENT:
        return "BlockingClient"
    items, *_ = [ast.unparse(base.slice) for base in node.bases if isinstance(base, ast.Subscript)]
    parameters = [ast.unparse(base) for base in node.bases if _names(base) >= {"Generic"}]
    return f"BlockingLive[{items}, {node.name}{''.join(parameters).removeprefix('Generic')}]"


def _assignments(named: list[Named]) -> dict[str, None]:
    """Return the lines of what heads name and modules make themselves, such as type variables, each once."""
    return {
        source.text(node): None for source, names in named for name, node in source.assignments.items() if name in names
    }


def _method(source: Source, words: Words, method: Function) -> str:
    if "overload" in _decorators(method):
        return f"{_shortened(words.adapt(source.whole(method)))}\n"
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


def _decorators(method: Function) -> set[str]:
    return {name for node in method.decorator_list for name in _names(node)}


def _body(method: Function) -> str:
    if unknown := _decorators(method) - {"property", "lists_keywords"}:
        raise Refused(f"{method.name} has a decorator that is not known here: {', '.join(sorted(unknown))}")
    if "property" in _decorators(method):
        return f"        return self._async.{method.name}"
    carrier, first = _carrier(method)
    inner, arguments = f"self._async.{method.name}(", _forwarded(method)
    if not carrier:  # it does not wait: any thread may call it
        return f"        {first}{inner}{', '.join(arguments)})"
    outer, call = f"        return self.{carrier}(", f"{first}{inner}{', '.join(arguments)})"
    if len(f"{outer}{call})") <= WIDTH:
        return f"{outer}{call})"
    if len(call) + 12 <= WIDTH:
        return f"{outer}\n            {call}\n        )"
    head, comma, rest = first.rpartition(", ")
    lines = [f"            {head},"] if comma else []
    laid = _laid_out(f"            {rest}{inner}", arguments, comma.strip())
    return "\n".join([outer, *lines, laid, "        )"])


def _carrier(method: Function) -> tuple[str, str]:
    """Tell which method of the base class carries a call over, by what it returns, and what stands before the call."""
    if isinstance(method, ast.AsyncFunctionDef):
        return "_call", "lambda: "
    match method.returns:
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name) if name in LIVE:
            return "_live", f"{LIVE[name]}, "
        case ast.Name(id="Self"):
            return "_derived", ""
        case ast.Constant(value=None):
            return "", ""
        case _:
            raise Refused(f"{method.name} returns nothing that lives, nor Self nor None, and is no coroutine")


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


def _laid_out(opening: str, items: list[str], after: str) -> str:
    """Lay the arguments of a call out as the formatter would: on one line, on a line of their own, or one a line."""
    indent = " " * (len(opening) - len(opening.lstrip()))
    joined = ", ".join(items)
    if len(f"{opening}{joined}){after}") <= WIDTH:
        return f"{opening}{joined}){after}"
    if len(indent) + 4 + len(joined) <= WIDTH:
        return f"{opening}\n{indent}    {joined}\n{indent}){after}"
    return f"{_one_a_line(opening, items)}{after}"


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


def _names_in_heads(node: ast.ClassDef, methods: Iterable[Function]) -> set[str]:
    """Return the names that the heads of a twin and of its methods have, but for the twin's base."""
    parts = [part for method in methods for part in (method.args, method.returns) if part]
    names = {name for part in (*parts, ast.parse(_base(node))) for name in _names(part)}
    return names - {"BlockingClient", "BlockingLive"}


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _import_block(named: list[Named], words: Words, carried: list[tuple[Source, ast.ClassDef]]) -> str:
    """Return the imports still in use; all of them run, so that `typing.get_type_hints` finds what heads name."""
    used = {_base_of(node) for _, node in carried}
    for source, names in named:
        for name in sorted(names):
            used |= _origins(source, name, words)
    for source, node in carried:
        decorators = {name for method in source.methods(node) for name in _decorators(method)}
        used |= {source.imports[name] for name in decorators & source.imports.keys()}
    return f"{_sorted_imports(used)}\n"


def _base_of(node: ast.ClassDef) -> Imported:
    name = _base(node).partition("[")[0]
    return Imported(HOMES[name], name)


def _origins(source: Source, name: str, words: Words) -> set[Imported]:
    """Tell what has to be imported for a name."""
    if name in source.assignments:
        return {source.imports[part] for part in _names(source.assignments[name].value)}
    if name in source.classes:
        return {Imported(source.module, name)}
    if name in source.imports:
        module, imported = source.imports[name]
        adapted = words.adapt(imported)
        return {Imported(HOMES.get(adapted, module), adapted)}
    if not hasattr(builtins, name):
        raise Refused(f"{name} is used in a head and is neither imported nor built in")
    return set()


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


def difference(module: Module, wanted: str) -> str:
    """Return what would have to change in the target, empty where nothing does."""
    there = module.target.read_text(encoding="utf-8") if module.target.exists() else ""
    lines = difflib.unified_diff(
        there.splitlines(keepends=True),
        wanted.splitlines(keepends=True),
        f"{module.target.name} as it is",
        f"{module.target.name} as its source asks for",
    )
    return "".join(lines)


def main(arguments: list[str], modules: Iterable[Module] = MODULES) -> int:
    """Write the modules, or compare them; the result is the exit status."""
    return max(_written(module, only_checks=arguments == ["--check"]) for module in modules)


def _written(module: Module, *, only_checks: bool) -> int:
    try:
        wanted = module.text()
    except Refused as refusal:
        print(f"{', '.join(map(str, module.sources))}: {refusal}", file=sys.stderr)
        return 2
    if not only_checks:
        module.target.write_text(wanted, encoding="utf-8", newline="\n")
        return 0
    changes = difference(module, wanted)
    if changes:
        print(f"{changes}\n{module.target} is not what its source makes of it: run `make sync`", file=sys.stderr)
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
