"""The API does what /openapi.json says: every boundary of calls that change, but for new jobs."""

import pytest


@pytest.mark.timeout(900)
def test_boundaries_of_changing_calls_find_no_violation(schemathesis):
    own = ("POST /v1/jobs", "POST /v1/depth")
    report = schemathesis(
        "coverage", "--exclude-method=GET", *(f"--exclude-name={name}" for name in own)
    )
    assert report.operations == 9  # with those of their own and the 23 that read: all 34
    assert report.cases >= 100
