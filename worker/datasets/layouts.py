"""Where a dataset's files go: one object each, or one tar per shard (webdataset)."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from contract.items import ItemFile, ItemResult
from contract.options import JobOptions
from worker.datasets.place import NewFile, Place
from worker.outputs.render import RenderedFile
from worker.runs.scratch import scratch_file, using_scratch

TOGETHER_BYTES = 1024 * 1024  # of files that wait to be written with one request


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
    """`<place>/<item>/depth.png`: each file is an object.

    In the service's own bucket those of several items are written with one request: nothing is
    looked at before the shard has ended.
    """

    def __init__(self, place: Place, options: JobOptions) -> None:
        self._place = place
        self._options = options
        self._together_bytes = 0 if place.foreign else TOGETHER_BYTES
        self._lock = threading.Lock()
        self._waiting: list[NewFile] = []

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
        keyed = [(self._key(item_id, file.output, file.extension), file) for file in files]
        with self._lock:
            self._waiting += keyed
        self._write(self._together_bytes)
        return {file.output: _described(key, file) for key, file in keyed}

    def add(self, result: ItemResult) -> None:
        """Everything is stored or waits."""

    def finish(self) -> None:
        """See Layout."""
        self._write(0)

    def _write(self, at_least: int) -> None:
        """Write the files that wait, if they have `at_least` so many bytes."""
        with self._lock:
            if sum(len(file.data) for _, file in self._waiting) < at_least:
                return
            files, self._waiting = self._waiting, []
        try:
            self._place.put_all(files)
        except BaseException:  # other items' files are among them, and are not made again
            with self._lock:
                self._waiting += files
            raise

    def _key(self, item_id: str, output: str, extension: str) -> str:
        return f"{self._place.prefix}/{item_id}/{output}.{extension}".lstrip("/")


class TarLayout:
    """`<place>/NNNNNN.tar`: one tar per shard, the same bytes however often it is made."""

    def __init__(self, place: Place, shard: int) -> None:
        self._place = place
        self._key = f"{place.prefix}/{shard:06d}.tar".lstrip("/")
        self._open = contextlib.ExitStack()
        self._file, self._spool = (self._open.enter_context(scratch_file()) for _ in range(2))
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[int, int]] = {}  # member → offset and size in the spool
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._members = set[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def existing(self, item_id: str) -> dict[str, ItemFile] | None:  # noqa: ARG002
        """Tars are written whole, so their items are never skipped."""
        return None

    def store(self, item_id: str, files: Sequence[RenderedFile]) -> dict[str, ItemFile]:
        """See Layout; the bytes are spooled on disk until `add`, because they exceed the memory."""
        stored = {}
        for file in files:
            member = f"{item_id}.{file.output}.{file.extension}"
            with self._lock, using_scratch():
                self._waiting[member] = (self._spool.seek(0, io.SEEK_END), len(file.data))
                self._spool.write(file.data)
            stored[file.output] = _described(self._key, file, member)
        return stored

    def add(self, result: ItemResult) -> None:
        """See Layout."""
        if result.state != "succeeded":
            return
        for file in result.outputs.values():
            with self._lock, using_scratch():
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
        with using_scratch():
            self._tar.close()
            self._file.flush()
        if self._members:
            self._place.put_tar(self._key, self._file)

    def _write(self, name: str, data: bytes) -> None:
        if name in self._members:  # a URI that occurs twice in the manifest is one sample
            return
        member = tarfile.TarInfo(name)  # no owner, no time: the same bytes every time
        member.size = len(data)
        with using_scratch():
            self._tar.addfile(member, io.BytesIO(data))
        self._members.add(name)


def _described(key: str, file: RenderedFile, member: str = "") -> ItemFile:
    digest = hashlib.sha256(file.data).hexdigest()
    return ItemFile(key=key, bytes=len(file.data), sha256=digest, member=member)
