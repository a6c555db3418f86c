"""Atomic downloads: to a temporary file in the same folder, checked, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from client.errors import DownloadCorrupt, LocalProblem
from client.plain import visible
from client.wire.transport import Transport
from contract.outputs.registry import file_types

_EXTENSIONS = {file.media_type: f".{file.extension}" for file in file_types()}


def extension_of(output: Mapping[str, Any]) -> str:
    """Return the file extension, with its dot, that fits an output's media type."""
    return _EXTENSIONS.get(str(output.get("media_type", "")), "")


def download_output(
    transport: Transport, url: str, target: Path, announced: Mapping[str, Any]
) -> Path:
    """Download `url` to `target` and return it.

    Raises DownloadCorrupt if the bytes are twice not those announced, LocalProblem if they cannot
    be written; then no file is left.
    """
    with beside(target) as temporary:
        for last_try in (False, True):
            transport.attempt(lambda: _fetch(transport, url, temporary))
            if is_whole(temporary, announced, target, last_try=last_try):
                break
    return target


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Yield a path to write to, which becomes `target` in the end, or is gone after an error."""
    # A short name: beside the longest there can be.
    temporary = target.with_name(f".depthq-{secrets.token_hex(8)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as exc:
        raise LocalProblem(f"cannot write {visible(str(target))}: {exc.strerror}") from exc
    finally:
        with contextlib.suppress(OSError):  # it could not be made
            temporary.unlink(missing_ok=True)


def _fetch(transport: Transport, url: str, temporary: Path) -> httpx2.Response:
    # The redirect to a presigned URL leaves our Authorization header behind (another origin).
    with transport.http.stream("GET", url, follow_redirects=True) as response:
        if response.status_code >= 400:
            response.read()
            return response
        with temporary.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
        return response


def is_whole(path: Path, announced: Mapping[str, Any], target: Path, *, last_try: bool) -> bool:
    """Tell whether a file has the announced SHA-256. DownloadCorrupt if not, at the last try."""
    expected = announced.get("sha256")
    with path.open("rb") as file:
        whole = not expected or hashlib.file_digest(file, "sha256").hexdigest() == expected
    if last_try and not whole:
        raise DownloadCorrupt(f"{visible(target.name)} arrived damaged twice; is a proxy at work?")
    return whole
