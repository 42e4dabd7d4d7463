"""Fifty short questions, each with the type of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from msgspec import Struct


@dataclass
class Person:
    name: str
    age: int


@dataclass
class City:
    name: str
    country: str


class Ingredient(Struct):
    """One line of a recipe."""

    name: str
    amount: float
    unit: str | None = None


class Book(Struct):
    title: str
    author: Person | str
    year: int


class Color(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


Sentiment = Literal["positive", "negative", "neutral"]

QUESTIONS: dict[object, list[str]] = {
    Person: [
        "Who speaks? I am Ann and 41 years old.",
        "Who is it? Ben turned 7 last week.",
        "Who won? Carla Diaz, 29, came in first.",
        "Who signed? David Okoro, aged 63.",
        "Invent a person.",
    ],
    City: [
        "The capital of France?",
        "Where is the Colosseum?",
        "The largest city of Japan?",
        "Which city is on the Thames?",
        "A city in Brazil?",
    ],
    Ingredient: [
        "Read this: 200 g flour",
        "Read this: 3 eggs",
        "Read this: half a litre of milk",
        "Read this: 1.5 tbsp olive oil",
        "What sweetens a cake, and how much of it?",
    ],
    Book: [
        "Read this: Emma by Jane Austen, 1815",
        "Read this: Dracula, Bram Stoker (1897)",
        "Who wrote 1984, and when?",
        "The first book about Sherlock Holmes?",
        "A famous Russian novel?",
    ],
    Color: [
        "The color of blood?",
        "The color of grass?",
        "The color of the sky?",
        "The color of a ripe tomato?",
        "The color of a frog?",
    ],
    Sentiment: [
        "How does this sound? I love it!",
        "How does this sound? Never again.",
        "How does this sound? It arrived on Monday.",
        "How does this sound? Broken after two days.",
        "How does this sound? Best tea in town.",
    ],
    list[str]: [
        "Three fruits?",
        "Two words for happy?",
        "The primary colors?",
        "The nouns of: The cat chased a mouse.",
        "Three animals of Africa?",
    ],
    list[Person]: [
        "Who is there? Ann, 41, and Ben, 7.",
        "Who is there? Only Carla, who is 29.",
        "Who plays? Dave (12) and Eve (13).",
        "Invent two people.",
        "Who waits? Old Fred, who is 90, and his son Gus, 60.",
    ],
    int: [
        "What is 2 + 3?",
        "How many legs has a spider?",
        "How many days are in a week?",
        "In which year did the First World War begin?",
        "How many letters are in the word tea?",
    ],
    bool: [
        "Is water wet?",
        "Is 7 an even number?",
        "Can pigs fly?",
        "Is Paris in France?",
        "Is ice warmer than steam?",
    ],
}
