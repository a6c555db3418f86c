"""The API does what /openapi.json says: every boundary of a job's many options."""

import pytest


@pytest.mark.timeout(900)
def test_boundaries_of_a_jobs_options_find_no_violation(schemathesis):
    report = schemathesis("coverage", "--include-name=POST /v1/jobs")
    assert report.operations == 1
    assert report.cases >= 500
