"""Prefer and Idempotency-Key."""

from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from api.receiving.headers import idempotency_key, wait_preference
from contract.errors import InvalidRequest


def request_with(**headers: str) -> Request:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(headers=names).get_environ())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("wait=10", 10), ("respond-async, wait=5", 5), ("wait=5;foo=1", 5), ('wait="7"', 7),
        ("wait=600", 60), ("wait=-1", 0), ("wait=x", 0), ("await=5", 0), ("return=minimal", 0),
    ],
)  # fmt: skip
def test_prefer_is_understood_or_ignored(value, seconds):
    assert wait_preference(request_with(Prefer=value)) == seconds


def test_without_headers_nothing_is_asked():
    assert wait_preference(request_with()) == 0
    assert idempotency_key(request_with()) is None


@pytest.mark.parametrize("key", ["", "a" * 201, "ä", " a"])
def test_a_bad_key_is_refused(key):
    with pytest.raises(InvalidRequest):
        idempotency_key(request_with(Idempotency_Key=key))
