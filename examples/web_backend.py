"""A web backend that streams answers to the browser as server-sent events.

    python examples/web_backend.py            # then open http://127.0.0.1:8080

Chunks are passed on as they come. A browser that leaves, or presses Stop, cancels the stream from the service as well:
no tokens are generated for nobody. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from imagine import ChatMessage, ImagineAsyncClient, ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLIENT = web.AppKey("client", ImagineAsyncClient)
EVENT_STREAM = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx would hold events back to fill its buffers
}
MAX_TOKENS = 512
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Ask</title>
<form><input name="question" size="60" value="How does streaming work?"> <button>Ask</button></form>
<button id="stop">Stop</button>
<p id="answer" style="white-space: pre-wrap"></p>
<script>
  const answer = document.getElementById("answer")
  let source
  const stop = () => source?.close()
  document.getElementById("stop").onclick = stop
  document.forms[0].onsubmit = event => {
    event.preventDefault()
    stop()
    answer.textContent = ""
    source = new EventSource("/chat?" + new URLSearchParams(new FormData(event.target)))
    source.onmessage = ({data}) => {
      if (data === "[DONE]") return stop()
      answer.textContent += JSON.parse(data).choices[0]?.delta.content ?? ""
    }
    source.onerror = ({data}) => {  // closed, or the browser would ask again and again
      stop()
      answer.textContent += "\\n" + (data ? JSON.parse(data).error.message : "The connection was lost.")
    }
  }
</script>
"""


def create_app() -> web.Application:
    """Make the application; run it with `handler_cancellation=True`, by which aiohttp notices that a browser left."""
    app = web.Application()
    app.cleanup_ctx.append(open_client)
    app.add_routes([web.get("/", page), web.get("/chat", chat)])
    return app


async def open_client(app: web.Application) -> AsyncIterator[None]:
    """Share one client, and so its connections, among all requests."""
    async with ImagineAsyncClient() as client:
        app[CLIENT] = client
        yield


async def page(_request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def chat(request: web.Request) -> web.StreamResponse:
    """Answer the question in the query; errors are events too, for a browser's EventSource sees no status."""
    question = request.query.get("question", "").strip()
    if not question:
        raise web.HTTPBadRequest(text="a question is wanted: /chat?question=…")
    messages = [ChatMessage(role="user", content=question)]
    response = web.StreamResponse(headers=EVENT_STREAM)
    await response.prepare(request)
    async with request.app[CLIENT].chat_stream(messages, max_tokens=MAX_TOKENS) as stream:
        try:
            while chunks := await stream.read():  # all that one read from the service brings goes out in one write
                await response.write(b"".join(event(chunk.model_dump_json(exclude_none=True)) for chunk in chunks))
            await response.write(event("[DONE]"))
        except ImagineException as error:
            failure = json.dumps({"error": {"message": str(error)}})
            await response.write(b"event: error\n" + event(failure))
    return response


def event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


if __name__ == "__main__":
    web.run_app(create_app(), host="127.0.0.1", port=8080, handler_cancellation=True)
