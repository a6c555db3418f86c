"""deploy/minio on a real MinIO: the user may do what the code does, and no more."""

from __future__ import annotations

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from contract.errors import BucketRefused, StorageRefused
from contract.names.object_keys import FILES_PREFIX, OWN_PREFIXES
from storage.objects.buckets import Buckets
from storage.objects.open import open_object_store
from tests.conftest import new_bucket

KIND = {"media_type": "image/jpeg"}


def test_the_user_keeps_objects_below_every_prefix_of_the_service_and_nowhere_else(minio_setup):
    bucket = new_bucket()
    minio_setup.init(bucket)
    store = open_object_store(minio_setup.settings(bucket))
    store.check()
    for prefix in (*OWN_PREFIXES, FILES_PREFIX):
        store.put(f"{prefix}x", b"1", **KIND)
        assert store.get(f"{prefix}x") == b"1"
        assert [info.key for info in store.list(prefix)] == [f"{prefix}x"]
        store.delete([f"{prefix}x"])
    for place in ("x", "results/x"):
        with pytest.raises(StorageRefused):
            store.put(place, b"1", **KIND)
        with pytest.raises(StorageRefused):
            store.get(place)
        with pytest.raises(StorageRefused):
            store.delete([place])


def test_buckets_of_datasets_are_made_filled_read_and_written_as_the_settings_say(
    minio_setup, tmp_path
):
    # Given a deployment that names one bucket for reading and one for writing
    own, photos, depth, other = (new_bucket() for _ in range(4))
    minio_setup.init(own, read=photos, write=depth)
    folder = tmp_path / "pictures" / "cats"
    folder.mkdir(parents=True)
    (folder / "a b.jpg").write_bytes(b"an image")
    # When the one is filled
    minio_setup.fill(photos, tmp_path / "pictures")
    # Then it is read and not written, the other is both, and a third is neither
    named = {"dataset_buckets": (photos, other), "dataset_output_buckets": (depth, photos)}
    settings = minio_setup.settings(own, **named)
    buckets = Buckets(settings, open_object_store(settings))
    source, target = buckets.open(photos), buckets.open_for_outputs(depth)
    assert [info.key for info in source.list("")] == ["cats/a b.jpg"]
    assert source.get("cats/a b.jpg") == b"an image"
    with pytest.raises(BucketRefused, match=f"{photos} cannot be written: .*AccessDenied"):
        buckets.open_for_outputs(photos).put("x", b"1", **KIND)
    target.put("out/x.png", b"1", **KIND)
    assert target.head("out/x.png").size == 1
    target.delete(["out/x.png"])
    with pytest.raises(BucketRefused, match=f"{other} cannot be read: .*AccessDenied"):
        next(buckets.open(other).list(""))
    # And what is not named any more is not open any more
    minio_setup.init(own, write=depth)
    with pytest.raises(BucketRefused):
        source.get("cats/a b.jpg")


def test_a_changed_key_id_closes_the_old_one(minio_setup):
    # Given users of earlier key ids, which sort before and after the new one
    bucket = new_bucket()
    for old in ("depthq-1", "depthq-9"):
        minio_setup.key_id = old
        minio_setup.init(bucket)
    before = client(minio_setup, bucket)
    before.list_objects_v2(Bucket=bucket)
    # When the key id is changed, and the script runs twice
    minio_setup.key_id, minio_setup.secret = "depthq-5", "5" * 32
    for _ in range(2):
        minio_setup.init(bucket)
    # Then the new one is all there is
    assert {user for user in minio_setup.users() if user.startswith("depthq-")} == {"depthq-5"}
    open_object_store(minio_setup.settings(bucket)).put("jobs/x", b"1", **KIND)
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        before.list_objects_v2(Bucket=bucket)
    before.close()


def client(setup, bucket):
    settings = setup.settings(bucket)
    return Session().client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=setup.key_id,
        aws_secret_access_key=setup.secret,
    )
