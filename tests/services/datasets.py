"""A service with bulk workers, and a bucket of photographs of which some are broken."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from client.wire.retries import RetryPolicy
from contract.settings import Settings
from depthq import DepthClient
from storage.objects.open import open_object_store
from storage.objects.protocol import ObjectStore
from tests.hostile import builders
from tests.photographs import crops
from tests.services.depthq import ApiProcess, WorkerProcess

CORRUPT = frozenset({"image_corrupt", "image_undecodable"})


def broken(kind: int, good: bytes) -> tuple[bytes, frozenset[str]]:
    """Return a broken image of one of five kinds, and the codes that fit it."""
    kinds = (
        (b"this is not an image, but text", frozenset({"unsupported_media_type"})),
        (good[:100], CORRUPT),  # cut off before its size is known
        (builders.png_claiming(60_000, 60_000), frozenset({"image_too_large"})),
        (b"\xff\xd8\xff\xe0" + bytes(500), CORRUPT),  # the first bytes of a JPEG, then nothing
        (_damaged_png(), CORRUPT),
    )
    return kinds[kind % len(kinds)]


def _damaged_png() -> bytes:
    """Return a PNG with a sound header and pixels that cannot be inflated."""
    header = builders.png_chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    body = builders.png_chunk(b"IDAT", b"these are no deflated pixels at all")
    return b"\x89PNG\r\n\x1a\n" + header + body + builders.png_chunk(b"IEND", b"")


@dataclass
class Photographs:
    """`count` images, of which every so many is broken."""

    count: int
    every: int = 33
    good: dict[str, bytes] = field(default_factory=dict)  # name → the sound image, of all
    codes: dict[str, frozenset[str]] = field(default_factory=dict)  # broken name → fitting codes
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, image in enumerate(crops(self.count)):
            name = f"{number % 7}/{number:05d}.jpg"
            self.good[name] = self.files[name] = image
            if number % self.every == 0:
                self.files[name], self.codes[name] = broken(number // self.every, image)

    def put(self, store: ObjectStore, prefix: str = "") -> None:
        """Store them all."""
        for name, data in self.files.items():
            store.put(prefix + name, data, media_type="image/jpeg")

    def write(self, folder: Path) -> None:
        """Write them all as files."""
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    def mend(self, store: ObjectStore, prefix: str = "") -> None:
        """Replace the broken ones by what they should have been."""
        for name in self.codes:
            store.put(prefix + name, self.good[name], media_type="image/jpeg")


@dataclass
class BulkService:
    """A running service that takes datasets, and the parts that a test may break."""

    settings: Settings
    bucket: str
    images: ObjectStore  # the bucket that datasets may read
    api: ApiProcess
    bulk: list[WorkerProcess]
    interactive: WorkerProcess
    client: DepthClient

    @property
    def objects(self) -> ObjectStore:
        """The service's own bucket."""
        return open_object_store(self.settings)

    def put_manifest(self, name: str, lines: bytes) -> str:
        """Store a manifest; return its address."""
        self.images.put(name, io.BytesIO(lines), media_type="text/plain")
        return f"s3://{self.bucket}/{name}"


@contextmanager
def bulk_service(
    settings: Settings, bucket: str, images: ObjectStore, folder: Path, workers: int = 1
) -> Iterator[BulkService]:
    """Run API, an interactive worker and `workers` bulk workers for the length of the block."""
    open_object_store(settings).check()
    api = ApiProcess(settings, folder / "api")
    interactive = WorkerProcess(settings, folder / "interactive")
    bulk = [WorkerProcess(settings, folder / f"bulk{n}", lane="bulk") for n in range(workers)]
    processes = [api, interactive, *bulk]
    try:
        for process in processes:
            process.start()
        # as patient as the command line
        with DepthClient(api.url, retries=RetryPolicy(budget_s=600)) as client:
            yield BulkService(settings, bucket, images, api, bulk, interactive, client)
    finally:
        for process in reversed(processes):
            process.stop()
