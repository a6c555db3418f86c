"""Ids of items: what they follow from, and that they outlive releases."""

from __future__ import annotations

from contract.items import item_id
from contract.options import JobOptions

URI, ETAG, WEIGHTS = "s3://b/a.jpg", "e", "w-1"


def test_ids_are_those_that_the_first_release_gave():
    """What lies below an `output_prefix` is found again, although there are more options now."""
    few = JobOptions(colormap="turbo", outputs=("depth",))
    assert item_id(URI, ETAG, JobOptions(), WEIGHTS) == "fa7f30102aa8945a5dfba0b74c6765d0"
    assert item_id(URI, ETAG, few, WEIGHTS) == "963d1d9802b004ce914ad6d62b039215"


def test_whatever_changes_a_file_changes_the_id():
    plain = JobOptions()
    ids = {
        item_id(URI, ETAG, plain, WEIGHTS),
        item_id("s3://b/b.jpg", ETAG, plain, WEIGHTS),
        item_id(URI, "f", plain, WEIGHTS),
        item_id(URI, ETAG, plain, "w-2"),
        item_id(URI, ETAG, JobOptions(invert=True), WEIGHTS),
        item_id(URI, ETAG, JobOptions(colormap="gray"), WEIGHTS),
        item_id(URI, ETAG, plain, WEIGHTS, "dataset"),
    }
    assert len(ids) == 7


def test_an_option_that_came_later_is_written_only_where_it_is_set():
    """Workers of the release before refuse options that they do not know."""
    assert "invert" not in JobOptions().model_dump_json()
    assert JobOptions.model_validate_json(JobOptions(invert=True).model_dump_json()).invert
