"""Answer a question from text files: embed, take the nearest, rerank, and let the model answer from the best.

    python examples/rag.py "What does the license say about patents?" [FILE or DIRECTORY …]

Without files it reads the texts of this repository. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY. The local server
finds and ranks in earnest, but its little language model does not understand what it is given.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from imagine import ChatMessage, ImagineAsyncClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPOSITORY = Path(__file__).parent.parent
QUESTION = "Under which conditions does a patent license terminate?"
SUFFIXES = {".md", ".rst", ".txt"}
CHUNK_CHARACTERS = 800
TEXTS_PER_REQUEST = 64
NEAREST, BEST = 12, 3
RULES = "Answer from the excerpts and name the files you used. Say so if they do not hold the answer."


@dataclass(frozen=True)
class Chunk:
    """A piece of a file, small enough to be compared as a whole."""

    source: str
    text: str


async def main(question: str, paths: Sequence[Path]) -> None:
    chunks = [chunk for path in paths for file in text_files(path) for chunk in chunks_of(file)]
    if not chunks:
        raise SystemExit(f"No text in {', '.join(map(str, paths))}")
    async with ImagineAsyncClient() as client:
        near = await nearest(client, question, chunks)
        best = await reranked(client, question, near)
        print(f"\n> {question}")
        async with client.chat_stream(prompt(question, best), max_tokens=200) as answer:
            async for piece in answer:
                print(piece.first_content or "", end="", flush=True)
    print()


async def nearest(client: ImagineAsyncClient, question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return the chunks whose vectors point most nearly where the question's does."""
    asked, *vectors = await embedded(client, [question, *(chunk.text for chunk in chunks)])
    nearness = [cosine(asked, vector) for vector in vectors]
    order = sorted(range(len(chunks)), key=lambda index: -nearness[index])[:NEAREST]
    files = {chunk.source for chunk in chunks}
    print(f"{len(chunks)} chunks of {len(files)} files; the best {BEST} of the nearest {len(order)}:")
    return [chunks[index] for index in order]


async def embedded(client: ImagineAsyncClient, texts: Sequence[str]) -> list[list[float]]:
    """Embed any number of texts, some per request, the requests at the same time."""
    batches = [texts[at : at + TEXTS_PER_REQUEST] for at in range(0, len(texts), TEXTS_PER_REQUEST)]
    answers = await asyncio.gather(*(client.embeddings(batch) for batch in batches))
    return [item.embedding for answer in answers for item in sorted(answer.data, key=lambda item: item.index)]


async def reranked(client: ImagineAsyncClient, question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return the chunks that say most about the question, best first."""
    answer = await client.reranker(question, [chunk.text for chunk in chunks], top_n=BEST)
    for item in answer.data:
        chunk = chunks[item.index]
        print(f"  {item.relevance_score:.3f}  {chunk.source}: {shorten(chunk.text, 80, placeholder='…')}")
    return [chunks[item.index] for item in answer.data]


def prompt(question: str, chunks: Sequence[Chunk]) -> list[ChatMessage]:
    excerpts = "\n\n".join(f"[{chunk.source}]\n{chunk.text}" for chunk in chunks)
    return [
        ChatMessage(role="system", content=f"{RULES}\n\n{excerpts}"),
        ChatMessage(role="user", content=question),
    ]


def text_files(path: Path) -> Iterator[Path]:
    """Yield the file itself, or the text files right in a directory."""
    yield from sorted(file for file in path.iterdir() if file.suffix in SUFFIXES) if path.is_dir() else [path]


def chunks_of(file: Path) -> Iterator[Chunk]:
    """Yield a file's paragraphs, neighbours put together as long as they are short."""
    gathered = ""
    for paragraph in file.read_text("utf-8", errors="replace").split("\n\n"):
        if gathered and len(gathered) + len(paragraph) > CHUNK_CHARACTERS:
            yield Chunk(file.name, gathered)
            gathered = ""
        gathered = f"{gathered}\n\n{paragraph.strip()}".strip()
    if gathered:
        yield Chunk(file.name, gathered)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer a question from text files.")
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("paths", nargs="*", type=Path, default=[REPOSITORY, REPOSITORY / "LICENSE"])
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.question, given.paths)))
