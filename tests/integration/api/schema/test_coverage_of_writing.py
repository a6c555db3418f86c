"""The API does what /openapi.json says: every boundary of calls that change, but for new jobs."""

import pytest


@pytest.mark.timeout(300)
def test_boundaries_of_changing_calls_find_no_violation(schemathesis):
    report = schemathesis("coverage", "--exclude-method=GET", "--exclude-name=POST /v1/jobs")
    assert report.operations == 5  # with that for jobs and the 17 that read: all 23
    assert report.cases >= 100
