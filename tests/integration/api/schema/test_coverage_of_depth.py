"""The API does what /openapi.json says: every boundary of the options of depth at once."""

import pytest


@pytest.mark.timeout(900)
def test_boundaries_of_the_options_of_depth_at_once_find_no_violation(schemathesis):
    report = schemathesis("coverage", "--include-name=POST /v1/depth")
    assert report.operations == 1
    assert report.cases >= 200
