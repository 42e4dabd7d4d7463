"""The types of the awkward answers as a user of pydantic writes them, by their names."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field, create_model
from pydantic_core import to_jsonable_python

__all__ = ["KINDS", "plain", "within"]


class Person(BaseModel):
    name: str
    age: int


class Settings(BaseModel):
    host: str = "localhost"
    port: int = 80
    tags: list[str] = []


class Node(BaseModel):
    value: int
    child: Node | None = None


class Cat(BaseModel):
    type: Literal["Cat"]
    lives: int


class Dog(BaseModel):
    type: Literal["Dog"]
    good: bool


class Film(BaseModel):
    title: str
    year: int


class Point(NamedTuple):
    x: float
    y: float


class Mood(Enum):
    happy = "happy"
    very_sad = "very sad"


class Team(BaseModel):
    lead: Person
    mood: Mood
    members: list[Person] = []


KINDS: dict[str, Any] = {
    "Person": Person,
    "Settings": Settings,
    "Node": Node,
    "Team": Team,
    "Film": Film,
    "Point": Point,
    "Mood": Mood,
    "Cat | Dog": Cat | Dog,
    "list[Cat | Dog]": list[Cat | Dog],
    "list[Person]": list[Person],
    "list[int]": list[int],
    "list[Any]": list[Any],
    "dict[str, int]": dict[str, int],
    "dict[str, bool | None]": dict[str, bool | None],
    "dict[str, float | None]": dict[str, float | None],
    "Literal['red', 'green', 'dark green']": Literal["red", "green", "dark green"],
    "Literal[1, 2, 3]": Literal[1, 2, 3],
    "Annotated[int, Meta(ge=0, le=100)]": Annotated[int, Field(ge=0, le=100)],
    "int | None": int | None,
    "int": int,
    "bool": bool,
    "str": str,
}


def within(kind: str) -> type[BaseModel]:
    """Return the type, in a model where it is none: these libraries ask for objects."""
    found = KINDS[kind]
    if isinstance(found, type) and issubclass(found, BaseModel):
        return found
    return create_model("Answer", value=(found, ...))


def plain(value: Any) -> Any:
    """Return a value as JSON has it, without the model that is only around it."""
    made = to_jsonable_python(value)
    return made["value"] if type(value).__name__ == "Answer" else made
