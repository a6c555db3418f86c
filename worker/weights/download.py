"""Downloads a file of weights: resumes after a break, and checks the hash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contract.models.declaration import Weights
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 30.0  # of connecting and of every read, not of the whole
MOST_BYTES = 4 * 1024**3  # of a file whose size is recorded nowhere

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all


def quiet(_done: int, _total: int | None) -> None:
    """Ignore progress."""


def download(weights: Weights, url: str, target: Path, progress: Progress = quiet) -> Path:
    """Download `weights` from `url` to `target`; WeightsError unless size and hash are as recorded.

    What is not recorded is not checked: the caller pins the hash of what came.

    What has arrived stays in `<target>.part` when the connection breaks, and the next call goes on
    from there. `target` appears only when it is whole and right.
    """
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    if not part.exists() or weights.bytes is None or part.stat().st_size < weights.bytes:
        _receive(weights, url, part, progress)
    verify(weights, part)
    part.replace(target)
    return target


def _receive(weights: Weights, url: str, part: Path, progress: Progress) -> None:
    import httpx2  # a worker that has its weights starts without it

    start = part.stat().st_size if part.exists() else 0
    # Offsets count the file's own bytes, so nothing may be compressed on the way.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        with httpx2.stream(
            "GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S
        ) as response:
            if start and response.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:
                return  # it is all here
            response.raise_for_status()
            # 200 in answer to a Range: this server cannot resume and sends everything anew.
            resumed = start > 0 and response.status_code == httpx2.codes.PARTIAL_CONTENT
            _append(weights, response, part, start if resumed else 0, progress)
    except httpx2.HTTPError as exc:
        raise WeightsError(
            f"{weights.name}: the download from {url} broke off ({exc}); run it again to go on. "
            "Without a way there: fetch the file on another machine, then `depthq weights fetch "
            f"{weights.name} --from FILE`; or name a mirror by --base-url"
        ) from exc


def _append(
    weights: Weights, response: httpx2.Response, part: Path, start: int, progress: Progress
) -> None:
    done, most = start, weights.bytes or MOST_BYTES
    with part.open("ab" if start else "wb") as file:
        # Written as it arrives: buffered bytes would be lost in a break.
        for chunk in response.iter_raw():
            done += len(chunk)
            if done > most:  # never fill the disk with what cannot be right
                break
            file.write(chunk)
            progress(done, weights.bytes)
        file.flush()
        os.fsync(file.fileno())
    if done > most:
        part.unlink()
        raise WeightsError(
            f"{weights.name}: the server sends more than the {most:,} bytes recorded; "
            "this is another file, nothing was kept"
        )


def verify(weights: Weights, part: Path) -> None:
    """Raise WeightsError, and remove `part`, unless size and hash are as recorded."""
    size = part.stat().st_size
    if weights.bytes is not None and size < weights.bytes:
        raise WeightsError(
            f"{weights.name}: only {size:,} of {weights.bytes:,} bytes arrived; "
            "run it again to go on"
        )
    found = sha256_of(part)
    if weights.bytes not in (None, size) or weights.sha256 not in (None, found):
        part.unlink()  # resuming from it could never succeed
        raise WeightsError(
            f"{weights.name}: SHA-256 is {found}, recorded is {weights.sha256}; the file was "
            "altered and has been discarded"
        )
