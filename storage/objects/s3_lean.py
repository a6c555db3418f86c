"""The S3 store for the hot path: put and get go through obstore, all else through boto3.

obstore (the Rust crate object_store) spends about 0.2 ms of CPU on a put or get where boto3 spends
1.2 ms, and sends a put in one round trip where boto3 waits for `100 Continue`. boto3 keeps what is
rare or what only it supports: buckets, listings, deletions, presigned URLs, error details.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, BinaryIO, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store as RustStore

from contract.errors import StorageUnavailable
from contract.settings import Settings
from storage.objects.protocol import KEY, NewObject, check_key, check_metadata
from storage.objects.s3 import S3Store
from storage.objects.s3_access import Access
from storage.objects.s3_answers import body_size
from storage.objects.together import CARRIER, MOST_BYTES, UNPACK, Unpacking, bundles

# obstore limits the total time of a put, boto3 that of each silence: large objects need more
LEAN_BYTES = MOST_BYTES
LEAN_READ_BYTES = 16 * 1024 * 1024  # of a get likewise
_REFUSALS = (PermissionDeniedError, UnauthenticatedError)
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")


class LeanS3Store(S3Store):
    """An S3Store whose put and get are lean."""

    _rust: RustStore
    _rust_of: Callable[[str], RustStore]  # other buckets
    _unpacking: Unpacking

    @classmethod
    def from_settings(cls, settings: Settings, *, patient: bool = False) -> Self:
        """Return a store as the `s3_*` settings say. Connects to nothing."""
        access = Access(settings, patient=patient)
        store = cls.with_access(access, settings)
        open_bucket = partial(
            access.rust, unsigned_payload=keeps_bytes_whole(settings.s3_endpoint_url)
        )
        store._rust = open_bucket()
        # kept, with their connections: each picture of a dataset asks for its bucket
        store._rust_of = cache(lambda bucket: open_bucket(bucket=bucket))
        store._unpacking = Unpacking(store, store._send_packed)
        return store

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write the object with one PUT, which S3 makes visible only when it is complete."""
        if body_size(data) > LEAN_BYTES:
            super().put(key, data, media_type=media_type, metadata=metadata)
            return
        about = {"Content-Type": media_type, **check_metadata(metadata)}
        try:
            obstore.put(self._rust, check_key(key), data, attributes=about, use_multipart=False)
        except (FileNotFoundError, *_REFUSALS):  # boto3 makes the bucket, or says what is wrong
            super().put(key, data, media_type=media_type, metadata=metadata)
        except (BaseError, OSError) as exc:
            raise StorageUnavailable(_say(exc)) from exc

    def put_all(self, objects: Sequence[NewObject]) -> None:
        """Put objects with one request for up to 2 MiB of them, where the server unpacks that."""
        for each in objects:
            check_key(each.key)
        for bundle in bundles(objects):
            if len(bundle) == 1 or not self._unpacking.put(bundle):
                super().put_all(bundle)

    def _send_packed(self, body: bytes) -> None:
        try:
            obstore.put(
                self._rust, CARRIER, body, attributes=UNPACK, mode="create", use_multipart=False
            )
        except (BaseError, OSError) as exc:
            raise StorageUnavailable(_say(exc)) from exc

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        try:
            return bytes(obstore.get(self._rust, check_key(key)).bytes())
        except (FileNotFoundError, *_REFUSALS):  # the object or the whole bucket: boto3 can tell
            return super().get(key)
        except (BaseError, OSError) as exc:
            raise StorageUnavailable(_say(exc)) from exc

    def read(self, key: str, most: int) -> bytes:
        """Return the object's bytes, at most the first `most`. Raises NotFound."""
        data = _read_whole(self._rust, check_key(key), most)
        return super().read(key, most) if data is None else data

    def neighbour(self, bucket: str) -> S3Store:
        """Return a store of another bucket on the same server, never created by the service."""
        return LeanNeighbour(self._client, bucket, self._signer, self._rust_of(bucket))


class LeanNeighbour(S3Store):
    """Another owner's bucket, whose objects are read lean. Its keys may be any text."""

    def __init__(self, client: Any, bucket: str, signer: Any, rust: RustStore) -> None:
        super().__init__(client, bucket, public_client=signer, foreign=True)
        self._rust = rust

    def read(self, key: str, most: int) -> bytes:
        """Return the object's bytes, at most the first `most`. Raises NotFound."""
        plain = KEY.fullmatch(key)  # obstore has rules of its own for all others
        data = _read_whole(self._rust, key, most) if plain else None
        return super().read(key, most) if data is None else data


def _read_whole(rust: RustStore, key: str, most: int) -> bytes | None:
    """Return the object's bytes. None: use boto3, which can also report what is wrong."""
    try:
        answer = obstore.get(rust, key)
        if answer.meta["size"] > min(most, LEAN_READ_BYTES):
            return None
        return bytes(answer.bytes())
    except (FileNotFoundError, *_REFUSALS):
        return None
    except (BaseError, OSError) as exc:
        raise StorageUnavailable(_say(exc)) from exc


def keeps_bytes_whole(endpoint_url: str | None) -> bool:
    """Return whether the connection needs no hash of the content: TLS has its own, and loopback
    never leaves the machine.

    Plain networks need one (docs/decisions/0072). None is AWS.
    """
    if endpoint_url is None:
        return True
    parts = urlsplit(endpoint_url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name: it may be anywhere
        return False


def _say(exc: Exception) -> str:
    """Return the error in words for callers; obstore's message contains the address, the key and
    XML.
    """
    text = str(exc)
    if code := _CODE.search(text):
        return f"S3 refuses: {code[1]}"
    if "InvalidCertificate" in text:
        return "the TLS certificate of S3 is not trusted"
    return "S3 does not answer"
