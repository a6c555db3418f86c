"""Datasets over HTTP and from the command line: real workers, a real S3 server, broken images."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter

import numpy as np
import pytest

from client.bulk.download import ResultDownload
from client.bulk.names import ResultNames
from contract.errors import DepthqError, InvalidRequest
from contract.names.object_keys import run_object
from contract.states import DatasetState
from depthq import read_depth
from tests.conftest import ENVIRONMENT
from tests.photographs import crops
from tests.services.datasets import BulkService, Photographs
from tests.waits import PATIENT_S, wait_until

COUNT, EVERY = 30, 6  # every sixth is broken: one of each of five kinds
WAIT_S = 300
OPTIONS = {"size": "model"}
PREFIX = "photos/"
HALF_STEP = 1e-3  # of the range; a batch may sum in another order than one image alone


@pytest.fixture(scope="module")
def photographs(service: BulkService) -> Photographs:
    made = Photographs(COUNT, EVERY)
    made.put(service.images, PREFIX)
    return made


def submit(service: BulkService, **spec):
    spec = {"prefix": f"s3://{service.bucket}/{PREFIX}", "options": OPTIONS, **spec}
    return service.client.datasets.submit(**spec)


def names(service: BulkService) -> ResultNames:
    return ResultNames(f"s3://{service.bucket}/{PREFIX}")


def results(service: BulkService, dataset_id: str) -> dict[str, dict]:
    """Return how each image ended, by its name; each once."""
    ended = list(service.client.datasets.results(dataset_id))
    by_name = {one["uri"].partition(f"/{PREFIX}")[2]: one for one in ended}
    assert len(by_name) == len(ended)
    return by_name


def check_books(service: BulkService, photographs: Photographs, dataset) -> dict[str, dict]:
    """Assert that every image ended once, with the code that fits, and that all counts agree."""
    ended = results(service, dataset.id)
    assert set(ended) == set(photographs.files)
    states = Counter(one["state"] for one in ended.values())
    counts = dataset.counts
    assert states == Counter(succeeded=counts["succeeded"], failed=counts["failed"])
    assert counts["total"] == counts["succeeded"] + counts["failed"] == photographs.count
    codes = Counter(one["error"]["code"] for one in ended.values() if one.get("error"))
    assert codes == counts["by_code"]
    failed = {name: one for name, one in ended.items() if one["state"] == "failed"}
    assert set(failed) == set(photographs.codes)
    for name, one in failed.items():
        assert one["error"]["code"] in photographs.codes[name], (name, one["error"])
    listed = list(service.client.datasets.errors(dataset.id))
    assert {one["id"] for one in listed} == {one["id"] for one in failed.values()}
    return ended


def test_a_bucket_runs_whole_and_a_retry_runs_only_what_was_mended(
    service: BulkService, photographs: Photographs, tmp_path
):
    # Given photographs of which some are broken, in five ways
    assert len(photographs.codes) >= 5
    assert len({frozenset(codes) for codes in photographs.codes.values()}) >= 3
    # When they are run
    dataset = service.client.datasets.wait(submit(service, shard_size=6).id, WAIT_S)
    # Then each ends once, with its code or its files
    assert dataset.state is DatasetState.COMPLETED
    ended = check_books(service, photographs, dataset)
    download = ResultDownload(service.client.datasets, tmp_path, names(service))
    made = download.run(dataset.id)
    assert made.files == 2 * dataset.counts["succeeded"]
    for name, one in ended.items():
        for output, file in one.get("outputs", {}).items():
            suffix = file["key"].rpartition(".")[2]
            path = tmp_path / f"{name.removesuffix('.jpg')}.{output}.{suffix}"
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    assert download.run(dataset.id).files == 0, "nothing is downloaded twice"
    # And as it comes from a single job
    check_against_single_jobs(service, photographs, ended, tmp_path, every=6)
    # And when the broken ones are mended, only those run again, and the whole is whole
    photographs.mend(service.images, PREFIX)
    service.client.datasets.retry(dataset.id)
    whole = service.client.datasets.wait(dataset.id, WAIT_S)
    assert whole.whole
    assert whole.counts["succeeded"] == COUNT
    again = results(service, dataset.id)
    rounds = Counter(one.get("round", 0) for one in again.values())
    assert rounds == {0: COUNT - len(photographs.codes), 1: len(photographs.codes)}
    assert all(again[name] == one for name, one in ended.items() if name not in photographs.codes)
    assert list(service.client.datasets.errors(dataset.id)) == []
    photographs.put(service.images, PREFIX)  # as they were, for the next test


def check_against_single_jobs(service, photographs, ended, folder, every: int) -> tuple[int, int]:
    """Compare outputs with those of single jobs; return how many, and how many to the byte."""
    good = [name for name in ended if ended[name]["state"] == "succeeded"][::every]
    same = 0
    for name in good:
        job = service.client.submit(photographs.files[name], wait=60, **OPTIONS)
        files = service.client.download(job, folder / "single", ["depth"])
        mine = folder / f"{name.removesuffix('.jpg')}.depth.png"
        single, bulk = read_depth(files["depth"]).values, read_depth(mine).values
        assert np.abs(single - bulk).max() <= HALF_STEP * np.ptp(single), name
        same += np.array_equal(single, bulk)
    return len(good), same


def jsonl(*rows: dict) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def refused(service: BulkService, **spec) -> DepthqError:
    """Return why the dataset was refused, at once or by the planner; nothing may have run."""
    try:
        dataset = service.client.datasets.submit(options=OPTIONS, **spec)
    except DepthqError as error:
        return error
    ended = service.client.datasets.wait(dataset.id, WAIT_S)
    assert ended.state is DatasetState.FAILED
    assert ended.counts["done"] == ended.document["shards"]["done"] == 0
    assert list(service.client.datasets.results(dataset.id)) == []
    assert list(service.objects.list(run_object(dataset.id, "outputs"))) == []
    assert ended.error is not None
    return ended.error


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("duplicates.jsonl", ("line 1 and line 3", "custom_id")),
        ("columns.csv", ("uri",)),
        ("empty.jsonl", ("empty",)),
        ("header.csv", ("no rows",)),
        ("long.jsonl", ("line 2", "1 MiB")),
        ("gone.jsonl", ("cannot be read",)),
        ("forbidden.jsonl", ("may not use the bucket",)),
        ("none.jsonl", ("no manifest",)),
    ],
)
def test_a_manifest_that_cannot_be_run_is_refused_with_its_reason(service, name, says):
    uri = f"s3://{service.bucket}/x.jpg"
    table = io.StringIO()
    csv.writer(table).writerows([["url", "custom_id"], [uri, "a"]])
    manifests = {
        "duplicates.jsonl": jsonl(*({"uri": uri, "custom_id": c} for c in "aba")),
        "columns.csv": table.getvalue().encode(),
        "empty.jsonl": b"",
        "header.csv": b"uri,custom_id\n",
        "long.jsonl": jsonl({"uri": uri}, {"uri": uri, "note": "x" * 10_000_000}),
        "forbidden.jsonl": jsonl({"uri": "s3://somebody-else/x.jpg"}),
    }
    if name == "gone.jsonl":
        address = f"s3://{service.bucket}-gone/list.jsonl"
    elif name == "none.jsonl":
        address = f"s3://{service.bucket}/none.jsonl"
    else:
        address = service.put_manifest(name, manifests[name])
    error = refused(service, manifest=address)
    assert isinstance(error, InvalidRequest)
    assert all(word in error.message for word in says), error.message


def test_an_uploaded_zip_runs_and_traversal_stays_a_label(service: BulkService, tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, image in zip(("../../up.jpg", "in/side.jpg"), crops(2), strict=True):
            file.writestr(name, image)
    # the client makes tars of its own; a zip goes as curl would send it
    with archive.open("rb") as body:
        made = service.client.datasets.transport.http.post(
            "/v1/datasets",
            files={"archive": ("a.zip", body)},
            data={"spec": json.dumps({"options": OPTIONS})},
        ).json()
    dataset = service.client.datasets.wait(made["id"], WAIT_S)
    assert dataset.whole
    out = tmp_path / "deep" / "er" / "out"
    download = ResultDownload(service.client.datasets, out, ResultNames("archive://"))
    download.run(dataset.id)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert found == {"deep/er/out/up.depth.png", "deep/er/out/in/side.depth.png"}


def test_a_dry_run_says_what_it_would_take_and_starts_nothing(service, photographs):
    before = len(service.client.datasets.list())
    prefix = f"s3://{service.bucket}/{PREFIX}"
    forecast = service.client.datasets.forecast(prefix=prefix, options=OPTIONS)
    assert (forecast["items"], forecast["complete"]) == (COUNT, True)
    assert forecast["input_bytes"] == sum(map(len, photographs.files.values()))
    assert forecast["images_per_s"] > 0
    assert len(service.client.datasets.list()) == before


def test_cancel_keeps_what_is_done_and_delete_leaves_nothing(service, photographs):
    made = submit(service, shard_size=5)
    wait_until(lambda: service.client.datasets.get(made.id).counts["done"] > 0, "it runs", WAIT_S)
    stopped = service.client.datasets.cancel(made.id)
    assert stopped.state is DatasetState.CANCELED
    wait_until(lambda: service.client.datasets.get(made.id).document["summary"], "summary", WAIT_S)
    ended = service.client.datasets.get(made.id)
    assert 0 < len(results(service, made.id)) == ended.counts["done"] < COUNT
    service.client.datasets.delete(made.id)
    assert list(service.objects.list(run_object(made.id, ""))) == []


def program(service: BulkService, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), **process(service), timeout=WAIT_S, check=False)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "client.cli", *map(str, arguments)]


def process(service: BulkService) -> dict:
    environment = {**os.environ, "PATH": ENVIRONMENT["PATH"], "DEPTHQ_URL": service.api.url}
    return {"env": environment, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def test_the_command_runs_a_folder_and_the_same_command_finishes_it(service, depthq, tmp_path):
    # Given a folder with a broken picture
    folder, out = tmp_path / "folder", tmp_path / "depth"
    photographs = Photographs(12)
    photographs.write(folder)
    (bad,) = photographs.codes
    run = ("dataset", "run", folder, "--out", out, "--size", "model")
    # When it is run
    first = program(service, *run)
    # Then the results have the pictures' names, and the exit code tells of the failure
    assert first.returncode == 1, first.stderr
    wanted = {f"{name.removesuffix('.jpg')}.depth.png" for name in photographs.files}
    bad_result = f"{bad.removesuffix('.jpg')}.depth.png"
    made = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert made == wanted - {bad_result}
    assert "unsupported_media_type 1" in first.stdout
    dataset_id = first.stdout.split()[0]
    errors = program(service, "dataset", "errors", dataset_id)
    assert bad in errors.stdout
    # And the same command again submits nothing, but brings what is missing
    lost = out / next(iter(made))
    lost.unlink()
    second = depthq(*run, "--json", url=service.api.url)
    assert json.loads(second.stdout.splitlines()[-1])["id"] == dataset_id
    assert lost.exists()
    # And when the picture is mended, the same command runs only that
    (folder / bad).write_bytes(photographs.good[bad])
    third = depthq(*run, "--json", url=service.api.url)
    assert third.returncode == 0, third.stderr
    last = json.loads(third.stdout.splitlines()[-1])
    assert (last["counts"]["total"], last["counts"]["succeeded"]) == (1, 1)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.png")} == wanted


def test_ctrl_c_says_how_to_go_on_and_stops_nothing(service, photographs, depthq, tmp_path):
    source = f"s3://{service.bucket}/{PREFIX}"
    line = command("dataset", "run", source, "--out", tmp_path, "--size", "model")
    service.bulk[0].freeze()  # so that the dataset does not end meanwhile
    running = subprocess.Popen(line, **process(service))
    note = tmp_path / ".depthq-dataset.json"
    try:
        wait_until(lambda: note.exists() and json.loads(note.read_text())["dataset_id"], "a note")
        time.sleep(0.5)  # into the watching
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=PATIENT_S)
        dataset_id = json.loads(note.read_text())["dataset_id"]
        assert service.client.datasets.get(dataset_id).state is not DatasetState.CANCELED
        stopped = program(service, "dataset", "cancel", dataset_id)
    finally:
        running.kill()
        running.wait()
        service.bulk[0].thaw()
    assert running.returncode == 130, said
    assert f"depthq dataset cancel {dataset_id}" in said
    assert "Traceback" not in said
    assert "canceled" in stopped.stdout
    assert depthq("dataset", "status", dataset_id, url=service.api.url).returncode == 1
