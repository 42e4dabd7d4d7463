"""Private instances of nginx and tinyproxy, on loopback, each for one play of a row."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from faults.places import Place, free_port, service

STARTING_SECONDS = 10.0
REQUEST = re.compile(r'(?:"|\): )(?:POST|CONNECT) ')
"""What both write into their logs for each request."""
# Only root may choose a user; others are told that it was ignored.
NGINX_CONF = """
daemon off;
user root;
pid nginx.pid;
worker_shutdown_timeout 2s;
events {{ worker_connections 64; }}
http {{
    access_log log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    limit_req_zone $binary_remote_addr zone=minute:1m rate=1r/m;
    limit_req_zone $binary_remote_addr zone=second:1m rate=2r/s;
    server {{
        listen 127.0.0.1:{port} {listen};
        proxy_http_version 1.1;
        {directives}
        location / {{ proxy_pass http://{upstream}; }}
        location @limited {{ add_header Retry-After 1 always; return 429; }}
    }}
}}
"""
CERTIFIED = ("ssl_certificate own.pem", "ssl_certificate_key own.pem")
TINYPROXY_CONF = """
Port {port}
Listen 127.0.0.1
LogFile "{folder}/log"
LogLevel Connect
BasicAuth me secret
"""


def missing(program):
    """The program's name where it is not installed."""
    return None if _path_of(program) else program


def _path_of(program):
    # Debian keeps nginx where only root looks.
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def nginx(*directives, upstream=service):
    """The local server, or another place, behind an nginx with these directives."""

    def configure(folder, port, behind):
        return _nginx(folder, port, behind, directives), {"endpoint": f"http://127.0.0.1:{port}/apis/v2"}

    return _gateway(upstream, configure)


def nginx_with_tls(*, trusted):
    """The local server behind an nginx with a certificate of a private authority, which the client trusts or not."""

    def configure(folder, port, behind):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
        options = {"endpoint": f"https://127.0.0.1:{port}/apis/v2", "verify": folder / "ca.pem" if trusted else True}
        return _nginx(folder, port, behind, CERTIFIED, listen="ssl"), options

    return _gateway(service, configure)


def _nginx(folder, port, behind, directives, listen=""):
    (folder / "conf").write_text(
        NGINX_CONF.format(
            port=port,
            listen=listen,
            directives="".join(f"{directive};\n" for directive in directives),
            upstream=urlsplit(behind.options["endpoint"]).netloc,
        )
    )
    return ["nginx", "-p", folder, "-c", folder / "conf", "-e", "stderr"]


def tinyproxy(upstream=service, user="me:secret@"):
    """The local server, or another place, behind a tinyproxy that asks for the password of `me`."""

    def configure(folder, port, _behind):
        (folder / "conf").write_text(TINYPROXY_CONF.format(port=port, folder=folder))
        return ["tinyproxy", "-d", "-c", folder / "conf"], {"proxy": f"http://{user}127.0.0.1:{port}"}

    return _gateway(upstream, configure)


def _gateway(upstream, configure):
    """A place behind a program; `configure` makes its files, and returns its command and what a client needs."""

    @asynccontextmanager
    async def place():
        port, log = free_port(), []
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            async with upstream() as behind:
                command, options = configure(folder, port, behind)
                async with _running(command, port):
                    yield Place(behind.options | options, lambda: len(log))
            log += REQUEST.findall((folder / "log").read_text())

    return place


@asynccontextmanager
async def _running(command, port):
    program, *arguments = command
    process = await asyncio.create_subprocess_exec(
        _path_of(program), *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(STARTING_SECONDS):
            await _accepting(port)
        yield
    finally:
        # nginx leaves when its requests are done, and in its log. tinyproxy sleeps on after a SIGTERM that comes
        # while it goes to sleep.
        process.send_signal(signal.SIGQUIT if program == "nginx" else signal.SIGKILL)
        await process.wait()


async def _accepting(port):
    """Return once a port accepts connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
