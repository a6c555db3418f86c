"""The whole corpus through the real front, ledger and worker: success or a coded refusal."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import kombu
import pytest

from contract.errors import ERROR_CODES
from contract.names.queues import TASK_RUN_JOB, Lane, queue_name
from contract.names.redis_keys import KEY_PREFIX
from contract.settings import Settings
from storage.objects.filesystem import FilesystemStore
from tests.hostile.corpus import CORPUS, OK, Hostile
from tests.pictures import EXTRA
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.tiers import thorough
from tests.waits import PATIENT_S

POSTS_AT_ONCE = 4
ENDED_S = 300  # until the last of all files has its answer
EMPTY = {"empty": "invalid_request"}  # the API has a word of its own for a file without bytes


@dataclass(frozen=True)
class Fate:
    """What became of one file: the answer to its POST, and how its job ended, if it became one."""

    status: int
    code: str
    job_id: str | None = None


@dataclass(frozen=True)
class Stack:
    """A running API and worker over files on disk."""

    formats: str
    api: ApiProcess
    worker: WorkerProcess
    objects: FilesystemStore
    valkey: ValkeyServer

    def wanted(self, hostile: Hostile) -> frozenset[str]:
        outcomes = hostile.outcomes
        if self.formats == "extra" and hostile.extra is not None:
            outcomes = hostile.extra
        return frozenset({EMPTY[hostile.name]}) if hostile.name in EMPTY else outcomes


@pytest.fixture(scope="module", params=["default", thorough("extra")])
def stack(
    request: pytest.FixtureRequest,
    valkey_session: ValkeyServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The service with the formats that are on by default, and with all."""
    folder = tmp_path_factory.mktemp(request.param)
    valkey_session.start_empty()
    settings = Settings(
        redis_url=valkey_session.url,
        data_dir=folder / "data",
        engine="simulated",
        extra_formats=EXTRA if request.param == "extra" else (),
    )
    api, worker = ApiProcess(settings, folder / "api"), WorkerProcess(settings, folder / "worker")
    try:
        api.start()
        worker.start()
        objects = FilesystemStore(folder / "data" / "objects")
        yield Stack(request.param, api, worker, objects, valkey_session)
    finally:
        worker.stop()
        api.stop()


@pytest.fixture(scope="module")
def fates(stack: Stack) -> dict[str, Fate]:
    """Submit every file and wait until every job has ended."""
    with (
        httpx2.Client(base_url=stack.api.url, timeout=PATIENT_S) as client,
        ThreadPoolExecutor(POSTS_AT_ONCE) as pool,
    ):
        answers = dict(pool.map(lambda hostile: (hostile.name, _post(client, hostile)), CORPUS))
        deadline = time.monotonic() + ENDED_S
        return {name: _end(client, fate, deadline) for name, fate in answers.items()}


def _post(client: httpx2.Client, hostile: Hostile) -> Fate:
    """Send the file under its own name, which means nothing to the service."""
    answer = client.post(
        "/v1/jobs",
        data={"outputs": "depth", "size": "model"},
        files={"image": (hostile.name, hostile.make(), "image/jpeg")},
    )
    document = answer.json()
    if answer.status_code == 202:
        return Fate(202, "", document["id"])
    assert answer.headers["Content-Type"] == "application/problem+json"
    return Fate(answer.status_code, document["code"])


def _end(client: httpx2.Client, fate: Fate, deadline: float) -> Fate:
    if fate.job_id is None:
        return fate
    while time.monotonic() < deadline:
        job = client.get(f"/v1/jobs/{fate.job_id}", params={"wait": 10}).json()
        if job["terminal"]:
            code = OK if job["state"] == "succeeded" else job["error"]["code"]
            return Fate(fate.status, code, fate.job_id)
    return Fate(fate.status, "never ended", fate.job_id)


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_a_file_ends_in_a_depth_map_or_in_its_code(
    stack: Stack, fates: dict[str, Fate], hostile: Hostile
) -> None:
    fate = fates[hostile.name]
    assert fate.code in stack.wanted(hostile), fate
    assert fate.code == OK or fate.code in ERROR_CODES
    assert fate.status < 500


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("no-end.jpg", ["truncated"]),
        ("half.jpg", ["truncated"]),
        ("half.webp", ["truncated"]),
        ("no-end.png", ["truncated"]),
        ("motion-photo.jpg", []),
        ("broken-animation.png", []),
        ("photo.heic", []),
    ],
)
def test_the_document_of_a_job_says_what_was_mended(
    stack: Stack, fates: dict[str, Fate], name: str, warnings: list[str]
) -> None:
    with httpx2.Client(base_url=stack.api.url, timeout=PATIENT_S) as client:
        document = client.get(f"/v1/jobs/{fates[name].job_id}").json()
    assert document["state"] == "succeeded"
    assert document["input"].get("warnings", []) == warnings


def test_no_process_died_of_the_corpus(stack: Stack, fates: dict[str, Fate]) -> None:
    assert fates
    assert stack.worker.running
    assert stack.api.running
    assert not [line for line in stack.api.log_lines() if line["level"] == "error"]


def test_of_refused_files_nothing_is_kept_and_of_the_others_everything(
    stack: Stack, fates: dict[str, Fate]
) -> None:
    accepted = {fate.job_id for fate in fates.values() if fate.job_id}
    kept = {info.key.split("/")[4] for info in stack.objects.list("jobs/")}
    assert kept == accepted
    with stack.valkey.client() as client:
        records = set(client.scan_iter(f"{KEY_PREFIX}job:*"))
    assert records == {f"{KEY_PREFIX}job:{job_id}" for job_id in accepted}


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_a_pickled_message_is_refused_unread(stack: Stack, tmp_path: Path) -> None:
    # Given a message that would run code when it is unpickled
    proof = tmp_path / "executed"
    pickle.loads(pickle.dumps(Touch(proof))).close()
    assert proof.exists()
    proof.unlink()
    with kombu.Connection(stack.valkey.url) as connection:
        connection.Producer().publish(
            ((Touch(proof),), {}, {}),
            exchange="",
            routing_key=queue_name(Lane.INTERACTIVE),
            serializer="pickle",
            headers={"task": TASK_RUN_JOB, "id": "evil", "lang": "py"},
        )
    # When the next job is done, the message has been met
    with httpx2.Client(base_url=stack.api.url, timeout=PATIENT_S) as client:
        fate = _post(client, next(each for each in CORPUS if each.name == "1x1.png"))
        assert _end(client, fate, time.monotonic() + ENDED_S).code == OK
    # Then it was refused
    assert not proof.exists()
    assert "not a message of a job, dropped" in stack.worker.log_path.read_text()
    assert stack.worker.running


def test_nothing_of_an_upload_is_left_on_disk(stack: Stack, fates: dict[str, Fate]) -> None:
    root = Path(stack.api.folder).parent / "data"
    assert fates
    assert list(root.rglob("*.tmp")) == []
