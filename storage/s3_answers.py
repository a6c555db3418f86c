"""What S3 answers, in the project's own words: infos, streams, errors."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import NotFound, StorageUnavailable
from storage.objects import ObjectInfo

_WRONG = {  # by the names of boto's classes: what an operator can mend
    "NoCredentialsError": "no access key for S3 is set, and none was found",
    "SSLError": "the TLS certificate of S3 is not trusted",
}


class S3Body(io.RawIOBase):
    """A response body as a raw stream whose errors are the project's own."""

    def __init__(self, key: str, body: Any) -> None:
        super().__init__()
        self._key = key
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with s3_errors(self._key):
            chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._body.close()
        super().close()


class Lent(io.RawIOBase):
    """A file lent to somebody who closes what he is given: closing this does not close the file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def body_size(data: bytes | BinaryIO) -> int:
    """Return the number of bytes to be sent; a file is left at its beginning."""
    if isinstance(data, bytes):
        return len(data)
    size = data.seek(0, io.SEEK_END)
    data.seek(0)
    return size


def head_info(key: str, answer: Mapping[str, Any]) -> ObjectInfo:
    """Return what a HeadObject answer tells."""
    return ObjectInfo(
        key=key,
        size=answer["ContentLength"],
        modified_at=answer["LastModified"].timestamp(),
        media_type=answer.get("ContentType", ""),
        metadata=answer.get("Metadata", {}),
        etag=answer.get("ETag", "").strip('"'),
    )


def listed_info(entry: Mapping[str, Any]) -> ObjectInfo:
    """Return what one entry of a ListObjectsV2 answer tells."""
    return ObjectInfo(
        key=entry["Key"],
        size=entry["Size"],
        modified_at=entry["LastModified"].timestamp(),
        etag=entry.get("ETag", "").strip('"'),
    )


def error_code(exc: ClientError) -> str:
    """Return the S3 error code, e.g. NoSuchKey; a HEAD has only its status."""
    return str(exc.response.get("Error", {}).get("Code", ""))


@contextmanager
def s3_errors(key: str) -> Iterator[None]:
    """Turn boto's exceptions into NotFound or StorageUnavailable.

    All but a missing object is the infrastructure's fault, also 403, 500, 503 and 507 (MinIO's full
    disk): waiting jobs wait on until somebody has repaired it.
    """
    try:
        yield
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404 and error_code(exc) != "NoSuchBucket":
            raise NotFound(f"no object {key}") from exc
        raise StorageUnavailable(f"S3 refuses: {error_code(exc) or status}") from exc
    except (BotoCoreError, OSError) as exc:
        said = _WRONG.get(type(exc).__name__, "S3 does not answer")
        raise StorageUnavailable(said) from exc
