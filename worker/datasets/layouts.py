"""Where a dataset's files go: one object each, or one tar per shard (webdataset)."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from contract.datasets import DatasetRequest
from contract.errors import NotFound
from contract.items import ItemFile, ItemResult
from contract.names.object_keys import dataset_object
from contract.options import JobOptions
from storage.datasets.preflight import output_place
from storage.objects.buckets import Buckets
from storage.objects.protocol import NewObject, ObjectStore
from worker.outputs.render import RenderedFile

_MADE_BY = "depthq-dataset"  # metadata of files outside the service's own folder
TAR = "application/x-tar"


class Layout(Protocol):
    """Writes one shard's files; a context that drops what was not finished."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def existing(self, item_id: str) -> dict[str, ItemFile] | None:
        """Return the files if another run has made them all; None: they are to be made."""

    def store(self, item_id: str, files: Sequence[RenderedFile]) -> dict[str, ItemFile]:
        """Store an item's files; called by many threads."""

    def add(self, result: ItemResult) -> None:
        """Add an item; called in the order of the shard."""

    def finish(self) -> None:
        """Make the shard's files durable, before its results are written."""


class FilesLayout:
    """`<place>/<item>/depth.png`: each file is an object, written as its item ends."""

    def __init__(self, place: Place, options: JobOptions) -> None:
        self._place = place
        self._options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def existing(self, item_id: str) -> dict[str, ItemFile] | None:
        """See Layout. Files of an earlier attempt of this dataset are made again."""
        if not self._place.foreign:
            return None
        found: dict[str, ItemFile] = {}
        for output in self._options.asked():
            key = self._key(item_id, output.name, output.file_type(self._options).extension)
            info = self._place.made_by_others(key)
            if info is None:
                return None
            found[output.name] = ItemFile(key=key, bytes=info, sha256="")
        return found

    def store(self, item_id: str, files: Sequence[RenderedFile]) -> dict[str, ItemFile]:
        """See Layout."""
        keys = [self._key(item_id, file.output, file.extension) for file in files]
        self._place.put_all(list(zip(keys, files, strict=True)))
        return {
            file.output: _described(key, file) for key, file in zip(keys, files, strict=True)
        }

    def add(self, result: ItemResult) -> None:
        """Everything is stored already."""

    def finish(self) -> None:
        """Everything is stored already."""

    def _key(self, item_id: str, output: str, extension: str) -> str:
        return f"{self._place.prefix}/{item_id}/{output}.{extension}".lstrip("/")


class TarLayout:
    """`<place>/NNNNNN.tar`: one tar per shard, the same bytes however often it is made."""

    def __init__(self, place: Place, shard: int) -> None:
        self._place = place
        self._key = f"{place.prefix}/{shard:06d}.tar".lstrip("/")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the context
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[int, int]] = {}  # member → offset and size in the spool
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._members = set[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._spool.close()

    def existing(self, item_id: str) -> dict[str, ItemFile] | None:  # noqa: ARG002
        """Tars are written whole, so their items are never skipped."""
        return None

    def store(self, item_id: str, files: Sequence[RenderedFile]) -> dict[str, ItemFile]:
        """See Layout; the bytes are spooled on disk until `add`, because they exceed the memory."""
        stored = {}
        for file in files:
            member = f"{item_id}.{file.output}.{file.extension}"
            with self._lock:
                self._waiting[member] = (self._spool.seek(0, io.SEEK_END), len(file.data))
                self._spool.write(file.data)
            stored[file.output] = _described(self._key, file, member)
        return stored

    def add(self, result: ItemResult) -> None:
        """See Layout."""
        if result.state != "succeeded":
            return
        for file in result.outputs.values():
            with self._lock:
                offset, size = self._waiting[file.member]
                self._spool.seek(offset)
                data = self._spool.read(size)
            self._write(file.member, data)
        about = result.model_dump(
            mode="json", exclude={"timings", "worker", "outputs", "round"}, exclude_none=True
        )
        self._write(f"{result.id}.json", json.dumps(about, sort_keys=True).encode())

    def finish(self) -> None:
        """See Layout. A shard in which nothing succeeded has no tar."""
        self._tar.close()
        if self._members:
            self._place.put_tar(self._key, self._file)

    def _write(self, name: str, data: bytes) -> None:
        if name in self._members:  # a URI that occurs twice in the manifest is one sample
            return
        member = tarfile.TarInfo(name)  # no owner, no time: the same bytes every time
        member.size = len(data)
        self._tar.addfile(member, io.BytesIO(data))
        self._members.add(name)


class Place:
    """The store and prefix where a dataset's outputs go. `patient` makes that store wait."""

    def __init__(
        self,
        request: DatasetRequest,
        own: ObjectStore,
        buckets: Buckets,
        patient: Callable[[ObjectStore], ObjectStore],
    ) -> None:
        self.foreign = request.spec.output_prefix is not None
        self._dataset_id = request.id
        self._look = self.foreign and request.spec.on_existing == "skip"
        store, self.prefix = own, dataset_object(request.id, "outputs")
        if request.spec.output_prefix is not None:
            buckets = buckets.of(request.owner)
            store, self.prefix = output_place(request.spec.output_prefix, buckets)
        self._store = patient(store)
        self._metadata = {_MADE_BY: request.id} if self.foreign else None

    def put_all(self, files: Sequence[tuple[str, RenderedFile]]) -> None:
        """Write files under their keys, in the service's own bucket with one request."""
        if self._metadata is None:
            self._store.put_all([NewObject(key, file.data, file.media_type) for key, file in files])
            return
        for key, file in files:
            self._store.put(key, file.data, media_type=file.media_type, metadata=self._metadata)

    def put_tar(self, key: str, file: BinaryIO) -> None:
        """Write one tar."""
        self._store.put(key, file, media_type=TAR, metadata=self._metadata)

    def made_by_others(self, key: str) -> int | None:
        """Return the size of an object that this dataset did not make; None: there is none."""
        if not self._look:
            return None
        try:
            info = self._store.head(key)
        except NotFound:
            return None
        return None if info.metadata.get(_MADE_BY) == self._dataset_id else info.size


def _described(key: str, file: RenderedFile, member: str = "") -> ItemFile:
    digest = hashlib.sha256(file.data).hexdigest()
    return ItemFile(key=key, bytes=len(file.data), sha256=digest, member=member)
