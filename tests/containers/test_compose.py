"""The compose file on a real engine: built, run, used through its front, taken down.

Minutes, and an hour where nothing is built yet: `make containers`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.documents import Problem
from contract.settings import MIB
from depthq import DepthClient, read_depth
from tests.containers.conftest import Built, Running
from tests.photographs import crops, photograph

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

HOST, PORT = "localhost", 8000
URL = f"http://{HOST}:{PORT}"
SIDE = 4000  # px; as float32 64 MB
STALLED = 6  # at once: 384 MB, more than the front has memory
PATIENCE_S = 240


def large_photograph() -> bytes:
    pixels = cv2.resize(photograph("coffee.png"), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def connection() -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, PORT, timeout=60)


def presigned(job_id: str) -> str:
    """Where the API sends who asks for the depth of a job, without the host."""
    asked = connection()
    asked.request("GET", f"/v1/jobs/{job_id}/outputs/depth")
    answer = asked.getresponse()
    location = answer.headers["Location"]
    asked.close()
    assert answer.status == 302
    assert location.startswith(f"{URL}/depthq/jobs/")
    return location.removeprefix(URL)


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_byte_of_code_makes_no_layer_of_the_environment_anew(built: Built, service: str) -> None:
    before, after = built.layers[service], built.changed[service]
    same = [ours == theirs for ours, theirs in zip(before, after, strict=True)]
    # the last three are the code of all rooms, that of the own room, and what was compiled
    assert len(same) > 4
    assert all(same[:-3])
    assert not all(same[-3:])


def test_a_picture_becomes_depth_through_the_front(running: Running, tmp_path: Path) -> None:
    (picture,) = crops(1)
    with running.engine.network(), DepthClient(URL) as client:
        job = client.submit(picture, wait=PATIENCE_S)
        files = client.download(job, tmp_path)
    depth = read_depth(files["depth"]).values
    assert depth.shape == cv2.imdecode(np.frombuffer(picture, np.uint8), 1).shape[:2]
    assert np.ptp(depth) > 0
    assert cv2.imread(str(files["heatmap"])).shape[:2] == depth.shape


def test_a_folder_becomes_a_dataset_through_the_front(running: Running, tmp_path: Path) -> None:
    files = {}
    for number, picture in enumerate(crops(3)):
        files[f"{number}.jpg"] = tmp_path / f"{number}.jpg"
        files[f"{number}.jpg"].write_bytes(picture)
    with running.engine.network(), DepthClient(URL) as client:
        dataset = client.datasets.submit(files)
        ended = client.datasets.wait(dataset.id, timeout=PATIENCE_S)
    assert (ended.counts["succeeded"], ended.counts["failed"]) == (3, 0)


def test_clients_that_stall_get_all_of_results_larger_than_the_front_may_keep(
    running: Running,
) -> None:
    with running.engine.network(), DepthClient(URL) as client:
        # Given a result of 64 MB
        options = {"outputs": "depth", "depth_format": "npy"}
        job = client.submit(large_photograph(), wait=PATIENCE_S, **options)
        path = presigned(job.id)

        # When some clients read its head and then nothing for a while
        clients = [connection() for _ in range(STALLED)]
        for asked in clients:
            asked.request("GET", path)
        answers = [asked.getresponse() for asked in clients]
        time.sleep(5)
        read = [(int(answer.headers["Content-Length"]), len(answer.read())) for answer in answers]
        for asked in clients:
            asked.close()

    # Then each gets every byte
    assert [length for length, _ in read] == [length for _, length in read]
    assert read[0][0] >= 4 * SIDE * SIDE
    tmp = running.inside("front", "find", "/tmp", "-type", "f", "-size", "+64k")
    assert tmp.strip() == ""


def test_no_rule_of_the_store_reaches_browsers(running: Running) -> None:
    with running.engine.network(), DepthClient(URL) as client:
        (picture,) = crops(1)
        path = presigned(client.submit(picture, wait=PATIENCE_S).id)
        for method in ("GET", "HEAD"):
            asked = connection()
            asked.request(method, path)
            answer = asked.getresponse()
            answer.read()
            asked.close()
            assert answer.status == 200, method
            assert answer.headers.get_all("Strict-Transport-Security") is None
            assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("size", [70 * MIB, 81 * MIB])
def test_too_large_a_body_is_refused_in_words_that_programs_read(
    running: Running, size: int
) -> None:
    # Given a body beyond what the API takes, or beyond what the front takes, and really sent
    with running.engine.network():
        asked = connection()
        # it may be refused before all of it was sent; the answer is there all the same
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            asked.request("POST", "/v1/jobs", bytes(size), {"Content-Type": "image/jpeg"})
        answer = asked.getresponse()
        body = answer.read()
        asked.close()
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = Problem(**{"instance": "", **json.loads(body)})
    assert (answer.status, problem.status, problem.code) == (413, 413, "image_too_large")


def test_an_unchanged_up_recreates_nothing(running: Running) -> None:
    def ids() -> dict[str, str]:
        found = running.deployment.containers(running.engine)
        return {name: container["Id"] for name, container in found.items()}

    before = ids()
    for _ in range(3):  # two builds of one tag race
        running.compose("up", "--build", "--detach")
        assert ids() == before
    assert set(before) >= {"front", "api", "worker", "worker-bulk", "redis", "minio", "minio-init"}


@pytest.mark.parametrize("module", ["numpy", "PIL", "pip", "ensurepip"])
def test_the_api_image_carries_no_more_than_it_needs(running: Running, module: str) -> None:
    search = f"import importlib.util as u; print(u.find_spec({module!r}))"
    assert running.inside("api", "python", "-c", search).strip() == "None"


@pytest.mark.parametrize("service", ["front", "api", "worker", "worker-bulk"])
def test_no_process_is_left_unwaited_for_and_few_run(running: Running, service: str) -> None:
    container = running.deployment.containers(running.engine)[service]
    table = running.engine.docker("top", container["Id"], "-eo", "pid,stat,comm").splitlines()[1:]
    processes = [line.split(None, 2)[1:] for line in table]
    assert "init" in processes[0][1]
    assert not [process for process in processes if process[0].startswith("Z")]
    assert len(processes) < container["HostConfig"]["PidsLimit"] // 2


def test_a_worker_phones_nowhere(running: Running) -> None:
    code = (
        "import sys; from worker.engines.openvino_engine import openvino_library;"
        "openvino_library(); print(sys.modules['openvino_telemetry'])"
    )
    assert running.inside("worker", "python", "-c", code).strip() == "None"


def test_when_it_is_taken_down_nothing_is_left(running: Running) -> None:
    running.compose("down", "--volumes")
    assert running.deployment.containers(running.engine) == {}
    assert running.engine.docker("volume", "ls", "--quiet").split() == []
    assert "depthq" not in running.engine.docker("network", "ls")
