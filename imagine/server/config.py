"""The settings of the server, and their defaults."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal, TypedDict

from imagine.server.engines import (
    Bm25RerankEngine,
    HashedEmbeddingEngine,
    NgramTextEngine,
    ShapesImageEngine,
    StandInTranscriptionEngine,
    StandInTranslationEngine,
)
from imagine.server.quotas import HEADER_STYLES, Quota, parse_quotas
from imagine.server.upstream import check_upstream

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
    """What computes the answers, one engine per kind; the defaults are small, deterministic and need no download."""

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
    upstream: str | None
    upstream_key: str | None
    max_body_bytes: int
    max_upload_bytes: int
    requests_kept: int
    unscripted: Literal["fail", "answer"]
    left_over: Literal["fail", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Settings of one server.

    Raises ValueError if a setting makes no sense, or opens the server to the network without `unsafe_bind`.
    """

    api_key: str | Sequence[str] = field(default_factory=new_key, repr=False)
    """The bearer key, or several, each of a different user: `u-1`, `u-2`, … Default: a random one."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 0
    """Port to listen on; 0 picks a free one."""
    unsafe_bind: bool = False
    """Allow a host that other machines can reach."""
    database: str = ":memory:"
    """SQLite file for usage and history; `:memory:` keeps them only while the server runs."""
    history_limit: int = 1000
    """How many of the newest answers are kept per route and key; together at most 64 MiB."""
    tokens_per_second: float | None = None
    """Speed of streams; None sends tokens as soon as they are made."""
    quotas: Sequence[Quota | str] = ()
    """Limits per key on inference calls, like `"5/minute"` or `"25000 tokens/hour"`."""
    quota_headers: Sequence[str] = ("retry-after", "x-ratelimit")
    """Headers that report the quotas: names of styles from `imagine.server.quotas.HEADER_STYLES`."""
    engines: Engines = field(default_factory=Engines)
    """What computes the answers."""
    models: Mapping[str, Sequence[str]] = field(default_factory=lambda: MODELS)
    """Names of the models on offer, by type; of an upstream's models, those are named that are no `llm`."""
    upstream: str | None = None
    """Base URL of an OpenAI-compatible server that chat, completions and embeddings are passed on to, such as
    `http://127.0.0.1:8080/v1`; for development, not for production."""
    upstream_key: str | None = field(default=None, repr=False)
    """The bearer key that the upstream is asked with."""
    max_body_bytes: int = 16 * 2**20
    """Largest JSON body accepted; a bigger one is answered with 413."""
    max_upload_bytes: int = 2**30
    """Largest upload accepted, all parts together; files over 1 MiB are kept on disk, not in memory."""
    requests_kept: int = 0
    """How many of the newest requests are kept for inspection, bodies included."""
    unscripted: Literal["fail", "answer"] = "fail"
    """What a request gets that none of its route's scripted replies fits: an error, or an answer of the engines."""
    left_over: Literal["fail", "ignore"] = "fail"
    """Whether scripted replies that no request asked for are an error."""

    def __post_init__(self) -> None:
        parse_quotas(self.quotas)
        check_upstream(self.upstream, self.upstream_key)
        unknown = set(self.quota_headers) - set(HEADER_STYLES)
        if unknown:
            raise ValueError(f"Unknown quota headers {sorted(unknown)}; known: {', '.join(HEADER_STYLES)}")
        if not self.keys or not all(self.keys):
            raise ValueError("At least one API key is needed, and none may be empty")
        _check_choice("unscripted", self.unscripted, ("fail", "answer"))
        _check_choice("left_over", self.left_over, ("fail", "ignore"))
        if self.tokens_per_second is not None and self.tokens_per_second <= 0:
            raise ValueError(f"tokens_per_second must be above 0, not {self.tokens_per_second}")
        if not self.unsafe_bind and not _is_loopback(self.host):
            raise ValueError(
                f"{self.host!r} can be reached from other machines; "
                "listen on 127.0.0.1, or allow it with unsafe_bind=True (--unsafe-bind)"
            )

    def check_engines(self) -> None:
        """Try the engines that answer quickly; drawing and transcription are not tried."""
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
        """The quotas, with their short spellings parsed."""
        return parse_quotas(self.quotas)


def _check_choice(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
