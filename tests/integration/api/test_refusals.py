"""What the API refuses, how it says so, and that nothing is kept of it."""

from __future__ import annotations

import io
import json
import struct
import zlib

import pytest

from contract.documents import Problem
from tests.unit.api.fakes import jpeg


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, with a few bytes of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def file(data: bytes, name: str = "a.jpg") -> dict:
    return {"data": {"image": (io.BytesIO(data), name)}}


def raw(data: bytes, kind: str = "image/jpeg", query: str = "") -> dict:
    return {"data": data, "content_type": kind, "query_string": query}


def source(url: str) -> dict:
    return raw(json.dumps({"source": {"url": url}}).encode(), "application/json")


def large() -> bytes:
    return b"\xff\xd8" + b"x" * 100_000_000


REFUSED = {
    "no body": ({}, 400, "invalid_request"),
    "no file": (
        {"data": {"size": "model"}, "content_type": "multipart/form-data"}, 400, "invalid_request",
    ),
    "a form without anything": (
        raw(b"--x--\r\n", "multipart/form-data; boundary=x"), 400, "invalid_request",
    ),
    "an empty file": (file(b""), 400, "invalid_request"),
    "an empty body": (raw(b""), 400, "invalid_request"),
    "text named .jpg": (file(b"Dear diary, I was a photograph."), 415, "unsupported_media_type"),
    "text as a raw body": (raw(b"Dear diary"), 415, "unsupported_media_type"),
    "an SVG": (file(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 415, "unsupported_media_type"),
    "a TIFF, off by default": (file(b"II*\0" + b"\0" * 200), 415, "unsupported_media_type"),
    "a PNG bomb": (file(png_header(20_000, 20_000), "a.png"), 413, "image_too_large"),
    "a PNG of no size": (file(png_header(0, 9)), 422, "image_corrupt"),
    "a JPEG cut in its header": (file(jpeg()[:20]), 422, "image_corrupt"),
    "a body of 100 MB": (lambda: raw(large()), 413, "image_too_large"),
    "a form of 100 MB": (
        lambda: raw(large(), "multipart/form-data; boundary=y"), 413, "image_too_large",
    ),
    "an unknown option": (raw(jpeg(), query="colour=red"), 400, "invalid_request"),
    "an unknown form field": (
        {"data": {"image": (io.BytesIO(jpeg()), "a.jpg"), "colour": "red"}}, 400, "invalid_request",
    ),
    "an option given twice": (raw(jpeg(), query="size=model&size=model"), 400, "invalid_request"),
    "a wrong value": (raw(jpeg(), query="colormap=mauve"), 400, "invalid_request"),
    "a webhook without a secret": (
        raw(jpeg(), query="webhook_url=https://example.org/"), 400, "invalid_request",
    ),
    "malformed JSON": (raw(b"{", "application/json"), 400, "invalid_request"),
    "JSON without a source": (raw(b"{}", "application/json"), 400, "invalid_request"),
    "JSON that is too long": (raw(b" " * 20_000, "application/json"), 413, "image_too_large"),
    "a URL": (
        source("http://169.254.169.254/"), 403, "url_forbidden",
    ),
    "a file URL": (
        source("file:///etc/passwd"), 400, "invalid_request",
    ),
    "a type we do not read": (raw(b"x=1", "application/x-www-form-urlencoded"), 415,
                              "unsupported_media_type"),
    "a pickle": (raw(b"\x80\x04N.", "application/python-pickle"), 415, "unsupported_media_type"),
    "two images": (
        {"data": {"image": [(io.BytesIO(jpeg()), "a.jpg"), (io.BytesIO(jpeg()), "b.jpg")]}},
        400, "invalid_request",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_in_problem_details_and_leaves_nothing(api, what):
    request, status, code = REFUSED[what]
    request = request() if callable(request) else request
    answer = api.client.post("/v1/jobs", **request)
    check(answer, status, code)
    assert api.kept() == []
    assert (api.queued(), api.parts.dispatch.sent) == (0, [])


def check(answer, status: int, code: str) -> None:
    problem = Problem.model_validate_json(answer.data)
    assert (answer.status_code, problem.status, problem.code) == (status, status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert problem.type == f"urn:depthq:error:{code}"
    assert problem.title
    assert problem.detail
    assert problem.request_id == answer.headers["X-Request-Id"]


def test_a_body_without_a_length_is_a_411(api):
    answer = api.client.post(
        "/v1/jobs",
        input_stream=io.BytesIO(jpeg()),
        content_type="image/jpeg",
        headers={"Transfer-Encoding": "chunked"},
    )
    check(answer, 411, "invalid_request")
    assert api.kept() == []


def test_a_url_inside_is_forbidden_even_where_urls_are_allowed(make_api):
    api = make_api(url_sources=True)
    for url in ("http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/latest"):
        check(api.client.post("/v1/jobs", **source(url)), 403, "url_forbidden")
    check(api.client.post("/v1/jobs", **source("http://nowhere.invalid/")), 422, "url_unreachable")
    assert api.kept() == []


def test_a_url_outside_becomes_a_job(make_api, monkeypatch):
    api = make_api(url_sources=True)
    monkeypatch.setattr(
        "api.jobs.endpoints.create_job.fetch_source", lambda url, upload: upload.write(jpeg())
    )
    answer = api.client.post("/v1/jobs", **source("https://example.org/cat.jpg"))
    assert answer.status_code == 202
    assert len(api.kept()) == 1


def test_wrong_fields_are_named(api):
    answer = api.client.post("/v1/jobs", **raw(jpeg(), query="size=huge&colour=red"))
    assert {each["field"] for each in answer.json["errors"]} == {"size", "colour"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("PUT", "/v1/jobs", 405, "invalid_request"),
        ("POST", "/healthz", 405, "invalid_request"),
        ("GET", "/v1/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, "not_found"),
        ("GET", "/v1/jobs/../../etc/passwd", 404, "not_found"),
        ("GET", "/web/../wsgi.py", 404, "not_found"),
        ("GET", "/docs/assets/../../../__init__.py", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem(api, method, path, status, code):
    check(api.client.open(path, method=method), status, code)


def test_a_wrong_method_says_which_are_right(api):
    assert "POST" in api.client.put("/v1/jobs").headers["Allow"]


def test_a_fault_of_ours_tells_the_client_nothing_but_its_id(api, monkeypatch, caplog):
    def explode(_):
        raise RuntimeError("the secret is swordfish")

    monkeypatch.setattr(api.parts.jobs, "get", explode)
    answer = api.client.get("/v1/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaaaaaa")
    check(answer, 500, "internal")
    assert "swordfish" not in answer.text
    assert "the secret is swordfish" in caplog.text


def test_every_answer_has_the_security_headers(api):
    for path in ("/healthz", "/nothing", "/docs", "/"):
        with api.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_request_id_of_the_clients_own_is_kept_if_it_is_sane(api):
    ours = api.client.get("/healthz", headers={"X-Request-Id": "abc-1"})
    assert ours.headers["X-Request-Id"] == "abc-1"
    wild = api.client.get("/healthz", headers={"X-Request-Id": "a b" * 100})
    assert wild.headers["X-Request-Id"] != "a b" * 100
