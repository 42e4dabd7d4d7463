"""The keywords behind a method's `**options`: shown where somebody looks, and what is said about one unknown."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

from imagine._instead import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import ForwardRef

__all__ = ["lists_keywords", "unexpected_keyword"]

Method = TypeVar("Method", bound="Callable[..., object]")

_TAKEN: dict[str, inspect.Signature] = {}
"""What each method takes."""


class _Listed(inspect.Signature):
    """A signature that is put together when somebody looks at it, as few programs do."""

    _method: object = None
    """None where it was made as a whole, as by `replace`."""

    @classmethod
    def of(cls, method: FunctionType) -> _Listed:
        """Return the signature of a method, with nothing in it yet."""
        listed = cls.__new__(cls)
        listed._method = method
        return listed

    def __repr__(self) -> str:
        return f"<Signature {self}>"  # as of any other: how it is put together is nobody's business

    if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

        def __getattr__(self, name: str) -> object:
            """Put it together; what it does not have then, it has not."""
            if isinstance(self._method, FunctionType):
                written = inspect.signature(_bare(self._method))
                super().__init__(list(_listed(self._method, written)), return_annotation=written.return_annotation)
            return super().__getattribute__(name)


def _bare(method: FunctionType) -> FunctionType:
    """Return a method that has no signature of its own."""
    bare = FunctionType(method.__code__, method.__globals__, method.__name__, method.__defaults__)
    bare.__kwdefaults__ = method.__kwdefaults__
    bare.__annotations__ = method.__annotations__
    return bare


def _listed(method: FunctionType, written: inspect.Signature) -> Iterator[inspect.Parameter]:
    """Yield the parameters of a method, with the keywords in place of `**options`."""
    *head, rest = written.parameters.values()
    yield from head
    keywords = method.__globals__[str(rest.annotation).removeprefix("Unpack[").removesuffix("]")]
    for name, type_ in cast("dict[str, ForwardRef]", keywords.__annotations__).items():
        annotation = type_.__forward_arg__  # text, as the annotations of the head are
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def lists_keywords(method: Method) -> Method:
    """Let `help()`, notebooks and documentation show the keywords behind a method's `**options`, with their types."""
    listed = _Listed.of(cast("FunctionType", method))
    _TAKEN[method.__name__] = listed
    method.__signature__ = listed  # type: ignore[attr-defined]  # the protocol of inspect
    return method


def unexpected_keyword(method: str, name: str) -> TypeError:
    """Return the error for a keyword, which says what was meant, or where else it goes."""
    return TypeError(f"{method}() got an unexpected keyword argument {name!r}: {_hint(method, name)}")


def _hint(method: str, name: str) -> str:
    if name == "stream":
        return _about_streams(method)
    _, *taken = _TAKEN[method].parameters
    meant = nearest(name, taken)
    return f"did you mean {meant}?" if meant else "what the service alone knows goes into extra_body="


def _about_streams(method: str) -> str:
    if method.endswith("_stream"):
        return "it always streams, leave it out"
    return f"use {method}_stream()" if f"{method}_stream" in _TAKEN else "it cannot stream"
