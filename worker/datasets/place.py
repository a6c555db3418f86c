"""The store and the prefix where the outputs of a dataset go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from contract.errors import NotFound
from contract.names.object_keys import run_object
from contract.runs import RunRequest
from storage.objects.buckets import Buckets
from storage.objects.protocol import NewObject, ObjectStore
from storage.runs.preflight import output_place
from worker.outputs.render import RenderedFile

_MADE_BY = "depthq-dataset"  # metadata of files outside the service's own folder
TAR = "application/x-tar"
NewFile = tuple[str, RenderedFile]  # with its key


class Place:
    """The store and prefix where a dataset's outputs go. `patient` makes that store wait."""

    def __init__(
        self,
        request: RunRequest,
        own: ObjectStore,
        buckets: Buckets,
        patient: Callable[[ObjectStore], ObjectStore],
    ) -> None:
        self.foreign = request.spec.output_prefix is not None
        self._dataset_id = request.id
        self._look = self.foreign and request.spec.on_existing == "skip"
        store, self.prefix = own, run_object(request.id, "outputs")
        if request.spec.output_prefix is not None:
            buckets = buckets.of(request.owner)
            store, self.prefix = output_place(request.spec.output_prefix, buckets)
        self._store = patient(store)
        self._metadata = {_MADE_BY: request.id} if self.foreign else None

    def put_all(self, files: Sequence[NewFile]) -> None:
        """Write files under their keys, in the service's own bucket with few requests."""
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
