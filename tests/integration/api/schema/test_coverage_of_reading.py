"""The API does what /openapi.json says: every boundary of what calls take, calls that read."""

import pytest


@pytest.mark.timeout(900)
def test_boundaries_of_reading_calls_find_no_violation(schemathesis):
    report = schemathesis("coverage", "--include-method=GET")
    assert report.operations == 23
    assert report.cases >= 250
