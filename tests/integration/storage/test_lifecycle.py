"""A bucket created by the service expires jobs by itself; any other is left as it is."""

from __future__ import annotations

from storage.objects.lifecycle import lifecycle_rules, set_lifecycle
from storage.objects.s3 import S3Store
from tests.conftest import new_bucket

DAY_S = 86_400


def rules_of(store, bucket):
    answer = store._client.get_bucket_lifecycle_configuration(Bucket=bucket)
    return {rule["ID"]: rule for rule in answer["Rules"]}


def test_a_bucket_that_we_make_expires_jobs_a_day_after_the_service(s3):
    if s3.name == "versitygw":
        return  # it knows no rules; the sweeper does it
    bucket = new_bucket()
    store = S3Store.from_settings(s3.settings(bucket, retention_s=3 * DAY_S))
    store.put("jobs/a", b"1", media_type="text/plain")
    rule = rules_of(store, bucket)["depthq-jobs"]
    assert rule["Expiration"] == {"Days": 4}
    assert rule["Filter"] == {"Prefix": "jobs/"}


def test_a_server_without_rules_serves_all_the_same(versitygw):
    store = S3Store.from_settings(versitygw.settings(new_bucket()))
    store.put("jobs/a", b"1", media_type="text/plain")
    assert store.get("jobs/a") == b"1"


def test_unfinished_uploads_go_too_where_the_server_knows_such_a_rule():
    sent = []

    class Client:
        def put_bucket_lifecycle_configuration(self, **request):
            sent.append(request["LifecycleConfiguration"]["Rules"])

    set_lifecycle(Client(), "b", DAY_S)
    assert sent == [lifecycle_rules(DAY_S)]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in sent[0])
