"""Tool calls in place of text, and the habits that services have of streaming them."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from imagine.server.events import DONE
from imagine.server.faults.contents import Document, choices_of, encoded
from imagine.server.faults.exchange import each
from imagine.server.faults.table import fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from imagine.server.faults.exchange import Exchange

    Pieces = Iterator[Document]

_TOOLS = ("get_weather", '{"city": "Oslo"}'), ("get_time", '{"zone": "CET"}')
_SIZE = 7


@fault
async def tool_calls(exchange: Exchange, habit: str = "alternating") -> None:
    """Two tool calls instead of text; how the pieces of a stream name theirs is the `habit`.

    That is `alternating`, by index alone once id and name were told; `same-index`, 0 for both; `no-index`; `new-ids`,
    `repeated` id and name, or `empty-ids` in every piece; `name-in-pieces`; `objects`, whole calls whose arguments are
    no JSON text but objects, in answers that come whole, too.
    """
    reply = await exchange.good()
    pieces = _HABITS.get(habit, _by_index)

    async def calling(payloads: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        document: Document = json.loads(await anext(payloads))
        for choice in _choices(pieces, alternating=pieces is _by_index):
            yield encoded({**document, "choices": [{"index": 0, **choice}]})
        yield DONE

    called = partial(_called, pieces=_objects if habit == "objects" else _whole)
    await reply.through(calling if reply.streamed else each(called)).send()


def _called(payload: bytes, *, pieces: Callable[[int, str, str], Pieces]) -> bytes:
    document: Document = json.loads(payload)
    calls = [piece for index, (name, arguments) in enumerate(_TOOLS) for piece in pieces(index, name, arguments)]
    for choice in choices_of(document):
        choice["message"] = {"role": "assistant", "content": None, "tool_calls": calls}
        choice["finish_reason"] = "tool_calls"
    return encoded(document)


def _choices(pieces_of: Callable[[int, str, str], Pieces], *, alternating: bool) -> Iterator[Document]:
    """Yield choices of a stream: the pieces of both calls, by turns or one after the other, then the end."""
    calls = [list(pieces_of(index, name, arguments)) for index, (name, arguments) in enumerate(_TOOLS)]
    turns = zip(*calls, strict=True) if alternating else calls
    for piece in (piece for turn in turns for piece in turn):
        yield {"delta": {"role": "assistant", "content": None, "tool_calls": [piece]}, "finish_reason": None}
    yield {"delta": {}, "finish_reason": "tool_calls"}


def _piece(index: int, call_id: str | None, name: str | None, arguments: str | None) -> Document:
    """Write a piece; what is None is left out."""
    function = {"name": name, "arguments": arguments}
    piece: Document = {"index": index, "id": call_id, "type": "function" if name else None}
    piece["function"] = {key: value for key, value in function.items() if value is not None}
    return {key: value for key, value in piece.items() if value is not None}


def _parts(arguments: str) -> list[str]:
    return [arguments[at : at + _SIZE] for at in range(0, len(arguments), _SIZE)]


def _by_index(index: int, name: str, arguments: str) -> Pieces:
    yield _piece(index, f"call_{index}", name, "")
    for part in _parts(arguments):
        yield _piece(index, None, None, part)


def _same_index(index: int, name: str, arguments: str) -> Pieces:
    return ({**piece, "index": 0} for piece in _by_index(index, name, arguments))


def _no_index(index: int, name: str, arguments: str) -> Pieces:
    return ({key: piece[key] for key in piece if key != "index"} for piece in _by_index(index, name, arguments))


def _new_ids(index: int, name: str, arguments: str) -> Pieces:
    for number, part in enumerate(_parts(arguments)):
        yield _piece(index, f"call_{index}_{number}", None if number else name, part)


def _repeated(index: int, name: str, arguments: str) -> Pieces:
    return (_piece(index, f"call_{index}", name, part) for part in _parts(arguments))


def _empty_ids(index: int, name: str, arguments: str) -> Pieces:
    yield _piece(index, f"call_{index}", name, "")
    for part in _parts(arguments):
        yield _piece(index, "", "", part)


def _whole(index: int, name: str, arguments: str) -> Pieces:
    yield _piece(index, f"call_{index}", name, arguments)


def _objects(index: int, name: str, arguments: str) -> Pieces:
    for piece in _whole(index, name, arguments):
        piece["function"]["arguments"] = json.loads(arguments)
        yield piece


def _name_in_pieces(index: int, name: str, arguments: str) -> Pieces:
    yield _piece(index, f"call_{index}", name[:4], None)
    yield _piece(index, None, name[4:], arguments)


_HABITS: Mapping[str, Callable[[int, str, str], Pieces]] = {
    "same-index": _same_index,
    "no-index": _no_index,
    "new-ids": _new_ids,
    "repeated": _repeated,
    "empty-ids": _empty_ids,
    "name-in-pieces": _name_in_pieces,
    "objects": _objects,
}
