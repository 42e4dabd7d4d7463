"""What can be set on the server, and what it is when nothing is set."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypedDict

from imagine.server.engines import (
    Bm25RerankEngine,
    HashedEmbeddingEngine,
    NgramTextEngine,
    ShapesImageEngine,
    StandInTranscriptionEngine,
    StandInTranslationEngine,
)
from imagine.server.quotas import HEADER_STYLES, Quota, parse_quotas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imagine.server.engines import (
        EmbeddingEngine,
        ImageEngine,
        RerankEngine,
        TextEngine,
        TranscriptionEngine,
        TranslationEngine,
    )

__all__ = ["MODELS", "Engines", "ServerConfig", "ServerOptions", "new_key"]

MODELS: Mapping[str, Sequence[str]] = {
    "llm": ("Llama-3.1-8B", "Llama-3.3-70B"),
    "embedding": ("BAAI/bge-large-en-v1.5",),
    "reranker": ("BAAI/bge-reranker-base",),
    "text_to_image": ("sdxl-turbo",),
    "transcribe": ("whisper-tiny",),
    "translate": ("Helsinki-NLP/opus-mt-en-es",),
}
"""The models offered by default, by type: the default models of the clients among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What computes the answers, one engine per family; the defaults are small, deterministic and need no download."""

    text: TextEngine = field(default_factory=NgramTextEngine)
    embedding: EmbeddingEngine = field(default_factory=HashedEmbeddingEngine)
    rerank: RerankEngine = field(default_factory=Bm25RerankEngine)
    translation: TranslationEngine = field(default_factory=StandInTranslationEngine)
    transcription: TranscriptionEngine = field(default_factory=StandInTranscriptionEngine)
    image: ImageEngine = field(default_factory=ShapesImageEngine)


def new_key() -> str:
    """Make a random API key."""
    return secrets.token_urlsafe(24)


class ServerOptions(TypedDict, total=False):
    """The fields of `ServerConfig` as keywords, all of them optional."""

    api_key: str | Sequence[str]
    host: str
    port: int
    unsafe_bind: bool
    database: str
    history_limit: int
    tokens_per_second: float | None
    quotas: Sequence[Quota | str]
    quota_headers: Sequence[str]
    engines: Engines
    models: Mapping[str, Sequence[str]]
    max_body_bytes: int
    max_upload_bytes: int
    requests_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Settings of one server.

    Raises ValueError where a setting makes no sense, or would open the server to the network unasked.
    """

    api_key: str | Sequence[str] = field(default_factory=new_key, repr=False)
    """The bearer key, or several: each is a user of its own, `u-1`, `u-2`, … Default: a random one."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 0
    """Port to listen on; 0 takes a free one."""
    unsafe_bind: bool = False
    """Allow a host that other machines can reach."""
    database: str = ":memory:"
    """File that keeps usage and history; `:memory:` keeps them as long as the server runs."""
    history_limit: int = 1000
    """Newest answers kept per route and key, at most 64 MiB of them."""
    tokens_per_second: float | None = None
    """Pace of streams; None sends tokens as they are made."""
    quotas: Sequence[Quota | str] = ()
    """Limits per key on inference calls, like `"5/minute"` or `"25000 tokens/hour"`."""
    quota_headers: Sequence[str] = ("retry-after", "x-ratelimit")
    """Ways of telling the quotas in headers, names from `imagine.server.quotas.HEADER_STYLES`."""
    engines: Engines = field(default_factory=Engines)
    """What computes the answers."""
    models: Mapping[str, Sequence[str]] = field(default_factory=lambda: MODELS)
    """Names of the models on offer, by type."""
    max_body_bytes: int = 16 * 2**20
    """Largest JSON body taken; a bigger one is answered with 413."""
    max_upload_bytes: int = 2**30
    """Largest upload taken, all parts together; files beyond 1 MiB wait on disk, not in memory."""
    requests_kept: int = 0
    """Newest requests recorded for inspection, bodies included."""

    def __post_init__(self) -> None:
        parse_quotas(self.quotas)
        unknown = set(self.quota_headers) - set(HEADER_STYLES)
        if unknown:
            raise ValueError(f"Unknown quota headers {sorted(unknown)}; known: {', '.join(HEADER_STYLES)}")
        if not self.keys or not all(self.keys):
            raise ValueError("At least one API key is needed, and none may be empty")
        if self.tokens_per_second is not None and self.tokens_per_second <= 0:
            raise ValueError(f"Streams need a pace above 0 tokens per second, not {self.tokens_per_second}")
        if not self.unsafe_bind and not _is_loopback(self.host):
            raise ValueError(
                f"{self.host!r} can be reached from other machines; "
                "listen on 127.0.0.1, or allow it with unsafe_bind=True (--unsafe-bind)"
            )

    def check_engines(self) -> None:
        """Have the engines that answer quickly answer something; drawing and listening are not tried."""
        self.engines.text.count("ping")
        self.engines.embedding.embed("ping")
        self.engines.rerank.scores("ping", ["ping"])
        for model in self.models.get("translate", ()):
            self.engines.translation.translate("ping", model)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in the order of their users."""
        return (self.api_key,) if isinstance(self.api_key, str) else tuple(self.api_key)

    @property
    def parsed_quotas(self) -> tuple[Quota, ...]:
        """The quotas with their short spellings read."""
        return parse_quotas(self.quotas)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
