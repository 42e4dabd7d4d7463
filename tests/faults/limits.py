"""Limits of time: a row for each, and for each way to wear them out."""

from __future__ import annotations

from faults.client_calls import BOTH, beside_stream, chat, large, second, stream
from faults.outcome import answer, failure
from faults.places import deaf, faulty, service
from faults.row import Row
from imagine import RateLimit, Timeout

QUICK = 0.3
ONE_SLOT = {"max_concurrent_requests": 1}
HELD = faulty("stall;after=1")
BEATS_AFTER_3 = faulty("heartbeats-only;after=3")


def limited(fault, place, part, asks=BOTH, seconds=QUICK, due=QUICK, **facts):
    """A row in which a part of the timeout is hit."""
    expected = failure("Timeout", limit=f"{part}={seconds:g} s", **facts)
    options = {"timeout": Timeout(**{part: seconds})} | ({"max_retries": 0} if part == "connect" else {})
    return Row(fault, place, expected, asks, options, due=due)


def overdue(fault, place, asks=BOTH, **options):
    """A row in which the deadline of the call is hit, whatever it waits for."""
    expected = failure("Timeout", limit=f"deadline={QUICK:g} s", sends=1)
    return Row(fault, place, expected, asks, options, {"deadline": QUICK}, due=QUICK)


PARTS = [
    limited("connection not accepted", deaf(queue=0), "connect"),
    limited("TLS handshake not answered", deaf("https"), "connect"),
    limited("body not taken", deaf(), "write", [*map(large, BOTH)]),
    limited("no answer, to a chat", faulty("silent"), "read", [chat], sends=1),
    limited("no answer, to a stream", faulty("silent"), "first_event", [stream], sends=1),
    limited("headers trickle, to a chat", faulty("slow-headers"), "read", [chat], sends=1),
    limited("headers trickle, to a stream", faulty("slow-headers"), "first_event", [stream], sends=1),
    limited("body drips", faulty("slow-drip;size=1;seconds=0.02"), "read", [chat], sends=1),
    limited("first event drips", faulty("slow-drip;size=1;seconds=0.02"), "first_event", [stream], sends=1),
    limited("keep-alives, no event", faulty("heartbeats-only"), "first_event", [stream], 0.4, due=4.0, sends=1),
    limited("silence after three events", faulty("stall"), "between_events", [stream], kept=3, sends=1),
    limited("keep-alives after three events", BEATS_AFTER_3, "between_events", [stream], kept=3, sends=1),
    Row(
        "a consumer slower than between_events",
        faulty("slow-drip;size=300;seconds=0.05"),
        answer(sends=1),
        [stream],
        options={"timeout": Timeout(between_events=QUICK)},
        call={"pause": 2 * QUICK},
    ),
    Row(
        "no slot free",
        HELD,
        failure("Timeout", "POST chat", limit=f"slot_timeout={QUICK:g} s"),
        [*map(beside_stream, BOTH)],
        options=ONE_SLOT | {"slot_timeout": QUICK},
        due=QUICK,
    ),
]

DEADLINES = [
    overdue("no answer", faulty("silent")),
    overdue("body drips", faulty("slow-drip;seconds=0.05")),
    overdue("backing off from a 429", faulty("status;code=429;retry-after=30")),
    overdue("no slot free", HELD, [*map(beside_stream, BOTH)], **ONE_SLOT),
    overdue("declared quota used up", service, [*map(second, BOTH)], rate_limits=[RateLimit(requests=1, per=60)]),
]
