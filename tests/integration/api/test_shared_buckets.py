"""What a key can reach through buckets: what is named for reading, and folders of its own."""

from __future__ import annotations

import pytest

from contract.ids import new_id
from contract.key_limits import key_digest
from contract.names.object_keys import (
    OWN_PREFIXES,
    RUN_REQUEST,
    dataset_files_prefix,
    run_list_prefix,
    run_object,
)

ANNA, BERT = key_digest("anna"), key_digest("bert")


@pytest.fixture
def api(make_api, tmp_path):
    folder = tmp_path / "buckets" / "photos" / "cats"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"an image")
    return make_api(
        api_keys="anna,bert", dataset_buckets=("photos",), dataset_output_buckets=("depth",)
    )


def submit(api, key, **spec):
    headers = {"Authorization": f"Bearer {key}"}
    body = {"prefix": "s3://photos/cats/", **spec}
    return api.client.post("/v1/datasets", json=body, headers=headers)


def listed(api, key, query=""):
    headers = {"Authorization": f"Bearer {key}"}
    return api.client.get(f"/v1/datasets{query}", headers=headers)


def test_what_the_service_keeps_for_itself_is_neither_source_nor_output(api):
    assert submit(api, "anna").status_code == 202
    for prefix in OWN_PREFIXES:
        api.parts.objects.put(f"{prefix}x/a.jpg", b"an image", media_type="image/jpeg")
    before = api.kept()
    for prefix in (*OWN_PREFIXES, ""):
        for field in ("prefix", "output_prefix"):
            answer = submit(api, "bert", **{field: f"s3://depthq/{prefix}"})
            assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
            assert f"s3://depthq/{dataset_files_prefix(BERT)}" in answer.json["detail"]
            assert ANNA not in answer.text
    assert api.kept() == before


def test_a_key_writes_below_its_own_folder_only(api):
    for place in (
        f"s3://depthq/files/{ANNA}/",
        f"s3://depthq/files/{ANNA}/deeper",
        f"s3://depthq/files/{BERT}2",
        f"s3://depthq/files/{BERT}/../{ANNA}/",
        "s3://depthq/files/",
        "s3://depthq",
        f"s3://depth/{ANNA}/out",
        "s3://depth/out",
        "s3://depth",
    ):
        answer = submit(api, "bert", output_prefix=place)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_request"), place
    assert not [key for key in api.kept() if key.startswith("files/")]


@pytest.mark.parametrize("place", [f"s3://depthq/files/{BERT}/out", f"s3://depth/{BERT}/out"])
def test_a_key_writes_below_its_own_folder_and_reads_there_again(api, place, tmp_path):
    assert submit(api, "bert", output_prefix=place).status_code == 202
    root = "objects" if place.startswith("s3://depthq/") else "buckets/depth"
    folder = tmp_path / root / place.split("/", 3)[3]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jpg").write_bytes(b"an image")
    (folder / "list.txt").write_text(f"{place}/a.jpg\n")
    # The key that made it may take it as a source, the other one not even list it
    assert submit(api, "bert", prefix=f"{place}/").status_code == 202
    assert submit(api, "bert", prefix=None, manifest=f"{place}/list.txt").status_code == 202
    for source in ("prefix", "manifest"):
        spec = {"prefix": None, source: f"{place}/a.jpg"}
        theirs = submit(api, "anna", **spec)
        assert theirs.status_code == 400, theirs.text
        nobodys = submit(api, "anna", **{**spec, source: f"{place}/b.jpg"})
        assert nobodys.json["detail"] == theirs.json["detail"].replace("a.jpg", "b.jpg")


def test_names_that_our_bucket_cannot_have_are_refused_as_such(api):
    folder = f"s3://depthq/files/{BERT}"
    for spec in (
        {"prefix": None, "manifest": f"{folder}/ü.jsonl"},
        {"prefix": f"{folder}/ü/"},
        {"output_prefix": f"{folder}/ü"},
        {"output_prefix": f"{folder}/{'/'.join(['a' * 100] * 4)}"},
    ):
        answer = submit(api, "bert", **spec)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_request"), spec


def test_a_bucket_named_for_reading_only_is_not_written(api, tmp_path):
    answer = submit(api, "anna", output_prefix="s3://photos/out")
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert "DEPTHQ_DATASET_OUTPUT_BUCKETS" in answer.json["detail"]
    assert not (tmp_path / "buckets/photos/out").exists()


def test_foreign_names_among_the_entries_do_not_stop_the_list(api):
    # Given a key with two datasets, and names beside them that the service did not give
    first, second = (submit(api, "anna").json["id"] for _ in range(2))
    folder = run_list_prefix(ANNA)
    for name in ("a.jpg", "0000000000000_x/depth.png", f"8000000000000_{new_id()}.png", "zzz"):
        api.parts.objects.put(folder + name, b"x", media_type="image/jpeg")
    # And one that names a dataset which cannot be read, and one that names another key's
    unread, anothers = new_id(), submit(api, "bert").json["id"]
    api.parts.objects.put(run_object(unread, RUN_REQUEST), b"{}", media_type="text/plain")
    for found in (unread, anothers):
        api.parts.objects.put(f"{folder}8000000000000_{found}", b"", media_type="text/plain")
    # Then the list is theirs, whole or page by page
    answer = listed(api, "anna")
    assert answer.status_code == 200, answer.text
    assert [found["id"] for found in answer.json["datasets"]] == [second, first]
    page = listed(api, "anna", "?limit=1").json
    rest = listed(api, "anna", f"?limit=1&cursor={page['next_cursor']}").json
    assert [page["datasets"][0]["id"], rest["datasets"][0]["id"]] == [second, first]
    assert rest["next_cursor"] is None
