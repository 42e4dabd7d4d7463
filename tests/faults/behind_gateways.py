"""What real gateways do of themselves: nginx in front of the service, tinyproxy on the way to it."""

from __future__ import annotations

import functools

from faults.client_calls import BOTH, burst, chat, large, second, stream
from faults.gateways import missing, nginx, nginx_with_tls, tinyproxy
from faults.outcome import Expected, answer, failure
from faults.places import at, faulty, refusing, secure
from faults.row import NO_RETRY, Row

ZIPPED = ("gzip on", "gzip_proxied any", "gzip_min_length 1", "gzip_types *")

nginx_row = functools.partial(Row, missing=missing("nginx"))
tinyproxy_row = functools.partial(Row, missing=missing("tinyproxy"))

NGINX = [
    nginx_row(
        "upstream down",
        nginx(upstream=refusing),
        failure("APIStatus", "502 Bad Gateway", status=502, sends=2),
        options={"max_retries": 1},
    ),
    nginx_row(
        "upstream silent",
        nginx("proxy_read_timeout 300ms", upstream=faulty("silent")),
        failure("APIStatus", "504 Gateway Time-out", status=504, sends=1),
        options=NO_RETRY,
    ),
    nginx_row(
        "upstream cut in the middle of a stream",
        nginx(upstream=faulty("cut-stream")),
        failure("Stream", "broke off", sends=1),
        [stream],
    ),
    nginx_row(
        "limit_req, no retries",
        nginx("limit_req zone=minute", "limit_req_status 429"),
        failure("APITooManyRequests", "429 Too Many Requests", status=429, sends=2),
        [*map(second, BOTH)],
        options=NO_RETRY,
    ),
    nginx_row(
        "limit_req + Retry-After: 1, five calls at once",
        nginx("limit_req zone=second", "limit_req_status 429", "error_page 429 @limited"),
        Expected("5 answers"),
        [burst],
    ),
    nginx_row("gzip of everything", nginx(*ZIPPED), answer(sends=1)),
    nginx_row(
        "a slow stream buffered into one burst",
        nginx("proxy_buffering on", upstream=faulty(tokens_per_second=20)),
        answer(sends=1),
        [stream],
    ),
    nginx_row(
        "client_max_body_size",
        nginx("client_max_body_size 1k"),
        failure("APIBadRequest", "413 Request Entity Too Large", status=413),
        [*map(large, BOTH)],
    ),
    nginx_row(
        "idle connection closed",
        nginx("keepalive_timeout 200ms"),
        answer(sends=2),
        [second(ask, after=0.4) for ask in BOTH],
    ),
    nginx_row(
        "TLS of a private CA",
        nginx_with_tls(trusted=False),
        failure("Connection", "verify=", reason="tls", sends=0),
    ),
    nginx_row("TLS of a private CA, verify='ca.pem'", nginx_with_tls(trusted=True), answer(sends=1)),
]

TINYPROXY = [
    tinyproxy_row("on the way to the service", tinyproxy(), answer(sends=1)),
    tinyproxy_row("a tunnel to TLS of a private CA", tinyproxy(secure()), answer(sends=1), [chat]),
    tinyproxy_row("no password", tinyproxy(user=""), failure("Connection", "407", reason="proxy", sends=1)),
    tinyproxy_row(
        "no password, tunnel", tinyproxy(secure(), user=""), failure("Connection", "407", reason="proxy", sends=1)
    ),
    tinyproxy_row(
        "wrong password, which it calls 401",
        tinyproxy(user="me:wrong@"),
        failure("APIAuthentication", "this proxy", status=401, sends=1),
    ),
    tinyproxy_row(
        "wrong password, tunnel",
        tinyproxy(secure(), user="me:wrong@"),
        failure("Connection", "proxy", "401", reason="proxy", sends=1),
    ),
    tinyproxy_row(
        "service behind it down",
        tinyproxy(refusing),
        failure("APIStatus", "unable to connect", status=500, sends=1),
        options=NO_RETRY,
    ),
    tinyproxy_row(
        "service behind its tunnel down",
        tinyproxy(at("https://127.0.0.1:1")),
        failure("Connection", "proxy", "500", reason="proxy", sends=1),
    ),
]
