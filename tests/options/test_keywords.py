"""What is said about a keyword that a method does not know."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]


async def made(client, method, *arguments, **options):
    """Make a call; of a stream, ask for its end."""
    call = getattr(client, method)(*arguments, **options)
    return await (call.final() if method.endswith("_stream") else call)


@pytest.mark.parametrize(
    ("method", "arguments", "keyword", "hint"),
    [
        ("chat", (HELLO,), "max_token", "did you mean max_tokens?"),
        ("chat", (HELLO,), "tool", "did you mean tools?"),
        ("chat_stream", (HELLO,), "max_completion_tokens", "did you mean max_tokens?"),
        ("chat", (HELLO,), "logit_bias", "extra_body="),
        ("chat", (HELLO,), "stream", "use chat_stream()"),
        ("completion", ("Once",), "stream", "use completion_stream()"),
        ("images_generate", ("sun",), "stream", "use images_generate_stream()"),
        ("chat_stream", (HELLO,), "stream", "it always streams"),
        ("embeddings", ("a",), "stream", "it cannot stream"),
        ("translate", ("Hello",), "retries", "did you mean max_retries?"),
    ],
)
async def test_an_unknown_keyword_says_what_was_meant(client, server, method, arguments, keyword, hint):
    """The error names the method and the keyword, and says what to write; nothing is sent."""
    with pytest.raises(TypeError) as caught:
        await made(client, method, *arguments, **{keyword: True})
    text = str(caught.value)
    assert text.startswith(f"{method}() got an unexpected keyword argument {keyword!r}: ")
    assert hint in text
    assert server.requests == []
