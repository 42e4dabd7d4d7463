"""What goes wrong, and how it is told: by class, by message, by what the exception carries."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import socket
import ssl
import tracemalloc
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import BadHttpMessage
from multidict import CIMultiDict
from support.listeners import answer, listening

import imagine
from imagine import (
    ImagineAPIAuthenticationException,
    ImagineAPIBadRequestException,
    ImagineAPIException,
    ImagineAPINotFoundException,
    ImagineAPIPermissionException,
    ImagineAPIRedirectException,
    ImagineAPIStatusException,
    ImagineAPITooManyRequestsException,
    ImagineConnectionException,
    ImagineDecodeException,
    ImagineException,
    ImagineStreamException,
)
from imagine._answers.errors import api_error
from imagine._http.errors import connection_error
from imagine._record import CallRecord
from imagine._redaction.redaction import Redaction
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]

STATUSES = [
    (400, ImagineAPIBadRequestException),
    (401, ImagineAPIAuthenticationException),
    (402, ImagineAPIException),
    (403, ImagineAPIPermissionException),
    (404, ImagineAPINotFoundException),
    (405, ImagineAPIException),
    (408, ImagineAPIException),
    (409, ImagineAPIException),
    (413, ImagineAPIBadRequestException),
    (418, ImagineAPIException),
    (422, ImagineAPIBadRequestException),
    (429, ImagineAPITooManyRequestsException),
    (500, ImagineAPIStatusException),
    (501, ImagineAPIStatusException),
    (502, ImagineAPIStatusException),
    (503, ImagineAPIStatusException),
    (504, ImagineAPIStatusException),
    (599, ImagineAPIStatusException),
    (300, ImagineAPIRedirectException),
]


async def stream_of(client):
    return await client.chat_stream(HELLO).final()


async def chat_of(client):
    return await client.chat(HELLO)


def both_ways(test):
    """Run a test with a whole answer and with a stream."""
    return pytest.mark.parametrize("ask", [chat_of, stream_of])(test)


def refusal(status, body, *headers):
    """An error answer with this body."""
    return Raw([answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status, *headers)])


async def failure_of(ask, client):
    with pytest.raises(ImagineException) as caught:
        await ask(client)
    return caught.value


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_each_status_has_its_class(make_client, server, status, kind):
    """An error status raises its class, which carries status, headers, body, request id and the call."""
    server.faults.script([f"status;code={status};message=no such luck"] * 2)
    for number, ask in enumerate((chat_of, stream_of)):
        error = await failure_of(ask, await make_client(max_retries=0))
        assert type(error) is kind
        assert error.http_status == error.call.status == status
        assert error.headers["x-REQUEST-id"] == error.request_id == server.requests[number].request_id
        assert error.body == {"message": "no such luck", "status": "error"}
        assert (error.call.method, error.call.path) == ("POST", "chat/completions")


@both_ways
async def test_a_message_says_all_that_a_report_needs(client, server, ask):
    """The message has status, method, route, the service's own words and the request id."""
    server.faults.script(["status;code=409;message=two at once"])
    text = str(await failure_of(ask, client))
    assert text == f"409 from POST chat/completions: two at once (request id {server.requests[0].request_id})"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Unauthorized", "status": "error"}, "Unauthorized"),
        ({"detail": "Model not found"}, "Model not found"),
        ({"error": {"message": "too long", "type": "invalid_request_error", "code": None}}, "too long"),
        ({"error": "plain"}, "plain"),
        (
            {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "field required"}, {"msg": "and more"}]},
            "body.messages.0.role: field required; and more",
        ),
        ({"code": 17}, '{"code": 17}'),
        ([], "[]"),
        (b"  out of\n\n order ", "out of order"),
        (b'{"message": "cut', '{"message": "cut'),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"[" * 20_000, "[" * 100),
    ],
)
async def test_the_services_words_are_found_in_any_shape(client, server, body, words):
    """Messages are read out of every shape that services use; what has none is shown as it is."""
    server.faults.script([refusal("418 Teapot", body)])
    error = await failure_of(chat_of, client)
    assert words in str(error)
    assert "\n" not in str(error)


async def test_a_refused_body_names_its_fields(client, server):
    """A 422 says which field is wrong and why."""
    with pytest.raises(ImagineAPIBadRequestException, match=r"422.*body\.n\b") as caught:
        await client.images_generate("sun", extra_body={"n": "many"})
    assert caught.value.body["detail"][0]["loc"] == ["body", "n"]


async def test_a_gateways_page_becomes_one_line(client, server):
    """An HTML page is told by its text, on one line; the page itself is the body."""
    server.faults.script(["status;code=502;body=html"])
    error = await failure_of(chat_of, client)
    assert str(error).startswith("502 from POST chat/completions: 502 Bad Gateway")
    assert not {"<", "\n"} & set(str(error))
    assert "<h1>502 Bad Gateway</h1>" in error.body


async def test_error_bodies_are_cut_at_64_kib(client, server):
    """Of an error body 64 KiB are kept, also where it is compressed; the message has a part of them."""
    long = b"x" * 1_000_000
    packed = gzip.compress(long)
    server.faults.script(
        [refusal("500 Oops", long), Raw([answer(packed, "500 Oops", "Content-Encoding: gzip")]), "status;code=400"]
    )
    for _ in range(2):
        error = await failure_of(chat_of, client)
        assert error.body == "x" * 65536
        assert len(str(error)) < 1000
    assert (await failure_of(chat_of, client)).http_status == 400


@pytest.mark.parametrize("broken", [b"", b"{", b'{"message": "half'])
async def test_a_broken_error_body_does_not_hide_the_status(client, server, broken):
    """An error answer that breaks off in its body is still the error that its status says."""
    head = b"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\nX-Request-Id: r-1\r\n\r\n"
    server.faults.script([Raw([head + broken], then="abort")])
    error = await failure_of(chat_of, client)
    assert (type(error), error.http_status, error.request_id) == (ImagineAPIStatusException, 500, "r-1")


@pytest.mark.parametrize(
    "header", ["X-Request-Id", "x-request-id", "Request-Id", "X-Correlation-Id", "X-Amzn-RequestId", "CF-Ray"]
)
async def test_request_ids_are_found_under_their_names(client, server, header):
    """The id of a request is read from whichever header the gateway puts it into."""
    server.faults.script([Raw([answer(b"{}", "400 Bad Request", f"{header}: r-1")])])
    error = await failure_of(chat_of, client)
    assert error.request_id == error.call.request_id == "r-1"


@both_ways
async def test_a_wrong_key_is_an_authentication_error(make_client, server, ask):
    """A key that the service does not know is a 401, never sent again."""
    client = await make_client(api_key="wrong-key")
    error = await failure_of(ask, client)
    assert (type(error), error.http_status) == (ImagineAPIAuthenticationException, 401)
    assert len(server.requests) == 1


@both_ways
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("wrong-key-500", ImagineAPIAuthenticationException),
        ("status;code=403", ImagineAPIPermissionException),
        ("status;code=501", ImagineAPIStatusException),
        ("status;code=404", ImagineAPINotFoundException),
    ],
)
async def test_what_cannot_get_better_is_not_sent_again(make_client, server, ask, fault, kind):
    """A 500 that says the key is wrong is an authentication error; like it, refusals are told at once."""
    client = await make_client()
    server.faults.script([fault])
    error = await failure_of(ask, client)
    assert type(error) is kind
    assert len(error.call.attempts) == len(server.requests) == 1


async def test_permission_is_a_kind_of_authentication():
    """The tree lets users catch what belongs together, and the base catches all."""
    assert issubclass(ImagineAPIPermissionException, ImagineAPIAuthenticationException)
    assert issubclass(imagine.ImagineTimeoutException, ImagineConnectionException | TimeoutError)
    assert issubclass(imagine.ImagineStreamErrorException, ImagineAPIException)
    assert issubclass(ImagineStreamException, ImagineException)
    assert not issubclass(ImagineAPIException, ImagineConnectionException)


@both_ways
@pytest.mark.parametrize("code", [307, 308])
async def test_a_redirect_within_the_origin_is_followed(client, server, ask, code):
    """A 307 or 308 to the same origin is followed with method and body kept."""
    server.faults.script([f"redirect;code={code};to=same", f"redirect;code={code};to=same"])
    await ask(client)
    first, second = server.requests
    assert (second.method, second.path, second.json) == (first.method, first.path, first.json)
    assert dict(second.query) == {"moved": "1"}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_get_follows_every_redirect_within_the_origin(client, server, code):
    """A GET goes along with any redirect to the same origin."""
    server.faults.script([f"redirect;code={code};to=same", f"redirect;code={code};to=same"])
    assert (await client.ping()).message == "pong"
    assert [request.method for request in server.requests] == ["GET", "GET"]


@both_ways
@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ("redirect;code=307;to=other", "localhost"),
        ("redirect;code=302;to=other", "localhost"),
        ("redirect;code=301;to=same", "moved=1"),
        ("redirect;code=302;to=same", "moved=1"),
        ("redirect;code=303;to=same", "moved=1"),
        ("redirect;code=307;location=https://127.0.0.1/x", "https://127.0.0.1/x"),
        ("redirect;code=307;location=http://[broken", "http://[broken"),
        ("redirect;code=307;location=http://127.0.0.1:99999/", "99999"),
        ("redirect;code=307;location=file:///etc/passwd", "file:///etc/passwd"),
        ("redirect;code=307;location=//evil.invalid/", "evil.invalid"),
    ],
)
async def test_a_redirect_elsewhere_is_refused(make_client, server, ask, fault, shown):
    """Another origin, and a POST that would become a GET, are errors that name the Location; nothing is sent there."""
    client = await make_client()
    server.faults.script([fault])
    error = await failure_of(ask, client)
    assert type(error) is ImagineAPIRedirectException
    assert shown in str(error)
    assert len(server.requests) == 1


async def test_a_redirect_without_a_location_is_refused(client, server):
    """A redirect that leads nowhere is an error."""
    server.faults.script([Raw([answer(b"", "307 Temporary Redirect")])])
    with pytest.raises(ImagineAPIRedirectException, match="307 from POST"):
        await client.chat(HELLO)


@both_ways
async def test_a_loop_of_redirects_ends(client, server, ask):
    """Redirects in a circle end in an error after a few."""
    server.faults.script(["redirect;to=loop"] * 50)
    error = await failure_of(ask, client)
    assert type(error) is ImagineAPIRedirectException
    assert "/apis/v2/chat/completions" in str(error)
    assert len(server.requests) <= 20


UNARY = [
    ("ping", ()),
    ("health_check", ()),
    ("usage", ()),
    ("get_available_models", ()),
    ("chat", (HELLO,)),
    ("completion", ("Once",)),
    ("embeddings", ("a",)),
    ("reranker", ("q", ["d1"])),
    ("translate", ("Good morning",)),
    ("images_generate", ("sun",)),
    ("get_chat_history", ()),
]


@pytest.mark.parametrize(("method", "arguments"), UNARY)
async def test_an_answer_that_is_no_json_is_a_decode_error(make_client, server, method, arguments):
    """A page, nothing, or half an answer after a good status is an error of decoding, and not sent again."""
    client = await make_client()
    faults = ["html-200", "empty-200", "no-content-204", "truncated-json"]
    server.faults.script(faults)
    for _ in faults:
        with pytest.raises(ImagineDecodeException) as caught:
            await getattr(client, method)(*arguments)
        assert isinstance(caught.value, ValueError)
        assert caught.value.http_status == caught.value.call.status in (200, 204)
    assert len(server.requests) == len(faults)


@pytest.mark.parametrize(
    ("method", "arguments", "missing"),
    [
        ("chat", (HELLO,), "choices"),
        ("completion", ("Once",), "choices"),
        ("translate", ("Good morning",), "choices"),
        ("embeddings", ("a",), "data"),
        ("reranker", ("q", ["d1"]), "data"),
        ("images_generate", ("sun",), "data"),
    ],
)
async def test_an_answer_of_another_shape_names_the_field(client, server, method, arguments, missing):
    """JSON of another shape is refused with the name of the field, the class, and what was there."""
    server.faults.script(["wrong-shape"])
    with pytest.raises(ImagineDecodeException, match=missing) as caught:
        await getattr(client, method)(*arguments)
    assert "unexpected" in str(caught.value)
    assert "Response" in str(caught.value)


async def test_a_wrong_value_is_shown_with_its_place(client, server):
    """A value of the wrong type deep inside is named by its path and shown."""
    body = {"data": [{"embedding": [0.5, 1]}, {"embedding": [0.5, "soup"]}]}
    server.faults.script([Raw([answer(json.dumps(body).encode())])])
    with pytest.raises(ImagineDecodeException, match=r"data\[\.*1?\.*\]\.embedding") as caught:
        await client.embeddings("a")
    assert "soup" in str(caught.value)


async def test_a_call_that_got_no_answer_has_no_status(make_client, server):
    """Where the last attempt got no answer, the exception has no status, whatever an earlier one got."""
    client = await make_client(max_retries=1)
    server.faults.script(["status;code=503;retry-after=0", "reset-before-answer"])
    with pytest.raises(ImagineConnectionException) as caught:
        await client.chat(HELLO)
    assert (caught.value.http_status, dict(caught.value.headers)) == (None, {})
    assert len(server.requests) == 2


async def test_an_answer_that_does_not_fit_carries_status_and_headers(client, server):
    """An error about an answer has the answer's status and headers, also where the status was a good one."""
    server.faults.script(["wrong-shape"])
    with pytest.raises(ImagineDecodeException) as caught:
        await client.chat(HELLO)
    assert caught.value.http_status == 200
    assert caught.value.headers["X-Request-Id"] == server.requests[0].request_id


@pytest.mark.parametrize("fault", ["short-body", "cut-stream"])
async def test_a_whole_answer_that_is_cut_is_a_connection_error(make_client, server, fault):
    """An answer whose connection breaks in the body is lost, and not asked for again."""
    client = await make_client()
    server.faults.script([fault])
    with pytest.raises(ImagineConnectionException, match=r"127\.0\.0\.1"):
        await client.chat(HELLO)
    assert len(server.requests) == 1


async def test_a_long_answer_is_refused(make_client, server):
    """More than `max_response_bytes` is an error that names the option; just so many bytes are taken."""
    body = b'{"message": "pong", "status": "' + b"x" * 1000 + b'"}'
    server.faults.script([Raw([answer(body)])] * 2)
    client = await make_client(max_response_bytes=len(body))
    assert (await client.ping()).status == "x" * 1000
    with pytest.raises(ImagineDecodeException, match=f"max_response_bytes={len(body) - 1}"):
        await client.with_options(max_response_bytes=len(body) - 1).ping()


@both_ways
async def test_a_bomb_is_refused_before_it_unfolds(make_client, server, ask):
    """Megabytes out of a few compressed kilobytes are counted as they unfold, and stopped at the limit."""
    client = await make_client(max_retries=0, max_response_bytes=2**20, max_event_bytes=2**20)
    await client.warm_up()
    server.faults.script(["gzip-bomb;megabytes=100"])
    tracemalloc.start()
    try:
        error = await failure_of(ask, client)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "max_response_bytes" in str(error) or "max_event_bytes" in str(error)
    assert peak < 20 * 2**20


@both_ways
@pytest.mark.parametrize(
    "reply",
    [
        "header-flood",
        Raw([b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n"]),
        Raw([b"SSH-2.0-OpenSSH_9.6\r\n"]),
        Raw([b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"]),
        Raw([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothing\r\n"]),
        Raw([b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nno gzip!"]),
        Raw([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"], then="abort"),
    ],
    ids=["many headers", "long header", "ssh", "bad length", "bad chunk", "bad gzip", "reset"],
)
async def test_what_is_no_http_is_our_error(client, server, ask, reply):
    """Broken HTTP in any place is an error of ours, with the cause chained to it."""
    server.faults.script([reply])
    error = await failure_of(ask, client)
    assert isinstance(error, ImagineConnectionException | ImagineStreamException)
    assert error.__cause__ is not None
    assert str(error)


FAILURES = [
    "status;code=400",
    "status;code=503;body=html",
    "wrong-shape",
    "html-200",
    "empty-200",
    "truncated-json",
    "cut-stream",
    "cut-clean;after=1",
    "error-event",
    "garbage-event",
    "redirect",
    "reset-before-answer",
    "close-before-answer",
    "header-flood",
]


@both_ways
@pytest.mark.parametrize("fault", FAILURES)
async def test_every_exception_can_be_told_and_pickled(make_client, server, ask, fault):
    """Every exception has status, headers and the record that `on_call` got, and takes them through pickle."""
    calls = []
    client = await make_client(max_retries=0, on_call=calls.append)
    server.faults.script([fault])
    error = await failure_of(ask, client)
    assert error.http_status is None or 200 <= error.http_status < 600
    assert error.headers.get("no-such-header") is None
    assert calls == [error.call]
    assert error.call.error == f"{type(error).__name__}: {error}"
    pickled = pickle.dumps(error)
    back = pickle.loads(pickled)
    assert server.api_key.encode() not in pickled
    assert (type(back), str(back), back.args) == (type(error), str(error), error.args)
    assert vars(back) == vars(error)


def test_fresh_exceptions_can_be_pickled():
    """Every class of the tree but that of a missing extra can be made with a message alone, and goes through pickle."""
    for name in set(imagine.exceptions.__all__) - {"ImagineExtraMissing"}:
        error = getattr(imagine, name)("oops")
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back), back.http_status, back.headers) == (type(error), "oops", None, {})
        assert str(getattr(imagine, name)()) == ""


def test_a_missing_extra_says_what_to_install():
    """It names the extra, also after pickling."""
    error = pickle.loads(pickle.dumps(imagine.ImagineExtraMissing("otel")))
    assert "pip install 'imagine-aio[otel]'" in str(error)
    assert (error.extra, isinstance(error, ImportError)) == ("otel", True)


KEY = 'se"cr/et\\key'
"""A key that looks different inside of JSON."""


def shown_by(error):
    """All that an exception, and those of ours that it came from, show of themselves."""
    shown = ""
    while isinstance(error, ImagineException):
        shown += f"{error} {error!r} {error.args} {getattr(error, 'body', '')} {error.call and error.call.error}\n"
        error = error.__cause__ or error.__context__
    return shown


@both_ways
@pytest.mark.parametrize(
    "reply",
    [
        refusal("401 Unauthorized", {"message": f"Wrong key {KEY}", "key": KEY}),
        refusal("400 Bad Request", {"detail": [{"loc": ["header", KEY], "msg": KEY}]}),
        refusal("500 Oops", f"<html>{KEY}</html>".encode()),
        refusal("404 Not Found", f'{{"message": "cut {KEY}'.encode()),
        Raw([answer(json.dumps({"wrong": KEY}).encode())]),
        Raw([answer(json.dumps({"choices": KEY}).encode())]),
        Raw([answer(f"plain {KEY}".encode())]),
        Raw([answer(b"", f"307 {KEY}", f"Location: https://other.invalid/?key={KEY}")]),
        Raw([f"HTTP/1.1 200 OK\r\nBroken {KEY}\r\n\r\n".encode()]),
    ],
    ids=["message", "detail", "page", "cut", "shape", "value", "plain", "location", "head"],
)
async def test_the_key_is_in_no_exception(make_client, server, ask, reply, caplog):
    """A service that repeats the key does not get it into a message, a repr or a log."""
    caplog.set_level(logging.DEBUG)
    async with listening(reply.steps[0]) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key=KEY, max_retries=0)
        error = await failure_of(ask, client)
    shown = shown_by(error) + repr(client) + caplog.text
    assert "***" in shown
    for spelling in (KEY, json.dumps(KEY)[1:-1], repr(KEY)[1:-1]):
        assert spelling not in shown


@both_ways
async def test_the_key_is_in_no_event_error(make_client, ask):
    """An event that is no chunk, or an error, shows no key either."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    for event in (f"data: bad {KEY}\n\n", f"event: error\ndata: bad {KEY}\n\n", f'data: {{"error": "bad {KEY}"}}\n\n'):
        async with listening(head + event.encode()) as listener:
            client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key=KEY, max_retries=0)
            error = await failure_of(ask, client)
        assert KEY not in shown_by(error)


async def test_logs_name_the_call_and_nothing_of_its_content(make_client, server, caplog):
    """A call is logged with method, route, status, time and request id; its bodies and the key are not."""
    caplog.set_level(logging.DEBUG, "imagine")
    client = await make_client()
    await client.chat([{"role": "user", "content": "My name is Ada."}], max_tokens=3)
    text = caplog.text
    assert "POST chat/completions" in text
    assert "200" in text
    assert server.requests[0].request_id in text
    assert not [secret for secret in ("Ada", server.api_key) if secret in text]


async def test_debug_logs_bodies_without_the_key(make_client, server, caplog):
    """With `debug=True` what is sent and what comes back is logged, and the key in it is not."""
    caplog.set_level(logging.DEBUG, "imagine")
    client = await make_client(debug=True)
    await client.chat([{"role": "user", "content": f"My name is Ada, my key {server.api_key}."}], max_tokens=3)
    assert "My name is Ada" in caplog.text
    assert "chat.completion" in caplog.text
    assert server.api_key not in caplog.text


HOST = SimpleNamespace(host="host", port=443, is_ssl=True, ssl=True)
"""The parts of aiohttp's connection keys that its messages show."""
ASKED = SimpleNamespace(real_url="https://host/")
FOREIGN_ARGUMENTS = {
    aiohttp.ClientConnectorCertificateError: (HOST, ssl.SSLCertVerificationError(1, "certificate has expired")),
    UnixClientConnectorError: ("/socket", HOST, OSError(111, "Connection refused")),
    aiohttp.ClientConnectorError: (HOST, OSError(111, "Connection refused")),
    aiohttp.ServerFingerprintMismatch: (b"a", b"b", "host", 443),
    aiohttp.ClientResponseError: (ASKED, ()),
    BadHttpMessage: ("oops",),
    HttpProcessingError: (),
}


def foreign_classes():
    """Every exception class of aiohttp that can come out of a client."""
    found, queue = set(), [aiohttp.ClientError, HttpProcessingError]
    while queue:
        kind = queue.pop()
        if kind not in found and kind.__module__.startswith("aiohttp."):
            found.add(kind)
            queue += kind.__subclasses__()
    return sorted(found, key=lambda kind: kind.__name__)


def made(kind):
    """Make an exception of aiohttp as aiohttp does."""
    arguments = (arguments for base, arguments in FOREIGN_ARGUMENTS.items() if issubclass(kind, base))
    return kind(*next(arguments, ("oops",)))


@pytest.mark.parametrize("kind", foreign_classes(), ids=lambda kind: kind.__name__)
def test_every_foreign_exception_has_a_counterpart(kind):
    """Whatever aiohttp raises, in this version or a later one, becomes an exception of ours that says something."""
    error = connection_error(made(kind), "host:443")
    assert isinstance(error, ImagineConnectionException)
    assert "host:443" in str(error)


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (aiohttp.ClientConnectorDNSError(HOST, socket.gaierror(socket.EAI_NONAME, "Name not known")), "dns"),
        (aiohttp.ClientConnectorDNSError(HOST, socket.gaierror(socket.EAI_AGAIN, "Try again")), "dns_temporary"),
        (aiohttp.ClientConnectorError(HOST, ConnectionRefusedError(111, "Connection refused")), "refused"),
        (aiohttp.ClientProxyConnectionError(HOST, ConnectionRefusedError(111, "Connection refused")), "refused"),
        (aiohttp.ClientConnectorSSLError(HOST, ssl.SSLError(1, "wrong version number")), "tls"),
        (made(aiohttp.ClientConnectorCertificateError), "tls"),
        (made(aiohttp.ServerFingerprintMismatch), "tls"),
        (ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]"), "tls"),
        (aiohttp.InvalidURL("http://host:99999"), "url"),
        (aiohttp.ServerDisconnectedError(), "reset"),
        (ConnectionResetError(104, "Connection reset by peer"), "reset"),
        (aiohttp.ClientPayloadError("not enough data"), "lost"),
        (RuntimeError("Session is closed"), "lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_failed_is_told_by_a_reason(foreign, reason):
    """The reason of a connection error decides whether the call is sent again."""
    assert connection_error(foreign, "host:443").reason == reason


@pytest.mark.parametrize("page", ["<" * 65_000, "<a " * 20_000, "<>" * 30_000])
async def test_a_hostile_page_is_read_in_one_go(page):
    """An HTML error page of opened tags alone costs no more than its length."""
    record = CallRecord("GET", "ping")
    record.status, record.headers = 502, CIMultiDict({"Content-Type": "text/html"})
    error = api_error(record, page.encode(), doing="GET ping", redaction=Redaction("sk-secret"))
    assert str(error).startswith("502 from GET ping")
