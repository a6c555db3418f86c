"""The real front: slow clients, endless bodies, more waiters than threads, an orderly end."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from contract.names.queues import Lane
from contract.settings import Settings
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.filesystem import FilesystemStore
from tests.integration.api.live import ApiProcess
from tests.integration.api.slow_clients import HEALTH, ask, slow_clients
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S, wait_until

THREADS = 8
LIMIT = 1_000_000
ARCHIVE_LIMIT = 3 * LIMIT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def process(valkey_session, folder):
    settings = Settings(
        redis_url=valkey_session.url,
        data_dir=folder / "data",
        api_threads=THREADS,
        max_upload_bytes=LIMIT,
        max_archive_bytes=ARCHIVE_LIMIT,
    )
    process = ApiProcess(settings, folder)
    yield process
    process.stop()


@pytest.fixture
def api(process, redis_url):
    """The process, over an empty Redis, whatever the test before did to it."""
    if not process.running:
        process.start()
    return process


@pytest.fixture
def kept(folder):
    """Tell which objects are kept."""
    return lambda: [info.key for info in FilesystemStore(folder / "data" / "objects").list("")]


@pytest.fixture
def jobs(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as redis:
        yield JobStore(redis)


@pytest.fixture
def client(api):
    with httpx2.Client(base_url=api.url, timeout=PATIENT_S) as client:
        yield client


def waiting(client) -> float:
    """Return how many requests wait for something to happen."""
    found = re.search(r"^depthq_waiting_requests (\S+)$", client.get("/metrics").text, re.M)
    assert found
    return float(found[1])


def submit(client):
    return client.post("/v1/jobs", content=jpeg(), headers={"Content-Type": "image/jpeg"})


def test_slow_clients_by_the_hundred_delay_no_other(api, client):
    with slow_clients("127.0.0.1", api.port):
        for _ in range(10):
            assert ask("127.0.0.1", api.port, HEALTH) == 200
        assert submit(client).status_code == 202


def test_more_waiters_than_threads_delay_no_other_and_are_all_answered(api, client, jobs):
    # Given as many long polls and as many streams as there are threads
    url = submit(client).json()["links"]["self"]
    job_id = url.rpartition("/")[2]

    def poll(_):
        return httpx2.get(f"{api.url}{url}?wait=60", timeout=60 + PATIENT_S).json()["state"]

    def follow(_):
        return httpx2.get(f"{api.url}{url}/events", timeout=60 + PATIENT_S).text

    with ThreadPoolExecutor(2 * THREADS) as pool:
        polls = [pool.submit(poll, n) for n in range(THREADS)]
        streams = [pool.submit(follow, n) for n in range(THREADS)]
        # When those beyond the budget have had their answer
        wait_until(
            lambda: sum(f.done() for f in polls + streams) >= THREADS + THREADS // 2,
            "those beyond the budget",
        )
        # Then short requests still go through while the others wait
        assert client.get("/healthz").status_code == 200
        assert submit(client).status_code == 202
        assert sum(not f.done() for f in polls + streams) == THREADS // 2
        # And the end of the job ends the waiting
        jobs.cancel(job_id)
        states = {f.result(timeout=PATIENT_S) for f in polls}
        texts = [f.result(timeout=PATIENT_S) for f in streams]
    assert states <= {"queued", "canceled"}
    assert all("retry: " in text and "event: job" in text for text in texts)


def test_who_hangs_up_gives_the_slot_back(api, client):
    url = submit(client).json()["links"]["self"]
    raw = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(2)]
    raw[0].sendall(f"GET {url}?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    raw[1].sendall(f"GET {url}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wait_until(lambda: waiting(client) == 2, "both wait")
    for each in raw:
        each.close()
    wait_until(lambda: waiting(client) == 0, "the slots are free", 50)


def test_a_frozen_redis_is_waited_for_by_all_at_once_not_in_turn(api, client, valkey):
    # Given more requests than threads, each of which finds Redis silent
    assert submit(client).status_code == 202
    valkey.freeze()
    with ThreadPoolExecutor(2 * THREADS) as pool:
        answers = list(pool.map(lambda _: submit(client), range(2 * THREADS)))  # or: timed out
        assert client.get("/healthz").status_code == 200
    valkey.thaw()
    assert {answer.status_code for answer in answers} == {503}
    assert all("Retry-After" in answer.headers for answer in answers)


def test_a_body_without_a_length_is_a_411_in_problem_details(api, kept):
    before = kept()
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=PATIENT_S)
    connection.request("POST", "/v1/jobs", body=iter([jpeg()]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (411, "application/problem+json")
    assert json.load(answer)["code"] == "invalid_request"
    connection.close()
    assert kept() == before


def test_a_body_above_the_limit_is_read_away_so_that_the_client_sees_the_413(client, kept):
    before = kept()
    answer = client.post("/v1/jobs", content=b"x" * (20 * LIMIT))
    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")
    assert kept() == before


def test_an_archive_may_be_larger_than_an_image_up_to_its_own_limit(client):
    def send(size):
        return client.post("/v1/datasets", files={"archive": ("a.zip", bytes(size))})

    accepted, refused = send(2 * LIMIT), send(2 * ARCHIVE_LIMIT)
    assert accepted.status_code == 202, accepted.text
    assert refused.status_code == 413
    assert refused.json()["code"] == "image_too_large"


def test_who_asks_before_sending_too_much_is_told_at_once(api):
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * LIMIT}\r\n"
    assert ask("127.0.0.1", api.port, f"{head}Expect: 100-continue\r\n\r\n".encode()) == 413


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    ],
)
def test_broken_http_is_a_problem_too(api, request_bytes, status):
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENT_S) as raw:
        raw.sendall(request_bytes)
        answer = b""
        while chunk := raw.recv(4096):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert json.loads(body)["status"] == status


def test_sigterm_answers_what_was_begun_and_lets_waiters_go(api, client, jobs):
    url = submit(client).json()["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx2.get, f"{api.url}{url}?wait=60", timeout=60 + PATIENT_S)
        wait_until(lambda: waiting(client) == 1, "it has arrived")
        began = time.monotonic()
        stopper = threading.Thread(target=api.stop)
        stopper.start()
        assert answer.result(timeout=PATIENT_S).json()["state"] == "queued"
        stopper.join(PATIENT_S)
    assert time.monotonic() - began < 55  # not the minute that was asked for
    assert not api.running
    assert jobs.backlog(Lane.INTERACTIVE).queued == 1
    assert signal.SIGTERM.name not in api.log_path.read_text()


def test_every_log_line_is_json_with_the_request_id(api, client):
    answer = submit(client)
    wait_until(lambda: answer.headers["X-Request-Id"] in api.log_path.read_text(), "the log line")
    (line,) = [
        line
        for line in api.log_lines()
        if line.get("request_id") == answer.headers["X-Request-Id"] and line["action"] == "request"
    ]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/jobs", 202)
