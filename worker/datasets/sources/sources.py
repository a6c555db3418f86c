"""Lists what a dataset consists of, lazily: a bucket prefix, a manifest, or an uploaded archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contract.errors import InvalidRequest
from contract.items import Item, item_id
from contract.runs import RunRequest
from contract.settings import Settings
from storage.objects.buckets import Buckets, split_uri
from storage.objects.protocol import ObjectStore
from worker.datasets.sources.archive import archive_items
from worker.datasets.sources.left_out import LeftOut, Wanted
from worker.datasets.sources.manifest import manifest_items
from worker.runs.disk_shares import DiskShares

SUFFIXES = {
    "tiff": (".tif", ".tiff"),
    "bmp": (".bmp",),
    "gif": (".gif",),
}
COMMON_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"),
    *(".heic", ".heif", ".hif", ".avif"),
)
SYNTHETIC = "null"  # s3://null/<count>: items without images, for the simulated engine


@dataclass(frozen=True)
class Sources:
    """Opens the source of a request; the id of its model's weights is part of every item's id."""

    settings: Settings
    objects: ObjectStore
    buckets: Buckets
    weights_of: Callable[[str], str]  # a model's name → the id of its weights
    disk_shares: DiskShares

    def items(
        self, request: RunRequest, start_after: str = "", left_out: LeftOut | None = None
    ) -> Iterator[Item]:
        """Yield the items in an order that never changes; raises InvalidRequest on a bad source.

        `start_after`: the uri of the last item already known, only where `resumable(request)`.
        What is passed over on the way is counted in `left_out`.
        """
        options = request.spec.options
        wishes = options, self.weights_of(options.model), request.spec.normalize
        for item in self._raw(request, start_after, left_out or LeftOut()):
            own_id = item_id(item.uri, item.etag, *wishes)
            yield item.model_copy(update={"id": own_id})

    def _raw(self, request: RunRequest, start_after: str, left_out: LeftOut) -> Iterator[Item]:
        spec = request.spec
        if spec.manifest:
            return manifest_items(self.buckets.of(request.owner), spec.manifest)
        if request.archive:
            limits = (self.settings.max_upload_bytes, wanted(request, self.settings, left_out))
            take = self.disk_shares(request)
            return archive_items(self.objects, request.archive, request.id, *limits, take)
        if not spec.prefix:
            raise InvalidRequest("the dataset has no source")
        bucket, prefix = split_uri(spec.prefix)
        if bucket == SYNTHETIC:
            return self._synthetic(prefix, start_after)
        fits = wanted(request, self.settings, left_out)
        store = self.buckets.of(request.owner).open(bucket)
        return self._prefix(store, fits, f"s3://{bucket}/", prefix, start_after)

    def _prefix(
        self, store: ObjectStore, fits: Wanted, root: str, prefix: str, start_after: str
    ) -> Iterator[Item]:
        start_key = split_uri(start_after)[1] if start_after else ""
        for info in store.list(prefix, start_after=start_key):
            if fits(info.key.removeprefix(prefix).lstrip("/") or info.key):
                uri = root + info.key
                yield Item.model_construct(id="", uri=uri, etag=info.etag, size=info.size)

    def _synthetic(self, count: str, start_after: str) -> Iterator[Item]:
        if self.settings.engine != "simulated" or not count.isdecimal():
            raise InvalidRequest("s3://null/<count> is for the simulated engine")
        first = int(start_after.removeprefix("null://")) + 1 if start_after else 0
        for number in range(first, int(count)):
            yield Item.model_construct(id="", uri=f"null://{number}")


def resumable(request: RunRequest) -> bool:
    """Tell whether the listing can continue after any item, while its shards already run.

    Manifests and archives are read to their end first: they are refused whole or not at all.
    """
    return request.spec.prefix is not None


def wanted(request: RunRequest, settings: Settings, left_out: LeftOut) -> Wanted:
    """Return the test of a name below the source."""
    suffixes = COMMON_SUFFIXES + tuple(
        suffix for name in settings.extra_formats for suffix in SUFFIXES.get(name, ())
    )
    return Wanted(suffixes, request.spec.include, request.spec.exclude, left_out)
