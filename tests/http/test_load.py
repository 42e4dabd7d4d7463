"""Many streams at once on one client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import asyncio, sys, psutil
    from imagine import ImagineAsyncClient

    STREAMS, EVENTS = 200, 200

    async def read(client, number):
        texts = []
        async for chunk in client.chat_stream([{"role": "user", "content": str(number)}]):
            texts.append(chunk.first_content)
        assert texts == [f"{number}:{event}" for event in range(EVENTS)], (number, len(texts), texts[:3])

    async def main():
        asyncio.get_running_loop().slow_callback_duration = 60  # the machine may be busy with other things
        client = ImagineAsyncClient(sys.argv[1], "key", max_concurrent_requests=STREAMS)
        await asyncio.gather(*(read(client, number) for number in range(STREAMS)))
        await client.close()
        assert psutil.Process().net_connections("tcp") == []
        assert client._slots.taken == set()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    print("all complete")
"""


async def numbered(reader, writer):
    """Answer with events that carry the asked number and their own, a few at a time."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    asked = json.loads(await reader.readexactly(length))["messages"][0]["content"]
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for event in range(200):
        finish = '"stop"' if event == 199 else "null"
        choice = f'{{"index":0,"delta":{{"content":"{asked}:{event}"}},"finish_reason":{finish}}}'
        data = f'data: {{"id":"{asked}","choices":[{choice}]}}\n\n'.encode()
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        if event % 7 == 0:
            await writer.drain()
            await asyncio.sleep(0)
    writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.anyio
async def test_200_streams_of_200_events():
    """200 concurrent streams of 200 events are complete, in order and unmixed; no socket, task or warning is left."""
    server = await asyncio.start_server(numbered, "127.0.0.1", 0, backlog=256)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    script = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(SCRIPT), endpoint]
    client = await asyncio.create_subprocess_exec(*script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await client.communicate()
    assert (out, err, client.returncode) == (b"all complete\n", b"", 0)
    server.close()
    await server.wait_closed()
