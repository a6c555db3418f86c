"""2,000 photographs over HTTP, twice: in peace, and with everything killed. Minutes; `-m slow`."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time

import pytest

from client.bulk.download import ResultDownload
from storage.objects.open import open_object_store
from tests.conftest import new_bucket
from tests.e2e.bulk.test_datasets import (
    PREFIX,
    check_against_single_jobs,
    check_books,
    names,
    results,
    submit,
)
from tests.services.datasets import BulkService, Photographs, bulk_service
from tests.services.depthq import ROOT, environment_of

COUNT = 2_000
SHARD = 50
KILLS = 5
WAIT_S = 1_500
ENDED = re.compile(r'^depthq_outcomes_total\{.*state="(?:succeeded|failed)".*\} ([0-9.e+]+)$', re.M)

pytestmark = [pytest.mark.slow, pytest.mark.chaos, pytest.mark.timeout(3_600)]


@pytest.fixture
def service(valkey, s3, tmp_path):
    bucket = new_bucket()
    settings = s3.settings(
        new_bucket(),
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        dataset_buckets=(bucket,),
        precision="fp32",
        lease_s=3.0,
        reconcile_interval_s=0.5,
        infer_threads=1,
        decode_processes=1,
    )
    images = open_object_store(s3.settings(bucket))
    images.check()
    with bulk_service(settings, bucket, images, tmp_path, workers=2) as running:
        yield running


def computed(service: BulkService) -> float:
    """Return how many images the bulk workers have ended in their present lives."""
    return sum(float(n) for w in service.bulk for n in ENDED.findall(w.get("/metrics")))


def digests(service: BulkService, dataset_id: str) -> dict[tuple[str, str], str]:
    """Return the digest of every output by the image's name and the output's."""
    return {
        (name, output): file["sha256"]
        for name, one in results(service, dataset_id).items()
        for output, file in one.get("outputs", {}).items()
    }


def test_two_thousand_photographs_in_peace_and_in_war(service, valkey, tmp_path):
    # Given 2,000 photographs, 3 % of them broken in five ways, run in peace
    photographs = Photographs(COUNT)
    photographs.put(service.images, PREFIX)
    began = time.monotonic()
    peace = service.client.datasets.wait(submit(service, shard_size=SHARD).id, WAIT_S)
    peace_s = time.monotonic() - began
    ended = check_books(service, photographs, peace)
    expected = digests(service, peace.id)
    assert len(expected) == 2 * peace.counts["succeeded"]
    once = computed(service)
    # then the outputs are those of single jobs
    ResultDownload(service.client.datasets, tmp_path / "out", names(service)).run(peace.id)
    compared, same = check_against_single_jobs(
        service, photographs, ended, tmp_path / "out", every=40
    )
    say(peace_s=peace_s, computed=once, codes=peace.counts["by_code"], compared=compared, same=same)
    # When they run again, with both workers killed five times and Redis restarted
    chance = random.Random(3)
    began, done = time.monotonic(), -once
    war = submit(service, shard_size=SHARD)
    for number, moment in enumerate(sorted(chance.uniform(0.05, 0.85) for _ in range(KILLS))):
        while service.client.datasets.get(war.id).ended < moment * COUNT:
            time.sleep(0.2)
        done += computed(service)
        for worker in service.bulk:
            worker.kill()
        if number == KILLS // 2:
            valkey.stop()
            valkey.start()
        for worker in service.bulk:
            worker.start()
    war = service.client.datasets.wait(war.id, WAIT_S)
    # Then the books are the same, and so is every byte
    done += computed(service)
    again = check_books(service, photographs, war)
    assert war.counts["by_code"] == peace.counts["by_code"]
    found = digests(service, war.id)
    differing = sum(found.get(key) != digest for key, digest in expected.items())
    redone = done - len(again)
    say(war_s=time.monotonic() - began, redone=redone, differing=differing)
    assert set(found) == set(expected)
    assert differing == 0
    assert redone <= KILLS * len(service.bulk) * 2 * SHARD, "two shards per killed worker"


def test_a_wiped_redis_is_rebuilt_and_a_retry_makes_the_whole(service, valkey):
    # Given a dataset of which a part is done
    photographs = Photographs(COUNT)
    photographs.put(service.images, PREFIX)
    made = submit(service, shard_size=SHARD)
    while service.client.datasets.get(made.id).counts["done"] < COUNT / 4:
        time.sleep(0.5)
    for worker in service.bulk:
        worker.kill()
    known = results(service, made.id)
    # When Redis loses everything and `python -m worker.reconcile` has run
    valkey.wipe()
    command = [sys.executable, "-m", "worker.reconcile"]
    environment = environment_of(service.settings) | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    for worker in service.bulk:
        worker.start()
    ended = service.client.datasets.wait(made.id, WAIT_S)
    # Then what was done is not done again, and the whole is complete
    everything = check_books(service, photographs, ended)
    assert {name: everything[name] for name in known} == known
    # And when the broken ones are mended, a retry runs those alone
    photographs.mend(service.images, PREFIX)
    codes = list(ended.counts["by_code"])
    service.client.datasets.retry(made.id, codes[:1])
    part = service.client.datasets.wait(made.id, WAIT_S)
    assert set(part.counts["by_code"]) == set(codes[1:])
    service.client.datasets.retry(made.id)
    whole = service.client.datasets.wait(made.id, WAIT_S)
    again = [one for one in results(service, made.id).values() if one.get("round", 0)]
    say(kept=len(known), retried=len(again), failed=whole.counts["failed"])
    assert whole.whole
    assert len(again) == len(photographs.codes)


def say(**facts: object) -> None:
    """Leave the numbers in the test's output."""
    print("MEASURED " + json.dumps(facts))
