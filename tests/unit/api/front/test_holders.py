"""A caller without a key gets no upload budget, and no caller gets all of it."""

from __future__ import annotations

import pytest
from waitress.adjustments import Adjustments

from api.callers.auth import Keys
from api.callers.failed_logins import MAX_FAILURES
from api.front.budget import UploadBudget
from api.front.holders import Holders
from api.front.parser import Discarding, Parser
from contract.key_limits import key_digest

HEAD = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 80\r\n{}\r\n"


def front(keys=(), proxy=None, limit=200, share=100):
    """Return a parser class of its own, as the front sets it up."""
    digests = [key_digest(key) for key in keys]
    about = {
        "max_body_bytes": share,
        "budget": UploadBudget(limit, share),
        "holders": Holders(Keys(digests), proxy),
    }
    return type("Narrow", (Parser,), about)


def begin(kind, peer="192.0.2.1", header="", body=80):
    parser = kind(Adjustments(), peer)
    parser.received(HEAD.format(header and f"{header}\r\n").encode())
    parser.received(b"x" * body)
    return parser


@pytest.mark.parametrize("header", ["", "Authorization: Bearer wrong", "Authorization: anna"])
def test_a_body_without_a_valid_key_takes_no_room(header):
    kind = front(keys=["anna"])
    half = begin(kind, header=header, body=40)
    assert kind.budget.taken_bytes == 0
    assert isinstance(half.body_rcv, Discarding)
    half.received(b"x" * 40)
    assert (half.completed, half.error.code, half.error.kind) == (True, 401, "unauthorized")
    assert ("WWW-Authenticate", "Bearer") in half.error.headers


def test_a_body_with_a_key_takes_room():
    kind = front(keys=["anna"])
    assert begin(kind, header="Authorization: Bearer anna").error is None
    assert kind.budget.taken_bytes == 80


def test_guesses_with_a_body_are_counted_too():
    kind = front(keys=["anna"])
    header = "Authorization: Bearer x"
    codes = [begin(kind, header=header).error.code for _ in range(MAX_FAILURES + 1)]
    assert codes == [401] * MAX_FAILURES + [429]


def test_who_asks_before_sending_is_refused_at_once():
    parser = front(keys=["anna"])(Adjustments(), "192.0.2.1")
    parser.received(HEAD.format("Expect: 100-continue\r\n").encode())
    assert (parser.completed, parser.error.code) == (True, 401)


def test_one_address_has_its_share_and_others_have_theirs():
    kind = front()
    first, again = begin(kind), begin(kind)
    other = begin(kind, peer="192.0.2.2")
    assert (first.error, again.error.code, other.error) == (None, 429, None)
    assert kind.budget.taken_bytes == 160
    for parser in (first, again, other):
        parser.close()
    assert begin(kind).error is None


@pytest.mark.parametrize(
    ("proxy", "second", "held"),
    [
        ("192.0.2.1", "198.51.100.2", 160),
        ("*", "198.51.100.2", 160),
        ("192.0.2.1", "9.9.9.9, 198.51.100.1", 80),  # the proxy's own word is the last
        ("192.0.2.1", "198.51.100.1:50001", 80),  # with the port of a connection
        ("192.0.2.1", "198.51.100.2:50001", 160),
        ("192.0.2.1", "::ffff:198.51.100.1", 80),
        ("192.0.2.9", "198.51.100.2", 80),  # another's word: both are the peer
        (None, "198.51.100.2", 80),
    ],
)
def test_an_address_is_what_a_trusted_proxy_says(proxy, second, held):
    kind = front(proxy=proxy)
    begin(kind, header="X-Forwarded-For: 198.51.100.1")
    begin(kind, header=f"X-Forwarded-For: {second}")
    assert kind.budget.taken_bytes == held


def test_with_keys_the_share_is_the_keys():
    kind = front(keys=["anna", "bert"])
    for key, peer in (("anna", "192.0.2.1"), ("anna", "192.0.2.2"), ("bert", "192.0.2.1")):
        begin(kind, peer, f"Authorization: Bearer {key}")
    assert kind.budget.taken_bytes == 160
