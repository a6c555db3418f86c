"""Single keys have limits of their own, named without the key."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contract.errors import InvalidRequest
from contract.key_limits import KeyLimits, Limits, key_digest
from contract.settings import Settings

ANNA, BERT = key_digest("anna"), key_digest("bert")


def limits(key_limits, **settings):
    return KeyLimits(Settings(api_keys="anna,bert", key_limits=key_limits, **settings))


def test_a_key_has_its_own_limits_and_the_others_have_those_of_all():
    found = limits(f"{ANNA[:8]}=60/1000, {BERT}=0/5", rate_per_minute=7)
    assert (found.of(ANNA), found.of(BERT)) == (Limits(60, 1000), Limits(0, 5))
    assert found.of(None) == Limits(7, 0)


def test_zero_lifts_the_limit():
    assert not limits(f"{ANNA[:8]}=0/0", rate_per_minute=7).of(ANNA)


def test_a_limit_of_no_key_is_a_mistake_that_is_told():
    with pytest.raises(InvalidRequest, match="00000000 is the beginning of the SHA-256 of 0 keys"):
        limits("00000000=1/1")


@pytest.mark.parametrize("entry", ["anna=1/1", f"{ANNA[:7]}=1/1", f"{ANNA}=1", f"{ANNA}=-1/1", "x"])
def test_what_is_not_a_limit_is_refused_without_showing_it(entry):
    with pytest.raises(ValidationError) as refused:
        limits(entry)
    assert "key_limits" in str(refused.value)
    assert entry not in str(refused.value)
