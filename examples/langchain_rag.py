"""Answer a question from texts with LangChain: embed, take the nearest, rerank, and stream the answer.

    python examples/langchain_rag.py "What does the license say about patents?" [FILE …]

Needs `pip install 'imagine-aio[langchain]' numpy`, IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore

from imagine import ImagineAsyncClient
from imagine.langchain import ImagineChat, ImagineEmbeddings, ImagineReranker

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTION = "Under which conditions does a patent license terminate?"
LICENSE = Path(__file__).parent.parent / "LICENSE"
NEAREST, BEST = 12, 3
PROMPT = ChatPromptTemplate.from_messages(
    [
        ("system", "Answer from the excerpts. Say so if they do not hold the answer.\n\n{excerpts}"),
        ("user", "{question}"),
    ]
)


async def main(question: str, files: Sequence[Path]) -> None:
    async with ImagineAsyncClient() as client:  # one for all: they share its connections and quotas
        store = InMemoryVectorStore(ImagineEmbeddings(async_client=client))
        await store.aadd_documents([document for file in files for document in documents(file)])
        near = await store.asimilarity_search(question, k=NEAREST)
        best = await ImagineReranker(async_client=client, top_n=BEST).acompress_documents(near, question)
        for document in best:
            print(f"{document.metadata['relevance_score']:.3f}  {document.page_content[:70]!r}")
        chain = PROMPT | ImagineChat(async_client=client, max_tokens=200) | StrOutputParser()
        excerpts = "\n\n".join(document.page_content for document in best)
        async for piece in chain.astream({"question": question, "excerpts": excerpts}):
            print(piece, end="", flush=True)
    print()


def documents(file: Path) -> list[Document]:
    """Return the paragraphs of a file."""
    paragraphs = file.read_text("utf-8", errors="replace").split("\n\n")
    return [Document(text.strip(), metadata={"source": file.name}) for text in paragraphs if text.strip()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer a question from texts.")
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("files", nargs="*", type=Path, default=[LICENSE])
    given = parser.parse_args()
    asyncio.run(main(given.question, given.files))
