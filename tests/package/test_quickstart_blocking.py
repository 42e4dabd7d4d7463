"""The blocking quickstart is the async one without `await`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
README = "A paragraph of prose, of which there are two here.\n\nAnother one, to be compared with the first paragraph.\n"


def tour(example, out, readme):
    """What an example prints, but for numbers and the name of its directory; a warning in it is an error."""
    command = [sys.executable, "-W", "error", EXAMPLES / example, "--out", out, "--text", readme]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=50, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return re.sub(r" *\d+(\.\d+)?", " #", ended.stdout.replace(str(out), "")).splitlines()


def test_both_quickstarts_do_the_same(imagine_environment, tmp_path):
    """The two tours send the same requests, in the same order, and print the same."""
    readme = tmp_path / "README.md"
    readme.write_text(README)
    tours = []
    for example in ("quickstart.py", "quickstart_blocking.py"):
        before = len(imagine_environment.requests)
        printed = tour(example, tmp_path / example, readme)
        sent = [(sent.method, sent.path, sent.query, sent.json) for sent in imagine_environment.requests[before:]]
        tours.append((printed, sent))
    assert len(tours[0][1]) > 15
    assert tours[0] == tours[1]
