"""The S3 store for the hot path: whole objects go through obstore, all the rest through boto3.

obstore (the Rust crate object_store) spends about 0.2 ms of CPU on a put or get where boto3 spends
1.2 ms, and sends a put in one round trip where boto3 waits for `100 Continue`. boto3 keeps what is
rare or what it alone can do: buckets, listings, deletions, presigned URLs, naming what went wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store as RustStore

from contract.errors import StorageUnavailable
from contract.settings import Settings
from storage.objects import check_key, check_metadata
from storage.s3 import HURRIED_S, PATIENT_S, S3Store
from storage.s3_answers import body_size

# obstore limits the time of a put as a whole, boto3 that of each silence: what is large takes long
LEAN_BYTES = 2 * 1024 * 1024
_REFUSALS = (PermissionDeniedError, UnauthenticatedError)
LONGEST_GET_S = 600  # of a large object over a slow line, never silent for longer than a timeout


class LeanS3Store(S3Store):
    """An S3Store whose put and get are lean. Needs the access key in the settings."""

    _rust: RustStore

    @classmethod
    def from_settings(cls, settings: Settings, *, patient: bool = False) -> Self:
        """Return a store as the `s3_*` settings say. Connects to nothing."""
        store = super().from_settings(settings, patient=patient)
        store._rust = (
            _open(settings, PATIENT_S, LONGEST_GET_S)
            if patient
            else _open(settings, HURRIED_S, HURRIED_S)
        )
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
            raise StorageUnavailable(f"S3 does not answer for {key}: {exc}") from exc

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        try:
            return bytes(obstore.get(self._rust, check_key(key)).bytes())
        except (FileNotFoundError, *_REFUSALS):  # the object or the whole bucket: boto3 can tell
            return super().get(key)
        except (BaseError, OSError) as exc:
            raise StorageUnavailable(f"S3 does not answer for {key}: {exc}") from exc


def keeps_bytes_whole(endpoint_url: str | None) -> bool:
    """Return whether the way to the server needs no hash of what is sent: TLS has its own, and
    loopback never leaves the machine. A bare network does (docs/decisions/0072). None is AWS.
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


def _open(settings: Settings, silence_s: float, whole_s: float) -> RustStore:
    key_id, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    at: dict[str, Any] = {}
    if settings.s3_endpoint_url:  # unset: AWS
        at["endpoint"] = settings.s3_endpoint_url
    return RustStore(
        settings.s3_bucket or "depthq",
        **at,
        region=settings.s3_region,
        access_key_id=key_id.get_secret_value() if key_id else None,
        secret_access_key=secret.get_secret_value() if secret else None,
        virtual_hosted_style_request=not settings.s3_path_style,
        unsigned_payload=keeps_bytes_whole(settings.s3_endpoint_url),
        client_options={
            "allow_http": True,
            "connect_timeout": "2s",
            "read_timeout": f"{silence_s:g}s",
            "timeout": f"{whole_s:g}s",
            "pool_idle_timeout": "30s",
        },
        # as many attempts as boto3's client makes; a worker's patience comes after that
        retry_config={
            "max_retries": 1,
            "retry_timeout": timedelta(seconds=silence_s),
            "backoff": {
                "init_backoff": timedelta(milliseconds=50),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    )
