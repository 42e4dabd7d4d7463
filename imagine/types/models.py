"""What the service's models are for."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ModelType"]


class ModelType(StrEnum):
    """What a model is for; members equal and print as their string."""

    EMBEDDING = "embedding"
    """Texts to vectors."""
    LLM = "llm"
    """Chat and completion."""
    RERANKER = "reranker"
    """Documents in the order of their relevance to a query."""
    TEXT_TO_IMAGE = "text_to_image"
    """Images from descriptions."""
    TRANSCRIBE = "transcribe"
    """Speech to text."""
    TRANSLATE = "translate"
    """Text to another language."""
