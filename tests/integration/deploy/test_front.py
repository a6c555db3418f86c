"""What the front of the compose file does to requests and answers, by a real nginx."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contract.documents import Problem
from contract.errors import ERROR_CODES
from tests.conftest import missing
from tests.services.nginx import Answers, Front, has_nginx, serving
from tests.services.process import free_port
from tests.waits import PATIENT_S, wait_until

RESULT = "/depthq/jobs/2026/01/31/20260131-abcdefghijklmnopqrstuvwxyz/depth.png?X-Amz-Signature=0"
LARGE = 24_000_000  # more than all buffers of a connection through the front together

Answer = tuple[int, http.client.HTTPMessage, bytes]


@pytest.fixture
def api() -> Answers:
    return Answers(body=b'{"state": "succeeded"}')


@pytest.fixture
def store() -> Answers:
    return Answers(body=b"depth")


@pytest.fixture
def front(api: Answers, store: Answers, tmp_path: Path) -> Iterator[Front]:
    if not has_nginx():
        missing("no nginx (make setup-nginx)")
    with serving(api) as at, serving(store) as also_at:
        front = Front(tmp_path / "front", at, also_at)
        front.start()
        yield front
        front.stop()


def ask(front: Front, method: str, path: str, **more: object) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=PATIENT_S)
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", [RESULT, "/v1/jobs/1/outputs/depth", "/v1/jobs/1/events"])
def test_a_client_that_reads_slowly_gets_every_byte_and_no_file_is_written(
    front: Front, api: Answers, store: Answers, path: str
) -> None:
    # Given a large result, and a client that reads no more than its head
    source = store if path == RESULT else api
    source.body = bytes(range(256)) * (LARGE // 256)
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=PATIENT_S)
    connection.request("GET", path)
    answer = connection.getresponse()

    # When the front has had time to take all of it in
    with contextlib.suppress(TimeoutError):  # it waits for the client, as it should
        wait_until(lambda: source.sent, "the front has the whole body", 0.4)

    # Then nothing is lost, and the front's own folder, which is memory, holds none of it
    assert answer.read() == source.body
    assert not [p for p in (front.folder / "proxy").rglob("*") if p.is_file()]
    connection.close()


def test_an_upload_is_handed_on_without_being_kept(front: Front, api: Answers) -> None:
    for path in ("/v1/jobs", "/v1/datasets", "/v1/datasets/1/events"):
        status, _, _ = ask(front, "POST", path, body=bytes(4_000_000))
        assert status == 200, path
    assert [asked.body_bytes for asked in api.asked] == [4_000_000] * 3


def test_every_request_arrives_with_the_name_that_was_asked_for_and_the_address_of_the_caller(
    front: Front, api: Answers, store: Answers
) -> None:
    # Given a client that lies about its address
    named = {"Host": "depth.example:8000", "X-Forwarded-For": "203.0.113.9"}

    # When it asks for something of every kind
    for path in ("/v1/jobs/1", "/v1/datasets", "/v1/jobs/1/events", RESULT):
        ask(front, "GET", path, headers=named)

    # Then each server behind sees the name, which signatures cover, and where the client really is
    assert len(api.asked + store.asked) == 4
    for asked in api.asked + store.asked:
        assert asked.headers["Host"] == "depth.example:8000", asked.path
        assert asked.headers["X-Forwarded-For"] == "127.0.0.1", asked.path
        assert asked.headers["X-Forwarded-Proto"] == "http", asked.path


def test_rules_that_the_store_makes_for_its_host_name_do_not_reach_clients(
    front: Front, store: Answers
) -> None:
    # Given the headers of MinIO's answers
    store.headers = [
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Xss-Protection", "1; mode=block"),
        ("Content-Security-Policy", "block-all-mixed-content"),
        ("ETag", '"0f"'),
    ]

    # When a result is fetched
    _, headers, body = ask(front, "GET", RESULT)

    # Then the user's own host name is bound to nothing, and each rule of ours is there once
    assert body == b"depth"
    assert headers.get_all("Strict-Transport-Security") is None
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("Content-Security-Policy") == ["default-src 'none'; sandbox"]
    assert headers.get_all("X-Xss-Protection") is None
    assert headers["ETag"] == '"0f"'
    assert headers["Server"] == "nginx"


def test_what_the_api_says_reaches_clients_as_it_was_said(front: Front, api: Answers) -> None:
    api.status = 404
    api.headers = [("X-Content-Type-Options", "nosniff"), ("X-Request-Id", "a1")]
    status, headers, body = ask(front, "GET", "/v1/jobs/1")
    assert (status, body) == (404, api.body)
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("X-Request-Id") == ["a1"]


def test_a_result_can_be_asked_for_its_size_by_the_address_to_fetch_it(
    front: Front, store: Answers
) -> None:
    # the signature of a presigned address covers the method, which is GET
    status, headers, body = ask(front, "HEAD", RESULT)
    assert (status, headers["Content-Length"], body) == (200, "5", b"")
    assert [asked.method for asked in store.asked] == ["GET"]


def problem(answer: Answer) -> Problem:
    status, headers, body = answer
    assert headers["Content-Type"] == "application/problem+json"
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    document = Problem(**{"instance": "", **json.loads(body)})
    assert document.status == status
    assert document.type == f"urn:depthq:error:{document.code}"
    assert document.retryable == ERROR_CODES[document.code]
    assert re.fullmatch("[0-9a-f]{32}", document.request_id)
    assert headers["X-Request-Id"] == document.request_id
    return document


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code", "title"),
    [
        ("GET", "/metrics", {}, 404, "not_found", "Not Found"),
        ("PUT", RESULT, {"body": b"x"}, 405, "invalid_request", "Method Not Allowed"),
        ("GET", "/" + "a" * 9000, {}, 414, "invalid_request", "URI Too Long"),
        (
            *("GET", "/", {"headers": {"X-Long": "a" * 9000}}),
            *(431, "invalid_request", "Request Header Fields Too Large"),
        ),
        ("GET", "/%00", {}, 400, "invalid_request", "Bad Request"),
    ],
)
def test_what_the_front_refuses_is_told_as_the_api_would(
    front: Front, method: str, path: str, more: dict, status: int, code: str, title: str
) -> None:
    document = problem(ask(front, method, path, **more))
    assert (document.status, document.code, document.title) == (status, code, title)
    assert document.detail


def test_a_refusal_of_the_front_can_be_found_by_the_id_that_the_client_gave(front: Front) -> None:
    _, headers, body = ask(front, "GET", "/metrics", headers={"X-Request-Id": "mine-7"})
    assert (headers["X-Request-Id"], json.loads(body)["request_id"]) == ("mine-7", "mine-7")
    _, headers, body = ask(front, "GET", "/metrics", headers={"X-Request-Id": 'x","code":"y'})
    assert headers["X-Request-Id"] == json.loads(body)["request_id"] != 'x","code":"y'


@pytest.mark.parametrize(("path", "limit"), [("/v1/jobs", "80"), ("/v1/datasets", "4100")])
def test_a_body_beyond_the_limit_is_refused_in_words_that_programs_read(
    front: Front, api: Answers, path: str, limit: str
) -> None:
    size = int(limit) * 1024 * 1024 + 1
    announced = {"Content-Length": str(size), "Content-Type": "image/jpeg"}
    document = problem(ask(front, "POST", path, headers=announced))
    assert (document.status, document.code) == (413, "image_too_large")
    assert document.title == "Content Too Large"
    assert api.asked == []


@pytest.mark.parametrize("path", ["/v1/jobs/1", "/v1/jobs/1/events", RESULT])
def test_a_server_behind_that_does_not_answer_is_told_as_something_that_passes(
    tmp_path: Path, path: str
) -> None:
    if not has_nginx():
        missing("no nginx (make setup-nginx)")
    # Given a front before ports where nothing listens
    nowhere = f"http://127.0.0.1:{free_port()}"
    front = Front(tmp_path / "front", nowhere, nowhere)
    front.start()

    # When something is asked for
    answer = ask(front, "GET", path)
    front.stop()

    # Then clients know that it will pass, and when to come back
    document = problem(answer)
    assert (document.status, document.code, document.retryable) == (502, "internal", True)
    assert answer[1]["Retry-After"] == "5"
    assert urlsplit(nowhere).netloc not in answer[2].decode()
