"""Fetches an image from a URL that the client names, from public addresses only."""

from __future__ import annotations

from api.receiving.uploads import Upload
from contract.errors import UrlUnreachable
from outbound.http import GuardedClient


def fetch_source(url: str, upload: Upload, client: GuardedClient | None = None) -> None:
    """Fill `upload` with what `url` answers, at most three redirects away.

    Raises UrlForbidden (no allowed address), UrlUnreachable (no image), ImageTooLarge.
    """
    client = client or GuardedClient(max_bytes=upload.max_bytes)
    answer = client.get(url, sink=upload.write)
    if answer.status != 200:
        raise UrlUnreachable(f"The URL answered {answer.status}, not 200.")
