"""The tour of quickstart.py with the blocking client: the same calls without `await`, the same output.

Set IMAGINE_API_ENDPOINT and IMAGINE_API_KEY:

    python examples/quickstart_blocking.py [--text README.md] [--out DIRECTORY]
"""

from __future__ import annotations

import sys
from textwrap import shorten
from typing import TYPE_CHECKING

from quickstart import IMAGE, QUERY, QUESTION, WIDTH, arguments, cosine, save, show, tell, write_tone

from imagine import CallInfo, ChatMessage, ImagineClient, ImagineConnectionException, ImagineException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def main(paragraphs: Sequence[str], out: Path) -> int:
    """Take the tour; return 0, or 1 where a stop of it failed."""
    calls: list[CallInfo] = []
    failures = 0
    with ImagineClient(on_call=calls.append) as client:
        for title, stop in tour(client, paragraphs, out):
            print(f"\n── {title} ".ljust(WIDTH, "─"))
            earlier = len(calls)
            try:
                stop()
            except ImagineConnectionException:
                raise  # the other stops would fail in the same way
            except ImagineException as error:
                failures += 1
                print(f"Failed: {error}")
            show(calls[earlier:])
    print(f"\n{len(calls)} calls, {failures or 'none'} failed; the files are in {out}")
    return min(failures, 1)


def tour(client: ImagineClient, paragraphs: Sequence[str], out: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the stops, each with its title."""
    yield "Is the service up?", lambda: status(client)
    yield "Models", lambda: models(client)
    yield "Chat, streamed token by token", lambda: chat_streamed(client)
    yield "Chat, the whole answer at once", lambda: chat(client)
    yield "Completion", lambda: completion(client)
    yield "Completion, streamed", lambda: completion_streamed(client)
    yield "Embeddings of the paragraphs, and their similarities", lambda: embeddings(client, paragraphs)
    yield f"Reranker: {QUERY}", lambda: reranker(client, paragraphs)
    yield "Translation", lambda: translation(client)
    yield "Transcription", lambda: transcription(client, out / "tone.wav")
    yield "Image", lambda: image(client, out / "image.png")
    yield "Images, streamed", lambda: images_streamed(client, out)
    yield "History: the latest of each kind", lambda: history(client)
    yield "Usage", lambda: usage(client)
    yield "Any route, as it comes", lambda: raw(client)


def status(client: ImagineClient) -> None:
    ping = client.ping()
    health = client.health_check()
    print(f"{ping.message}; postgres {health.postgres}, redis {health.redis}, models {health.models}")


def models(client: ImagineClient) -> None:
    for kind, names in client.get_available_models_by_type().items():
        print(f"{kind:<14} {', '.join(names)}")


def chat_streamed(client: ImagineClient) -> None:
    messages = [ChatMessage(role="user", content=QUESTION)]
    print(f"> {QUESTION}")
    for chunk in client.chat_stream(messages, max_tokens=64):
        print(chunk.first_content or "", end="", flush=True)
    print()


def chat(client: ImagineClient) -> None:
    question = {"role": "user", "content": "What is a token?"}  # plain dicts do as well
    answer = client.chat([question], max_tokens=40, temperature=0.2)
    print(f"> {question['content']}\n{answer.first_content}")
    if answer.usage:
        print(f"({answer.usage.prompt_tokens} tokens in, {answer.usage.completion_tokens} out)")


def completion(client: ImagineClient) -> None:
    prompt = "A good error message"
    answer = client.completion(prompt, max_tokens=24)
    print(f"{prompt}{answer.first_text}")


def completion_streamed(client: ImagineClient) -> None:
    prompt = "A cache"
    print(prompt, end="")
    stream = client.completion_stream(prompt, max_tokens=24)
    for chunk in stream:
        print(chunk.first_content or "", end="", flush=True)
    answer = stream.final()  # the chunks folded into one answer
    print(f"\n(finish reason: {answer.choices[0].finish_reason})")


def embeddings(client: ImagineClient, paragraphs: Sequence[str]) -> None:
    answer = client.embeddings(paragraphs)
    vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
    print(f"{len(vectors)} vectors of {len(vectors[0])} dimensions; how alike the first ones are:")
    shown = vectors[:6]
    for vector, paragraph in zip(shown, paragraphs, strict=False):
        row = " ".join(f"{cosine(vector, other):z5.2f}" for other in shown)
        print(f"{row}  {shorten(paragraph, WIDTH - len(row) - 2, placeholder='…')}")


def reranker(client: ImagineClient, paragraphs: Sequence[str]) -> None:
    answer = client.reranker(QUERY, paragraphs, top_n=3, return_documents=True)
    for item in answer.data:
        print(f"{item.relevance_score:.3f}  {shorten(item.document or '', WIDTH - 7, placeholder='…')}")


def translation(client: ImagineClient) -> None:
    english = "Good morning! Where is the train to the city?"
    print(f"{english}\n{client.translate(english).first_text}")


def transcription(client: ImagineClient, wav: Path) -> None:
    write_tone(wav)
    answer = client.transcribe(wav)
    print(f"{wav}\n{answer.text}")


def image(client: ImagineClient, png: Path) -> None:
    answer = client.images_generate(IMAGE, size="512x512")
    save(answer.data[0], png)


def images_streamed(client: ImagineClient, out: Path) -> None:
    saved = 0
    for event in client.images_generate_stream(IMAGE, n=3, seed=1, size="256x256"):
        for drawn in event.data:
            saved += 1
            save(drawn, out / f"image-{saved}.png")


def history(client: ImagineClient) -> None:
    for chatted, asked in client.get_chat_history():
        tell("chat", asked.messages[-1].content, chatted.first_content)
    for completed, prompted in client.get_completion_history():
        tell("completion", prompted.prompt, completed.first_text)
    for embedded, texts in client.get_embedding_history():
        tell("embeddings", f"{len(texts.input)} texts", f"{len(embedded.data)} vectors")
    for ranked, wanted in client.get_reranker_history():
        tell("reranker", wanted.query, f"the best {len(ranked.data)} of {len(wanted.documents)} documents")
    for drawn, described in client.get_image_history():
        tell("images", described.prompt, f"{len(drawn.data)} images")


def usage(client: ImagineClient) -> None:
    print(f"{'model':<30} {'tokens in':>10} {'tokens out':>11} {'seconds':>9}")
    for record in client.usage().overall:
        tokens = f"{record.total_input_tokens:>10} {record.total_output_tokens:>11}"
        print(f"{record.model:<30} {tokens} {record.total_generation_time:>9.3f}")


def raw(client: ImagineClient) -> None:
    answer = client.request("GET", "models", params={"model_type": "llm"})
    print(f"{answer.status} {answer.headers['Content-Type']}: {answer.content.decode()}")


if __name__ == "__main__":
    sys.exit(main(*arguments()))
