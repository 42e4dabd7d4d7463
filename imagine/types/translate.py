"""Translation, which the service treats as a completion."""

from __future__ import annotations

from imagine.types.completions import CompletionRequest, CompletionResponse
from imagine.types.decoding import Decoding

__all__ = ["TRANSLATE_RESPONSE", "TranslateRequest", "TranslateResponse"]


class TranslateRequest(CompletionRequest, kw_only=True):
    """Body of POST translate; `prompt` is the text to translate, the model decides the languages."""


class TranslateResponse(CompletionResponse, kw_only=True):
    """A translation; `first_text` has it."""


TRANSLATE_RESPONSE = Decoding(TranslateResponse)
