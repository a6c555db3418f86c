"""The same walk on a real S3 server, with a bucket of somebody else's."""

from __future__ import annotations

import boto3
import pytest

from contract.datasets import DatasetSpec
from contract.errors import InvalidRequest
from contract.states import DatasetState
from storage.datasets.preflight import check_spec
from storage.objects.buckets import Buckets
from storage.objects.open import open_object_store
from tests.conftest import new_bucket
from tests.integration.datasets.rig import Rig, put_images


@pytest.fixture
def foreign():
    """The name of a bucket that the service may read."""
    return new_bucket()


@pytest.fixture
def rig(redis, s3, foreign):
    settings = s3.settings(
        new_bucket(), dataset_buckets=(foreign, "not-there"), lease_s=0.4, concurrency=4
    )
    client = boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=foreign)
    rig = Rig(settings, redis, open_object_store(settings))
    rig.settings = settings
    yield rig
    rig.stop()
    client.close()


def test_a_prefix_of_another_bucket_runs_to_an_output_prefix(rig, foreign):
    # Given images under any kind of name
    source = Buckets(rig.settings, rig.objects).open(foreign)
    put_images(source, 30, prefix="in/ünd so/", bad={4, 5})
    # When they run
    dataset_id = rig.submit(
        prefix=f"s3://{foreign}/in/", output_prefix=f"s3://{foreign}/out", shard_size=4
    )
    record = rig.run(dataset_id)
    # Then their files are in that bucket
    assert record.state is DatasetState.COMPLETED
    assert (record.counts.succeeded, record.counts.failed) == (28, 2)
    assert sum(1 for _ in source.list("out/")) == 56
    for result in rig.results(dataset_id):
        for file in result.outputs.values():
            assert source.head(file.key).size == file.bytes
    # And a second run finds them there
    again = rig.submit(prefix=f"s3://{foreign}/in/", output_prefix=f"s3://{foreign}/out")
    assert rig.run(again).counts.skipped == 28


def test_a_killed_planner_continues_its_listing(rig, foreign, redis):
    source = Buckets(rig.settings, rig.objects).open(foreign)
    put_images(source, 20)
    whole = rig.submit(prefix=f"s3://{foreign}/photos/", shard_size=3)
    rig.run(whole)
    dataset_id = rig.submit(prefix=f"s3://{foreign}/photos/", shard_size=3)
    for shard in range(2):
        rig.files.write_shard(dataset_id, shard, rig.files.shard(whole, shard))
    rig.run(dataset_id)
    ids = [[r.id for r in rig.results(dataset)] for dataset in (whole, dataset_id)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"prefix": "s3://forbidden/x/"}, "DEPTHQ_DATASET_BUCKETS"),
        ({"prefix": "s3://not-there/x/"}, "cannot be read"),
        ({"manifest": "s3://not-there/list.jsonl"}, "cannot be read"),
        ({"prefix": "{foreign}/nothing/"}, "nothing below"),
        ({"manifest": "{foreign}/none.jsonl"}, "no manifest"),
        ({}, "exactly one source"),
        ({"prefix": "{foreign}/in/", "output_prefix": "{foreign}/a b"}, "output_prefix"),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_refused_at_once(rig, foreign, spec, reason):
    Buckets(rig.settings, rig.objects).open(foreign).put("in/a.jpg", b"a", media_type="image/jpeg")
    filled = {k: v.replace("{foreign}", f"s3://{foreign}") for k, v in spec.items()}
    with pytest.raises(InvalidRequest, match=reason):
        check_spec(
            DatasetSpec(**filled),
            Buckets(rig.settings, rig.objects),
            rig.objects,
            archive=False,
        )


def test_a_fitting_source_passes(rig, foreign):
    buckets = Buckets(rig.settings, rig.objects)
    buckets.open(foreign).put("in/a.jpg", b"a", media_type="image/jpeg")
    check_spec(DatasetSpec(prefix=f"s3://{foreign}/in/"), buckets, rig.objects, archive=False)
