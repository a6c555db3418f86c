"""Every address that can be listened on has a URL."""

from __future__ import annotations

import urllib.request

import pytest

from client.commands.service import service_url
from contract.addresses import authority, local_url
from contract.settings import Settings
from tests.services.front import running_front
from worker.process.health import serve_health


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("fe80::1", "http://[fe80::1]:8000"),
        ("mybox", "http://mybox:8000"),
    ],
)
def test_the_client_finds_what_listens_there(host: str, url: str) -> None:
    assert local_url(host, 8000) == url
    assert service_url(None, Settings(host=host, url=None)) == url


def test_a_socket_is_named_as_it_is_bound() -> None:
    assert [authority(host, 80) for host in ("::", "0.0.0.0")] == ["[::]:80", "0.0.0.0:80"]


def ok(_environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
def test_api_and_worker_listen_on_either_kind_of_address(host: str) -> None:
    with (
        running_front(ok, host=host) as front,
        urllib.request.urlopen(local_url(host, front.effective_port)) as reply,
    ):
        assert reply.read() == b"ok"
    server = serve_health(host, 0, lambda: True)
    try:
        with urllib.request.urlopen(local_url(host, server.server_port) + "/readyz") as reply:
            assert reply.read() == b"ready\n"
    finally:
        server.shutdown()
        server.server_close()
