"""Clients read all certificates once in a process, and again where others are named."""

from __future__ import annotations

import asyncio
import ssl

from depthq import AsyncDepthClient, DepthClient

HERE, THERE = "http://127.0.0.1:8000", "https://depthq.example"


def context(url: str) -> ssl.SSLContext:
    with DepthClient(url) as client:
        return client._transport.http_arguments["verify"]


def test_clients_of_one_process_share_what_they_trust():
    shared = context(THERE)

    async def other() -> ssl.SSLContext:
        async with AsyncDepthClient(THERE) as client:
            return client._transport.http_arguments["verify"]

    assert context(THERE) is shared
    assert asyncio.run(other()) is shared
    assert (shared.verify_mode, shared.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_another_file_of_certificates_is_read_for_clients_that_follow_the_environment(
    monkeypatch, tmp_path
):
    before, local = context(THERE), context(HERE)
    folder = tmp_path / "certificates"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    other = context(THERE)
    assert other is not before
    assert other.get_ca_certs() == []
    assert context(HERE) is local  # this machine is spoken to without the environment
