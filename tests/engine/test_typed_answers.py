"""Typed answers of a real model: how many of fifty questions give a value of the type, by each way to ask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from llama_server import MODEL, assembled
from own_server import own_server
from typed_questions import QUESTIONS

from imagine import ImagineAPIBadRequestException, ImagineParseException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_server import Engine

    from imagine import ImagineAsyncClient

pytestmark = pytest.mark.anyio

# Measured: by tool 39 in 50 asks, by content 42 in 50, by completion 33 in 77. The first two can write nothing but what
# fits; a text or a list without an end is cut.
FLOORS = {"tool": 35, "content": 35, "completion": 25}


@pytest.fixture(scope="module")
def server() -> Iterator[Engine]:
    """The local server, since llama.cpp's own knows no `json_schema`."""
    python = str(Path(os.environ["IMAGINE_ENGINE_VENV"]).absolute() / "bin" / "python")
    with own_server(python, MODEL, "--engine", "llama-cpp", "--model", assembled(python)) as server:
        yield server


class Outcome(NamedTuple):
    """What came of one question."""

    fits: bool
    asked: int


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", FLOORS)
@pytest.mark.parametrize("face", ["blocking"], indirect=True)  # minutes of work, which is the engine's alone
async def test_answers_fit_their_types(
    client: ImagineAsyncClient, server: Engine, figures: list[str], way: str
) -> None:
    """A value of the type, true or not, comes of most questions; the count is printed at the end of the run."""
    questions = [(kind, question) for kind, questions in QUESTIONS.items() for question in questions]
    sampling = {"max_tokens": 80, "temperature": 0, "seed": 1}
    asking: dict[str, Any] = {"model": server.model, "ways": [way], "timeout": 120, **sampling}
    outcomes = [await _outcome(client, kind, question, asking) for kind, question in questions]
    count, asked = sum(outcome.fits for outcome in outcomes), sum(outcome.asked for outcome in outcomes)
    figures.append(f"{MODEL}, typed answers by {way}: {count} of {len(questions)}, {asked} asks")
    assert count >= FLOORS[way]


async def _outcome(client: ImagineAsyncClient, kind: object, question: str, asking: dict[str, Any]) -> Outcome:
    try:
        parsed = await client.chat_parse([{"role": "user", "content": question}], kind, **asking)
    except ImagineParseException as error:
        return Outcome(fits=False, asked=error.asked)
    except ImagineAPIBadRequestException:  # the local server sends no call that was cut
        return Outcome(fits=False, asked=1)
    return Outcome(fits=True, asked=parsed.asked)
