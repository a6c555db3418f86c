"""Fetching by URL fills the upload, within its limit; where it may go is tested in outbound."""

from __future__ import annotations

import pytest

from api.jobs.fetch_source import fetch_source
from api.receiving.uploads import Upload
from contract.errors import ImageTooLarge, UrlForbidden, UrlUnreachable
from outbound.addresses import checked_address
from outbound.http import Answer, GuardedClient


class Page:
    """A door behind which one page stands."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body

    def get(self, url: str, sink) -> Answer:
        if self.status == 200:
            sink(self.body)
        return Answer(self.status, {})


def test_the_answer_fills_the_upload():
    with Upload(100) as upload:
        fetch_source("http://example.org/cat", upload, Page(200, b"pixels"))
        assert (upload.head(100), upload.size) == (b"pixels", 6)


@pytest.mark.parametrize("status", [204, 302, 404, 500])
def test_anything_but_200_is_no_image(status):
    with Upload(100) as upload, pytest.raises(UrlUnreachable, match=str(status)):
        fetch_source("http://example.org/cat", upload, Page(status, b""))


def test_what_is_too_large_is_refused():
    with Upload(5) as upload, pytest.raises(ImageTooLarge):
        fetch_source("http://example.org/cat", upload, Page(200, b"pixels"))


def test_the_real_client_does_not_call_private_addresses():
    inside = GuardedClient(
        locate=lambda host, port: checked_address(host, port, lambda *_: ["10.0.0.1"])
    )
    with Upload(5) as upload, pytest.raises(UrlForbidden):
        fetch_source("http://intranet.example/", upload, inside)
