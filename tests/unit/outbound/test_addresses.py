from __future__ import annotations

import pytest

from contract.errors import UrlForbidden, UrlUnreachable
from outbound.addresses import checked_address, is_public

INTERNAL = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:a9fe:a9fe::", "2002:7f00:1::",
    "fe80::1", "fe80::1%eth0", "fec0::1",
    "2001:0:a9fe:a9fe::", "192.88.99.1", "fc00::1", "fd00:ec2::254", "ff02::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("text", INTERNAL)
def test_internal_addresses_are_refused_in_every_dress(text):
    assert not is_public(text)
    with pytest.raises(UrlForbidden):
        checked_address("example.org", 80, lambda *_: [text])


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_pass(text):
    assert checked_address("example.org", 80, lambda *_: [text]) == text


@pytest.mark.parametrize("text", ["localhost", "", "0x7f000001", "2130706433"])
def test_what_is_not_an_address_is_not_public(text):
    assert not is_public(text)


def test_one_internal_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(UrlForbidden):
        checked_address("example.org", 80, lambda *_: ["8.8.8.8", "10.0.0.1"])


def test_a_host_without_addresses_is_unreachable():
    with pytest.raises(UrlUnreachable):
        checked_address("example.org", 80, lambda *_: [])
