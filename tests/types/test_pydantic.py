"""The data classes as pydantic types: fields of models, bodies and answers of FastAPI, parts of its document."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Any

import pydantic
import pytest
from data_classes import DATA_CLASSES
from fastapi import Body, FastAPI
from pydantic import TypeAdapter, ValidationError

from imagine.types.chat_completions import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionResponseChoice,
    ChatMessage,
)
from imagine.types.common import FinishReason, UsageInfo
from imagine.types.embeddings import EmbeddingRequest
from imagine.types.healthcheck import PingResponse
from imagine.types.images import ImageRequest

if TYPE_CHECKING:
    from imagine.types.base import DTO

ASKED = {"role": "user", "content": " hi "}
ANSWER = ChatCompletionResponse(
    id="1",
    choices=[ChatCompletionResponseChoice(message=ChatMessage(role="assistant", content="Hello"))],
    usage=UsageInfo(total_tokens=3),
)


class Internal(ChatMessage):
    """A data class of a user, with a field that is nobody's business."""

    note: str = "secret"


class Turn(pydantic.BaseModel):
    """A model of a user, with data classes in each of the usual places."""

    model_config = pydantic.ConfigDict(extra="forbid", str_strip_whitespace=True)

    message: ChatMessage
    history: list[ChatMessage | str] = []
    usage: UsageInfo | None = None
    status: UsageInfo | PingResponse | None = None


@pytest.mark.parametrize("cls", DATA_CLASSES)
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_every_class_has_a_json_schema(cls: type[DTO], mode: Any) -> None:
    """It has the name, the docstring, every field, and those that are required."""
    schema = TypeAdapter(cls).json_schema(mode=mode)
    assert (schema["title"], schema["type"]) == (cls.__name__, "object")
    assert schema["description"].startswith(str(cls.__doc__).partition("\n")[0])
    assert tuple(schema["properties"]) == cls.__struct_fields__


def test_a_json_schema_tells_defaults() -> None:
    """Fields without a default are required, the others show it."""
    schema = TypeAdapter(ImageRequest).json_schema()
    assert schema["required"] == ["prompt", "model", "stream"]
    assert schema["properties"]["seed"]["default"] == 27


def test_a_json_schema_lets_unknown_reasons_pass() -> None:
    """A finish reason is any string: an enum of the known ones would refuse what services say."""
    schema = TypeAdapter(ChatCompletionResponse).json_schema()["$defs"]["FinishReason"]
    assert (schema["type"], schema["examples"]) == ("string", list(FinishReason))
    assert "enum" not in schema
    assert TypeAdapter(FinishReason).validate_python("content_filter") == "content_filter"


def test_a_field_is_made_of_a_dict() -> None:
    """Fields of a model, alone, in lists and in unions, become data classes."""
    turn = Turn.model_validate({"message": ASKED, "history": ["a", ASKED], "usage": {"total_tokens": "3"}})
    assert turn.message == turn.history[1] == ChatMessage(role="user", content=" hi ")
    assert turn.usage == UsageInfo(total_tokens=3)
    assert Turn.model_validate_json(turn.model_dump_json()) == turn == turn.model_copy(deep=True)


def test_the_config_of_a_model_is_its_own() -> None:
    """Strictness of the model around it does not reach into a data class, as it does not reach into other models."""
    assert Turn.model_validate({"message": {**ASKED, "unknown": 1}}).message.content == " hi "


def test_a_union_takes_the_class_that_fits_best() -> None:
    """Of classes whose fields are all optional, the one that knows most of what is there is taken."""
    for status in (PingResponse(message="pong"), UsageInfo(total_tokens=3)):
        turn = Turn(message=ChatMessage(), status=status.model_dump(exclude_none=True))  # type: ignore[arg-type]
        assert turn.status == status
        assert turn.model_dump()["status"] == status.model_dump()


def test_what_does_not_fit_is_pydantics_error() -> None:
    """A ValidationError has each place that is wrong, also inside of data classes."""
    with pytest.raises(ValidationError) as caught:
        Turn.model_validate({"message": {"role": 7, "tool_calls": [{"index": "x"}]}, "usage": 3})
    found = {(error["loc"], error["type"]) for error in caught.value.errors()}
    assert found == {
        (("message", "role"), "string_type"),
        (("message", "tool_calls", 0, "index"), "int_parsing"),
        (("usage",), "dict_type"),
    }


def test_a_required_field_is_missed() -> None:
    """A field without a default that is not there is named."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(EmbeddingRequest).validate_python({"input": "a"})
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [(("model",), "missing")]


def test_an_error_in_a_union_names_the_class() -> None:
    """Where several classes were tried, each error says of which it is."""
    with pytest.raises(ValidationError, match=r"\[UsageInfo\(\)\][^$]*\[PingResponse\(\)\]"):
        Turn.model_validate({"message": ASKED, "status": 3})


def test_a_subclass_is_written_as_its_base() -> None:
    """What a subclass adds is not written where the base is declared, at any depth."""
    answer = ChatCompletionResponse(choices=[ChatCompletionResponseChoice(message=Internal(role="assistant"))])
    assert b"secret" not in TypeAdapter(ChatCompletionResponse).dump_json(answer)
    assert "secret" not in Turn(message=Internal()).model_dump_json()
    assert b"secret" in TypeAdapter(Internal).dump_json(Internal())


def test_include_and_exclude_reach_inside() -> None:
    """A dump of the model around it chooses fields inside a data class."""
    turn = Turn(message=ChatMessage(role="user", content="hi"), usage=UsageInfo(total_tokens=3))
    assert turn.model_dump(include={"message": {"role"}}) == {"message": {"role": "user"}}
    assert "content" not in turn.model_dump(exclude={"message": {"content"}})["message"]


app = FastAPI()


@app.post("/ask")
async def ask(request: Annotated[ChatCompletionRequest, Body()]) -> ChatCompletionResponse:
    """Answer with what was said."""
    said = ChatMessage(role="assistant", content=f"So: {request.messages[-1].content}")
    return ChatCompletionResponse(id="1", choices=[ChatCompletionResponseChoice(message=said)])


@app.post("/turn", response_model=Turn, response_model_exclude_unset=True)
async def turn(turn: Turn) -> Any:
    """Return what came."""
    return turn


@app.post("/count")
async def count(messages: list[ChatMessage]) -> UsageInfo:
    """Count the characters."""
    return UsageInfo(prompt_tokens=sum(len(str(message.content)) for message in messages))


@app.get("/answers", response_model=list[ChatCompletionResponse])
async def answers() -> Any:
    """Return an instance, and what an instance is made of."""
    return [ANSWER, ANSWER.model_dump()]


async def called(method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Call the app as a server does; the status, and the JSON of the answer."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"content-type", b"application/json")]}
    await app({**scope, "query_string": b""}, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


@pytest.mark.anyio
async def test_fastapi_takes_and_returns_data_classes() -> None:
    """A body becomes a data class, an annotated answer is the JSON of its dump."""
    request = ChatCompletionRequest(messages=[ChatMessage(role="user", content="hi")], model="m", stream=False)
    status, answer = await called("POST", "/ask", request.model_dump(mode="json"))
    assert status == 200
    assert ChatCompletionResponse.model_validate(answer).first_content == "So: hi"
    assert answer == json.loads(ChatCompletionResponse.model_validate(answer).model_dump_json())


@pytest.mark.anyio
async def test_fastapi_takes_and_returns_lists_of_them() -> None:
    """A `response_model` takes instances and dicts; a list of them is a body."""
    assert await called("POST", "/count", [ASKED, ASKED]) == (200, UsageInfo(prompt_tokens=8).model_dump())
    assert await called("GET", "/answers") == (200, [ANSWER.model_dump(mode="json")] * 2)


@pytest.mark.anyio
async def test_fastapi_leaves_out_what_is_unset() -> None:
    """`response_model_exclude_unset` reaches the data classes inside of a model."""
    status, answer = await called("POST", "/turn", {"message": ASKED})
    assert (status, answer) == (200, {"message": ASKED})


@pytest.mark.anyio
async def test_fastapi_refuses_a_body_that_does_not_fit() -> None:
    """A 422 says where."""
    status, answer = await called("POST", "/ask", {"messages": [{"role": 7}], "model": "m"})
    assert status == 422
    assert [error["loc"] for error in answer["detail"]] == [
        ["body", "messages", 0, "role"],
        ["body", "stream"],
    ]


def test_fastapi_documents_them() -> None:
    """The OpenAPI document has one schema for each class, under its name, and every reference leads to one."""
    document = app.openapi()
    schemas = document["components"]["schemas"]
    assert {"ChatCompletionRequest", "ChatCompletionResponse", "ChatMessage", "UsageInfo", "Turn"} <= set(schemas)
    references = {part.partition('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert references <= set(schemas)
    assert not {name for name in schemas if "-" in name or "__" in name}


def test_nobody_imports_pydantic_but_its_user() -> None:
    """The package, its data classes and their dumps do without pydantic."""
    program = (
        "import sys, imagine; imagine.ImagineClient('http://127.0.0.1', 'key').close()\n"
        "imagine.ChatMessage(role='user').model_dump(mode='json', exclude={'name'}, exclude_unset=True)\n"
        "sys.exit('pydantic' in sys.modules or 'pydantic_core' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
