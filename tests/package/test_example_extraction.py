"""`examples/extraction.py`: typed records out of a text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from imagine.server import Reply

EXAMPLE = Path(__file__).parents[2] / "examples" / "extraction.py"
TASKS = [
    {"what": "write the press release", "urgency": "High", "who": "Ann Lee", "mail": "ann@example.com"},
    {"what": "check the numbers", "urgency": "low", "who": "Bob"},
]


def run(*arguments):
    return subprocess.run(
        [sys.executable, EXAMPLE, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_records_are_shown_and_listed(imagine_environment, tmp_path):
    """Each record gets its mark when it is complete, and the whole is checked and listed."""
    (tmp_path / "notes.txt").write_text("Ann and Bob have things to do.", "utf-8")
    answer = json.dumps({"value": TASKS})
    pieces = [answer[start : start + 7] for start in range(0, len(answer), 7)]
    imagine_environment.chat.replies(Reply(chunks=pieces))
    ran = run(tmp_path / "notes.txt")
    assert ran.returncode == 0, ran.stderr
    assert "* check the numbers … Bob\n" in ran.stdout
    assert ran.stdout.endswith("high: write the press release\nnormal: nothing\nlow: check the numbers\n")
    assert "Ann and Bob have things to do." in imagine_environment.chat.last.messages[0].content


def test_an_answer_that_does_not_fit_is_told(imagine_environment):
    """What the model made up is not listed, and the status is 1."""
    imagine_environment.chat.replies('[{"what": "rest", "urgency": "none"}]')
    ran = run()
    assert ran.returncode == 1
    assert "Invalid enum value" in ran.stderr
