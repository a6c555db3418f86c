"""Checks what became of everything that was accepted, by the store and the ledger file only."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from contract.jobs import JobResult
from contract.names.object_keys import (
    input_object,
    job_prefix,
    read_idempotency_mark,
    result_object,
)
from contract.states import JobState
from storage.objects.protocol import ObjectStore
from tests.chaos.images import Image
from tests.chaos.ledger import Accepted

READERS = 8


@dataclass
class Verdict:
    """The numbers of one run; `complaints` say which jobs and why."""

    accepted: int = 0
    lost: int = 0  # accepted, and no final result
    duplicated: int = 0  # more than one result for one submission
    wrong: int = 0  # a result that differs from the image's known good one
    repeated: int = 0  # attempts beyond the first: work done twice, not results
    states: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)


def judge(store: ObjectStore, accepted: list[Accepted], images: dict[str, Image]) -> Verdict:
    """Look at every accepted job's objects."""
    verdict = Verdict(accepted=len(accepted))
    ids = Counter(each.id for each in accepted)
    verdict.duplicated += sum(count - 1 for count in ids.values())
    with ThreadPoolExecutor(READERS) as readers:
        for each, objects in zip(
            accepted, readers.map(lambda job: _objects(store, job.id), accepted), strict=True
        ):
            _judge_one(verdict, each, images[each.image], objects)
    return verdict


def _objects(store: ObjectStore, job_id: str) -> dict[str, bytes]:
    keys = [info.key for info in store.list(job_prefix(job_id))]
    names = {key.rpartition("/")[2]: key for key in keys}
    # a key's mark is no result; a mark that something is still owed would be one file too many
    return {n: store.get(key) for n, key in names.items() if read_idempotency_mark(n) is None}


def _judge_one(verdict: Verdict, job: Accepted, image: Image, objects: dict[str, bytes]) -> None:
    document = objects.pop(result_object(job.id).rpartition("/")[2], None)
    data = objects.pop(input_object(job.id).rpartition("/")[2], b"")
    if document is None:
        verdict.lost += 1
        verdict.complaints.append(f"{job.id} ({job.image}) lost")
        return
    result = JobResult.model_validate_json(document)
    verdict.states[result.state] += 1
    verdict.repeated += result.attempt - 1
    if data != image.data:
        verdict.wrong += 1
        verdict.complaints.append(f"{job.id}: the input is not what was sent")
    expected = image.files if result.state is JobState.SUCCEEDED else {}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in objects.items()}
    if bool(image.files) != (result.state is JobState.SUCCEEDED):
        verdict.wrong += 1
        verdict.complaints.append(f"{job.id} ({job.image}) ended {result.state}: {result.error}")
    elif found.keys() - expected.keys() and result.state is JobState.SUCCEEDED:
        verdict.duplicated += 1
        verdict.complaints.append(f"{job.id} has files too many: {sorted(found)}")
    elif result.state is JobState.SUCCEEDED and found != expected:
        verdict.wrong += 1
        verdict.complaints.append(f"{job.id} ({job.image}): the files differ from the known good")
    elif {info.sha256 for info in result.outputs.values()} != set(expected.values()):
        verdict.wrong += 1
        verdict.complaints.append(f"{job.id}: result.json announces other hashes than the files'")
