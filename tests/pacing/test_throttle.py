"""The pace of one lane: what a 429, a header and good answers teach."""

from __future__ import annotations

import pytest

from imagine._pacing.lanes import LaneKey, Lanes
from imagine._pacing.throttle import Throttle

NOTHING = {}


def sent(throttle, now, times=1):
    """Let requests leave."""
    for _ in range(times):
        throttle.sent(now)


def answered(throttle, now, times=1, reported=NOTHING):
    """Have requests answered well that have just left."""
    for _ in range(times):
        throttle.sent(now)
        throttle.answered(now, reported, now)


def rejected(throttle, now, retry_after=None):
    """Have a request rejected that has just left."""
    throttle.sent(now)
    throttle.rejected(now, retry_after, now)


def test_an_open_lane_lets_everybody_out():
    """Without a 429 nobody waits."""
    throttle = Throttle()
    sent(throttle, 0.0, 1000)
    assert throttle.wait(0.0) == 0.0


def test_a_429_closes_for_what_it_asks():
    """After a 429 all wait for the time that was asked for, then leave one by one."""
    throttle = Throttle()
    rejected(throttle, 10.0, 5.0)
    assert throttle.wait(10.0) == throttle.reported_wait(10.0) == 5.0
    assert throttle.wait(15.0) == 0.0
    sent(throttle, 15.0)
    assert throttle.wait(15.0) == 1.0


def test_slow_answers_hold_nobody_back():
    """While no new 429 comes, they leave twice as fast after each second, answered or not."""
    throttle, left = Throttle(), []
    rejected(throttle, 0.0, 1.0)
    now = 1.0
    while now < 8.0:
        left.append(int(now))
        sent(throttle, now)
        now += max(throttle.wait(now), 0.01)
    assert [left.count(second) for second in range(1, 8)] == [1, 2, 4, 8, 16, 32, 64]


def test_quick_answers_make_nobody_wait():
    """Who leaves when all before are answered waits for nothing, not even a second after a 429."""
    throttle = Throttle()
    rejected(throttle, 0.0, 1.0)
    answered(throttle, 1.0, 100)
    assert throttle.wait(1.0) == 0.0
    sent(throttle, 1.0)
    assert throttle.wait(1.0) == 1.0


def test_silence_about_the_wait_doubles_it():
    """Where no wait is asked for and nothing gets through, it is closed twice as long each time, to 60 s."""
    throttle, now, holds = Throttle(), 0.0, []
    answered(throttle, now)
    for _ in range(8):
        rejected(throttle, now)
        holds.append(throttle.blocked_for(now))
        assert throttle.reported_wait(now) == 0.0
        now += holds[-1]
    assert holds == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_the_rest_of_a_burst_belongs_to_its_window():
    """Answers that were under way at the first 429 lengthen no hold, and count for the window that they left in."""
    throttle = Throttle(unanswered=16)
    throttle.answered(0.0, NOTHING, 0.0)
    for _ in range(3):
        throttle.rejected(0.0, None, 0.0)
    for _ in range(12):
        throttle.answered(0.1, NOTHING, 0.0)
    assert throttle.wait(0.0) == 1.0
    for _ in range(13):
        assert throttle.wait(1.0) == 0.0
        answered(throttle, 1.0)
    assert throttle.wait(1.0) == 1.0


def test_a_window_is_learned():
    """After a 429 that came after ten good answers, it closes itself after ten."""
    throttle = Throttle()
    answered(throttle, 0.0, 10)
    rejected(throttle, 0.0)
    for _ in range(10):
        assert throttle.wait(1.0) == 0.0
        answered(throttle, 1.0)
    assert throttle.wait(1.0) == 1.0
    assert throttle.reported_wait(1.0) == 0.0


def test_a_wait_that_is_asked_for_teaches_no_window():
    """Where the service says how long to wait, how many got through before is no limit for later."""
    throttle = Throttle()
    answered(throttle, 0.0)
    rejected(throttle, 0.0, 1.0)
    for _ in range(20):
        assert throttle.wait(1.0) == 0.0
        answered(throttle, 1.0)


def test_headers_that_came_once_bind_no_later_window():
    """A quota of which much was left does not make requests leave one by one when its window is over."""
    throttle = Throttle()
    answered(throttle, 0.0, reported={"remaining-requests": 100.0, "reset-requests": 1.0})
    sent(throttle, 2.0, 5)
    assert throttle.wait(2.0) == 0.0


def test_headers_report_beforehand():
    """Of the quota that the headers report, no more is used than is left, counting what is under way."""
    throttle = Throttle()
    sent(throttle, 0.0)
    answered(throttle, 0.0, reported={"remaining-requests": 3.0, "reset-requests": 7.0})
    for _ in range(2):
        assert throttle.wait(1.0) == 0.0
        throttle.sent(1.0)
    assert throttle.wait(1.0) == throttle.reported_wait(1.0) == 6.0
    assert throttle.wait(7.0) > 0  # three are unanswered: one of them has to tell about the new window


def test_probes_leave_at_growing_distances_whatever_was_asked_for():
    """While it is closed for a year, one request may leave after 30 s, then after 60, 120 and so on, at most 600."""
    throttle, now, probes = Throttle(), 0.0, []
    rejected(throttle, now, 31536000.0)
    while now < 3000:
        now += throttle.wait(now)
        probes.append(now)
        throttle.sent(now)
        throttle.rejected(now, 31536000.0, now)
    assert probes == [30.0, 90.0, 210.0, 450.0, 930.0, 1530.0, 2130.0, 2730.0, 3330.0]


def test_a_good_answer_to_a_probe_opens_it():
    """A good answer to what left after the closing opens the lane; one that had left before does not."""
    throttle = Throttle(unanswered=2)
    throttle.rejected(10.0, 3600.0, 9.0)
    throttle.answered(11.0, NOTHING, 9.0)
    assert throttle.blocked_for(11.0) > 3000
    throttle.sent(40.0)
    throttle.answered(40.5, NOTHING, 40.0)
    assert throttle.blocked_for(40.5) == throttle.wait(40.5) == 0.0


def test_what_a_probe_is_told_takes_the_place_of_what_was_asked_before():
    """A service that asked for a year and then for a second is taken at its last word; a rest of the burst is not."""
    throttle = Throttle(unanswered=2)
    throttle.rejected(0.0, 31536000.0, 0.0)
    throttle.rejected(0.1, 1.0, 0.0)
    assert throttle.blocked_for(0.1) > 1000
    throttle.sent(30.0)
    throttle.rejected(30.1, 1.0, 30.0)
    assert throttle.blocked_for(30.1) == 1.0


def test_an_error_that_answers_a_probe_opens_nothing():
    """A probe that meets a 500 has not found the service well."""
    lanes, key = Lanes(), LaneKey("POST chat/completions", "m")
    lanes.sent(10.0, key)
    lanes.record(10.0, key, 429, NOTHING, 3600.0, 9.0)
    for status, is_open in ((500, False), (200, True)):
        lanes.sent(50.0, key)
        lanes.record(51.0, key, status, NOTHING, None, 50.0)
        assert (lanes.throttle(key).blocked_for(51.0) == 0) == is_open


def test_open_lanes_are_not_kept():
    """A lane is forgotten once nothing is under way and the last limit has been left behind."""
    lanes = Lanes()
    for number in range(1000):
        key = LaneKey("POST chat/completions", f"model-{number}")
        lanes.sent(0.0, key)
        lanes.record(0.1, key, 200, NOTHING, None, 0.0)
    assert not lanes.throttles
    assert not lanes._unanswered


def test_probes_leave_where_headers_reported_nonsense():
    """Nothing left for an hour, by the headers, is tried after 30 s, too."""
    throttle = Throttle()
    answered(throttle, 0.0, reported={"remaining": 0.0, "reset": 3600.0})
    assert throttle.wait(0.0) == 30.0
    assert throttle.reported_wait(0.0) == 3600.0
    throttle.sent(30.0)
    throttle.answered(30.1, NOTHING, 30.0)
    assert throttle.wait(30.1) == 0.0


@pytest.mark.parametrize(
    ("status", "reported"),
    [(429, NOTHING), (200, {"remaining-requests": 5.0, "reset-requests": 30.0})],
    ids=["429", "quota"],
)
def test_lanes_that_nobody_comes_back_to_are_dropped(status, reported):
    """Models are users' input: however many were slowed down, those that are long open are not kept."""
    lanes, keys = Lanes(), [LaneKey("POST x", f"model {number}") for number in range(5000)]
    for now, key in enumerate(keys):
        lanes.sent(now, key)
        lanes.record(now, key, status, reported, 1.0 if status == 429 else None, now)
    assert sum(lanes.throttle(key) is not None for key in keys) < 300
    assert lanes.throttle(keys[-1]) is not None


def test_a_lane_that_is_closed_is_kept():
    """A wait that was asked for is kept to, however many other lanes come and go."""
    lanes, closed = Lanes(), LaneKey("POST x", "closed")
    lanes.sent(0.0, closed)
    lanes.record(0.0, closed, 429, NOTHING, 86400.0, 0.0)
    for now in range(5000):
        key = LaneKey("POST x", f"model {now}")
        lanes.sent(now, key)
        lanes.record(now, key, 429, NOTHING, 1.0, now)
    throttle = lanes.throttle(closed)
    assert throttle is not None
    assert throttle.blocked_for(5000.0) > 80_000
