"""Conversations that remember what was said.

    conversation = client.conversation("Answer in one sentence.", budget=8_000)
    print((await conversation.ask("How do networks work?")).first_content)
    conversation.save("networks.json")

All is kept, and the oldest exchanges are not sent where the budget of tokens has no room for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from imagine._conversing.conversation import AsyncConversation

if TYPE_CHECKING:
    from imagine._blocking.faces import Conversation

__all__ = ["AsyncConversation", "Conversation"]

if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module("imagine._blocking.faces"), name))
