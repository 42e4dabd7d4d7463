"""What is compared: by table the libraries, what of them is called, and the package that it is in."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PARSING", "PARTIAL", "TABLES", "TOOLS", "Column", "Table"]


class Column(NamedTuple):
    """One library in one of its ways; ours is the first of each table."""

    title: str
    module: str
    entry: str
    requirement: str | None = None
    """What its own virtual environment gets; None for what runs in ours."""
    beside: str | None = None
    """The column that it is compared with; None for the first of its table."""
    share: float = 1.0
    """How much of the object it gets."""
    calls: bool | None = None
    """Whether it asks for calls of tools rather than for texts; None where it asks in both ways."""


class Table(NamedTuple):
    """Libraries that do the same work."""

    title: str
    task: str
    unit: str
    times: int
    """How often the work is done in a sample that is not quick."""
    columns: tuple[Column, ...]


PYDANTIC_AI = "pydantic-ai-slim[openai]==2.68.0"
AGENTS = "openai-agents==0.24.0"
INSTRUCTOR = "instructor==1.17.0"
OPENAI = "openai==3.57.0"
PYDANTIC = "pydantic==2.14.4"
PARTIAL_JSON_PARSER = "partial-json-parser==0.2.1.1.post7"

BLOCKING, A_THIRD = "imagine, blocking", "imagine, a third of it"

TOOLS = Table(
    "A run of three turns, with two tools called in each of two",
    "tools",
    "run",
    200,
    (
        Column("imagine, async", "imagine_sdk", "runner"),
        Column("pydantic-ai, async", "pydantic_ai_sdk", "runner", PYDANTIC_AI),
        Column("openai-agents, async", "agents_sdk", "runner", AGENTS),
        Column(BLOCKING, "imagine_sdk", "blocking_runner", beside=BLOCKING),
        Column("pydantic-ai, blocking", "pydantic_ai_sdk", "blocking_runner", PYDANTIC_AI, BLOCKING),
        Column("openai-agents, blocking", "agents_sdk", "blocking_runner", AGENTS, BLOCKING),
    ),
)
PARSING = Table(
    "A typed answer that is as it was asked for",
    "parse",
    "answer",
    300,
    (
        Column("imagine chat_parse", "imagine_sdk", "parser"),
        Column("instructor, TOOLS", "instructor_sdk", "tools_parser", INSTRUCTOR, calls=True),
        Column("instructor, JSON", "instructor_sdk", "json_parser", INSTRUCTOR, calls=False),
        Column("instructor, MD_JSON", "instructor_sdk", "fence_parser", INSTRUCTOR, calls=False),
        Column("openai .parse", "openai_sdk", "parser", OPENAI, calls=False),
    ),
)
PARTIAL = Table(
    "An object of 32 KB in pieces of 4 characters, shown after each",
    "partial",
    "object",
    1,
    (
        Column("imagine", "imagine_sdk", "follow"),
        Column("imagine, parts as their types", "imagine_sdk", "follow_typed"),
        Column("pydantic_core.from_json", "pydantic_core_sdk", "follow", PYDANTIC),
        Column(A_THIRD, "imagine_sdk", "follow", beside=A_THIRD, share=1 / 3),
        Column(
            "partial-json-parser, a third of it",
            "partial_json_parser_sdk",
            "follow",
            PARTIAL_JSON_PARSER,
            beside=A_THIRD,
            share=1 / 3,
        ),
    ),
)
TABLES = (TOOLS, PARSING, PARTIAL)
