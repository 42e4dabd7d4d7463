"""`python -m imagine.server`: run the local server until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from imagine.server.app import create_app
from imagine.server.background import endpoint_of, serving
from imagine.server.config import ServerConfig, new_key
from imagine.server.faults import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 after Ctrl-C, 1 if it cannot serve; bad arguments exit with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.help_faults:
        print(describe())
        return 0
    try:
        config = _config(options)
    except ValueError as error:
        parser.error(str(error))
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(config, tell_key=not options.api_key))
    except OSError as error:
        print(f"Cannot serve: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m imagine.server",
        description="Serve the Imagine API on this machine, with small deterministic engines. "
        "The first line printed is the endpoint; it appears once connections are accepted. "
        "OpenAI's clients take the same address with /v1 in place of /apis/v2.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8000, help="port to listen on, 0 for any free one (default: %(default)s)")
    add("--api-key", action="append", help="key to accept; repeatable (default: a random one, printed)")
    add("--db", default=":memory:", help="SQLite file for usage and history (default: in memory)")
    add("--tokens-per-second", type=float, help="speed of streams (default: as fast as possible)")
    add("--quota", action="append", default=[], help="limit per key, like 5/minute or '25000 tokens/hour'; repeatable")
    add("--unsafe-bind", action="store_true", help="allow a host that other machines can reach")
    add("--help-faults", action="store_true", help="print the faults that X-Imagine-Fault can ask for, and exit")
    return parser


def _config(options: argparse.Namespace) -> ServerConfig:
    return ServerConfig(
        host=options.host,
        port=options.port,
        api_key=options.api_key or new_key(),
        database=options.db,
        tokens_per_second=options.tokens_per_second,
        quotas=options.quota,
        unsafe_bind=options.unsafe_bind,
    )


async def _serve(config: ServerConfig, *, tell_key: bool) -> None:
    async with serving(create_app(config), config.host, config.port) as runner:
        print(endpoint_of(runner), flush=True)
        if tell_key:
            print(f"API key: {config.keys[0]}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    sys.exit(main())
