"""Translates S3's answers: object infos, streams, errors."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import NotFound, StorageRefused, StorageUnavailable
from storage.objects.protocol import ObjectInfo

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


class KeptOpen(io.RawIOBase):
    """A file for a consumer that closes it: closing this wrapper does not close the file."""

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


# Client errors (4xx) that are temporary; all others need an operator.
_PASSING_STATUS = (408, 409, 425, 429)
_PASSING_CODES = ("BadDigest", "IncompleteBody", "RequestTimeout", "SlowDown")


@contextmanager
def s3_errors(key: str) -> Iterator[None]:
    """Turn boto's exceptions into NotFound, StorageRefused or StorageUnavailable.

    Everything but a missing object is the infrastructure's fault, also 403, 500, 503 and 507
    (MinIO's full disk): jobs wait until it is repaired.
    """
    try:
        yield
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error_code(exc)
        if status == 404 and code != "NoSuchBucket":
            raise NotFound(f"no object {key}") from exc
        raise refused(status, code) from exc
    except (BotoCoreError, OSError) as exc:
        said = _WRONG.get(type(exc).__name__, "S3 does not answer")
        raise StorageUnavailable(said) from exc


def refused(status: int, code: str) -> StorageUnavailable:
    """Return the exception: StorageRefused if retrying is useless until an operator acts."""
    message = f"S3 refuses: {code or status}"
    passes = status in _PASSING_STATUS or code in _PASSING_CODES
    if 400 <= status < 500 and not passes:
        return StorageRefused(message, refusal(code))
    return StorageUnavailable(message)


def refusal(code: str) -> str:
    """Return a refusal in words; a HEAD has only its status for a code."""
    if code in ("404", "NoSuchBucket"):
        return "there is no such bucket"
    if code in ("401", "403", "AccessDenied"):
        return "the store denies the service's user access (AccessDenied)"
    return f"the store says {code}"


def check_deleted(answer: Mapping[str, Any]) -> None:
    """Raise StorageRefused or StorageUnavailable if DeleteObjects did not delete an object."""
    codes = [str(each.get("Code")) for each in answer.get("Errors", ())]
    left = [code for code in codes if code != "NoSuchKey"]
    if "AccessDenied" in left:
        raise StorageRefused("S3 refuses to delete: AccessDenied", refusal("AccessDenied"))
    if left:
        raise StorageUnavailable(f"S3 refuses to delete: {left[0]}")
