"""The habits of pydantic models that users' code relies on work on the data classes."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from data_classes import DATA_CLASSES
from msgspec import NODEFAULT
from msgspec.structs import fields

from imagine.exceptions import ImagineDecodeException, ImagineException
from imagine.types.base import DTO, PlainDTO, to_json, to_wire
from imagine.types.chat_completions import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionResponseChoice,
    ChatCompletionStreamResponse,
    ChatMessage,
    FunctionTool,
    Tools,
)
from imagine.types.common import ChatMessageToolCall, FinishReason, Function, UsageInfo
from imagine.types.completions import CompletionResponse, CompletionResponseChoice, CompletionStreamResponse
from imagine.types.embeddings import EmbeddingObject, EmbeddingRequest, EmbeddingResponse
from imagine.types.images import ImageRequest
from imagine.types.models import ModelType
from imagine.types.translate import TranslateResponse
from imagine.types.usage import UsageRecord

if TYPE_CHECKING:
    from enum import StrEnum

ASKS = ChatMessage(
    role="assistant",
    tool_calls=[ChatMessageToolCall(id="t1", type="function", function=Function(name="f", arguments="{}"))],
)
ANSWER = ChatCompletionResponse(
    id="1", choices=[ChatCompletionResponseChoice(message=ASKS, finish_reason=FinishReason.tool_calls)]
)
BEYOND = FinishReason("content_filter")


def test_a_dump_is_plain_dicts_and_lists() -> None:
    """`model_dump` leaves no class of ours; enum members become plain strings."""
    dumped = ANSWER.model_dump()
    [choice] = dumped["choices"]
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}
    assert type(choice["finish_reason"]) is str
    assert dumped["usage"] is None


def test_a_dump_keeps_datetimes() -> None:
    """Datetimes stay datetimes in a dump, and are text in its JSON."""
    record = UsageRecord(date_bin=datetime(2026, 11, 1))
    assert record.model_dump()["date_bin"] == datetime(2026, 11, 1)
    assert '"date_bin":"2026-11-01T00:00:00"' in record.model_dump_json()


def test_a_dump_without_none_leaves_out_fields_at_all_depths() -> None:
    """`exclude_none` leaves out None in nested classes, but not in dicts of the user."""
    message = ChatMessage(role="user", content=[{"type": "text", "cache": None}])
    request = ChatCompletionRequest(messages=[message, ASKS], model="m", stream=False)
    assert request.model_dump(exclude_none=True) == {
        "messages": [
            {"role": "user", "content": [{"type": "text", "cache": None}]},
            {
                "role": "assistant",
                "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        ],
        "model": "m",
        "stream": False,
    }


def test_a_json_dump_can_leave_out_none() -> None:
    """`model_dump_json` takes `exclude_none` too."""
    function = Function(name="f")
    assert function.model_dump_json() == '{"name":"f","arguments":null}'
    assert function.model_dump_json(exclude_none=True) == '{"name":"f"}'


def test_a_lone_surrogate_survives_json() -> None:
    """Text that arrived with half a surrogate pair can be dumped and read again."""
    message = ChatMessage(role="assistant", content="a\ud83d")
    assert message.model_dump_json(exclude_none=True) == '{"role": "assistant", "content": "a\\ud83d"}'
    assert ChatMessage.model_validate(message.model_dump()) == message


@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_validation_takes_mappings(kind: Any) -> None:
    """`model_validate` makes an instance of any mapping, converting what is inside."""
    made = ChatMessage.model_validate(kind({"role": "user", "tool_calls": ({"id": "t1"},)}))
    assert made == ChatMessage(role="user", tool_calls=[ChatMessageToolCall(id="t1")])


def test_validation_returns_an_instance_as_it_is() -> None:
    """An instance, also of a subclass, needs no validation."""
    answer = TranslateResponse(choices=[])
    assert CompletionResponse.model_validate(answer) is answer


def test_validation_takes_mappings_of_instances() -> None:
    """Instances inside a mapping are kept."""
    body = {"messages": [ASKS, {"role": "user", "content": "hi"}], "model": "m", "stream": True}
    request = ChatCompletionRequest.model_validate(body)
    assert request.messages[0] is ASKS
    assert request.messages[1].content == "hi"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"messages": [], "model": "m"}, "required field `stream`"),
        ({"messages": [{"role": 7}], "model": "m", "stream": True}, r"`\$.messages\[0\].role`; there was 7"),
        (None, "got `null`"),
        ("text", "there was 'text'"),
        ({3: "x"}, "there was {3: 'x'}"),
        (object(), "<object object"),
    ],
)
def test_validation_fails_with_our_exception(value: object, says: str) -> None:
    """What does not fit is an ImagineDecodeException, also a ValueError, that says what was there."""
    with pytest.raises(ImagineDecodeException, match=says) as caught:
        ChatCompletionRequest.model_validate(value)
    assert isinstance(caught.value, ValueError)


def test_a_copy_can_differ_in_some_fields() -> None:
    """`model_copy` leaves the original alone and shares the rest."""
    copied = ANSWER.model_copy(update={"id": "2"})
    assert (ANSWER.id, copied.id) == ("1", "2")
    assert copied.choices is ANSWER.choices
    assert ANSWER.model_copy() == ANSWER


def test_a_copy_refuses_unknown_fields() -> None:
    """A misspelt field is a TypeError."""
    with pytest.raises(TypeError, match="idd"):
        ANSWER.model_copy(update={"idd": "2"})


def test_dict_of_an_instance_is_shallow() -> None:
    """`dict(dto)` has the fields in order, with nested instances as they are."""
    assert list(dict(ANSWER))[:6] == ["id", "object", "created", "model", "choices", "usage"]
    assert dict(ANSWER)["choices"] is ANSWER.choices


def test_fields_can_be_set() -> None:
    """Instances are mutable, as the incumbent's are."""
    message = ChatMessage(role="user", content="a")
    message.content = "b"
    assert message == ChatMessage(role="user", content="b")


def test_repr_shows_the_fields() -> None:
    """The repr is the call that makes an equal instance."""
    assert repr(Function(name="f")) == "Function(name='f', arguments=None)"


def test_a_misspelt_keyword_is_refused() -> None:
    """Construction takes the fields of the class and nothing else."""
    with pytest.raises(TypeError, match="totl_tokens"):
        UsageInfo(totl_tokens=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("cls", DATA_CLASSES)
def test_the_collector_is_off_for_plain_trees_alone(cls: type[DTO]) -> None:
    """Trees of plain values are out of the garbage collector's sight; all other classes, whole answers too, are not."""
    assert cls.__struct_config__.gc is not issubclass(cls, PlainDTO)


def test_what_may_hold_dicts_of_the_user_is_no_plain_tree() -> None:
    """Messages, requests and whole answers stay in the garbage collector's sight; chunks do not."""
    plain = [cls for cls in DATA_CLASSES if issubclass(cls, PlainDTO)]
    assert not {ChatMessage, ChatCompletionRequest, Tools, FunctionTool, ChatCompletionResponse} & set(plain)
    assert ChatCompletionStreamResponse in plain


@pytest.mark.parametrize("member", [FinishReason.stop, BEYOND, ModelType.LLM])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_members_are_their_strings(member: StrEnum, protocol: int) -> None:
    """An enum member equals, hashes, prints, copies and pickles as its string, known or not."""
    text = member.value
    assert member == text == str(member) == f"{member}" == copy.deepcopy(member)
    assert {text: 1}[member] == 1
    again = pickle.loads(pickle.dumps(member, protocol))
    assert (type(again), again) == (type(member), member)


def test_an_unknown_finish_reason_is_kept_but_not_remembered() -> None:
    """A reason beyond the enum keeps its value, and memory does not grow with what services say."""
    assert repr(BEYOND) == "<FinishReason.content_filter: 'content_filter'>"
    assert BEYOND.name == "content_filter"
    assert len(FinishReason) == len(FinishReason._value2member_map_) == 4


def test_a_finish_reason_is_text() -> None:
    """Anything but text is refused as an enum refuses it."""
    with pytest.raises(ValueError, match="7 is not a valid FinishReason"):
        FinishReason(7)


@pytest.mark.parametrize(
    ("answer", "shortcut"),
    [
        (ChatCompletionResponse(choices=[]), "first_content"),
        (ChatCompletionStreamResponse(choices=[]), "first_content"),
        (CompletionResponse(choices=[]), "first_text"),
        (CompletionStreamResponse(choices=[]), "first_content"),
        (ANSWER, "first_content"),
    ],
)
def test_a_shortcut_without_text_is_none(answer: DTO, shortcut: str) -> None:
    """Shortcuts to the first text are None where there is none, never an IndexError."""
    assert getattr(answer, shortcut) is None


def test_shortcuts_give_the_first_text() -> None:
    """Shortcuts give the text of the first choice."""
    hello = ChatCompletionResponseChoice(message=ChatMessage(role="assistant", content="Hello"))
    assert ChatCompletionResponse(choices=[hello, hello]).first_content == "Hello"
    assert TranslateResponse(choices=[CompletionResponseChoice(text="Hola")]).first_text == "Hola"


def test_a_content_of_parts_has_no_first_text() -> None:
    """`first_content` is a string or None; parts are in the message."""
    parts = ChatMessage(content=[{"type": "text", "text": "x"}])
    assert ChatCompletionResponse(choices=[ChatCompletionResponseChoice(message=parts)]).first_content is None


def test_the_first_embedding_is_the_first_vector() -> None:
    """`first_embedding` is the vector of the first object."""
    vectors = [EmbeddingObject(embedding=[1.0]), EmbeddingObject(embedding=[2.0])]
    assert EmbeddingResponse(data=vectors).first_embedding == [1.0]


def test_an_answer_without_embeddings_says_so() -> None:
    """`first_embedding` of an empty answer is an error that names the model."""
    with pytest.raises(ImagineException, match="'bge' holds no embedding"):
        _ = EmbeddingResponse(data=[], model="bge").first_embedding


def test_a_request_leaves_out_none_and_only_none() -> None:
    """Defaults are sent, None is not."""
    sent = to_wire(ImageRequest(prompt="fox", model="m", stream=False, n=2))
    assert sent == {
        "prompt": "fox",
        "model": "m",
        "stream": False,
        "negative_prompt": "blurry",
        "seed": 27,
        "seed_increment": 100,
        "n": 2,
        "num_inference_steps": 20,
        "size": "512x512",
        "guidance_scale": 6.5,
        "response_format": "b64_json",
    }


def test_a_message_sends_its_content_as_null() -> None:
    """A message with tool calls and no text sends `content: null`, but no other null."""
    assert to_wire(ASKS) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }


def test_dicts_of_the_user_are_sent_verbatim() -> None:
    """Messages may be dicts among instances, in any sequence; nulls inside users' dicts stay."""
    raw: dict[str, Any] = {"role": "user", "content": None, "name": None}
    schema: dict[str, Any] = {"type": "object", "default": None}
    request = ChatCompletionRequest(
        messages=(raw, ASKS),  # type: ignore[arg-type]
        model="m",
        stream=False,
        tools=[Tools(type="function", function=FunctionTool(name="f", parameters=schema))],
    )
    sent = to_wire(request)
    assert sent["messages"][0] is raw
    assert sent["messages"][1] == to_wire(ASKS)
    assert sent["tools"] == [{"type": "function", "function": {"name": "f", "parameters": schema}}]


def test_a_long_list_of_texts_is_sent_as_it_is() -> None:
    """Lists of plain values pass through."""
    texts = [f"text {i}" for i in range(10_000)]
    assert to_wire(EmbeddingRequest(input=texts, model="m"))["input"] is texts


@pytest.mark.parametrize("cls", [cls for cls in DATA_CLASSES if cls.__struct_config__.omit_defaults])
def test_msgspec_leaves_out_none_and_nothing_else(cls: type[DTO]) -> None:
    """Classes that leave it to msgspec to leave out None have no other default that it leaves out."""
    assert {field.default for field in fields(cls)} <= {None, NODEFAULT}
    assert not {field.default_factory for field in fields(cls)} & {list, dict, set}


def test_what_is_sent_as_it_is_says_the_same_as_its_dict() -> None:
    """A request that msgspec encodes says what the dict says that is made of it."""
    request = ChatCompletionRequest(messages=[ASKS, ChatMessage(content="hi")], model="m", stream=False, top_k=1)
    assert json.loads(to_json(request)) == json.loads(to_json(to_wire(request)))
