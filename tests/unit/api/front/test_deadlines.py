"""When a request has been coming in for too long, and how much of it is held meanwhile."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from api.front.budget import UploadBudget
from api.front.channel import Channel
from api.front.parser import Parser
from api.front.server import BODY_BYTES_PER_S, BODY_S, HEADER_S


def channel_of(request, began_at):
    return SimpleNamespace(
        request=request, request_began_at=began_at, progress=(began_at, 0), lingers_until=None
    )


def overdue(after_s: float, *, headers_finished: bool, received: int = 0) -> bool:
    """Ask of a connection whose request began `after_s` ago, as the front does."""
    request = SimpleNamespace(headers_finished=headers_finished, body_bytes_received=received)
    channel = channel_of(request, 1000.0)
    limits = (HEADER_S, BODY_S, BODY_BYTES_PER_S)
    return Channel.overdue(channel, 1000.0 + after_s, *limits)


@pytest.mark.parametrize(
    ("after_s", "finished", "received", "cut"),
    [
        (19, False, 0, False),
        (21, False, 0, True),  # half a head
        (59, True, 0, False),
        (61, True, 0, True),  # a head, and then nothing
        (61, True, 10_000, False),
        (600, True, 600, True),  # a byte a second
        (600, True, 2_000_000, False),  # slow, but alive
    ],
)
def test_a_request_has_so_long_to_arrive(after_s, finished, received, cut):
    assert overdue(after_s, headers_finished=finished, received=received) is cut


def test_a_client_that_sent_much_and_then_nothing_does_not_keep_its_budget():
    request = SimpleNamespace(headers_finished=True, body_bytes_received=50_000_000)
    channel = channel_of(request, 1000.0)
    limits = (HEADER_S, BODY_S, BODY_BYTES_PER_S)
    assert not Channel.overdue(channel, 1030.0, *limits)
    assert not Channel.overdue(channel, 1089.0, *limits)
    assert Channel.overdue(channel, 1091.0, *limits)
    request.body_bytes_received += 50_000_000
    assert not Channel.overdue(channel, 1092.0, *limits)


def test_an_idle_connection_is_not_a_slow_request():
    channel = channel_of(None, None)
    assert not Channel.overdue(channel, 1e9, HEADER_S, BODY_S, BODY_BYTES_PER_S)


def test_a_body_gives_its_budget_back_however_it_ends():
    kind = type("Narrow", (Parser,), {"max_body_bytes": 500, "budget": UploadBudget(100)})
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n"
    first, second = kind(Adjustments()), kind(Adjustments())
    for parser in (first, second):
        assert parser.received(head) == len(head)
    first.received(b"x" * 60)
    assert kind.budget.taken_bytes == 60
    second.received(b"x" * 60)  # one too many: its body is read away
    assert kind.budget.taken_bytes == 60
    second.received(b"x" * 30)
    assert second.error.code == 429
    for _ in range(2):
        first.close()
    assert kind.budget.taken_bytes == 0


def test_budget_is_taken_whole_or_not_at_all():
    budget = UploadBudget(10)
    assert budget.try_take(8)
    assert not budget.try_take(3)
    assert budget.try_take(2)
    budget.give_back(10)
    assert budget.taken_bytes == 0


def test_what_the_library_notes_by_the_wall_clock_is_kept_by_one_that_is_not_set():
    channel, before = object.__new__(Channel), time.monotonic()
    for wall in (time.time() + 3600, time.time() - 3600, 0.0):
        channel.last_activity = wall
        assert before <= channel.last_activity <= time.monotonic()
