"""Replies that a test gives the local server: `server.chat.replies("Hello", Reply("Bye", delay=1))`.

- `reply`: `Reply`, one answer and what befalls it.
- `content`: what stands in for the engines while one request is answered, for each kind of route.
- `work`: a text reply on its way, piece by piece.
- `script`: `ReplyScript`, the replies of one route: a queue, answers by `when=`, and the requests it has had.
- `scripts`: the scripts of all routes, and what was asked or given in vain.
"""

from __future__ import annotations

from imagine.server.replies.content import Content
from imagine.server.replies.reply import Reply
from imagine.server.replies.script import ReplyScript
from imagine.server.replies.scripts import Scripts

__all__ = ["Content", "Reply", "ReplyScript", "Scripts"]
