"""A function's arguments: their schema, and what a model sends for them read back, with every misfit told."""

from __future__ import annotations

import inspect
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from imagine._schema.docstring import Docstring, read_docstring
from imagine._schema.inlining import complete
from imagine._schema.schema import schemas_of, shown_default
from imagine._schema.target import Target, target_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Signature"]

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Argument(NamedTuple):
    """A parameter that a model fills."""

    name: str
    target: Target[Any]
    default: object
    """`inspect.Parameter.empty` where there is none."""

    @property
    def is_required(self) -> bool:
        """Whether it has to be given."""
        return self.default is inspect.Parameter.empty


class Signature:
    """What a function takes; TypeError for one whose arguments have no JSON Schema, naming function and parameter."""

    def __init__(self, function: Callable[..., object], name: str) -> None:
        said = read_docstring(inspect.getdoc(_documented(function)))
        self.description = said.description or None
        """What the docstring says before its first section."""
        self._arguments = {argument.name: argument for argument in _arguments(function, name)}
        self.schema = self._schema(said)
        """The JSON Schema of the object of all arguments."""

    def read(self, given: dict[str, object]) -> dict[str, Any]:
        """Return arguments as the function takes them; what was not given is left to its defaults.

        Raises ValueError, which tells all that is wrong.
        """
        values: dict[str, Any] = {}
        wrong = [self._unknown(name) for name in given if name not in self._arguments]
        for argument in self._arguments.values():
            try:
                values |= _read(argument, given)
            except ValueError as error:
                wrong.append(f"{argument.name}: {error}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return values

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self._arguments, 1)
        known = ", ".join(self._arguments) or "none"
        return f"{name}: there is no such argument; " + (f"did you mean {near[0]}?" if near else f"there are: {known}")

    def _schema(self, said: Docstring) -> dict[str, Any]:
        arguments = list(self._arguments.values())
        schemas, definitions = schemas_of([argument.target.type for argument in arguments])
        properties = {
            argument.name: _described(argument, schema, said)
            for argument, schema in zip(arguments, schemas, strict=True)
        }
        required = [argument.name for argument in arguments if argument.is_required]
        root: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return complete({**root, **({"required": required} if required else {})}, definitions)


def _documented(function: Callable[..., object]) -> object:
    """Return what has the docstring: behind a partial its function, of a callable object its `__call__`."""
    function = function.func if isinstance(function, partial) else function
    if inspect.isroutine(function) or hasattr(function, "__wrapped__"):
        return function
    return type(function).__call__ if type(function).__call__.__doc__ else type(function)


def _arguments(function: Callable[..., object], name: str) -> list[Argument]:
    hints, bound = _hints(function, name), _bound(function)
    return [_argument(one, hints, name) for one in _parameters(function, name) if one.name not in bound]


def _bound(function: Callable[..., object]) -> set[str]:
    """Return the names of what a partial gives by itself; what it gives by place is no parameter any more."""
    return set(function.keywords) if isinstance(function, partial) else set()


def _parameters(function: Callable[..., object], name: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError as error:
        raise TypeError(f"{name}: its arguments cannot be looked up ({error}); wrap it in a function") from error


def _hints(function: Callable[..., object], name: str) -> dict[str, Any]:
    function = inspect.unwrap(function.func if isinstance(function, partial) else function)
    try:
        return get_type_hints(function if inspect.isroutine(function) else type(function).__call__, include_extras=True)
    except NameError as error:
        told = "cannot be looked up; import or define it at the top of the module"
        raise TypeError(f"{name}: the name {error.name} in its hints {told}") from error
    except (TypeError, SyntaxError, AttributeError) as error:
        raise TypeError(f"{name}: its hints cannot be looked up: {error}") from error


def _argument(parameter: inspect.Parameter, hints: dict[str, Any], name: str) -> Argument:
    where = f"{name}: its parameter {parameter.name}"
    if parameter.kind in _VARIADIC:
        raise TypeError(f"{where} takes any number of arguments, which a model cannot be told; name them")
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise TypeError(f"{where} takes no keyword, and a model's arguments have names; remove the `/`")
    if parameter.name not in hints:
        raise TypeError(f"{where} has no hint of its type; {_to_add(parameter.name)}")
    try:
        return Argument(parameter.name, target_of(hints[parameter.name]), parameter.default)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from error


def _to_add(name: str) -> str:
    return "give the method of an instance" if name in ("self", "cls") else f"add one, such as `{name}: str`"


def _described(argument: Argument, schema: dict[str, Any], said: Docstring) -> dict[str, Any]:
    texts = [part for part in getattr(argument.target.type, "__metadata__", ()) if isinstance(part, str)]
    told = texts[0] if texts else said.parameters.get(argument.name)
    return {**({"description": told} if told else {}), **schema, **_default_of(argument)}


def _default_of(argument: Argument) -> dict[str, Any]:
    """Return what the schema says of a default; nothing of one that the model could not send."""
    shown = {} if argument.is_required else shown_default(argument.default)
    with suppress(ValueError):
        if shown:
            argument.target.convert(shown["default"])
        return shown
    return {}


def _read(argument: Argument, given: dict[str, object]) -> dict[str, Any]:
    if argument.name not in given:
        if argument.is_required:
            raise ValueError(f"it is missing; expected {_expected(argument.target.schema)}")
        return {}
    value = given[argument.name]
    try:
        return {argument.name: _converted(argument.target, value)}
    except ValueError:
        if value is None and not argument.is_required:  # many models say null for what they leave out
            return {}
        raise


def _converted(target: Target[Any], value: object) -> object:
    try:
        return target.convert(value)
    except ValueError:
        return _leniently_converted(target, value)


def _leniently_converted(target: Target[Any], value: object) -> object:
    try:
        return target.convert(value, strict=False)
    except ValueError as error:
        if "enum" in target.schema:
            raise ValueError(f"{error}; expected {_expected(target.schema)}") from error
        raise


def _expected(schema: dict[str, Any]) -> str:
    options: list[object] = schema.get("enum", [])
    if options:
        return "one of " + ", ".join(map(repr, options))
    return str(schema.get("type", "a value"))
