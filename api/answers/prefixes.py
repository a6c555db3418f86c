"""The path prefix under which a proxy serves the API, from `DEPTHQ_PUBLIC_URL`, such as `/depth`.

The service answers with and without it, so it does not matter whether the proxy strips it.
"""

from __future__ import annotations

import html
from urllib.parse import quote, urlsplit


def prefix_of(public_url: str | None) -> str:
    """Return the path of the public URL without the slash at its end; empty without a path."""
    path = urlsplit(public_url or "").path.rstrip("/")
    return quote(path, safe="/%~") if path.startswith("/") else ""


def without_prefix(path: str, prefix: str) -> str:
    """Return `path` as the service itself knows it."""
    if prefix and path == prefix:
        return "/"
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def below(prefix: str, page: str) -> str:
    """Return an HTML page with its root-relative links moved below the prefix."""
    start = html.escape(prefix)
    return page.replace('href="/', f'href="{start}/').replace('src="/', f'src="{start}/')
