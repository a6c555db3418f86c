"""Which buckets datasets may use, and what of our own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contract.errors import (
    BucketRefused,
    InvalidRequest,
    NotFound,
    StorageRefused,
    StorageUnavailable,
)
from contract.runs import DatasetSpec
from contract.settings import Settings
from storage.objects.buckets import Buckets, split_uri
from storage.objects.s3_answers import refusal
from storage.runs.preflight import check_spec, output_place
from tests.services.memory_store import MemoryStore

ANNA, BERT = "a" * 64, "b" * 64
KEYS = (
    "a.jpg",
    "dataset-list/all/1",
    "datasets/x/dataset.json",
    f"files/{ANNA}/a.jpg",
    f"files/{ANNA}/in/b.jpg",
    f"files/{ANNA}x/c.jpg",
    f"files/{BERT}/d.jpg",
    "files/all/e.jpg",
    "jobs/1/input",
    "z.jpg",
)


@pytest.fixture
def own():
    store = MemoryStore()
    for key in KEYS:
        store.put(key, b"x", media_type="image/jpeg")
    return store


@pytest.fixture
def buckets(own, tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        dataset_buckets=("photos", "depthq"),  # naming our own opens no more of it
        dataset_output_buckets=("depth", "depthq"),
    )
    return Buckets(settings, own)


def test_only_buckets_that_are_named_open(buckets):
    buckets.open("photos")
    buckets.open("depth")
    buckets.open_for_outputs("depth")
    for open_it in (buckets.open, buckets.open_for_outputs):
        with pytest.raises(InvalidRequest, match="DEPTHQ_DATASET_BUCKETS"):
            open_it("other")
    with pytest.raises(InvalidRequest, match=r"read, not written.*DEPTHQ_DATASET_OUTPUT_BUCKETS"):
        buckets.open_for_outputs("photos")


@pytest.mark.parametrize(
    ("owner", "keys"),
    [
        (None, ["files/all/e.jpg"]),
        (ANNA, [f"files/{ANNA}/a.jpg", f"files/{ANNA}/in/b.jpg"]),
        (BERT, [f"files/{BERT}/d.jpg"]),
        ("c" * 64, []),
    ],
)
def test_of_the_service_s_bucket_a_key_reaches_its_own_folder_and_nothing_else(
    buckets, owner, keys
):
    own = buckets.of(owner).open("depthq")
    for prefix in ("", "f", "files/", f"files/{owner or 'all'}/"):
        assert [info.key for info in own.list(prefix)] == keys
    assert [info.key for info in own.list("", start_after=keys[0] if keys else "")] == keys[1:]
    for key in KEYS:
        if key in keys:
            assert own.get(key) == b"x"
            continue
        for prefix in (key, key[:-1], key.rpartition("/")[0] + "/"):
            assert [info.key for info in own.list(prefix) if info.key not in keys] == []
        for read in (own.get, own.open, own.head, lambda key: own.delete([key])):
            with pytest.raises(NotFound):
                read(key)
        with pytest.raises(ValueError, match="not a place"):
            own.put(key, b"y", media_type="image/jpeg")


def test_in_a_bucket_for_outputs_each_key_has_its_own_folder_and_without_login_all_is_open(buckets):
    anna, bert = (buckets.of(owner).open_for_outputs("depth") for owner in (ANNA, BERT))
    anna.put(f"{ANNA}/x.png", b"1", media_type="image/png")
    assert [info.key for info in anna.list("")] == [f"{ANNA}/x.png"]
    assert list(bert.list("")) == []
    with pytest.raises(NotFound):
        bert.get(f"{ANNA}/x.png")
    assert buckets.open_for_outputs("depth").get(f"{ANNA}/x.png") == b"1"


@pytest.mark.parametrize(
    "place",
    [
        "s3://depthq/jobs",
        "s3://depthq/dataset-list/all",
        "s3://depthq/datasets/x/",
        "s3://depthq/files",
        f"s3://depthq/files/{ANNA}/",
        "s3://depthq/files/all2/",
        "s3://depthq",
        "s3://depthq/new/",
        "s3://photos/out",
        "s3://depth/a b",
        "s3://depth/../x",
    ],
)
def test_outputs_go_only_where_they_may(buckets, place):
    with pytest.raises(InvalidRequest):
        output_place(place, buckets)


@pytest.mark.parametrize(
    ("place", "prefix"),
    [
        ("s3://depth/jobs/out/", "jobs/out"),
        ("s3://depth", ""),
        ("s3://depthq/files/all", "files/all"),
        ("s3://depthq/files/all/2026/", "files/all/2026"),
    ],
)
def test_outputs_go_where_they_may(buckets, place, prefix):
    assert output_place(place, buckets)[1] == prefix


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


class WriteOnly(MemoryStore):
    """A bucket that takes what it is given, and shows and removes nothing."""

    def head(self, key):
        raise StorageRefused("403", refusal("403"))

    def delete(self, keys):
        raise StorageRefused("403", refusal("403"))


def test_a_place_that_cannot_be_read_again_is_refused_before_anything_runs(
    buckets, own, monkeypatch
):
    # Given a bucket that may be written and not read: what is there could not be skipped
    monkeypatch.setattr(Buckets, "_beside", lambda _self, _bucket: WriteOnly())
    spec = DatasetSpec(prefix="s3://null/3", output_prefix="s3://depth/out")
    with pytest.raises(BucketRefused, match=r"output_prefix: .*depth cannot be read: .*Denied"):
        check_spec(spec, buckets, own, archive=False)


def test_a_place_that_keeps_everything_for_ever_will_do(buckets, own, monkeypatch):
    class KeepsAll(MemoryStore):
        def delete(self, keys):
            raise StorageRefused("403", refusal("403"))

    monkeypatch.setattr(Buckets, "_beside", lambda _self, _bucket: KeepsAll())
    spec = DatasetSpec(prefix="s3://null/3", output_prefix="s3://depth/out")
    check_spec(spec, buckets, own, archive=False)


def test_a_bucket_refuses_only_while_our_own_serves(buckets, own, monkeypatch):
    monkeypatch.setattr(Buckets, "_beside", lambda _self, _bucket: WriteOnly())
    depth = buckets.open("depth")
    with pytest.raises(BucketRefused):
        depth.head("x")

    def away():
        raise StorageUnavailable("away")

    monkeypatch.setattr(own, "check", away)
    with pytest.raises(StorageUnavailable):
        depth.head("x")


def test_a_disk_that_denies_is_told_from_one_that_is_away(tmp_path, own):
    settings = Settings(data_dir=tmp_path, dataset_output_buckets=("depth",))
    depth = Buckets(settings, own).open_for_outputs("depth")
    depth.put("a.jpg", b"x", media_type="image/jpeg")
    with pytest.raises(BucketRefused, match="depth cannot be written"):
        depth.put("a.jpg/b.jpg", b"x", media_type="image/jpeg")  # a file is no folder


def test_a_name_that_no_bucket_can_have_is_refused_as_a_setting():
    for wrong in ("Photos", "s3://photos", "photos/2026", "a"):
        for setting in ("dataset_buckets", "dataset_output_buckets"):
            with pytest.raises(ValidationError, match=setting):
                Settings(**{setting: wrong})
    assert Settings(dataset_buckets="photos, my.pictures").dataset_buckets == (
        "photos",
        "my.pictures",
    )
