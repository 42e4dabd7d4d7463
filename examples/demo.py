"""Start the local server and take the tour of `quickstart.py` on it; `make demo` runs this.

    python examples/demo.py [arguments of quickstart.py]

No account and no network are needed. The same two steps by hand: `python -m imagine.server`, then `quickstart.py` with
IMAGINE_API_ENDPOINT and IMAGINE_API_KEY set to what the server prints.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

QUICKSTART = Path(__file__).with_name("quickstart.py")
TOKENS_PER_SECOND = 40  # slow enough to be watched


def main() -> int:
    key = secrets.token_hex()
    with local_server(key) as endpoint:
        print(f"Local server at {endpoint}: its routes, tokens and times are real, its models are small stand-ins.")
        sys.stdout.flush()
        environment = {**os.environ, "IMAGINE_API_ENDPOINT": endpoint, "IMAGINE_API_KEY": key}
        environment |= {"IMAGINE_API_PROXY": "", "no_proxy": "127.0.0.1"}
        return subprocess.run([sys.executable, QUICKSTART, *sys.argv[1:]], env=environment, check=False).returncode


@contextmanager
def local_server(key: str) -> Generator[str]:
    """Run the server in a process of its own, and yield its endpoint."""
    command = [sys.executable, "-m", "imagine.server", "--port", "0", "--api-key", key]
    command += ["--tokens-per-second", str(TOKENS_PER_SECOND)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            endpoint = server.stdout.readline().strip() if server.stdout else ""
            if not endpoint:
                raise SystemExit("The local server did not start; it says why above.")
            yield endpoint
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
