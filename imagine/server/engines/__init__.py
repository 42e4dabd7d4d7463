"""The engines of the local server: small, deterministic and free of dependencies.

| kind | class | what it does |
|---|---|---|
| text | `NgramTextEngine` | writes with an n-gram model of a small text; real sampling, stops, tool calls, JSON |
| embedding | `HashedEmbeddingEngine` | hashes words and parts of words into 1024 dimensions; knows no meanings |
| rerank | `Bm25RerankEngine` | BM25 over the documents of the request |
| translation | `StandInTranslationEngine` | replaces everyday words, says in each answer that it is a stand-in |
| transcription | `StandInTranscriptionEngine` | measures a WAV file, says in each answer that it is a stand-in |
| image | `ShapesImageEngine` | draws coloured shapes, determined by prompt and seed |

Each class implements one Protocol of `interface`; a real engine that implements it can take its place, such as those
of `llama`, which run models by llama.cpp and need the extra `engine`.
"""

from __future__ import annotations

from imagine.server.engines.embedding import HashedEmbeddingEngine
from imagine.server.engines.image import ShapesImageEngine
from imagine.server.engines.interface import (
    EmbeddingEngine,
    ImageEngine,
    Odds,
    QuickTextEngine,
    RerankEngine,
    TextEngine,
    Token,
    TranscriptionEngine,
    TranslationEngine,
)
from imagine.server.engines.rerank import Bm25RerankEngine
from imagine.server.engines.text import NgramTextEngine
from imagine.server.engines.transcription import StandInTranscriptionEngine
from imagine.server.engines.translation import StandInTranslationEngine

__all__ = [
    "Bm25RerankEngine",
    "EmbeddingEngine",
    "HashedEmbeddingEngine",
    "ImageEngine",
    "NgramTextEngine",
    "Odds",
    "QuickTextEngine",
    "RerankEngine",
    "ShapesImageEngine",
    "StandInTranscriptionEngine",
    "StandInTranslationEngine",
    "TextEngine",
    "Token",
    "TranscriptionEngine",
    "TranslationEngine",
]
