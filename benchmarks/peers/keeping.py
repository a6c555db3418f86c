"""What a peer keeps of a request: files in a folder, nothing, or everything in S3.

With S3 as a good engineer would have it: the input is on its way while the image is decoded and
computed, the outputs go side by side over kept connections, the record goes last, and nothing is
answered before all of it is stored. That is the promise of the service's S3 row, and its files.
"""

from __future__ import annotations

import functools
import json
import os
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

CONNECTIONS = 32


class Kept(Protocol):
    """What is kept of one request."""

    def outputs(self, files: dict[str, bytes], about: dict[str, Any]) -> dict[str, Any]:
        """Keep `files`, name → bytes, and return the answer's document."""


class _Folder:
    def outputs(self, files: dict[str, bytes], about: dict[str, Any]) -> dict[str, Any]:
        folder, stem = Path(os.environ.get("PEER_FOLDER", "/tmp")), uuid.uuid4().hex
        for name, data in files.items():
            (folder / f"{stem}.{name}").write_bytes(data)
        return {**{name: f"{stem}.{name}" for name in files}, **about}


class _Bucket:
    def __init__(self, data: bytes, key: str = "") -> None:
        self._key = key or f"jobs/{uuid.uuid4().hex}"
        self._input = None if key else _put(f"{self._key}/input", data, "image/jpeg")

    def outputs(self, files: dict[str, bytes], about: dict[str, Any]) -> dict[str, Any]:
        types = {".png": "image/png", ".jpg": "image/jpeg"}
        puts = [_put(f"{self._key}/{name}", data, types[name[-4:]]) for name, data in files.items()]
        for put in [*([self._input] if self._input else []), *puts]:
            put.result()
        document = {**{name: f"{self._key}/{name}" for name in files}, **about}
        _put(f"{self._key}/result.json", json.dumps(document).encode(), "application/json").result()
        return document


def begin(data: bytes, key: str = "") -> Kept:
    """Begin to keep one request, whose input is `data`; with `key` it is in the bucket already."""
    return _Bucket(data, key) if os.environ.get("PEER_KEEPS") == "s3" else _Folder()


def get(key: str) -> bytes:
    """Return an object of the bucket."""
    return bytes(_client().get_object(Bucket=_bucket(), Key=key)["Body"].read())


def put_input(data: bytes) -> str:
    """Put an input and return its request's key."""
    key = f"jobs/{uuid.uuid4().hex}"
    _put(f"{key}/input", data, "image/jpeg").result()
    return key


def _put(key: str, data: bytes, media_type: str) -> Future[Any]:
    return _threads().submit(
        _client().put_object, Bucket=_bucket(), Key=key, Body=data, ContentType=media_type
    )


def _bucket() -> str:
    return os.environ["DEPTHQ_S3_BUCKET"]


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CONNECTIONS)


@functools.cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=os.environ["DEPTHQ_S3_ENDPOINT_URL"],
        aws_access_key_id=os.environ["DEPTHQ_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["DEPTHQ_S3_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
        ),
    )
