"""Unpacks an uploaded zip or tar into objects, safe from bombs and path traversal.

Names inside the archive are labels only: object keys are numbers given here.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from typing import BinaryIO

from contract.errors import InvalidRequest, NotFound
from contract.items import Item
from contract.names.object_keys import run_object
from storage.objects.protocol import ObjectStore
from worker.datasets.sources.archive_budget import CHUNK_BYTES, Budget
from worker.datasets.sources.archive_members import BROKEN, members
from worker.datasets.sources.left_out import Wanted
from worker.runs.disk_shares import TakeSpace, endless
from worker.runs.scratch import scratch_file, using_scratch
from worker.shortage import as_outage

MAX_LABEL = 4_096  # characters, as long as a path may be


def archive_items(
    objects: ObjectStore,
    key: str,
    dataset_id: str,
    max_entry_bytes: int,
    wanted: Wanted,
    take: TakeSpace = endless,
) -> Iterator[Item]:
    """Copy the archive's wanted members to `inputs/NNNNNNNNN` and yield them as items.

    Raises InvalidRequest on a broken archive and on one that is over a limit, Overloaded from
    `take`, StorageUnavailable while this machine's disk takes no copy of it. Links, folders,
    devices and nested archives are passed over: only images are wanted.
    """
    labels = _Labels()
    with scratch_file() as file:
        budget = Budget(_download(objects, key, file), max_entry_bytes, take)
        try:
            found = members(file, budget, lambda name: wanted(_label(name)), wanted.left_out)
            for number, (name, stream) in enumerate(found):
                data = budget.read(name, stream)
                yield _keep(objects, dataset_id, number, labels.new(_label(name)), data)
        except BROKEN as exc:
            broken = InvalidRequest(f"the archive cannot be unpacked: {exc}")
            raise as_outage(exc) or broken from exc


def _download(objects: ObjectStore, key: str, file: BinaryIO) -> int:
    try:
        with objects.open(key) as stream, using_scratch():
            shutil.copyfileobj(stream, file, CHUNK_BYTES)
            packed = file.tell()
            file.seek(0)  # writes what is still buffered
    except NotFound as exc:
        raise InvalidRequest("the uploaded archive is not there any more") from exc
    return packed


def _keep(objects: ObjectStore, dataset_id: str, number: int, label: str, data: bytes) -> Item:
    key = run_object(dataset_id, f"inputs/{number:09d}")
    objects.put(key, data, media_type="application/octet-stream")
    digest = hashlib.sha256(data).hexdigest()[:32]
    uri = f"archive://{label}"
    return Item.model_construct(id="", uri=uri, etag=digest, key=key, size=len(data))


def _label(name: str) -> str:
    """Return the member's name as a label, never used as a path; only invalid text is replaced."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.replace("\0", "")[:MAX_LABEL]


class _Labels:
    """Gives each member a label of its own: an item's id follows from it."""

    def __init__(self) -> None:
        self._uses: dict[bytes, int] = {}

    def new(self, label: str) -> str:
        """Return `label`, or where it is taken `name (2).jpg` and so on."""
        own, first = label, self._mark(label)
        while (mark := self._mark(own)) in self._uses:
            self._uses[first] += 1
            own = _numbered(label, self._uses[first])
        self._uses[mark] = 1
        return own

    @staticmethod
    def _mark(label: str) -> bytes:
        return hashlib.blake2b(label.encode(), digest_size=8).digest()


def _numbered(label: str, number: int) -> str:
    folder, slash, name = label.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{stem} ({number}){dot}{suffix}" if stem else f"{label} ({number})"
