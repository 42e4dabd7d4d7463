"""The logger `imagine`: a line for each call that has ended, with names and numbers alone."""

from __future__ import annotations

import logging

import pytest
from support.clients import until

from imagine import ImagineException

pytestmark = pytest.mark.anyio

MODEL = "Llama-3.1-8B"
QUESTION = [{"role": "user", "content": "My name is Ada."}]


def lines(caplog, calls):
    """The lines of these calls: what another test left behind may end, and be told, at any time."""
    ours = {call.request_id for call in calls}
    return [record for record in caplog.records if hasattr(record, "call") and record.call.get("request_id") in ours]


async def test_a_call_that_has_ended_is_one_line_at_info(make_client, server, caplog):
    """An answer and a stream are told once each, with the names and numbers of their records."""
    caplog.set_level(logging.INFO, "imagine")
    calls = []
    client = await make_client(on_call=calls.append)
    await client.chat(QUESTION, MODEL, max_tokens=3)
    await client.chat_stream(QUESTION, MODEL, max_tokens=3).final()
    answer, stream = lines(caplog, calls)
    assert answer.call == {
        "method": "POST",
        "path": "chat/completions",
        "outcome": "complete",
        "model": MODEL,
        "status": 200,
        "attempts": 1,
        "seconds_total": round(calls[0].seconds_total, 6),
        "seconds_queued": 0.0,
        "prompt_tokens": calls[0].usage.prompt_tokens,
        "completion_tokens": 3,
        "request_id": calls[0].request_id,
    }
    assert (stream.call["events"], stream.call["outcome"]) == (calls[1].events, "complete")
    assert 0 < stream.call["seconds_to_first_event"] < stream.call["seconds_total"]
    assert answer.getMessage().startswith("POST chat/completions complete: model='Llama-3.1-8B' status=200")
    assert f"completion_tokens=3 request_id='{calls[0].request_id}'" in answer.getMessage()


async def test_retries_are_warnings_and_a_failure_is_told_by_its_class(make_client, server, caplog):
    """The line of a failed call has the class of its error and no word of the service's, which may repeat a prompt."""
    caplog.set_level(logging.INFO, "imagine")
    server.faults.script(["status;code=503;retry-after-ms=1", "status;code=400;message=Ada"])
    calls = []
    client = await make_client(on_call=calls.append)
    with pytest.raises(ImagineException, match="Ada"):
        await client.chat(QUESTION)
    (line,) = lines(caplog, calls)
    assert [line.call[name] for name in ("outcome", "status", "attempts")] == ["failed", 400, 2]
    assert line.call["error"] == "ImagineAPIBadRequestException"
    assert [record for record in caplog.records if record.levelname == "WARNING" and "attempt 2" in record.getMessage()]
    assert "Ada" not in line.getMessage() + repr(vars(line))


async def test_a_stream_that_was_left_is_told(make_client, server, caplog):
    """Its line says so, at INFO: nothing went wrong."""
    caplog.set_level(logging.INFO, "imagine")
    server.faults.script(["stall;after=2"])
    calls = []
    client = await make_client(on_call=calls.append)
    async with client.chat_stream(QUESTION) as stream:
        async for _ in stream:
            break
    await until(lambda: lines(caplog, calls))
    assert [(line.call["outcome"], line.levelname) for line in lines(caplog, calls)] == [("left", "INFO")]


async def test_neither_what_was_said_nor_the_key_is_logged(make_client, server, caplog):
    """Nothing of a question, of its answer or of the key is in the record of a line, whichever attribute is shown."""
    caplog.set_level(logging.DEBUG, "imagine")
    client = await make_client()
    answer = await client.chat(QUESTION)
    shown = "".join(repr(vars(record)) for record in caplog.records)
    assert not [word for word in ("Ada", answer.first_content, server.api_key) if word in shown]
