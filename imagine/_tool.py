"""One function that a model may ask to be called, and what requests say of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial, update_wrapper
from typing import Any, TypeAlias, cast, overload

import msgspec

from imagine._schema.content import content_of
from imagine._schema.signature import Signature
from imagine.limits import positive_seconds
from imagine.types.chat_completions import FunctionTool, Tools

__all__ = [
    "AnyTool",
    "Offer",
    "Tool",
    "ToolArgumentsError",
    "as_tools",
    "content_of",
    "name_of",
    "offers",
    "tool",
]

Offer: TypeAlias = Tools | Mapping[str, Any]
"""A tool as it is sent: what it is called, and what it takes."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ToolArgumentsError(ValueError):
    """What a model sent does not fit a tool; the text tells all that is wrong."""


class Tool:
    """A function that a model may ask to be called; it can still be called as that function.

    Examples:
        >>> from imagine import tool
        >>> @tool
        ... def weather(city: str, days: int = 1) -> str:
        ...     '''Tell the weather.
        ...
        ...     Args:
        ...         city: Its English name.
        ...     '''
        ...     return f"{city}: rain for {days} days"
        >>> weather.parameters["properties"]["city"]
        {'description': 'Its English name.', 'type': 'string'}
        >>> weather.values('{"city": "Oslo", "days": "3"}')
        {'city': 'Oslo', 'days': 3}
        >>> weather("Oslo", days=2)
        'Oslo: rain for 2 days'
    """

    def __init__(
        self,
        function: Callable[..., object],
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Read what the function takes from its hints and its docstring.

        Args:
            function: May be async; a method of an instance, a `partial` and an object with `__call__` are taken, too. A
                `Tool` keeps what is not given anew.
            name: Default: the function's.
            description: Default: the docstring up to its first section.
            timeout: Seconds for one call; default: what the run allows.

        Raises:
            TypeError: It is no function, or one of its parameters has no hint, or a type without a JSON Schema.
            ValueError: A name that is not of 1 to 64 letters, digits, `_` and `-`, or a timeout that is not above 0.
        """
        if isinstance(function, Tool):
            name, description = name or function.name, function.description if description is None else description
            timeout, function = function.timeout if timeout is None else timeout, function.function
        function = _checked_function(function)
        self.function: Callable[..., object] = function
        """The function itself."""
        self.name: str = _checked_name(function, name)
        """By which the model asks for it."""
        self.timeout: float | None = None if timeout is None else positive_seconds("timeout", timeout)
        """Seconds for one call; None for what the run allows."""
        self.is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
        """Whether it is called in the loop and awaited; what others return is awaited, too, where it can be."""
        self._signature = Signature(function, self.name)
        self.description: str | None = self._signature.description if description is None else description
        """What it does: the model decides by this whether to call it."""
        self.parameters = self._signature.schema
        """JSON Schema of its arguments."""
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Tool {self.name}({', '.join(self.parameters['properties'])})>"

    def offer(self) -> Tools:
        """Return what a request says of it."""
        function = FunctionTool(name=self.name, description=self.description, parameters=self.parameters)
        return Tools(type="function", function=function)

    def values(self, arguments: str) -> dict[str, Any]:
        """Return what a model sent as the function takes it; what it left out is left to the function's defaults.

        JSON in JSON is read, the slips of models are mended, and texts are taken for numbers. Raises
        ToolArgumentsError, which tells all that is wrong.
        """
        try:
            return self._signature.read(_members(arguments))
        except ValueError as error:
            raise ToolArgumentsError(f"the arguments do not fit {self.name}: {error}") from error


AnyTool: TypeAlias = Tool | Callable[..., object] | Tools | Mapping[str, Any]
"""What `tools=` takes: what can be called, and what is only described."""


@overload
def tool(
    function: Callable[..., object],
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
) -> Tool: ...
@overload
def tool(
    *, name: str | None = None, description: str | None = None, timeout: float | None = None
) -> Callable[[Callable[..., object]], Tool]: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
) -> Tool | Callable[[Callable[..., object]], Tool]:
    """Make a function a `Tool`, as a decorator: `@tool`, or `@tool(timeout=5)` with the options of `Tool`."""
    made = partial(Tool, name=name, description=description, timeout=timeout)
    return made if function is None else made(function)


def as_tools(tools: Any) -> list[Tool | Offer]:
    """Return tools of all kinds, the functions each made a `Tool`; what is only described stays as it is.

    Raises TypeError for what is neither, ValueError for two of one name.
    """
    if not _is_listed(tools):
        raise TypeError(f"tools must be a list of functions, Tool, Tools or dicts, not {type(tools).__name__}")
    made = [_as_tool(one, f"tools[{place}]") for place, one in enumerate(tools)]
    names = [name for name in map(name_of, made) if name is not None]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"tools has two that are named {name!r}: give one another, Tool(function, name=...)")
    return made


def offers(tools: Any) -> list[Offer]:
    """Return what a request says of tools of all kinds; raises what `as_tools` raises."""
    return [one.offer() if isinstance(one, Tool) else one for one in as_tools(tools)]


def _is_listed(tools: object) -> bool:
    return isinstance(tools, Iterable) and not isinstance(tools, Mapping | str | bytes)


def _as_tool(given: object, where: str) -> Tool | Offer:
    if isinstance(given, Tool | Tools | Mapping):
        return cast("Tool | Offer", given)
    try:
        return Tool(cast("Callable[..., object]", given))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where}: {error}") from error


def name_of(given: Tool | Offer) -> object:
    """Return the name of a tool; None where it has none."""
    if isinstance(given, Tool):
        return given.name
    if isinstance(given, Tools):
        return given.function.name
    function: Any = given.get("function")
    return cast("dict[str, object]", function).get("name") if isinstance(function, dict) else None


def _checked_function(function: Callable[..., object]) -> Callable[..., object]:
    if isinstance(function, type):
        raise TypeError(f"a tool is a function, and {function.__name__} is a class; give a function that makes one")
    if not callable(function):
        raise TypeError(f"a tool is a function, Tool, Tools or dict, not {type(function).__name__}")
    for called in (function, type(function).__call__):
        if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
            raise TypeError(f"{_own_name(function)} yields, and a tool returns: give one that returns a list")
    return function


def _checked_name(function: Any, name: str | None) -> str:
    made = _own_name(function) if name is None else name
    if not isinstance(made, str) or not _NAME.fullmatch(made):
        raise ValueError(f"name={made!r}: services take 1 to 64 letters, digits, `_` and `-` for the name of a tool")
    return made


def _own_name(function: Any) -> object:
    function = function.func if isinstance(function, partial) else function
    return getattr(function, "__name__", type(function).__name__)


def _members(text: str) -> dict[str, object]:
    value = _decoded(text)
    if isinstance(value, str):
        value = _decoded(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got `{type(value).__name__}`")
    return cast("dict[str, object]", value)


def _decoded(text: str) -> object:
    if not text.strip():
        return None
    try:
        return cast("object", msgspec.json.decode(text))
    except (ValueError, RecursionError):
        from imagine._json.mending import mended  # most models write JSON

        return mended(text)
