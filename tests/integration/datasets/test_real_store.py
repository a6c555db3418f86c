"""The same walk on a real S3 server, with a bucket of another owner."""

from __future__ import annotations

import boto3
import pytest

from contract.errors import BucketRefused, InvalidRequest
from contract.runs import DatasetSpec
from contract.states import DatasetState
from storage.objects.buckets import Buckets
from storage.objects.open import open_object_store
from storage.runs.preflight import check_spec
from tests.conftest import new_bucket
from tests.integration.datasets.rig import Rig, put_images
from tests.tiers import thorough


@pytest.fixture
def foreign():
    """The name of a bucket that the service may read."""
    return new_bucket()


@pytest.fixture
def rig(redis, s3, foreign):
    settings = s3.settings(
        new_bucket(),
        dataset_buckets=(foreign, "not-there"),
        dataset_output_buckets=(foreign, "not-there"),
        lease_s=0.4,
        concurrency=4,
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
        ({"prefix": "{foreign}/in/", "output_prefix": "s3://not-there/x"}, "no such bucket"),
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


def test_a_fitting_output_passes_and_nothing_is_left_of_the_test(rig, foreign):
    buckets = Buckets(rig.settings, rig.objects)
    buckets.open(foreign).put("in/a.jpg", b"a", media_type="image/jpeg")
    spec = DatasetSpec(prefix=f"s3://{foreign}/in/", output_prefix=f"s3://{foreign}/out")
    check_spec(spec, buckets, rig.objects, archive=False)
    assert [info.key for info in buckets.open(foreign).list("")] == ["in/a.jpg"]
    # And what will be there is sent by the API: clients cannot be presumed to reach that bucket
    assert buckets.open(foreign).presign("in/a.jpg", expires_s=60, filename="a.jpg") is None


@pytest.fixture
def shared(redis, s3, minio_setup):
    """A rig whose user was made by deploy/minio, and its buckets: photos, and two for outputs."""
    names = {name: new_bucket() for name in ("own", "photos", "good", "bad")}
    outputs = (names["good"], names["bad"])
    minio_setup.init(names["own"], read=names["photos"], write=",".join(outputs))
    settings = minio_setup.settings(
        names["own"],
        dataset_buckets=(names["photos"],),
        dataset_output_buckets=outputs,
        lease_s=0.4,
        concurrency=4,
    )
    rig = Rig(settings, redis, open_object_store(settings))
    images = open_object_store(s3.settings(names["photos"]))
    put_images(images, 24, prefix="in/")
    rig.names, rig.settings, rig.setup = names, settings, minio_setup
    yield rig
    rig.stop()


def to(rig, name):
    """Return a dataset's spec whose outputs go to one of the buckets."""
    prefix, output = f"s3://{rig.names['photos']}/in/", f"s3://{rig.names[name]}/out"
    return {"prefix": prefix, "output_prefix": output, "shard_size": 2}


def close_bad(rig):
    """Take the right to write into the one bucket away."""
    names = rig.names
    rig.setup.init(names["own"], read=f"{names['photos']},{names['bad']}", write=names["good"])


def remove_bad(rig):
    boto3.client(
        "s3",
        endpoint_url=rig.setup.server.endpoint_url,
        aws_access_key_id=rig.setup.server.access_key,
        aws_secret_access_key=rig.setup.server.secret_key,
        region_name="us-east-1",
    ).delete_bucket(Bucket=rig.names["bad"])


@pytest.mark.parametrize(
    ("spoil", "says"), [(close_bad, "AccessDenied"), thorough(remove_bad, "no such")]
)
def test_a_dataset_whose_output_bucket_is_closed_fails_and_another_runs_beside_it(
    shared, spoil, says
):
    # Given two datasets, and one's output bucket closed after it was accepted
    bad = shared.submit(**to(shared, "bad"))
    shared.step()
    spoil(shared)
    good = shared.submit(**to(shared, "good"))
    # When both run
    record = shared.run_until_over(good)
    # Then the one is whole, and the other has failed with its code, without a shard being tried
    # again
    assert (record.state, record.counts.succeeded) == (DatasetState.COMPLETED, 24)
    failed = shared.ledger.get(bad)
    assert (failed.state, failed.error.code) == (DatasetState.FAILED, "bucket_refused")
    assert failed.error.retryable is False
    assert f"the bucket {shared.names['bad']} cannot be" in failed.error.message
    assert says in failed.error.message
    assert len(shared.computer.computed) <= 24 + 2 * 2
    # And it stays so when Redis is lost, and is refused at once when it is sent again
    shared.ledger.delete(bad)
    shared.recover()
    assert shared.ledger.get(bad).error == failed.error
    buckets = Buckets(shared.settings, shared.objects)
    with pytest.raises(BucketRefused, match="output_prefix: .* cannot be written: .*" + says):
        check_spec(DatasetSpec(**to(shared, "bad")), buckets, shared.objects, archive=False)


def test_a_tar_that_has_no_place_fails_its_dataset_too(shared):
    bad = shared.submit(**to(shared, "bad"), layout="webdataset")
    shared.step()
    close_bad(shared)
    record = shared.run_until_over(bad)
    assert (record.state, record.error.code) == (DatasetState.FAILED, "bucket_refused")


def test_a_source_that_is_closed_fails_its_dataset_or_its_items(shared):
    # Given one dataset that is planned and one that is not, when their source is closed
    planned, waiting = (shared.submit(**{**to(shared, "good"), "shard_size": 24}) for _ in range(2))
    shared.step()
    shared.setup.init(shared.names["own"], write=shared.names["good"])
    # Then the items of the one fail, and the whole of the other
    items, whole = shared.run_until_over(planned), shared.run_until_over(waiting)
    assert (items.state, items.counts.by_code) == (DatasetState.COMPLETED, {"url_forbidden": 24})
    assert (whole.state, whole.error.code) == (DatasetState.FAILED, "bucket_refused")


def test_a_refusal_of_all_buckets_is_an_outage_that_passes(shared):
    # Given a dataset whose worker is locked out of everything, its own bucket included
    shared.patience._limit_s = 0.2
    dataset = shared.submit(**to(shared, "good"))
    shared.step()
    secret, shared.setup.secret = shared.setup.secret, "0" * 32
    shared.setup.init(shared.names["own"], read=shared.names["photos"], write=shared.names["good"])
    for _ in range(3):
        shared.step()
    assert shared.ledger.get(dataset).state is DatasetState.RUNNING
    # When it is let in again, nothing is lost
    shared.setup.secret = secret
    shared.setup.init(shared.names["own"], read=shared.names["photos"], write=shared.names["good"])
    record = shared.run_until_over(dataset)
    assert (record.state, record.counts.succeeded) == (DatasetState.COMPLETED, 24)


def test_a_dataset_reaches_no_folder_of_another_key(shared):
    """Also where no request said so: in the rows of a manifest."""
    anna, bert = "a" * 64, "b" * 64
    own = shared.names["own"]
    for owner in (anna, bert):
        shared.objects.put(f"files/{owner}/x.jpg", b"image", media_type="image/jpeg")
    rows = "".join(f'{{"uri": "s3://{own}/files/{owner}/x.jpg"}}\n' for owner in (anna, bert))
    shared.objects.put(f"files/{bert}/list.jsonl", rows.encode(), media_type="text/plain")
    dataset = shared.submit(manifest=f"s3://{own}/files/{bert}/list.jsonl", owner=bert)
    record = shared.run_until_over(dataset)
    assert (record.counts.succeeded, record.counts.by_code) == (1, {"not_found": 1})
    theirs, its = sorted(shared.results(dataset), key=lambda result: result.uri)
    assert (theirs.state, its.state) == ("failed", "succeeded")
    # And where an accepted dataset says so itself, it fails
    for spec in (
        {"prefix": f"s3://{own}/files/{anna}/"},
        {"manifest": f"s3://{own}/files/{anna}/x.jpg"},
        {**to(shared, "good"), "output_prefix": f"s3://{own}/files/{anna}/out"},
    ):
        failed = shared.run_until_over(shared.submit(**spec, owner=bert))
        assert (failed.state, failed.error.code) == (DatasetState.FAILED, "invalid_request")
