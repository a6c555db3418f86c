"""The API does what /openapi.json says: calls that use what calls before them answered."""

import pytest


@pytest.mark.timeout(900)
def test_calls_after_calls_find_no_violation(schemathesis):
    # how many cases the examples make depends on the answers, and on how soon they come
    report = schemathesis("stateful", examples=50)
    assert report.operations >= 10  # those that some answer leads to
    assert report.cases >= 100
