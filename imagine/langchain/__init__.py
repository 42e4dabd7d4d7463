"""Chat model, LLM, embeddings and reranker of the service for LangChain."""

from imagine.exceptions import ImagineExtraMissing

try:
    from imagine.langchain.chat import ImagineChat
    from imagine.langchain.embeddings import ImagineEmbeddings
    from imagine.langchain.llm import ImagineLLM
    from imagine.langchain.reranker import ImagineReranker
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("langchain"):
        raise
    raise ImagineExtraMissing("langchain") from error

__all__ = ["ImagineChat", "ImagineEmbeddings", "ImagineLLM", "ImagineReranker"]
