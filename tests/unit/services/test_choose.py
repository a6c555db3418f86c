"""Which S3 server the tests get where this or that is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services import choose
from tests.services.toolchain import MINIO, VERSITYGW, ToolMissingError, ToolRefusedError

CI = {"CI": "true"}


@pytest.fixture
def have(monkeypatch):
    """Return a function that says which tools there are and why the others are not."""
    monkeypatch.setattr(choose, "NOTES", [])

    def say(found=(), error=ToolMissingError, go=True, docker=False):
        def find(tool):
            if tool in found:
                return Path(tool.name)
            raise error(f"no {tool.name}")

        monkeypatch.setattr(choose, "find_tool", find)
        monkeypatch.setattr(choose, "has_go", lambda: go)
        monkeypatch.setattr(choose, "docker_answers", lambda: docker)

    return say


def test_a_named_server_comes_first(have, tmp_path):
    have(found=[MINIO])
    variables = {
        "DEPTHQ_TEST_S3_ENDPOINT": "http://127.0.0.1:1",
        "DEPTHQ_TEST_S3_ACCESS_KEY_ID": "a",
        "DEPTHQ_TEST_S3_SECRET_ACCESS_KEY": "b",
    }
    assert choose.choose_s3(tmp_path, variables).endpoint_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("options", "expected", "notes"),
    [
        ({"found": [MINIO, VERSITYGW], "docker": True}, "minio", 0),
        ({"found": [VERSITYGW], "docker": True}, "minio in docker", 1),
        ({"found": [VERSITYGW]}, "versitygw", 2),
        ({"go": False}, "moto", 3),
    ],
)
def test_what_comes_next_is_as_real_as_can_be_had_and_the_report_says_so(
    have, tmp_path, options, expected, notes
):
    have(**options)
    assert choose.choose_s3(tmp_path, {}).name == expected
    assert len(choose.NOTES) == notes


def test_in_ci_with_go_a_failed_build_of_minio_is_a_failure(have, tmp_path):
    have(found=[VERSITYGW], docker=True)
    with pytest.raises(ToolMissingError):
        choose.choose_s3(tmp_path, CI)


def test_in_ci_with_go_a_refused_minio_gives_way_to_another_real_server_never_to_moto(
    have, tmp_path
):
    have(found=[VERSITYGW], error=ToolRefusedError)
    assert choose.choose_s3(tmp_path, CI).name == "versitygw"
    have(error=ToolRefusedError)
    with pytest.raises(ToolMissingError):
        choose.choose_s3(tmp_path, CI)
