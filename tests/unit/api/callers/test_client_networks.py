"""Whom an address stands for."""

from __future__ import annotations

import pytest

from api.callers.client_networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "at-192.0.2.7"),
        ("::ffff:192.0.2.7", "at-192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "at-2001:db8:1:2::"),
        ("", "nobody"),
        ("unix:/x", "nobody"),
    ],
)
def test_neighbours_in_one_network_are_one_caller(address, network):
    assert network_of(address) == network
