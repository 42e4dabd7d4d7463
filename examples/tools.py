"""Tool calling by hand: the model asks for Python functions, this program runs them, until it answers in text.

    python examples/tools.py ["a question" …]

A function's signature is the single source: it gives the JSON Schema that the model sees, and it checks the arguments
that the model wrote, which may be no valid JSON. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date  # noqa: TC003 - the annotations are read at run time
from inspect import getdoc
from typing import TYPE_CHECKING, Annotated, get_type_hints

import msgspec

from imagine import ChatMessage, ChatMessageToolCall, FunctionTool, ImagineAsyncClient, Tools

if TYPE_CHECKING:
    from collections.abc import Callable

QUESTIONS = ("On which weekday is the date 2027-05-17?", "How many kilometres are 26.2 miles?")
MAX_ROUNDS = 5


def weekday(day: Annotated[date, msgspec.Meta(description="in ISO 8601, such as 2027-05-17")]) -> str:
    """Tell the weekday of a date."""
    return f"{day} is a {day:%A}"


def kilometres(miles: Annotated[float, msgspec.Meta(ge=0)]) -> str:
    """Convert a distance from miles to kilometres."""
    return f"{miles:g} miles are {miles * 1.609344:.2f} km"


class Tool:
    """A Python function that a model may call; the function returns text and has a docstring."""

    def __init__(self, function: Callable[..., str]) -> None:
        hints = get_type_hints(function, include_extras=True)
        fields = [(name, hint) for name, hint in hints.items() if name != "return"]
        self.name = function.__name__
        self._function = function
        self._arguments = msgspec.defstruct(self.name, fields, forbid_unknown_fields=True)

    def offer(self) -> Tools:
        """Describe the function to the model."""
        _, schemas = msgspec.json.schema_components([self._arguments])
        description = getdoc(self._function)
        return Tools(
            type="function",
            function=FunctionTool(name=self.name, description=description, parameters=schemas[self.name]),
        )

    def run(self, arguments: str) -> str:
        """Call the function with arguments in JSON; ValueError for JSON that does not fit its signature."""
        checked = msgspec.json.decode(arguments, type=self._arguments)
        return self._function(**msgspec.structs.asdict(checked))


TOOLS = {tool.name: tool for tool in (Tool(weekday), Tool(kilometres))}


async def answer(client: ImagineAsyncClient, conversation: list[ChatMessage]) -> str:
    """Call tools until the model answers in text; the conversation grows by all that was said."""
    offers = [tool.offer() for tool in TOOLS.values()]
    for _ in range(MAX_ROUNDS):
        reply = (await client.chat(conversation, tools=offers)).choices[0].message
        conversation.append(reply)
        if not reply.tool_calls:
            return str(reply.content or "")
        conversation += [result(call) for call in reply.tool_calls]
    raise RuntimeError(f"no answer in text after {MAX_ROUNDS} rounds of tool calls")


def result(call: ChatMessageToolCall) -> ChatMessage:
    """Run what the model asks for; what is wrong with its request is told to it, so that it can try again."""
    name = (call.function and call.function.name) or ""
    arguments = (call.function and call.function.arguments) or "{}"
    try:
        text = TOOLS[name].run(arguments)
    except KeyError:
        text = f"Error: there is no tool {name!r}, only {', '.join(TOOLS)}"
    except ValueError as error:
        text = f"Error: {error}"
    print(f"  {name}({arguments}) → {text}")
    return ChatMessage(role="tool", content=text, tool_call_id=call.id, name=name)


async def main(questions: list[str]) -> None:
    conversation: list[ChatMessage] = []
    async with ImagineAsyncClient() as client:
        for question in questions:
            print(f"> {question}")
            conversation.append(ChatMessage(role="user", content=question))
            print(await answer(client, conversation))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(QUESTIONS)))
