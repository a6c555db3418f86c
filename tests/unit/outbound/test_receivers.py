"""Which receivers of webhooks are refused at submit, and which private ones may be listed."""

from __future__ import annotations

import pytest

from contract.errors import UrlForbidden
from contract.places import read_place
from outbound.addresses import checked_address
from outbound.receivers import check_receiver, receiver_client

IMPOSSIBLE = [
    "http://127.0.0.1/", "http://10.0.0.1/hook", "https://192.168.1.20/", "http://169.254.169.254/",
    "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://0x7f000001/",
    "http://127.1/", "http://0/", "http://localhost/", "https://LOCALHOST./", "http://a.localhost/",
    "http://receiver/hook", "http://nas.local/", "http://api.svc.cluster.local/",
    "http://hooks.corp.internal/", "http://user@example.org/", "http://user:word@example.org/",
    "https://example.org:8443/", "http://example.org:443/", "ftp://example.org/", "http://", "x",
]  # fmt: skip
POSSIBLE = [
    "https://example.org/hook?a=b", "http://93.184.215.14/", "https://example.org:443/",
    "https://xn--bcher-kva.example/", "http://[2001:4860:4860::8888]/",
]  # fmt: skip


def places(*entries: str):
    return tuple(read_place(entry) for entry in entries)


@pytest.mark.parametrize("url", IMPOSSIBLE)
def test_what_can_be_seen_to_be_impossible_is_refused(url):
    with pytest.raises(UrlForbidden):
        check_receiver(url)


@pytest.mark.parametrize("url", POSSIBLE)
def test_what_may_be_public_passes(url):
    check_receiver(url)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("10.0.0.0/8", "http://10.1.2.3/hook"),
        ("10.1.2.3", "http://10.1.2.3/hook"),
        ("10.0.0.0/8", "http://receiver/hook"),  # which may resolve into it
        ("10.0.0.0/8:8080", "http://receiver:8080/hook"),
        ("[fd00::/8]:8080", "http://[fd00::7]:8080/"),
        ("fd00::/8", "http://[fd00::7]/"),
        ("receiver", "http://receiver/hook"),
        ("Receiver:8080", "http://receiver:8080/hook"),
        ("hooks.corp.internal", "https://hooks.corp.internal./"),
        ("example.org:8443", "https://example.org:8443/"),
        ("localhost:9000", "http://localhost:9000/"),
    ],
)
def test_a_private_receiver_that_is_listed_passes(entry, url):
    with pytest.raises(UrlForbidden):
        check_receiver(url)
    check_receiver(url, places(entry))


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("10.0.0.0/16", "http://10.1.2.3/hook"),
        ("10.0.0.0/8:8080", "http://10.1.2.3/hook"),
        ("10.0.0.0/8", "http://10.1.2.3:6379/"),
        ("receiver", "http://receiver:8080/"),
        ("receiver", "http://another/"),
        ("receiver:8080", "http://example.org:8080/"),
        ("example.org", "http://www.example.org.internal/"),
        ("10.0.0.0/8", "http://user@10.1.2.3/"),
    ],
)
def test_what_is_not_listed_stays_refused(entry, url):
    with pytest.raises(UrlForbidden):
        check_receiver(url, places(entry))


@pytest.mark.parametrize(
    ("entry", "host", "port", "address"),
    [
        ("10.0.0.0/8", "receiver.example", 80, "10.1.2.3"),
        ("10.0.0.0/8:8080", "receiver.example", 8080, "10.1.2.3"),
        ("receiver.example", "receiver.example", 443, "192.168.0.9"),
        ("receiver.example:8080", "receiver.example", 8080, "93.184.215.14"),
    ],
)
def test_a_listed_place_is_called_at_the_address_that_was_looked_up(entry, host, port, address):
    assert checked_address(host, port, lambda *_: [address], places(entry)) == address


@pytest.mark.parametrize(
    ("entry", "host", "port", "found"),
    [
        ("10.0.0.0/8", "receiver.example", 80, ["10.1.2.3", "192.168.0.9"]),
        ("10.0.0.0/8:8080", "receiver.example", 8080, ["93.184.215.14"]),
        ("10.0.0.0/8", "receiver.example", 80, ["::ffff:10.1.2.3"]),
        ("receiver.example", "another.example", 80, ["192.168.0.9"]),
    ],
)
def test_a_name_that_leads_elsewhere_is_not_called(entry, host, port, found):
    with pytest.raises(UrlForbidden):
        checked_address(host, port, lambda *_: found, places(entry))


def test_only_the_client_of_webhooks_knows_the_list(monkeypatch):
    called = []

    def connect(address, port, timeout_s):
        called.append((address, port))
        raise ConnectionRefusedError

    for door in (receiver_client(places("127.0.0.1:9000"), connect), receiver_client((), connect)):
        with pytest.raises(Exception, match=r"Nothing came|usual ports"):
            door.post("http://127.0.0.1:9000/", b"", {})
    assert called == [("127.0.0.1", 9000)]


@pytest.mark.parametrize(
    "entry",
    ["10.0.0.1/8", "10.0.0.0/33", "http://x/", "a b", "", ":80", "x:0", "x:99999", "x:y", "*"],
)
def test_a_place_that_cannot_be_read_is_an_error(entry):
    with pytest.raises(ValueError, match="host"):
        read_place(entry)
