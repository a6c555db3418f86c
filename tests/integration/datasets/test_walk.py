"""Datasets from request to summary, on real Redis and files."""

from __future__ import annotations

import io
import json
import tarfile
import time
import zipfile
from collections import Counter

import pytest

from contract.errors import StorageUnavailable
from contract.names.object_keys import (
    RUN_ARCHIVE,
    RUN_ERRORS,
    RUN_INDEX,
    run_object,
    run_prefix,
    shard_object,
)
from contract.names.redis_keys import run_key
from contract.states import DatasetState
from storage.runs.error_pages import errors_page
from storage.runs.recovery import run_ids
from tests.integration.datasets.rig import HALF, FakeComputer, put_images
from tests.waits import PATIENT_S
from worker.runs.disk_shares import on_disk

PREFIX = {"prefix": "s3://photos/photos/"}
BAD = {3, 14, 15, 40, 41}


def test_a_prefix_with_bad_images_completes_and_every_count_adds_up(rig, photos):
    # Given 50 images, 5 of them broken
    put_images(photos, 50, bad=BAD)
    # When they run
    dataset_id = rig.submit(**PREFIX, shard_size=8)
    record = rig.run(dataset_id)
    # Then all is counted, every failure has its code, every success its files
    assert record.state is DatasetState.COMPLETED
    assert (record.shards_done, record.shards_total) == (7, 7)
    assert (record.counts.total, record.counts.succeeded, record.counts.failed) == (50, 45, 5)
    assert sum(record.counts.by_code.values()) == 5
    results = rig.results(dataset_id)
    assert Counter(r.state for r in results) == {"succeeded": 45, "failed": 5}
    for result in results:
        for file in result.outputs.values():
            assert len(rig.objects.get(file.key)) == file.bytes
        assert (result.error is None) == (len(result.outputs) == 2)
    # And the summary says the same
    summary = rig.files.summary(dataset_id)
    assert summary.counts == record.counts
    assert summary.workers == ("w1",)
    errors = rig.objects.get(run_object(dataset_id, RUN_ERRORS)).splitlines()
    assert len(errors) == 5
    assert {json.loads(line)["error"]["code"] for line in errors} == set(record.counts.by_code)


def test_a_damaged_image_that_was_decoded_says_so_in_its_result(rig, photos):
    put_images(photos, 3)
    photos.put("photos/00001.jpg", HALF + b"image", media_type="image/jpeg")
    dataset_id = rig.submit(**PREFIX)
    rig.run(dataset_id)
    warnings = {result.uri[-9:]: result.warnings for result in rig.results(dataset_id)}
    assert warnings == {"00000.jpg": (), "00001.jpg": ("truncated",), "00002.jpg": ()}


def test_the_index_has_a_row_per_item(rig, photos):
    parquet = pytest.importorskip("pyarrow.parquet")
    put_images(photos, 10, bad={4})
    dataset_id = rig.submit(**PREFIX, shard_size=3)
    rig.run(dataset_id)
    table = parquet.read_table(io.BytesIO(rig.objects.get(run_object(dataset_id, RUN_INDEX))))
    rows = table.to_pylist()
    assert len(rows) == 10
    assert Counter(row["state"] for row in rows) == {"succeeded": 9, "failed": 1}
    good = next(row for row in rows if row["state"] == "succeeded")
    assert rig.objects.head(good["depth_key"]).size == good["depth_bytes"]


def test_errors_are_paged_and_filtered(rig, photos):
    put_images(photos, 30, bad=set(range(10)))
    dataset_id = rig.submit(**PREFIX, shard_size=4)
    rig.run(dataset_id)
    seen, cursor = [], ""
    while cursor is not None:
        page = errors_page(rig.files, dataset_id, cursor=cursor, limit=3)
        assert len(page.items) <= 3
        seen += [result.uri for result in page.items]
        cursor = page.next_cursor
    assert seen == [f"s3://photos/photos/{n:05d}.jpg" for n in range(10)]
    corrupt = errors_page(rig.files, dataset_id, codes=["image_corrupt"])
    assert {result.error.code for result in corrupt.items} == {"image_corrupt"}


def test_retry_runs_only_what_failed_and_makes_the_summary_whole(rig, photos):
    # Given a dataset with failures
    bad = put_images(photos, 40, bad=BAD)
    dataset_id = rig.submit(**PREFIX, shard_size=8)
    rig.run(dataset_id)
    # When the files are repaired and those of one code run again
    for name in bad:
        photos.put(name, b"repaired " + name.encode(), media_type="image/jpeg")
    rig.computer.computed.clear()
    codes = rig.ledger.get(dataset_id).counts.by_code
    code = "image_corrupt"
    retry(rig, dataset_id, 1, [code])
    record = rig.run(dataset_id)
    # Then only those ran
    assert len(rig.computer.computed) == codes[code]
    assert record.state is DatasetState.COMPLETED
    assert record.counts.by_code == {c: n for c, n in codes.items() if c != code}
    # And when the rest runs again, the summary is whole
    retry(rig, dataset_id, 2, [])
    record = rig.run(dataset_id)
    assert len(rig.computer.computed) == len(bad)
    assert (record.counts.succeeded, record.counts.failed) == (40, 0)
    assert rig.files.summary(dataset_id).counts == record.counts
    assert errors_page(rig.files, dataset_id).items == []
    assert rig.objects.get(run_object(dataset_id, RUN_ERRORS)) == b""


def retry(rig, dataset_id, round_, codes):
    from contract.names.queues import STEP_PLAN
    from contract.runs import RetryRequest
    from worker.runs.dispatcher import message

    request = RetryRequest(round=round_, requested_at=time.time(), codes=tuple(codes))
    rig.files.write_retry(dataset_id, request)
    assert rig.ledger.retry(dataset_id, round_, codes)[1]
    rig.queue.send(*message(dataset_id, STEP_PLAN))


def test_a_retry_that_fails_again_leaves_the_failures_counted_once(rig, photos):
    put_images(photos, 20, bad={1, 2})
    dataset_id = rig.submit(**PREFIX, shard_size=8)
    before = rig.run(dataset_id).counts
    retry(rig, dataset_id, 1, [])
    assert rig.run(dataset_id).counts == before
    assert len(errors_page(rig.files, dataset_id).items) == 2


def test_items_are_the_same_in_every_run(rig, photos):
    put_images(photos, 20, bad={7})
    first, second = (rig.submit(**PREFIX, shard_size=size) for size in (3, 5))
    rig.run()
    ids = [[result.id for result in rig.results(dataset)] for dataset in (first, second)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 20


def test_include_and_exclude_choose_names(rig, photos):
    for name in ("a.jpg", "b.PNG", "c.txt", "thumbs/d.jpg", "e with space ü.webp"):
        photos.put(name, name.encode(), media_type="image/jpeg")
    every = rig.submit(prefix="s3://photos/")
    some = rig.submit(prefix="s3://photos/", include=("*.jpg",), exclude=("thumbs/*",))
    rig.run()
    assert [r.uri for r in rig.results(some)] == ["s3://photos/a.jpg"]
    assert len(rig.results(every)) == 4


def test_a_manifest_carries_ids_and_other_fields_through(rig, photos):
    put_images(photos, 3)
    lines = [
        {"uri": f"s3://photos/photos/{n:05d}.jpg", "custom_id": f"c{n}", "label": n}
        for n in range(3)
    ]
    photos.put("m.jsonl", "\n".join(map(json.dumps, lines)).encode(), media_type="text/plain")
    dataset_id = rig.submit(manifest="s3://photos/m.jsonl")
    assert rig.run(dataset_id).counts.succeeded == 3
    assert [(r.custom_id, r.extra) for r in rig.results(dataset_id)] == [
        (f"c{n}", {"label": n}) for n in range(3)
    ]


def test_nothing_of_a_bad_manifest_runs(rig, photos):
    put_images(photos, 3)
    uri = "s3://photos/photos/00000.jpg"
    lines = [{"uri": uri, "custom_id": "same"}] * 2
    photos.put("m.jsonl", "\n".join(map(json.dumps, lines)).encode(), media_type="text/plain")
    dataset_id = rig.submit(manifest="s3://photos/m.jsonl", shard_size=1)
    record = rig.run(dataset_id)
    assert record.state is DatasetState.FAILED
    assert (
        "line 1 and line 2, column `custom_id`: they have the same one: 'same'"
        in record.error.message
    )
    assert rig.computer.computed == []
    assert rig.files.refused(dataset_id) == record.error


def test_an_empty_prefix_is_refused(rig, photos):
    record = rig.run(rig.submit(**PREFIX))
    assert (record.state, record.error.code) == (DatasetState.FAILED, "invalid_request")


def archive(rig, data):
    def keep(dataset_id):
        key = run_object(dataset_id, RUN_ARCHIVE)
        rig.objects.put(key, data, media_type="application/zip")
        return key

    return keep


def zipped(names):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for name in names:
            file.writestr(name, name.encode())
    return body.getvalue()


def test_an_archive_is_unpacked_and_run(rig):
    data = zipped(["a.jpg", "sub/b.png", "notes.txt", "../../evil.jpg"])
    dataset_id = rig.submit(archive=archive(rig, data))
    assert rig.run(dataset_id).counts.succeeded == 3
    uris = [result.uri for result in rig.results(dataset_id)]
    assert uris == ["archive://a.jpg", "archive://sub/b.png", "archive://../../evil.jpg"]
    assert list(run_ids(rig.objects)) == [dataset_id]


def test_what_an_archive_holds_beside_pictures_is_left_out_and_counted(rig, redis):
    # Given what a Mac, a NAS and a person put beside two pictures
    names = ["a.jpg", "b/a.jpg", "__MACOSX/._a.jpg", "b/@eaDir/a.jpg", ".DS_Store", "b/c.psd"]
    dataset_id = rig.submit(archive=archive(rig, zipped(names)))
    # When it runs
    record = rig.run(dataset_id)
    # Then nothing fails that no retry could mend, and the record says what was left out
    assert (record.counts.total, record.counts.failed) == (2, 0)
    assert record.left_out == {"system files": 3, ".psd": 1}
    # And so does one that is rebuilt from storage
    rig.ledger.delete(dataset_id)
    rig.restore(dataset_id)
    assert rig.ledger.get(dataset_id).left_out == record.left_out


def test_a_prefix_leaves_out_what_a_nas_made(rig, photos):
    put_images(photos, 2)
    photos.put("photos/@eaDir/00000.jpg", b"image", media_type="image/jpeg")
    photos.put("photos/list.txt", b"text", media_type="text/plain")
    record = rig.run(rig.submit(**PREFIX))
    assert (record.counts.total, record.left_out) == (2, {".txt": 1, "system files": 1})
    # what a client shuts out by itself is not told
    record = rig.run(rig.submit(**PREFIX, exclude=["@eaDir/*"], include=["*.jpg"]))
    assert (record.counts.total, record.left_out) == (2, {})


def test_a_source_in_which_nothing_fits_says_what_it_holds(rig):
    dataset_id = rig.submit(archive=archive(rig, zipped(["a.psd", "b.psd", "Thumbs.db"])))
    error = rig.run(dataset_id).error
    assert error.message == (
        "the dataset has no items: nothing in the source fits (left out: 2 .psd, 1 system files)"
    )


def test_two_pictures_of_one_name_have_results_of_their_own(rig):
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as tar:
        for data in (b"one", b"two", b"two"):
            info = tarfile.TarInfo("a.jpg")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    dataset_id = rig.submit(archive=archive(rig, body.getvalue()))
    assert rig.run(dataset_id).counts.succeeded == 3
    results = rig.results(dataset_id)
    assert [result.uri[10:] for result in results] == ["a.jpg", "a (2).jpg", "a (3).jpg"]
    assert len({result.outputs["depth"].key for result in results}) == 3


class SmallDisk:
    """A disk of a megabyte, filled by what is below the data folder."""

    def __init__(self, folder, _share):
        self._folder = folder

    def left_bytes(self):
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return 1_000_000 - sum(on_disk(path.stat().st_size) // 2 for path in files)

    def size_bytes(self):
        return 1_000_000


def test_an_archive_that_would_fill_the_disk_fails_by_its_code_and_leaves_nothing(
    make_rig, monkeypatch
):
    # Given a zip of a few kilobytes that becomes more than half of the disk
    monkeypatch.setattr("worker.runs.disk_shares.DiskSpace", SmallDisk)
    rig = make_rig()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(30):
            file.writestr(f"{number}.jpg", bytes(30_000))
    # When it is planned
    dataset_id = rig.submit(archive=archive(rig, body.getvalue()))
    record = rig.run(dataset_id)
    # Then it is refused in words a client can act on
    assert (record.state, record.error.code) == (DatasetState.FAILED, "overloaded")
    assert record.error.retryable
    assert "the service's disk has no space left" in record.error.message
    # And nothing is left of it, upload included, but what says why
    kept = {info.key.split("/", 2)[2] for info in rig.objects.list(f"datasets/{dataset_id}/")}
    assert kept == {"dataset.json", "refused.json"}
    # And the next one finds room
    small = rig.submit(archive=archive(rig, zipped(["a.jpg", "b.jpg"])))
    assert rig.run(small).counts.succeeded == 2


def test_a_refused_manifest_and_a_dry_run_keep_nothing_of_what_was_planned(rig, photos):
    put_images(photos, 1)
    good = b'{"uri":"s3://photos/photos/00000.jpg"}\n'
    photos.put("m.jsonl", good * 40 + b"{}", media_type="text/plain")
    refused = rig.submit(manifest="s3://photos/m.jsonl", shard_size=1)
    assert rig.run(refused).state is DatasetState.FAILED
    dry = rig.submit(archive=archive(rig, zipped(["a.jpg", "b.jpg"])), dry_run=True)
    rig.run()
    assert rig.files.forecast(dry).items == 2
    for dataset_id, says in ((refused, "refused.json"), (dry, "forecast.json")):
        kept = {info.key.split("/", 2)[2] for info in rig.objects.list(f"datasets/{dataset_id}/")}
        assert kept == {"dataset.json", says}


def test_a_webdataset_is_one_tar_per_shard_with_the_same_bytes_every_time(rig, photos):
    put_images(photos, 10, bad={2})
    bodies = []
    for name in ("one", "two"):
        dataset_id = rig.submit(
            **PREFIX, shard_size=5, layout="webdataset", output_prefix=f"s3://target/{name}"
        )
        assert rig.run(dataset_id).counts.succeeded == 9
        target = rig.worker.tools.buckets.open("target")
        bodies.append([target.get(f"{name}/{n:06d}.tar") for n in range(2)])
    assert bodies[0] == bodies[1]
    with tarfile.open(fileobj=io.BytesIO(bodies[0][0])) as tar:
        names = tar.getnames()
    assert len(names) == 4 * 3
    result = rig.results(dataset_id)[0]
    assert result.outputs["depth"].member == names[0] == f"{result.id}.depth.png"


def test_a_shard_with_lines_that_cannot_be_read_back_ends_and_says_so(rig, photos):
    # Given a planned shard, two lines of which are spoilt, one by nesting that no parser follows
    put_images(photos, 5)
    dataset_id = rig.submit(**PREFIX)
    rig.step()
    key = shard_object(dataset_id, 0)
    lines = rig.objects.get(key).splitlines()
    deep = b'{"id":"x","uri":"s3://photos/a","extra":{"a":' + b"[" * 250 + b"]" * 250 + b"}}"
    lines[1], lines[3] = deep, b"half a li"
    rig.objects.put(key, b"\n".join(lines), media_type="text/plain")
    # When it runs
    record = rig.run(dataset_id)
    # Then it ends, with the others done and these two failed by their code
    assert record.state is DatasetState.COMPLETED
    assert (record.counts.succeeded, record.counts.failed) == (3, 2)
    assert record.counts.by_code == {"invalid_request": 2}
    failed = [result for result in rig.results(dataset_id) if result.error]
    assert [result.uri for result in failed] == ["unreadable:0/2", "unreadable:0/4"]
    assert all("cannot be read back" in result.error.message for result in failed)
    # And a retry of them ends too
    retry(rig, dataset_id, 1, [])
    assert rig.run(dataset_id).state is DatasetState.COMPLETED


def test_a_shard_whose_items_are_gone_ends_and_says_so(rig, photos):
    put_images(photos, 5)
    dataset_id = rig.submit(**PREFIX)
    rig.step()
    rig.objects.delete([shard_object(dataset_id, 0)])
    record = rig.run_until_over(dataset_id)
    assert (record.state, record.counts.by_code) == (DatasetState.COMPLETED, {"invalid_request": 1})
    [result] = rig.results(dataset_id)
    assert result.error.message == "the list of this shard's items is gone from storage"


def test_shards_of_large_rows_are_cut_by_their_bytes(rig, photos, monkeypatch):
    # Given rows of a hundredth of what a shard may hold
    monkeypatch.setattr("worker.runs.sizes.SHARD_BYTES", 10_000)
    put_images(photos, 1)
    rows = [{"uri": "s3://photos/photos/00000.jpg", "note": f"{n:01000d}"} for n in range(35)]
    body = "\n".join(json.dumps(row) for row in rows)
    photos.put("rows.jsonl", body.encode(), media_type="text/plain")
    dataset_id = rig.submit(manifest="s3://photos/rows.jsonl", shard_size=1_000)
    # When they are planned
    rig.step()
    # Then no shard is much larger, and nothing is lost
    numbers = list(rig.files.shard_numbers(dataset_id))
    sizes = [rig.objects.head(shard_object(dataset_id, n)).size for n in numbers]
    assert max(sizes) < 12_000
    items = [item for n in numbers for item in rig.files.shard(dataset_id, n)]
    assert [item.extra["note"] for item in items] == [row["note"] for row in rows]


def test_an_address_listed_twice_has_two_results_and_one_sample_in_a_tar(rig, photos):
    put_images(photos, 2)
    rows = b"uri,custom_id\ns3://photos/photos/00000.jpg,a\ns3://photos/photos/00000.jpg,b\n"
    photos.put("m.csv", rows, media_type="text/csv")
    dataset_id = rig.submit(manifest="s3://photos/m.csv", layout="webdataset")
    assert rig.run(dataset_id).counts.succeeded == 2
    first, second = rig.results(dataset_id)
    assert (first.custom_id, second.custom_id) == ("a", "b")
    assert first.outputs == second.outputs
    with tarfile.open(fileobj=io.BytesIO(rig.objects.get(first.outputs["depth"].key))) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)) == 3


def test_existing_outputs_are_skipped_or_overwritten(rig, photos):
    put_images(photos, 6)
    place = {"output_prefix": "s3://target/out"}
    first = rig.submit(**PREFIX, **place)
    assert rig.run(first).counts.succeeded == 6
    again = rig.submit(**PREFIX, **place)
    assert rig.run(again).counts.skipped == 6
    over = rig.submit(**PREFIX, **place, on_existing="overwrite")
    assert rig.run(over).counts.succeeded == 6


def test_normalize_dataset_gives_every_heat_map_the_same_range(rig, photos):
    put_images(photos, 30, bad={0})
    dataset_id = rig.submit(**PREFIX, shard_size=7, normalize="dataset")
    record = rig.run(dataset_id)
    assert record.counts.succeeded == 29
    assert record.depth_range is not None
    assert rig.computer.ranges == {None, record.depth_range}  # None: while it was sampled
    assert rig.files.plan(dataset_id).depth_range == record.depth_range


def test_a_dry_run_forecasts_and_starts_nothing(rig, photos):
    put_images(photos, 100, bad=set(range(0, 100, 4)))
    dataset_id = rig.submit(**PREFIX, dry_run=True)
    rig.run()
    forecast = rig.files.forecast(dataset_id)
    assert (forecast.items, forecast.complete, forecast.sampled) == (100, True, 32)
    assert 0 < forecast.sample_failed < 32
    assert forecast.hours[1] >= forecast.hours[16] >= 0
    assert forecast.output_bytes > 0
    assert rig.ledger.get(dataset_id) is None


def test_a_dry_run_that_is_deleted_while_it_runs_leaves_nothing(rig, photos):
    put_images(photos, 3)
    dataset_id = rig.submit(**PREFIX, dry_run=True)

    def delete(_data):  # as the API does
        rig.objects.delete([info.key for info in rig.objects.list(run_prefix(dataset_id))])

    rig.computer.before = delete
    rig.run()
    assert rig.computer.computed
    assert list(rig.objects.list(run_prefix(dataset_id))) == []


def test_a_dry_run_says_why_a_source_would_be_refused(rig, photos):
    dataset_id = rig.submit(prefix="s3://forbidden/x/", dry_run=True)
    rig.run()
    assert "DEPTHQ_DATASET_BUCKETS" in rig.files.forecast(dataset_id).error.message


def test_simulated_items_need_no_store(make_rig, settings):
    rig = make_rig(
        settings=settings.model_copy(update={"engine": "simulated", "simulated_item_ms": 0})
    )
    dataset_id = rig.submit(prefix="s3://null/1000", shard_size=100)
    assert rig.run(dataset_id).counts.succeeded == 1000
    assert rig.computer.computed == []


def test_an_empty_file_is_an_image_like_any_other(rig, photos):
    photos.put("photos/empty.jpg", b"", media_type="image/jpeg")
    rig.run(rig.submit(**PREFIX))
    assert rig.computer.computed == [b""]


def test_a_broken_decoder_costs_one_item(make_rig, photos):
    computer = FakeComputer()

    def before(data):
        if data == b"image 5":
            raise RuntimeError("a bug of ours")

    computer.before = before
    rig = make_rig(computer=computer)
    put_images(photos, 10)
    dataset_id = rig.submit(**PREFIX, shard_size=4)
    record = rig.run(dataset_id)
    assert record.counts.by_code == {"internal": 1}
    assert computer.computed.count(b"image 5") == 3


def test_a_slow_shard_keeps_its_lease_and_reports_items(make_rig, photos, redis):
    rig = make_rig(computer=FakeComputer(seconds=0.05))
    put_images(photos, 60)
    dataset_id = rig.submit(**PREFIX, shard_size=60)
    seen = []
    with rig.beating(0.1):
        import threading

        worker = threading.Thread(target=rig.run)
        worker.start()
        while worker.is_alive():
            record, progress = rig.ledger.get_with_progress(dataset_id)
            seen.append((record.in_flight, progress.rate))
            time.sleep(0.05)
        worker.join()
    assert any(0 < items < 60 for items, _ in seen)
    assert rig.ledger.get(dataset_id).counts.succeeded == 60
    assert redis.hget(run_key(dataset_id), "in_flight") == "0"


def test_the_end_of_a_dataset_is_told(rig, photos, redis):
    from storage.jobs.store import JobStore
    from storage.ledger.webhooks import WebhookQueue
    from worker.upkeep.webhooks import Webhooks

    class Door:
        def __init__(self):
            self.posts = []

        def post(self, url, body, headers):
            self.posts.append((url, json.loads(body), headers["webhook-id"]))
            return type("Answer", (), {"status": 200})()

    # Given a dataset that completes, one that is refused, and one that wants no call
    put_images(photos, 3)
    url = {"webhook_url": "https://example.org/hook"}
    good = rig.submit(**PREFIX, **url)
    refused = rig.submit(prefix="s3://photos/nothing/", **url)
    rig.submit(**PREFIX)
    rig.run()
    assert all(rig.files.call_is_due(rig.ledger.get(owing)) for owing in (good, refused))
    # When the calls are made
    door, queue = Door(), WebhookQueue(redis)
    jobs, key = JobStore(redis), b"k" * 32
    told = Webhooks(jobs, queue, door, key, rig.objects, rig.ledger)
    for line in told.run():
        line.join(PATIENT_S)
    # Then each ending is told once
    posts = {body["data"]["id"]: (body["type"], message) for _, body, message in door.posts}
    assert posts == {
        good: ("dataset.completed", f"msg_{good}_0"),
        refused: ("dataset.failed", f"msg_{refused}_0"),
    }
    assert queue.due(time.time() + 10) == []
    assert not any(rig.files.call_is_due(rig.ledger.get(owing)) for owing in (good, refused))


def test_foreign_names_in_a_dataset_s_folders_stop_nothing(rig, photos):
    put_images(photos, 12, bad={3})
    dataset_id = rig.submit(**PREFIX, shard_size=4)
    rig.step()
    for folder in ("shards", "results", "failures", "retries"):
        for name in ("a.jpg", "0.jsonl", "000000.png", "zzz/000001.jsonl"):
            key = run_object(dataset_id, f"{folder}/{name}")
            rig.objects.put(key, b"x", media_type="image/jpeg")
    record = rig.run_until_over(dataset_id)
    assert (record.counts.succeeded, record.counts.failed) == (11, 1)
    assert len(errors_page(rig.files, dataset_id).items) == 1
    assert rig.files.last_retry(dataset_id) is None
    rig.ledger.delete(dataset_id)
    rig.recover()
    assert rig.ledger.get(dataset_id).counts == record.counts


def test_a_bucket_that_alone_is_away_keeps_no_other_dataset_from_its_turn(rig, photos, monkeypatch):
    # Given a dataset with more shards than the window, whose output bucket answers nothing
    put_images(photos, 24)
    rig.patience._limit_s = 0.05
    bad = rig.submit(**PREFIX, shard_size=2, output_prefix="s3://target/out")
    rig.step()
    with monkeypatch.context() as outage:
        outage.setattr("storage.objects.buckets.FolderBucket.put", away)
        for _ in range(4):
            rig.step()
        # When another comes
        good = rig.submit(**PREFIX, shard_size=2)
        # Then it is run
        assert rig.run_until_over(good).counts.succeeded == 24
        assert rig.ledger.get(bad).counts.done == 0
    # And the first is, once the bucket is back
    assert rig.run_until_over(bad).counts.succeeded == 24


def away(*_args, **_options):
    raise StorageUnavailable("away")
