"""Atomic downloads: to a temporary file in the same folder, checked, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
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
    # A short name: the target's may have the greatest possible length.
    temporary = target.with_name(f".depthq-{secrets.token_hex(8)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for last_try in (False, True):
            transport.attempt(lambda: _fetch(transport, url, temporary))
            if _is_whole(temporary, announced):
                break
            if last_try:
                raise DownloadCorrupt(
                    f"{visible(target.name)} arrived damaged twice; is a proxy at work?"
                )
        temporary.replace(target)
    except OSError as exc:
        raise LocalProblem(f"cannot write {visible(str(target))}: {exc.strerror}") from exc
    finally:
        with contextlib.suppress(OSError):  # it could not be made
            temporary.unlink(missing_ok=True)
    return target


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


def _is_whole(path: Path, announced: Mapping[str, Any]) -> bool:
    expected = announced.get("sha256")
    with path.open("rb") as file:
        return not expected or hashlib.file_digest(file, "sha256").hexdigest() == expected
