"""Ports that are taken are seen, and stepped over."""

from __future__ import annotations

import socket

import pytest

from client.errors import LocalProblem
from client.local import ports


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_not_free_and_accepts(taken):
    assert not ports.is_free("127.0.0.1", taken)
    assert ports.accepts("127.0.0.1", taken)


def test_the_next_free_port_is_behind_the_taken_one(taken):
    assert taken < ports.next_free("127.0.0.1", taken) <= taken + 100


def test_no_free_port_near_is_said(taken):
    with pytest.raises(LocalProblem, match="DEPTHQ_PORT"):
        ports.next_free("127.0.0.1", taken, tries=1)


def test_any_free_port_is_free():
    port = ports.any_free()
    assert ports.is_free("127.0.0.1", port)
    assert not ports.accepts("127.0.0.1", port)
