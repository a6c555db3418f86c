"""Which buckets datasets may use, and what of our own."""

from __future__ import annotations

import pytest

from contract.errors import InvalidRequest, NotFound
from contract.settings import Settings
from storage.datasets.preflight import output_place
from storage.objects.buckets import Buckets, split_uri
from storage.objects.memory import MemoryStore

KEYS = ("a.jpg", "datasets/x/dataset.json", "datasets/z/y", "e/b.jpg", "jobs/1/input", "k.jpg")


@pytest.fixture
def own():
    store = MemoryStore()
    for key in KEYS:
        store.put(key, b"x", media_type="image/jpeg")
    return store


@pytest.fixture
def buckets(own, tmp_path):
    return Buckets(Settings(data_dir=tmp_path, dataset_buckets=("photos",)), own)


def test_only_allowed_buckets_open(buckets):
    buckets.open("photos")
    with pytest.raises(InvalidRequest, match="DEPTHQ_DATASET_BUCKETS"):
        buckets.open("other")


def test_the_images_of_jobs_and_datasets_cannot_be_reached_as_a_source(buckets):
    own = buckets.open("depthq")
    assert [info.key for info in own.list("")] == ["a.jpg", "e/b.jpg", "k.jpg"]
    assert [info.key for info in own.list("", start_after="a.jpg")] == ["e/b.jpg", "k.jpg"]
    assert list(own.list("jobs/1")) == []
    for read in (own.get, own.open, own.head):
        with pytest.raises(NotFound):
            read("jobs/1/input")
    with pytest.raises(ValueError, match="not a place"):
        own.put("jobs/1/input", b"y", media_type="image/jpeg")


@pytest.mark.parametrize(
    "place", ["s3://depthq/jobs", "s3://depthq/datasets/x/", "s3://photos/a b"]
)
def test_outputs_go_only_where_they_may(buckets, place):
    with pytest.raises(InvalidRequest, match="output_prefix"):
        output_place(place, buckets)
    assert output_place("s3://photos/jobs/out/", buckets)[1] == "jobs/out"


@pytest.mark.parametrize("key", ["../x", "a/../../x", ".hidden", "a//b", "/etc/passwd", "a\0b"])
def test_no_key_leads_out_of_a_folder(buckets, key):
    with pytest.raises(NotFound):
        buckets.open("photos").get(key)


def test_keys_of_others_may_be_any_text(buckets):
    photos = buckets.open("photos")
    photos.put("in/ü b (1).jpg", b"x", media_type="image/jpeg")
    assert [info.key for info in photos.list("in/")] == ["in/ü b (1).jpg"]
    assert photos.get("in/ü b (1).jpg") == b"x"


def test_addresses_are_split(buckets):
    assert split_uri("s3://photos/a/b c") == ("photos", "a/b c")
    assert split_uri("s3://photos") == ("photos", "")
    for wrong in ("http://photos/a", "s3://UPPER/a", "photos/a", "s3://a/b"):
        with pytest.raises(InvalidRequest):
            split_uri(wrong)
