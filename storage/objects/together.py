"""Several small objects in one request: a tar that the server unpacks, as MinIO does.

A request costs such a server about as much as storing a small object does. A probe finds out
whether the server unpacks; if not, each object gets a request of its own
(docs/decisions/0123-objects-together.md).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from contract.errors import NotFound, StorageUnavailable
from contract.names.object_keys import CHECK_PREFIX
from storage.objects.protocol import NewObject, ObjectStore

log = logging.getLogger(__name__)

# The key that such a request names. An object of this key exists and the request is a conditional
# one, so that a server that does not unpack refuses it instead of keeping a tar.
CARRIER = CHECK_PREFIX + "together"
UNPACK = {"snowball-auto-extract": "true"}  # as metadata of the request
MOST_BYTES = 2 * 1024 * 1024  # of one request
GOOD_FOR_S = 3600.0  # an answer, which also keeps the carrier from expiring
ASK_AGAIN_S = 60.0  # after a server that does not unpack
_BLOCK = 512  # of a tar
_TYPE = "minio.metadata.Content-Type"  # a member's, in its extended header


def bundles(objects: Sequence[NewObject]) -> Iterator[list[NewObject]]:
    """Yield the objects in groups of a size that one request may have."""
    bundle: list[NewObject] = []
    size = 0
    for each in objects:
        if bundle and size + len(each.data) > MOST_BYTES:
            yield bundle
            bundle, size = [], 0
        bundle.append(each)
        size += len(each.data)
    if bundle:
        yield bundle


def packed(objects: Sequence[NewObject]) -> bytes:
    """Return a tar of the objects; its members' names are the keys."""
    parts: list[bytes] = []
    for each in objects:
        member = tarfile.TarInfo(each.key)
        member.size, member.mtime = len(each.data), time.time()
        member.pax_headers = {_TYPE: each.media_type}
        parts += member.tobuf(tarfile.PAX_FORMAT), each.data, bytes(-len(each.data) % _BLOCK)
    return b"".join([*parts, bytes(2 * _BLOCK)])


class Unpacking:
    """Whether a server unpacks, as far as tried. `send` sends one tar, raises StorageUnavailable.

    Safe to share between threads. What could not be sent is sent again by the caller, one by one.
    """

    def __init__(
        self,
        store: ObjectStore,
        send: Callable[[bytes], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._send, self._clock = store, send, clock
        self._trying = threading.Lock()
        self._works = False
        self._ask_at = clock()  # one answer holds until then

    def put(self, bundle: Sequence[NewObject]) -> bool:
        """Put the objects by one request; False: they are to be put one by one."""
        self._try()
        if not self._works:
            return False
        try:
            self._send(packed(bundle))
        except StorageUnavailable as exc:
            log.info("not sent as one request: %s", exc, extra={"action": "put"})
            self._settle(works=False)
            return False
        return True

    def _try(self) -> None:
        """Try it out, if the last time is a while ago and no other thread does."""
        if self._clock() < self._ask_at or not self._trying.acquire(blocking=False):
            return
        try:
            self._settle(works=self._unpacks())
        finally:
            self._trying.release()

    def _settle(self, *, works: bool) -> None:
        self._works = works
        self._ask_at = self._clock() + (GOOD_FOR_S if works else ASK_AGAIN_S)

    def _unpacks(self) -> bool:
        key = CHECK_PREFIX + secrets.token_hex(8)
        wanted = NewObject(key, key.encode(), "text/markdown")
        try:
            self._store.put(CARRIER, b"", media_type="text/plain")
            self._send(packed([wanted]))
            about = self._store.head(key)
            return about.media_type == wanted.media_type and self._store.get(key) == wanted.data
        except (NotFound, StorageUnavailable):
            return False
        finally:
            with contextlib.suppress(StorageUnavailable):
                self._store.delete([key])
