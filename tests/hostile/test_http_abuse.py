"""Hostile HTTP against the real front: every shape is refused in problem details, keeps nothing,
and delays no other client.
"""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.names.redis_keys import KEY_PREFIX
from contract.settings import Settings
from storage.objects.filesystem import FilesystemStore
from tests.hostile.raw_http import FORM, HEAD, ask, field, form, get, part, post, sized
from tests.services.depthq import ApiProcess
from tests.services.valkey import ValkeyServer
from tests.unit.api.fakes import jpeg
from tests.waits import wait_until

JPEG = jpeg()
IMAGE = part(b'Content-Disposition: form-data; name="image"; filename="a"', JPEG)
RAW = b"Content-Type: image/jpeg\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(JPEG)
HIDDEN = b"GET /version HTTP/1.1\r\n" + HEAD + b"\r\n"  # what smuggling wants to have answered

FRAMING = {
    "a length and chunks": (post(RAW + LENGTH + CHUNKED, b"0\r\n\r\n" + HIDDEN), 400),
    "chunks and a length": (
        post(RAW + CHUNKED + b"Content-Length: 4\r\n", b"5c\r\n" + HIDDEN), 400),
    "two lengths": (post(RAW + LENGTH + b"Content-Length: 3\r\n", JPEG + HIDDEN), 400),
    "one length twice": (post(RAW + LENGTH * 2, JPEG), 400),
    "a list of lengths": (post(RAW + b"Content-Length: 3, 3\r\n", b"abc"), 400),
    "a negative length": (post(RAW + b"Content-Length: -3\r\n", b"abc"), 400),
    "a signed length": (post(RAW + b"Content-Length: +3\r\n", b"abc"), 400),
    "a hexadecimal length": (post(RAW + b"Content-Length: 0x3\r\n", b"abc"), 400),
    "a length with an underscore": (post(RAW + b"Content-Length: 1_0\r\n", b"abc"), 400),
    "a length in superscript": (post(RAW + "Content-Length: ²\r\n".encode(), b"abc"), 400),
    "an empty length": (post(RAW + b"Content-Length: \r\n", b"abc"), 400),
    "a length of 5000 digits": (post(RAW + b"Content-Length: " + b"9" * 5000 + b"\r\n"), 400),
    "a length of 23 digits": (post(RAW + b"Content-Length: " + b"9" * 23 + b"\r\n"), 413),
    "chunks": (post(RAW + CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"), 411),
    "chunks without end": (post(RAW + CHUNKED, b"ffffff\r\n" + b"x" * 1_100_000), 411),
    "a chunk header without end": (post(RAW + CHUNKED, b"0" * 1_100_000), 411),
    "a chunk of negative size": (post(RAW + CHUNKED, b"-1\r\n\r\n"), 400),
    "a chunk of no size": (post(RAW + CHUNKED, b"zz\r\n\r\n"), 400),
    "chunks in HTTP/1.0": (post(RAW + LENGTH + CHUNKED, JPEG).replace(b"/1.1", b"/1.0", 1), 400),
    "chunks by another name": (post(RAW + b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), 501),
    "identity": (post(RAW + b"Transfer-Encoding: identity\r\n" + LENGTH, JPEG), 501),
    "a space before the colon": (post(RAW + b"Transfer-Encoding : chunked\r\n"), 400),
    "a bare CR in a header": (post(RAW + b"X-A: a\rTransfer-Encoding: chunked\r\n"), 400),
    "a NUL in a header": (post(RAW + b"X-A: a\0b\r\n"), 400),
    "no host": (b"GET /version HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "two hosts": (b"GET /version HTTP/1.1\r\nHost: y\r\n" + HEAD + b"\r\n", 400),
    "half an IPv6 address": (get(b"http://[::1/version"), 400),
    "HTTP/9.9": (get(b"/").replace(b"1.1", b"9.9"), 505),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "a TLS greeting": (bytes.fromhex("16030100a5010000a10303") + bytes(99) + b"\r\n\r\n", 400),
    "TRACE": (get(b"/version").replace(b"GET", b"TRACE"), 405),
    "CONNECT": (get(b"example.org:80").replace(b"GET", b"CONNECT"), 404),
    "an unknown method": (get(b"/version").replace(b"GET", b"SHOUT"), 405),
    "5000 headers": (post(b"".join(b"X-%d: y\r\n" % n for n in range(5000))), 431),
    "a header of a million bytes": (post(b"X: " + b"y" * 1_000_000 + b"\r\n"), 431),
}  # fmt: skip

FORMS = {
    "5000 parts": (form(IMAGE, *(field(b"f%d" % n) for n in range(5000))), 400),
    "5000 parts without headers": (form(*[b"--x\r\n\r\n\r\n"] * 5000), 400),
    "a field name of 200 KB": (form(field(b"n" * 200_000), IMAGE), 400),
    "a field of 500 KB": (form(IMAGE, field(b"size", b"v" * 500_000)), 400),
    "a part header of a million bytes": (form(part(b"X: " + b"n" * 1_000_000), IMAGE), 400),
    "a field name of quotes": (form(field(b'\\"' * 50_000), IMAGE), 400),
    "no boundary": (sized(b"Content-Type: multipart/form-data\r\n", IMAGE), 400),
    "an empty boundary": (sized(FORM.replace(b"=x", b"="), IMAGE), 400),
    "a boundary of 5000": (sized(FORM.replace(b"=x", b"=" + b"x" * 5000), IMAGE), 400),
    "a boundary that never comes": (sized(FORM, b"y" * 900_000), 400),
    "a body of dashes": (sized(FORM, b"-" * 900_000), 400),
    "no disposition": (form(part(b"Content-Type: image/jpeg", JPEG)), 400),
    "no name": (form(part(b"Content-Disposition: form-data", JPEG)), 400),
    "no end": (sized(FORM, IMAGE), 400),
    "a form in a form": (form(part(
        b'Content-Disposition: form-data; name="image"; filename="a"\r\n'
        b"Content-Type: multipart/mixed; boundary=y", b"--y\r\n\r\n" + JPEG + b"\r\n--y--")), 415),
    "another kind of multipart": (sized(FORM.replace(b"form-data", b"mixed"), IMAGE), 415),
    "boundaries that almost are": (form(part(
        b'Content-Disposition: form-data; name="image"; filename="a"', b"\r\n--" * 200_000)), 415),
    "JSON of 16000 brackets": (sized(b"Content-Type: application/json\r\n", b"[" * 16_000), 400),
    "JSON of 10000 digits": (sized(
        b"Content-Type: application/json\r\n", b'{"deadline_s":' + b"9" * 10_000 + b"}"), 400),
}  # fmt: skip

PATHS = [
    b"/../../etc/passwd", b"/web/../wsgi.py", b"/web/%2e%2e/wsgi.py", b"/web/..%2fwsgi.py",
    b"/web/..%5cwsgi.py", b"/web//etc/passwd", b"/web/%00", b"/web/app.js%00.png", b"/web/.",
    b"/docs/assets/%2e%2e/%2e%2e/x", b"/docs/assets/..%2f..%2fx", b"/v1/jobs/%00",
    b"/v1/jobs/a\0b", b"/v1/jobs/%ff%fe", b"/v1/jobs/%E2%80%AE", b"/v1//jobs/x",
    b"/v1/jobs/..%2f..%2fx/outputs/depth", b"/v1/jobs/x/outputs/" + b"a" * 4096,
    b"/" + b"a" * 4096, b"//evil.example/%2e%2e", b"/%0d%0aSet-Cookie:%20a=b", b"/V1/JOBS",
    b"/v1/jobs/%2e%2e", b"/v1/jobs/20261123-aaaaaaaaaaaaaaaaaaaaaaaaaa%0a",
    b"/v1/jobs/%EF%BC%92%EF%BC%90261123-aaaaaaaaaaaaaaaaaaaaaaaaaa",
]  # fmt: skip
BAD_PATHS = [b"/v1/jobs/\xff\xfe", "/v1/jobs/‮ä".encode(), b"/a b", b"/" + b"a" * 40_000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("abuse")


@pytest.fixture(scope="module")
def process(valkey_session: ValkeyServer, folder: Path) -> Iterator[ApiProcess]:
    valkey_session.start()
    settings = Settings(
        redis_url=valkey_session.url, data_dir=folder / "data", max_upload_bytes=1_000_000
    )
    process = ApiProcess(settings, folder / "api")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def api(process: ApiProcess, valkey: ValkeyServer, folder: Path) -> Iterator[ApiProcess]:
    """The front; whatever the test sends it keeps nothing and breaks nothing."""
    yield process
    assert list(FilesystemStore(folder / "data" / "objects").list("")) == []
    with valkey.client() as client:
        assert list(client.scan_iter(f"{KEY_PREFIX}job:*")) == []
    assert process.status("/healthz") == 200
    assert [line for line in process.log_path.read_text().splitlines() if '"error"' in line] == []


def refused(api: ApiProcess, request: bytes, status: int) -> str:
    """Send it; check that it is one refusal in problem details; return the answer's head."""
    answer = ask(api.port, request)
    problem = answer.problem()
    assert (answer.status, problem["status"], answer.answers) == (status, status, 1), problem
    assert len(answer.data) < 8192  # what was sent is not sent back
    return answer.head


@pytest.mark.parametrize("shape", FRAMING)
def test_an_ambiguous_or_malformed_request_is_refused_once(api: ApiProcess, shape: str) -> None:
    refused(api, *FRAMING[shape])


@pytest.mark.parametrize("shape", FORMS)
def test_an_abusive_body_is_refused(api: ApiProcess, shape: str) -> None:
    refused(api, *FORMS[shape])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: repr(path[:60]))
def test_a_path_leads_nowhere_else(api: ApiProcess, path: bytes) -> None:
    head = refused(api, get(path), 404)
    assert "Set-Cookie" not in head
    assert "Location" not in head


@pytest.mark.parametrize("path", BAD_PATHS, ids=lambda path: repr(path[:20]))
def test_a_path_that_is_none_is_refused_by_the_front(api: ApiProcess, path: bytes) -> None:
    assert ask(api.port, get(path)).problem()["status"] in (400, 431)


def test_a_body_cut_short_is_no_request(api: ApiProcess) -> None:
    answer = ask(api.port, post(RAW + b"Content-Length: 10000\r\n", JPEG), half_close=True)
    assert answer.answers == 0  # the client is gone


def test_what_follows_a_short_length_is_not_taken_for_the_image(api: ApiProcess) -> None:
    answer = ask(api.port, post(RAW + b"Content-Length: 10\r\n", JPEG + HIDDEN))
    assert (answer.problem()["code"], answer.answers) == ("image_corrupt", 1)


def test_two_hundred_half_requests_delay_no_other(api: ApiProcess) -> None:
    from tests.integration.api.slow_clients import HEALTH, slow_clients
    from tests.integration.api.slow_clients import ask as ask_status

    with slow_clients("127.0.0.1", api.port, half=80, slow_bodies=80, readers=40):
        for _ in range(20):
            assert ask_status("127.0.0.1", api.port, HEALTH) == 200


@pytest.fixture
def limited(
    valkey: ValkeyServer, tmp_path: Path
) -> Iterator[Callable[..., tuple[ApiProcess, FilesystemStore]]]:
    """Start an API that a test makes narrow."""
    started: list[ApiProcess] = []

    def start(kind: type[ApiProcess] = ApiProcess, **settings: object):
        chosen = Settings(redis_url=valkey.url, data_dir=tmp_path / "data", **settings)
        started.append(kind(chosen, tmp_path / "api"))
        started[-1].start()
        return started[-1], FilesystemStore(tmp_path / "data" / "objects")

    yield start
    for each in started:
        each.stop()


def test_unfinished_uploads_together_have_a_budget_in_bytes(limited) -> None:
    # Given a body on its way that leaves little room
    api, objects = limited(max_upload_bytes=500_000, max_uploads_bytes=1_100_000)

    head = post(RAW + b"Content-Length: 800000\r\n").replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", api.port)) as first:
        first.sendall(head + b"x" * 750_000)
        held = "depthq_uploads_under_way_bytes 750000.0"
        wait_until(lambda: held in api.get("/metrics"), "the room is taken")
        # Then the next is told to come back, and small requests go through
        answer = ask(api.port, sized(RAW, b"y" * 400_000))
        assert answer.problem()["code"] == "overloaded"
        assert "Retry-After: 5" in answer.head
        assert api.status("/healthz") == 200
    # And who hangs up leaves room
    wait_until(lambda: ask(api.port, sized(RAW, b"y" * 400_000)).status == 415, "room again")
    assert list(objects.list("")) == []


class NarrowApi(ApiProcess):
    """The API where no file can grow beyond 600 KB, as on a disk that is full."""

    program = ""  # the command below, not a fork

    def command(self) -> list[str]:
        limit = f"import resource; resource.setrlimit({resource.RLIMIT_FSIZE}, (600000,) * 2)"
        run = "import runpy; runpy.run_module('api', run_name='__main__')"
        return [sys.executable, "-c", f"{limit}; {run}"]


def test_a_full_disk_is_a_503_and_the_service_goes_on(limited) -> None:
    api, objects = limited(NarrowApi)
    answer = ask(api.port, sized(RAW, JPEG + b"\0" * 3_000_000))
    assert (answer.status, answer.problem()["code"]) == (503, "storage_unavailable")
    assert "Retry-After" in answer.head
    assert list(objects.list("")) == []
    assert api.status("/readyz") == 200
    assert ask(api.port, sized(RAW, JPEG)).status == 202


@pytest.mark.parametrize(("proxy", "second"), [(None, 429), ("*", 202)])
def test_the_clients_address_is_what_a_trusted_proxy_says(limited, proxy, second) -> None:
    api, _ = limited(rate_per_minute=1, trusted_proxy=proxy)
    for status, address in ((202, b"198.51.100.1"), (second, b"198.51.100.2")):
        answer = ask(api.port, sized(RAW + b"X-Forwarded-For: 1.1.1.1, " + address + b"\r\n", JPEG))
        assert answer.status == status


def test_however_a_proxy_writes_an_address_each_client_has_a_limit_of_its_own(limited) -> None:
    api, _ = limited(rate_per_minute=1, trusted_proxy="*")
    said = [
        (b"::ffff:198.51.100.1", 202),  # what a socket for both kinds of addresses says
        (b"::ffff:198.51.100.2", 202),
        (b"198.51.100.2:50001", 429),
        (b"198.51.100.3:50001", 202),
        (b"2001:db8:1::1", 202),
        (b'"[2001:db8:1::1]:50001"', 429),
        (b"[2001:db8:2::1]:50001", 202),
    ]
    for address, status in said:
        answer = ask(api.port, sized(RAW + b"X-Forwarded-For: " + address + b"\r\n", JPEG))
        assert (address, answer.status) == (address, status)
