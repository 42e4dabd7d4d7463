"""What a dump has in it, and what it leaves out; pydantic's own dump is the measure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pydantic
import pytest

from imagine.exceptions import ImagineDecodeException
from imagine.types.chat_completions import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionResponseChoice,
    ChatMessage,
    FunctionTool,
    Tools,
)
from imagine.types.common import FinishReason, UsageInfo
from imagine.types.usage import UsageRecord

ANSWER = ChatCompletionResponse(
    id="1",
    choices=[
        ChatCompletionResponseChoice(index=place, message=ChatMessage(role="assistant", content=text))
        for place, text in enumerate("abc")
    ],
    usage=UsageInfo(total_tokens=3),
)
TOOL = Tools(type="function", function=FunctionTool(name="f", parameters={"type": "object", "default": None}))


class Answer(pydantic.BaseModel):
    """The same data in pydantic models."""

    id: str
    object: str = ""
    created: int | float = 0.0
    model: str = ""
    choices: list[Choice]
    usage: dict[str, Any] | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None


class Choice(pydantic.BaseModel):
    index: int
    message: dict[str, Any]
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


@pytest.mark.parametrize(
    "options",
    [
        {"include": {"id", "choices"}},
        {"exclude": {"choices", "usage"}},
        {"include": {"id", "choices"}, "exclude": {"id"}},
        {"include": {"choices": {0: {"message"}, 2: True}}},
        {"include": {"choices": {"__all__": {"index"}, 1: {"message": {"role"}}}}},
        {"include": {"choices": {-1}}},
        {"include": {"usage": {"total_tokens"}, "id": ...}},
        {"include": {"nothing"}},
        {"include": set()},
        {"include": {"usage": set()}},
        {"exclude": {"choices": {"__all__"}}},
        {"exclude": {"choices": {-1: {"message": {"content"}}, "__all__": {"index"}}}},
        {"exclude": {"choices": {0: True, 1: {"index"}}, "usage": {"total_tokens"}}},
        {"exclude": {"choices": {0, -1}}},
        {"exclude": {"id": False, "model": True}},
        {"exclude": set()},
        {"exclude": None, "include": None},
        {"by_alias": True},
    ],
)
def test_a_dump_is_pydantics(options: dict[str, Any]) -> None:
    """`include` and `exclude` mean what they mean in pydantic, at all depths."""
    expected = Answer(**ANSWER.model_dump()).model_dump(**options)
    assert ANSWER.model_dump(**options) == expected
    assert json.loads(ANSWER.model_dump_json(**options)) == expected


@pytest.mark.parametrize("argument", ["include", "exclude"])
@pytest.mark.parametrize("given", ["id", ["id"], 3, True, False, {"choices": "index"}])
def test_what_names_no_fields_is_refused(argument: str, given: Any) -> None:
    """A text, which is no set of names, is a TypeError that names the argument."""
    with pytest.raises(TypeError, match=f"^{argument}= takes a set of names"):
        ANSWER.model_dump(**{argument: given})


def test_an_unknown_option_is_refused() -> None:
    """A misspelt option is a TypeError that names it."""
    with pytest.raises(TypeError, match="exclude_nones"):
        ANSWER.model_dump(exclude_nones=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("option", ["exclude_unset", "exclude_defaults"])
def test_a_field_with_its_default_is_left_out(option: str) -> None:
    """What has its default counts as unset, in nested classes too, given or not; what is required stays."""
    made = ChatCompletionResponse(id="", choices=[ChatCompletionResponseChoice(message=ChatMessage(role="user"))])
    assert made.model_dump(**{option: True}) == {"choices": [{"message": {"role": "user"}}]}
    assert json.loads(made.model_dump_json(**{option: True})) == {"choices": [{"message": {"role": "user"}}]}
    assert ChatCompletionResponse.model_validate(made.model_dump(**{option: True})) == made


def test_options_go_together() -> None:
    """A field is left out where any of the options leaves it out; the user's dicts are left alone."""
    request = ChatCompletionRequest(messages=[], model="m", stream=False, tools=[TOOL], seed=1)
    assert request.model_dump(exclude_unset=True, exclude_none=True, exclude={"seed", "messages"}) == {
        "model": "m",
        "stream": False,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "default": None}}}],
    }


def test_a_dump_for_json_is_json() -> None:
    """`mode="json"` has nothing that `json` cannot write: datetimes are text, enum members strings."""
    record = UsageRecord(date_bin=datetime(2026, 11, 1))
    assert record.model_dump(mode="json")["date_bin"] == "2026-11-01T00:00:00"
    choice = ChatCompletionResponseChoice(message=ChatMessage(), finish_reason=FinishReason("content_filter"))
    assert type(choice.model_dump(mode="json")["finish_reason"]) is str


def test_another_mode_is_refused() -> None:
    """There are two modes; another is a ValueError that names them."""
    with pytest.raises(ValueError, match='mode= is "python" or "json", not \'yaml\''):
        ANSWER.model_dump(mode="yaml")  # type: ignore[arg-type]


def test_json_can_be_indented() -> None:
    """`indent` spreads the text over lines, with so many spaces a level."""
    assert UsageInfo(total_tokens=3).model_dump_json(indent=2, exclude_none=True) == '{\n  "total_tokens": 3\n}'


@pytest.mark.parametrize("kind", [str, str.encode, lambda text: bytearray(text.encode())])
def test_json_is_validated(kind: Any) -> None:
    """`model_validate_json` takes text and bytes, and is as lenient as the rest."""
    assert ChatCompletionResponse.model_validate_json(kind(ANSWER.model_dump_json(indent=1))) == ANSWER
    assert UsageInfo.model_validate_json(kind('{"total_tokens": "3"}')) == UsageInfo(total_tokens=3)


def test_a_lone_surrogate_is_validated() -> None:
    """Text with half a surrogate pair in it is no reason to lose the rest."""
    assert ChatMessage.model_validate_json('{"role": "user", "content": "a\ud83d"}').role == "user"


@pytest.mark.parametrize("text", ['{"total_tokens": []}', "{", "", "[]"])
def test_json_that_does_not_fit_is_refused(text: str) -> None:
    """What does not fit is an ImagineDecodeException that names the class."""
    with pytest.raises(ImagineDecodeException, match="UsageRecord"):
        UsageRecord.model_validate_json(text)
