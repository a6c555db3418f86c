"""Where objects rest: every key of ours begins with a prefix that policies and guards know."""

from __future__ import annotations

import inspect

import pytest

from contract.names import object_keys as names
from contract.names.object_keys import OWN_PREFIXES

SAMPLES = {"str": "20260102-x", "int": 7, "float": 1.0, "str | None": "x"}
MAKERS = [
    function
    for name, function in inspect.getmembers(names, inspect.isfunction)
    if name.endswith(("_object", "_prefix", "_mark", "_marks"))
    and not name.startswith(("read_", "idempotency_"))  # which are given their folder
    and function is not names.dataset_files_prefix
]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_every_key_of_the_service_begins_with_a_prefix_of_its_own(maker):
    parameters = inspect.signature(maker).parameters.values()
    key = maker(*(SAMPLES[parameter.annotation] for parameter in parameters))
    assert key.startswith(OWN_PREFIXES)


def test_every_prefix_is_used_and_none_is_the_beginning_of_another():
    parameters = [inspect.signature(maker).parameters.values() for maker in MAKERS]
    keys = [
        maker(*(SAMPLES[p.annotation] for p in taken))
        for maker, taken in zip(MAKERS, parameters, strict=True)
    ]
    assert {key.partition("/")[0] + "/" for key in keys} == set(OWN_PREFIXES)
    everything = (*OWN_PREFIXES, names.FILES_PREFIX)
    assert not any(a != b and a.startswith(b) for a in everything for b in everything)


def test_each_key_has_a_folder_of_its_own_in_the_service_s_bucket():
    assert names.dataset_files_prefix(None) == "files/all/"
    assert names.dataset_files_prefix("a" * 64) == f"files/{'a' * 64}/"
