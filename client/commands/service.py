"""The service that a command talks to: from --url, DEPTHQ_URL, or this machine's settings."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from client.commands.patience import say_waits
from client.depth_client import DepthClient
from client.errors import ServiceUnreachable
from client.local.program import program
from client.wire.retries import RetryPolicy
from contract.addresses import local_url
from contract.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="the service; by default DEPTHQ_URL, else this machine's"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON document per line on stdout")]


def service_url(url: str | None, settings: Settings) -> str:
    """Return the address of the service."""
    if url or settings.url:
        return (url or settings.url or "").rstrip("/")
    return local_url(settings.host, settings.port)


def _remedy(address: str) -> str:
    """Return what to do where nothing answers at `address`."""
    if urlsplit(address).hostname in LOOPBACK:
        return f"`{program()} up` starts one here, --url or DEPTHQ_URL names another"
    return "is the address right, and the service up? --url or DEPTHQ_URL names another"


def open_client(url: str | None) -> DepthClient:
    """Return a client for the service; ServiceUnreachable soon if nothing answers there."""
    settings = Settings()
    address = service_url(url, settings)
    api_key = settings.api_key.get_secret_value() if settings.api_key else None
    # A mistyped address must fail sooner than a batch gives up on a service that restarts.
    with DepthClient(address, api_key, timeout=5, retries=RetryPolicy(attempts=3)) as probe:
        try:
            probe.version()
        except ServiceUnreachable as error:
            raise ServiceUnreachable(f"{error.message}; {_remedy(address)}") from error
    # A full service answers 429 with Retry-After, and a batch may wait.
    say_waits()
    return DepthClient(address, api_key, retries=RetryPolicy(budget_s=3600))
