"""The API does what /openapi.json says: calls that use what calls before them answered."""

import pytest


@pytest.mark.timeout(900)
def test_calls_after_calls_find_no_violation(schemathesis):
    report = schemathesis("stateful", examples=30)
    assert report.operations >= 10  # those that some answer leads to
    assert report.cases >= 100
