"""Many calls at once with `asyncio.gather`; the client sends only so many at a time, and the others queue.

    python examples/gather.py ["a question" …]

Every question goes to every language model of the service, and to one that does not exist: a call that fails leaves the
others alone. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import product
from textwrap import shorten
from typing import TYPE_CHECKING

from imagine import CallInfo, ChatMessage, ImagineAsyncClient, ImagineException, ModelType

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTIONS = ("What is a queue?", "What is a timeout?", "What is a rate limit?", "What is a backup for?")
AT_ONCE = 4


async def main(questions: Sequence[str]) -> None:
    calls: list[CallInfo] = []
    async with ImagineAsyncClient(max_concurrent_requests=AT_ONCE, on_call=calls.append) as client:
        models = await client.get_available_models(ModelType.LLM)
        asked = list(product(questions, [*models, "no-such-model"]))
        calls.clear()  # the report is about what is gathered
        started = time.perf_counter()
        answers = await asyncio.gather(*(ask(client, *pair) for pair in asked), return_exceptions=True)
        elapsed = time.perf_counter() - started
    for (question, model), answer in zip(asked, answers, strict=True):
        print(f"{model:<14} {question:<22} {outcome(answer)}")
    report(calls, elapsed)


async def ask(client: ImagineAsyncClient, question: str, model: str) -> str:
    answer = await client.chat([ChatMessage(role="user", content=question)], model, max_tokens=40)
    return answer.first_content or ""


def outcome(answer: str | BaseException) -> str:
    if isinstance(answer, ImagineException):
        return f"failed: {answer}"
    if isinstance(answer, BaseException):  # a bug, not a failed call: it must not pass for one
        raise answer
    return shorten(answer, 60, placeholder="…")


def report(calls: Sequence[CallInfo], elapsed: float) -> None:
    print("\nstatus  queued ms  total ms  attempts")
    for call in calls:
        queued, total = call.seconds_queued * 1000, call.seconds_total * 1000
        print(f"{call.status or '-':>6} {queued:>10.1f} {total:>9.1f} {len(call.attempts):>9}")
    together = sum(call.seconds_total - call.seconds_queued for call in calls)
    print(f"{len(calls)} calls, {AT_ONCE} at a time: {together:.2f} s of answering in {elapsed:.2f} s")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or QUESTIONS))
