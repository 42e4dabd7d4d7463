"""A tour of the service: every route once, what it answers, and how long each call took.

`make demo` runs it against a local server. For a service of yours, set IMAGINE_API_ENDPOINT and IMAGINE_API_KEY:

    python examples/quickstart.py [--text README.md] [--out DIRECTORY]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import math
import re
import sys
import tempfile
import wave
from array import array
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from imagine import CallInfo, ChatMessage, Image, ImagineAsyncClient, ImagineConnectionException, ImagineException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

README = Path(__file__).parent.parent / "README.md"
QUESTION = "Why does streaming an answer feel faster than waiting for it?"
QUERY = "How do I stream the answer of a chat?"
IMAGE = "a lighthouse at dusk"
WIDTH = 88


async def main(paragraphs: Sequence[str], out: Path) -> int:
    """Take the tour; return 0, or 1 where a stop of it failed."""
    calls: list[CallInfo] = []
    failures = 0
    async with ImagineAsyncClient(on_call=calls.append) as client:
        for title, stop in tour(client, paragraphs, out):
            print(f"\n── {title} ".ljust(WIDTH, "─"))
            earlier = len(calls)
            try:
                await stop
            except ImagineConnectionException:
                raise  # the other stops would fail in the same way
            except ImagineException as error:
                failures += 1
                print(f"Failed: {error}")
            show(calls[earlier:])
    print(f"\n{len(calls)} calls, {failures or 'none'} failed; the files are in {out}")
    return min(failures, 1)


def tour(client: ImagineAsyncClient, paragraphs: Sequence[str], out: Path) -> Iterator[tuple[str, Awaitable[None]]]:
    """Yield the stops, each with its title."""
    yield "Is the service up?", status(client)
    yield "Models", models(client)
    yield "Chat, streamed token by token", chat_streamed(client)
    yield "Chat, the whole answer at once", chat(client)
    yield "Completion", completion(client)
    yield "Completion, streamed", completion_streamed(client)
    yield "Embeddings of the paragraphs, and their similarities", embeddings(client, paragraphs)
    yield f"Reranker: {QUERY}", reranker(client, paragraphs)
    yield "Translation", translation(client)
    yield "Transcription", transcription(client, out / "tone.wav")
    yield "Image", image(client, out / "image.png")
    yield "Images, streamed", images_streamed(client, out)
    yield "History: the latest of each kind", history(client)
    yield "Usage", usage(client)
    yield "Any route, as it comes", raw(client)


async def status(client: ImagineAsyncClient) -> None:
    ping = await client.ping()
    health = await client.health_check()
    print(f"{ping.message}; postgres {health.postgres}, redis {health.redis}, models {health.models}")


async def models(client: ImagineAsyncClient) -> None:
    for kind, names in (await client.get_available_models_by_type()).items():
        print(f"{kind:<14} {', '.join(names)}")


async def chat_streamed(client: ImagineAsyncClient) -> None:
    messages = [ChatMessage(role="user", content=QUESTION)]
    print(f"> {QUESTION}")
    async for chunk in client.chat_stream(messages, max_tokens=64):
        print(chunk.first_content or "", end="", flush=True)
    print()


async def chat(client: ImagineAsyncClient) -> None:
    question = {"role": "user", "content": "What is a token?"}  # plain dicts do as well
    answer = await client.chat([question], max_tokens=40, temperature=0.2)
    print(f"> {question['content']}\n{answer.first_content}")
    if answer.usage:
        print(f"({answer.usage.prompt_tokens} tokens in, {answer.usage.completion_tokens} out)")


async def completion(client: ImagineAsyncClient) -> None:
    prompt = "A good error message"
    answer = await client.completion(prompt, max_tokens=24)
    print(f"{prompt}{answer.first_text}")


async def completion_streamed(client: ImagineAsyncClient) -> None:
    prompt = "A cache"
    print(prompt, end="")
    stream = client.completion_stream(prompt, max_tokens=24)
    async for chunk in stream:
        print(chunk.first_content or "", end="", flush=True)
    answer = await stream.final()  # the chunks folded into one answer
    print(f"\n(finish reason: {answer.choices[0].finish_reason})")


async def embeddings(client: ImagineAsyncClient, paragraphs: Sequence[str]) -> None:
    answer = await client.embeddings(paragraphs)
    vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
    print(f"{len(vectors)} vectors of {len(vectors[0])} dimensions; how alike the first ones are:")
    shown = vectors[:6]
    for vector, paragraph in zip(shown, paragraphs, strict=False):
        row = " ".join(f"{cosine(vector, other):z5.2f}" for other in shown)
        print(f"{row}  {shorten(paragraph, WIDTH - len(row) - 2, placeholder='…')}")


async def reranker(client: ImagineAsyncClient, paragraphs: Sequence[str]) -> None:
    answer = await client.reranker(QUERY, paragraphs, top_n=3, return_documents=True)
    for item in answer.data:
        print(f"{item.relevance_score:.3f}  {shorten(item.document or '', WIDTH - 7, placeholder='…')}")


async def translation(client: ImagineAsyncClient) -> None:
    english = "Good morning! Where is the train to the city?"
    print(f"{english}\n{(await client.translate(english)).first_text}")


async def transcription(client: ImagineAsyncClient, wav: Path) -> None:
    write_tone(wav)
    answer = await client.transcribe(wav)
    print(f"{wav}\n{answer.text}")


async def image(client: ImagineAsyncClient, png: Path) -> None:
    answer = await client.images_generate(IMAGE, size="512x512")
    save(answer.data[0], png)


async def images_streamed(client: ImagineAsyncClient, out: Path) -> None:
    saved = 0
    async for event in client.images_generate_stream(IMAGE, n=3, seed=1, size="256x256"):
        for drawn in event.data:
            saved += 1
            save(drawn, out / f"image-{saved}.png")


async def history(client: ImagineAsyncClient) -> None:
    for chatted, asked in await client.get_chat_history():
        tell("chat", asked.messages[-1].content, chatted.first_content)
    for completed, prompted in await client.get_completion_history():
        tell("completion", prompted.prompt, completed.first_text)
    for embedded, texts in await client.get_embedding_history():
        tell("embeddings", f"{len(texts.input)} texts", f"{len(embedded.data)} vectors")
    for ranked, wanted in await client.get_reranker_history():
        tell("reranker", wanted.query, f"the best {len(ranked.data)} of {len(wanted.documents)} documents")
    for drawn, described in await client.get_image_history():
        tell("images", described.prompt, f"{len(drawn.data)} images")


async def usage(client: ImagineAsyncClient) -> None:
    print(f"{'model':<30} {'tokens in':>10} {'tokens out':>11} {'seconds':>9}")
    for record in (await client.usage()).overall:
        tokens = f"{record.total_input_tokens:>10} {record.total_output_tokens:>11}"
        print(f"{record.model:<30} {tokens} {record.total_generation_time:>9.3f}")


async def raw(client: ImagineAsyncClient) -> None:
    answer = await client.request("GET", "models", params={"model_type": "llm"})
    print(f"{answer.status} {answer.headers['Content-Type']}: {answer.content.decode()}")


def tell(kind: str, request: object, response: object) -> None:
    print(f"{kind:<11} {shorten(f'{request} → {response}', WIDTH - 12, placeholder='…')}")


def show(calls: Sequence[CallInfo]) -> None:
    """Print what the SDK tells about calls."""
    for call in calls:
        line = f"   {call.method} {call.path} · {call.status or 'no answer'} · {call.seconds_total * 1000:.1f} ms"
        if call.seconds_to_first_event is not None:
            line += f" · first of {call.events} events after {call.seconds_to_first_event * 1000:.1f} ms"
        print(line)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def write_tone(wav: Path, seconds: float = 1.0, rate: int = 16_000, pitch: float = 440.0) -> None:
    samples = (round(12_000 * math.sin(2 * math.pi * pitch * n / rate)) for n in range(round(seconds * rate)))
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", samples).tobytes())


def save(drawn: Image, png: Path) -> None:
    png.write_bytes(base64.b64decode(drawn.b64_json or ""))
    print(f"{png} ({png.stat().st_size:,} bytes)")


def prose(markdown: str) -> list[str]:
    """Return the paragraphs of a Markdown text, without code, headings, lists, tables, quotes, HTML and badges."""
    without_code = re.sub(r"^(```|~~~).*?(^\1|\Z)", "", markdown, flags=re.MULTILINE | re.DOTALL)
    blocks = re.split(r"\n[ \t]*\n", without_code)
    other = re.compile(r"\s*(#|\||>|<|!\[|\[!\[|[-*+] |\d+[.)] |-{3}|\[[^\]]+\]:)| {4}|\t")
    return [" ".join(block.split()) for block in blocks if len(block.split()) >= 8 and not other.match(block)]


def arguments() -> tuple[list[str], Path]:
    """Return the paragraphs to work on, and the directory for the files."""
    parser = argparse.ArgumentParser(description="Call every route of the service once.")
    parser.add_argument("--text", type=Path, default=README, help="Markdown file whose paragraphs are embedded")
    parser.add_argument("--out", type=Path, help="directory for the WAV and PNG files (default: a new temporary one)")
    given = parser.parse_args()
    paragraphs = prose(given.text.read_text("utf-8"))
    if not paragraphs:
        parser.error(f"{given.text} holds no paragraph of prose; name another file with --text")
    out = given.out or Path(tempfile.mkdtemp(prefix="imagine-"))
    out.mkdir(parents=True, exist_ok=True)
    return paragraphs, out


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*arguments())))
