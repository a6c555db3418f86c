"""The API does what /openapi.json says: random requests, right and wrong."""

import pytest


@pytest.mark.timeout(900)
def test_random_requests_find_no_violation(schemathesis):
    report = schemathesis("fuzzing")
    assert report.operations == 34
    assert report.cases >= 150
