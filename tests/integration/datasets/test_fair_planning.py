"""Whose datasets are planned at once, on a real ledger."""

from __future__ import annotations

import threading

import pytest

from contract.states import DatasetState
from storage.objects.buckets import FolderBucket
from tests.integration.datasets.rig import put_images
from tests.waits import PATIENT_S, wait_until


@pytest.fixture
def go(monkeypatch):
    """Have every listing of slow/ wait for this event; it counts those that have begun."""
    event, listing = threading.Event(), FolderBucket.list
    event.begun = 0

    def slow(self, prefix, **options):
        if prefix == "slow/":
            event.begun += 1
            event.wait(PATIENT_S)
        yield from listing(self, prefix, **options)

    monkeypatch.setattr(FolderBucket, "list", slow)
    yield event
    event.set()


def states(rig, ids):
    return [rig.ledger.get(dataset_id).state for dataset_id in ids]


def test_a_small_dataset_of_another_key_is_planned_beside_large_ones(rig, photos, go):
    put_images(photos, 2, prefix="slow/")
    put_images(photos, 3, prefix="small/")
    # Given a key with more large plans than hands, two of which are at work
    large = [rig.submit(prefix="s3://photos/slow/", owner="a") for _ in range(4)]
    hands = [threading.Thread(target=rig.step) for _ in range(2)]
    for hand in hands:
        hand.start()
    wait_until(lambda: go.begun == 2, "two are at work")
    # When another key sends three pictures, and the third hand works
    small = rig.submit(prefix="s3://photos/small/", owner="b")
    while not rig.ledger.get(small).state.terminal:
        rig.step()
    # Then they are done, while the large ones are still planned or wait
    assert rig.ledger.get(small).counts.succeeded == 3
    assert sorted(states(rig, large)) == ["planning", "planning", "queued", "queued"]
    # And no message was lost: the large ones end too
    go.set()
    for hand in hands:
        hand.join()
    rig.run()
    assert states(rig, large) == [DatasetState.COMPLETED] * 4


def test_a_dry_run_counts_for_its_key_too(rig, photos, go):
    put_images(photos, 2, prefix="slow/")
    put_images(photos, 3, prefix="small/")
    large = [rig.submit(prefix="s3://photos/slow/", owner="a", dry_run=True) for _ in range(4)]
    hands = [threading.Thread(target=rig.step) for _ in range(2)]
    for hand in hands:
        hand.start()
    wait_until(lambda: go.begun == 2, "two are at work")
    small = rig.submit(prefix="s3://photos/small/", owner="b")
    while not rig.ledger.get(small).state.terminal:
        rig.step()
    assert rig.ledger.get(small).counts.succeeded == 3
    go.set()
    for hand in hands:
        hand.join()
    rig.run()
    assert [rig.files.forecast(dataset_id).items for dataset_id in large] == [2] * 4
