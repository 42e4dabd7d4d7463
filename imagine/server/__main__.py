"""`python -m imagine.server`: run the local server until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imagine.exceptions import ImagineExtraMissing
from imagine.server.app import create_app
from imagine.server.background import serving
from imagine.server.config import MODELS, Engines, ServerConfig, new_key
from imagine.server.engines.llama import LlamaCppEmbeddingEngine, LlamaCppTextEngine
from imagine.server.faults import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.server.config import ServerOptions

__all__ = ["main"]

_UPSTREAM_KEY = "IMAGINE_UPSTREAM_KEY"


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
    except ImagineExtraMissing as error:
        print(f"Cannot serve: {error}", file=sys.stderr)
        return 1
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
        description="Serve the Imagine API on this machine, with small deterministic engines, "
        "or for development with a real model: one of another server (--upstream), or a file (--engine). "
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
    _add_engines(parser)
    add("--help-faults", action="store_true", help="print the faults that X-Imagine-Fault can ask for, and exit")
    return parser


def _add_engines(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--upstream", metavar="URL", help="pass chat, completions and embeddings on to an OpenAI-compatible server"
    )
    either.add_argument("--engine", choices=["llama-cpp"], help="run a real model in this process (extra `engine`)")
    add = parser.add_argument
    add("--upstream-key", metavar="KEY", help=f"key of the upstream; better in {_UPSTREAM_KEY}, where nobody sees it")
    add("--model", metavar="FILE", help="with --engine: the model, a GGUF file")
    add(
        "--embedding-model",
        metavar="MODEL",
        help="a model that embeds: with --engine a GGUF file, with --upstream a name in its list of models",
    )


def _config(options: argparse.Namespace) -> ServerConfig:
    settings: ServerOptions = {
        "host": options.host,
        "port": options.port,
        "api_key": options.api_key or new_key(),
        "database": options.db,
        "tokens_per_second": options.tokens_per_second,
        "quotas": options.quota,
        "unsafe_bind": options.unsafe_bind,
        **_answering(options),
    }
    return ServerConfig(**settings)


def _answering(options: argparse.Namespace) -> ServerOptions:
    """Return what answers, other than the engines that are there by default."""
    if options.engine and not options.model:
        raise ValueError("--engine llama-cpp needs --model, a GGUF file")
    if options.model and not options.engine:
        raise ValueError("--model needs --engine llama-cpp")
    if options.embedding_model and not (options.engine or options.upstream):
        raise ValueError("--embedding-model needs --upstream or --engine llama-cpp")
    if options.engine:
        return _llama(options.model, options.embedding_model)
    key = options.upstream_key or (options.upstream and os.environ.get(_UPSTREAM_KEY)) or None
    models = {**MODELS, "embedding": [options.embedding_model]} if options.embedding_model else MODELS
    return {"upstream": options.upstream, "upstream_key": key, "models": models}


def _llama(model: str, embedding_model: str | None) -> ServerOptions:
    engines, models = Engines(text=LlamaCppTextEngine(model)), {**MODELS, "llm": [Path(model).stem]}
    if embedding_model:
        engines = replace(engines, embedding=LlamaCppEmbeddingEngine(embedding_model))
        models["embedding"] = [Path(embedding_model).stem]
    return {"engines": engines, "models": models}


async def _serve(config: ServerConfig, *, tell_key: bool) -> None:
    async with serving(create_app(config), config.host, config.port) as served:
        print(served.endpoint, flush=True)
        if tell_key:
            print(f"API key: {config.keys[0]}", flush=True)
        if config.upstream:
            print(f"Passes requests on to {config.upstream}: for development, not for production", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    sys.exit(main())
