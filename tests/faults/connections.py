"""Connections that do not come about, or break: TCP, names, TLS, proxies."""

from __future__ import annotations

from support import listeners

from faults.client_calls import BOTH, chat, large, second
from faults.outcome import answer, failure
from faults.places import LONG_AGO, YESTERDAY, at, behind_dead_proxy, behind_proxy, faulty, refusing, secure
from faults.row import NO_RETRY, Row
from imagine.server.faults import Raw

PASSWORD_WANTED = listeners.answer(b"", "407 Proxy Authentication Required", "Proxy-Authenticate: Basic")


def untrusted(fault, place, *says):
    """A row in which a certificate is refused, once, before a request is sent."""
    return Row(fault, place, failure("Connection", *says, "verify=", reason="tls", sends=0))


BROKEN = [
    Row("refused", refusing, failure("Connection", "127.0.0.1", reason="refused"), options=NO_RETRY),
    Row(
        "no such host",
        at("http://nowhere.invalid/v2"),
        failure("Connection", "nowhere.invalid", "could not be resolved"),
        options=NO_RETRY,
    ),
    Row("TCP reset before the body is read", faulty("reset-before-body"), answer(sends=2)),
    Row("TCP reset before a body of 5 MB is read", faulty("reset-before-body"), answer(sends=2), [*map(large, BOTH)]),
    Row("TCP reset after the body was read", faulty("reset-before-answer"), answer(sends=2)),
    Row("closed without an answer", faulty("close-before-answer"), answer(sends=2)),
    Row("not HTTP", faulty(Raw([b"SSH-2.0-OpenSSH_9.6\r\n"])), failure("Connection", "not HTTP", sends=1)),
    Row("kept connection closed while idle", faulty("close-idle"), answer(sends=2), [second(ask, 0.2) for ask in BOTH]),
    Row(
        "an answer that nobody asked for on a kept connection",
        faulty("unsolicited"),
        answer(sends=2),
        [second(ask, 0.2) for ask in BOTH],
    ),
    Row(
        "kept connection closed under the next POST",
        faulty("close-idle;when=next"),
        answer(sends=3),
        [*map(second, BOTH)],
    ),
]

TLS = [
    untrusted("self-signed certificate", secure(self_signed=True, trusted=False), "self-signed"),
    untrusted("certificate of a private CA", secure(trusted=False)),
    Row("certificate of a private CA, verify='ca.pem'", secure(), answer(sends=1), [chat]),
    untrusted("expired certificate", secure(not_before=LONG_AGO, not_after=YESTERDAY), "expired"),
    Row("TLS 1.1 at the most", secure(old=True), failure("Connection", "TLS 1.2 or later", reason="tls", sends=0)),
    untrusted("another host's certificate", secure("other.invalid"), "127.0.0.1"),
]

PROXIES = [
    Row("proxy down", behind_dead_proxy, failure("Connection", "proxy", reason="refused"), options=NO_RETRY),
    *(
        Row(
            f"proxy answers 407, {scheme} endpoint",
            behind_proxy(PASSWORD_WANTED, scheme),
            failure("Connection", "407", reason="proxy", sends=1),
        )
        for scheme in ("http", "https")
    ),
]
