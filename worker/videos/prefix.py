"""The numbered images below a bucket's prefix as one zip, which is a video like any other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from contract.errors import NotFound, UnsupportedMediaType, VideoTooLarge
from storage.objects.protocol import ObjectStore
from worker.outputs.encoding.zips import entry
from worker.videos.decode.sequence import MOST_IMAGE_BYTES, NUMBERED


def numbered(store: ObjectStore, prefix: str, most: int) -> list[str]:
    """Return the keys of the images below `prefix`, in the order of the listing.

    Raises VideoTooLarge beyond `most`, UnsupportedMediaType if there is none.
    """
    keys: list[str] = []
    for info in store.list(prefix):
        if NUMBERED.fullmatch(info.key.removeprefix(prefix)):
            keys.append(info.key)
        if len(keys) > most:
            raise VideoTooLarge(f"There are more than {most} images below the prefix.")
    if not keys:
        raise UnsupportedMediaType(
            "There are no numbered images below the prefix: name them 000001.jpg and so on."
        )
    return keys


def zip_of(store: ObjectStore, keys: Iterable[str], prefix: str) -> ZipStream:
    """Return the objects as a zip. One that is gone or too large is in it, and empty."""
    return ZipStream((key.removeprefix(prefix), _image(store, key)) for key in keys)


def _image(store: ObjectStore, key: str) -> bytes:
    try:
        with store.open(key) as stream:
            data = stream.read(MOST_IMAGE_BYTES + 1)
    except NotFound:
        return b""
    return data if len(data) <= MOST_IMAGE_BYTES else b""


class ZipStream(io.RawIOBase):
    """A zip, stored, made while it is read; holds one of its files at a time."""

    def __init__(self, files: Iterator[tuple[str, bytes]]) -> None:
        self._files = files
        self._made = _Made()
        self._zip: zipfile.ZipFile | None = zipfile.ZipFile(self._made, "w", allowZip64=True)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; b"" at the end. Raises what opening the files raises."""
        while self._zip is not None and (size < 0 or len(self._made.waiting) < size):
            following = next(self._files, None)
            if following is None:
                self._zip.close()
                self._zip = None
            else:
                self._zip.writestr(entry(following[0]), following[1])
        return self._made.take(size)

    def readable(self) -> bool:
        """Return True."""
        return True


class _Made(io.RawIOBase):
    """What a zip has written and nothing has read yet. It cannot be sought."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.waiting += data
        return len(data)

    def take(self, size: int) -> bytes:
        end = len(self.waiting) if size < 0 else size
        taken = bytes(self.waiting[:end])
        del self.waiting[:end]
        return taken

    def writable(self) -> bool:
        return True
