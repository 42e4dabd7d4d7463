"""What is measured: each case once, with its budget; the rows of the table are these, in this order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CASES", "CURVES", "METRICS", "Case", "Effort", "Metric"]


@dataclass(frozen=True)
class Metric:
    """What is judged."""

    title: str
    unit: str
    more_is_better: bool = False


METRICS = {
    "rate": Metric("rate", "/s", more_is_better=True),
    "cpu": Metric("CPU", "µs"),
    "memory": Metric("memory", "KiB"),
    "growth": Metric("growth", "MiB"),
    "time": Metric("time", "ms"),
}
"""By the name they have in a sample; `cpu` is always for one unit of the case."""


@dataclass(frozen=True)
class Case:
    """One piece of work, done by each of its clients."""

    name: str
    title: str
    work: str
    """The function of `work.py`, or `import`."""
    plan: str = ""
    """What the server is asked for; `{n}` stands for the size."""
    n: int = 1
    """Calls at once, texts, streams, characters, MB or events, as the work has it."""
    scales: bool = False
    """Whether short runs make `n` smaller."""
    unit: str = "event"
    clients: tuple[str, ...] = ("ours", "floor")
    metric: str = "rate"
    budgets: Mapping[str, float] = field(default_factory=dict)
    """The bound of the ratio to another client; to `async`, our own asynchronous client in the case `beside`."""
    beside: str | None = None
    most: float | None = None
    """The bound of our own figure, where it is no ratio."""
    curve: str = ""
    """The curve that this case is a point of; it is not in the table then."""


@dataclass(frozen=True)
class Effort:
    """How long and how large a sample is."""

    seconds: float
    scale: float

    def size(self, case: Case) -> int:
        """Return a case's `n` for this effort."""
        return max(1, round(case.n * self.scale)) if case.scales else case.n


ALL = ("ours", "floor", "incumbent", "openai", "mistralai")
STREAMS = ("ours", "floor", "asyncio", "incumbent", "openai", "mistralai")
BLOCKING = ("ours", "speedups", "incumbent", "openai", "mistralai")

TABLE = (
    Case(
        "stream-64", "async chat stream, 64 events per read", "stream", "taken-64",
        clients=STREAMS, budgets={"floor": 0.75, "incumbent": 5, "openai": 60},
    ),
    Case(
        "stream-1", "async chat stream, 1 event per read", "stream", "taken-1",
        clients=STREAMS, budgets={"floor": 0.8, "incumbent": 8, "openai": 40},
    ),
    Case(
        "burst-1", "async chat stream, all written at once, 1 event per chunk", "stream", "burst-1",
        clients=ALL,
    ),
    Case(
        "blocking-64", "blocking chat stream, 64 events per read", "stream_blocking", "taken-64",
        clients=BLOCKING, beside="stream-64", budgets={"async": 0.6, "incumbent": 4, "openai": 40},
    ),
    Case(
        "blocking-burst-1", "blocking chat stream, all written at once, 1 event per chunk",
        "stream_blocking", "burst-1",
        clients=BLOCKING, beside="burst-1", budgets={"async": 0.6, "incumbent": 4, "openai": 25},
    ),
    Case(
        "chat-1", "async chat, 1 at a time", "chat", "answer",
        unit="answer", clients=ALL, budgets={"floor": 0.8, "incumbent": 3, "openai": 6},
    ),
    Case(
        "chat-64", "async chat, 64 at once", "chat", "answer",
        n=64, unit="answer", clients=ALL, budgets={"floor": 0.8, "incumbent": 3, "openai": 6},
    ),
    Case(
        "blocking-chat-1", "blocking chat, 1 at a time", "chat_blocking", "answer",
        unit="answer", clients=BLOCKING, budgets={"incumbent": 1.2, "openai": 3},
    ),
    Case(
        "embeddings", "embeddings, 256 x 1024 floats", "embed", "vectors-256-1024",
        n=256, unit="answer", clients=ALL, budgets={"floor": 0.9, "incumbent": 4, "openai": 20},
    ),
    Case(
        "import-dto", "import and a data class made (floor: import msgspec)", "import",
        metric="time", unit="import", clients=ALL, budgets={"floor": 1.4, "incumbent": 0.35, "openai": 0.12},
    ),
    Case(
        "import-client", "import and a client made (floor: import the four dependencies)", "import",
        metric="time", unit="import", clients=ALL, budgets={"floor": 1.1, "incumbent": 1, "openai": 0.4},
    ),
    Case(
        "paced-1000", "1,000 streams at once, 20 events/s each", "paced", "paced-20",
        n=1000, scales=True, metric="cpu", budgets={"floor": 1.3}, curve="streams at once",
    ),
    Case(
        "idle", "an open stream that is silent", "idle", "idle",
        n=1000, scales=True, unit="stream", metric="memory", budgets={"floor": 1.5},
    ),
    Case(
        "upload", "upload of 500 MB: peak of the memory above its start", "upload", "swallow",
        n=500, scales=True, unit="MB", metric="growth", most=16,
    ),
    Case(
        "million", "a stream of a million events: memory beyond its text", "growth", "burst-64",
        n=1_000_000, scales=True, metric="growth", clients=("ours",), most=16,
    ),
    Case(
        "million-unfolded", "the same with fold=False: memory", "growth_unfolded", "burst-64",
        n=1_000_000, scales=True, metric="growth", clients=("ours",), most=4,
    ),
)  # fmt: skip

CURVES = (
    *(
        Case(
            f"paced-{n}", f"{n:,} streams at once, 20 events/s each", "paced", "paced-20",
            n=n, metric="cpu", curve="streams at once",
        )
        for n in (1, 10, 100)
    ),
    *(
        Case(
            f"embeddings-{n}", f"embeddings, {n:,} x 64 floats", "embed", "vectors-{n}-64",
            n=n, scales=n > 100, metric="cpu", unit="answer", curve="texts to embed",
        )
        for n in (1, 10, 100, 1_000, 10_000)
    ),
    *(
        Case(
            f"event-{n}", f"one event of {n:,} characters", "big", "big-{n}",
            n=n, scales=n > 100_000, metric="cpu", curve="characters of one event",
        )
        for n in (500, 5_000, 50_000, 500_000, 5_000_000)
    ),
)  # fmt: skip

CASES = {case.name: case for case in (*TABLE, *CURVES)}
