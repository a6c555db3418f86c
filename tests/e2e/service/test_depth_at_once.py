"""Depth at once over the whole service: its API process, worker, Redis and object store."""

from __future__ import annotations

import http.client
import io
import threading

import cv2
import httpx2
import numpy as np
import pytest

from contract.errors import InvalidRequest
from contract.names.queues import immediate_queue
from tests.photographs import crops
from tests.waits import PATIENT_S, wait_until

PICTURE = next(crops(1))


@pytest.fixture
def redis(service):
    """A client, without emptying the server before."""
    with service.valkey.client() as client:
        yield client


def post(service, query="", picture=PICTURE, timeout=60 + PATIENT_S):
    return httpx2.post(
        f"{service.api.url}/v1/depth{query}",
        content=picture,
        headers={"Content-Type": "image/jpeg"},
        timeout=timeout,
    )


def test_the_bytes_are_those_of_a_job_and_nothing_is_kept(service, redis, tmp_path):
    # Given a job of the same picture, and what that has left
    job = service.client.submit(PICTURE, wait=60, outputs="depth,heatmap")
    files = service.client.download(job, tmp_path)
    stored, keys = set(service.stored()), set(redis.keys("*"))
    # When the same is asked for at once
    depth, heatmap = post(service), post(service, "?output=heatmap")
    # Then the pictures are the same
    assert (depth.status_code, heatmap.status_code) == (200, 200)
    mine = cv2.imdecode(np.frombuffer(depth.content, np.uint8), cv2.IMREAD_UNCHANGED)
    jobs = cv2.imread(str(files["depth"]), cv2.IMREAD_UNCHANGED)
    assert mine.dtype == np.uint16
    assert np.abs(mine.astype(int) - jobs).max() <= 256, "of 65535: batches differ in bf16 only"
    assert heatmap.headers["Content-Type"] == "image/jpeg"
    assert depth.headers["Depthq-Model"] == "midas_small"
    # and neither the store nor Redis holds anything more
    assert set(service.stored()) == stored
    assert set(redis.keys("*")) - keys <= {"depthq:queued:interactive"}


def test_many_at_once_share_batches_and_each_gets_its_own(service):
    pictures = [*crops(6)]
    alone = [post(service, "?output=depth&depth_format=npy", each).content for each in pictures]
    found: dict[int, bytes] = {}

    def ask(index: int) -> None:
        answer = post(service, "?output=depth&depth_format=npy", pictures[index % 6])
        assert answer.status_code == 200, answer.text
        found[index] = answer.content

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 18
    for index, data in found.items():
        mine, own = (_array(each) for each in (data, alone[index % 6]))
        assert np.abs(mine - own).max() < 0.02 * np.ptp(own)


def _array(data: bytes):
    return np.load(io.BytesIO(data))


def test_a_frozen_worker_costs_the_deadline_and_a_late_answer_goes_nowhere(service, redis):
    assert post(service).status_code == 200
    service.worker.freeze()
    try:
        answer = post(service, "?deadline_s=1")
        assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    finally:
        service.worker.thaw()
    assert post(service).status_code == 200
    assert redis.llen(immediate_queue()) == 0


def test_a_connection_that_is_cut_takes_the_ask_off_the_list(service, redis):
    service.worker.freeze()  # takes nothing, and looks alive
    try:
        connection = http.client.HTTPConnection("127.0.0.1", service.api.port, timeout=PATIENT_S)
        connection.request("POST", "/v1/depth", PICTURE, {"Content-Type": "image/jpeg"})
        wait_until(lambda: waiting_for_answer(service), "the request in its slot")
        connection.close()
        # its deadline would free it too, after a minute
        wait_until(lambda: not waiting_for_answer(service), "the slot free again", 45)
    finally:
        service.worker.thaw()


def waiting_for_answer(service) -> bool:
    lines = service.api.get("/metrics").splitlines()
    return any(line == "depthq_waiting_requests 1.0" for line in lines)


def test_the_client_gives_bytes_and_what_is_known_of_them(service):
    found = service.client.depth_now(PICTURE, output="heatmap", colormap="turbo")
    picture = cv2.imdecode(np.frombuffer(found.data, np.uint8), cv2.IMREAD_COLOR)
    original = cv2.imdecode(np.frombuffer(PICTURE, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == original.shape
    assert (found.media_type, found.extension) == ("image/jpeg", "jpg")
    assert found.model == "midas_small"
    assert found.depth_min < found.depth_max
    assert found.timings_ms["infer"] > 0


def test_the_client_raises_what_the_service_says(service):
    with pytest.raises(InvalidRequest, match="expected one of"):
        service.client.depth_now(PICTURE, output="everything")


def test_killing_the_worker_is_said_and_the_next_one_serves(service):
    # Given requests in flight
    found: list[httpx2.Response] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found.append(post(service, "?output=heatmap&deadline_s=8"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(found) >= 6, "first answers")
    # When the worker dies by SIGKILL
    service.worker.kill()
    wait_until(lambda: any(each.status_code != 200 for each in found), "an error")
    stop.set()
    for thread in threads:
        thread.join()
    # Then every request has an answer, and those that failed say why
    codes = {each.json()["code"] for each in found if each.status_code != 200}
    assert codes <= {"worker_lost", "not_in_time", "deadline_exceeded"}
    assert "worker_lost" in codes
    # and the next worker serves
    service.worker.start()
    wait_until(lambda: post(service).status_code == 200, "depth again")
