"""A route of FastAPI that streams the answer of a chain to the browser, as server-sent events.

    uvicorn --app-dir examples langchain_web:app

A browser that leaves cancels the chain, and with it the stream from the service: no tokens are generated for nobody.
Needs `pip install 'imagine-aio[langchain]' fastapi uvicorn`, IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from imagine import ImagineException
from imagine.langchain import ImagineChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROMPT = ChatPromptTemplate.from_messages([("system", "Answer in one paragraph."), ("user", "{question}")])

app = FastAPI()
chain = PROMPT | ImagineChat(max_tokens=512) | StrOutputParser()


@app.get("/chat")
async def chat(question: Annotated[str, Query(min_length=1)]) -> StreamingResponse:
    return StreamingResponse(events(question), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def events(question: str) -> AsyncIterator[str]:
    """Yield each piece as an event; errors are events too, for a browser's EventSource sees no status."""
    try:
        async for piece in chain.astream({"question": question}):
            yield event({"text": piece})
        yield "data: [DONE]\n\n"
    except ImagineException as error:
        yield f"event: error\n{event({'message': str(error)})}"


def event(data: object) -> str:
    return f"data: {json.dumps(data)}\n\n"
