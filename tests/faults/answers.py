"""Answers that are errors, or lead elsewhere."""

from __future__ import annotations

from faults.client_calls import BOTH, chat, large, look, refused_before, upload
from faults.outcome import answer, failure
from faults.places import faulty, service
from faults.row import NO_RETRY, Row
from imagine.server.faults import Raw

CUT = b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1000\r\n\r\n{"message": "half'
HTML = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 65536\r\n\r\n" + b"<" * 65536
YEAR = 31_536_000
A_YEAR = faulty(f"status;code=429;retry-after={YEAR}")
ANOTHER_MODEL = {"model": "Llama-3.3-70B"}

REFUSALS = [
    Row("401, wrong key", service, failure("APIAuthentication", status=401, sends=1), options={"api_key": "sk-wrong"}),
    Row("403", faulty("status;code=403"), failure("APIPermission", status=403, sends=1)),
    Row(
        "500 `Invalid API key, no user found`",
        faulty("wrong-key-500"),
        failure("APIAuthentication", "no user found", status=500, sends=1),
    ),
    Row("404, unknown model", service, failure("APINotFound", status=404, sends=1), call={"model": "no-such-model"}),
    Row(
        "413, in front of a body of 5 MB",
        faulty(max_body_bytes=1000),
        failure("APIBadRequest", status=413, sends=1),
        [*map(large, BOTH)],
    ),
    Row(
        "413, before an upload of 5 MB has been read",
        faulty("early-status;code=413"),
        failure("APIBadRequest", status=413, sends=1),
        [upload],
    ),
    Row(
        "400, the key in its body, headers and reason",
        faulty("key-echo"),
        failure("APIBadRequest", "Is *** your key?", status=400, key="not shown", sends=1),
    ),
    Row(
        "422 with field details",
        service,
        failure("APIBadRequest", "body.messages", status=422, sends=1),
        call={"extra_body": {"messages": None}},
    ),
    Row("501", faulty("status;code=501"), failure("APIStatus", status=501, sends=1)),
    Row(
        "502, an HTML page",
        faulty("status;code=502;body=html"),
        failure("APIStatus", "502 Bad Gateway", status=502, sends=1),
        options=NO_RETRY,
    ),
    Row(
        "502, a page of 64 KiB of `<`",
        faulty(Raw([HTML])),
        failure("APIStatus", status=502, sends=1),
        options=NO_RETRY,
        due=0.0,
    ),
    Row(
        "429, an HTML page",
        faulty("status;code=429;body=html"),
        failure("APITooManyRequests", "429 Too Many Requests", status=429, sends=1),
        options=NO_RETRY,
    ),
    Row(
        "502, cut in its body",
        faulty(Raw([CUT], then="abort")),
        failure("APIStatus", "502 from POST chat/completions", status=502, sends=1),
        options=NO_RETRY,
    ),
]

RETRIES = [
    Row("503, an HTML page, once", faulty("status;code=503;body=html"), answer(sends=2)),
    Row("503, its body in br, once", faulty("status;code=503;encoding=br"), answer(sends=2)),
    *(
        Row(f"{code}, once", faulty(f"status;code={code}"), answer(sends=2))
        for code in (408, 500, 502, 504, 520, 524, 529)
    ),
    Row(
        "503, every time",
        faulty(*["status;code=503"] * 5),
        failure("APIStatus", status=503, sends=2),
        options={"max_retries": 1},
    ),
    Row("429 + Retry-After: 2", faulty("status;code=429;retry-after=2"), answer(sends=2), due=2.0),
    Row("429 + retry-after-ms: 500", faulty("status;code=429;retry-after-ms=500"), answer(sends=2), due=0.5),
    Row("429 + Retry-After: a date", faulty("status;code=429;retry-after-date=1"), answer(sends=2)),
    Row(
        "429 + Retry-After: 3600",
        faulty("status;code=429;retry-after=3600"),
        failure("APITooManyRequests", status=429, retry_after=3600.0, sends=1),
        due=0.0,
    ),
    Row(
        "429 + Retry-After: a year, then another model",
        A_YEAR,
        answer(sends=2),
        [refused_before(chat, ask) for ask in BOTH],
        call=ANOTHER_MODEL,
        due=0.0,
    ),
    Row(
        "429 + Retry-After: a year to a look, then a chat",
        A_YEAR,
        answer(sends=2),
        [refused_before(look("get_available_models"), ask) for ask in BOTH],
        due=0.0,
    ),
    Row(
        "429 + Retry-After: a year, then the same model",
        A_YEAR,
        failure("Quota", "answered 429", sends=1),
        [refused_before(chat, ask) for ask in BOTH],
        due=0.0,
    ),
]

REDIRECTS = [
    Row("307 within the origin", faulty("redirect;to=same"), answer(sends=2)),
    Row("307 within the origin, with a login in it", faulty("redirect;to=login"), answer(sends=2)),
    Row("307 to another origin", faulty("redirect"), failure("APIRedirect", "localhost", status=307, sends=1)),
    Row(
        "302, which turns a POST into a GET",
        faulty("redirect;code=302;to=same"),
        failure("APIRedirect", status=302, sends=1),
    ),
    Row("307 in a loop", faulty(*["redirect;to=loop"] * 9), failure("APIRedirect", status=307, sends=5)),
]
