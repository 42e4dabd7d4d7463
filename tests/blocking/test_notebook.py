"""The blocking client in a notebook: a real kernel, in whose main thread an event loop runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support.clients import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"

pytestmark = pytest.mark.anyio


def printed(cell):
    """What a cell wrote to stdout."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


async def test_the_example_runs(imagine_environment):
    """The notebook's cells run from top to bottom without an error or a warning, and stream inside of a cell."""
    notebook = nbformat.read(EXAMPLE, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    await NotebookClient(notebook, timeout=50, kernel_name="python3").async_execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    streaming = next(cell for cell in notebook.cells if "for chunk in stream" in cell.source)
    assert len(printed(streaming).split()) > 20
    assert any("image/png" in output.get("data", {}) for output in outputs)
    await until(lambda: imagine_environment.open_connections == 0)


async def test_interrupting_the_kernel_stops_a_stream(imagine_environment):
    """The interrupt button ends a stream that waits, the server sees it, and the next cell works."""
    imagine_environment.faults.script(["stall;after=2"])
    cells = [
        "from imagine import ImagineClient\nclient = ImagineClient()",
        "for chunk in client.chat_stream([{'role': 'user', 'content': 'Hi'}]): print(chunk.first_content)",
        "print(client.ping().message)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    runner = NotebookClient(notebook, timeout=50, kernel_name="python3", allow_errors=True)
    async with runner.async_setup_kernel():
        await runner.async_execute_cell(notebook.cells[0], 0)
        streaming = asyncio.create_task(runner.async_execute_cell(notebook.cells[1], 1))
        await until(lambda: imagine_environment.open_streams == 1)
        await runner.km.interrupt_kernel()
        await streaming
        await until(lambda: imagine_environment.open_streams == 0)
        await runner.async_execute_cell(notebook.cells[2], 2)
    assert notebook.cells[1].outputs[-1].ename == "KeyboardInterrupt"
    assert printed(notebook.cells[2]) == "pong\n"
