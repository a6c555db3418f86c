"""Objects in any S3-compatible server, by way of boto3."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Self
from urllib.parse import quote

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from contract.errors import StorageRefused, StorageUnavailable
from contract.settings import Settings
from storage.objects.probe import Probe
from storage.objects.protocol import ObjectInfo, OneByOne, check_key, check_metadata
from storage.objects.s3_access import Access
from storage.objects.s3_answers import (
    KeptOpen,
    S3Body,
    body_size,
    check_deleted,
    error_code,
    head_info,
    listed_info,
    refusal,
    s3_errors,
)
from storage.objects.s3_bucket import OwnBucket

_PAGE = 1000  # the most keys that S3 lists or deletes in one request
_IN_PARTS_BYTES = 64 * 1024 * 1024
_PARTS = TransferConfig(
    multipart_threshold=_IN_PARTS_BYTES, multipart_chunksize=16 * 1024 * 1024, use_threads=False
)


class S3Store(OneByOne):
    """An ObjectStore in one bucket. Safe to share between threads."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        *,
        public_client: Any = None,
        create_bucket: bool = False,
        retention_s: int = 0,
        foreign: bool = False,
    ) -> None:
        """`public_client` signs URLs for the address under which clients reach the server.

        `retention_s`: a bucket created here expires jobs a little later; 0: never.
        `foreign`: another owner's bucket, whose keys may be any text.
        """
        self._client = client
        self._signer = public_client or client
        self._bucket = bucket
        self._own_bucket = OwnBucket(client, bucket, retention_s) if create_bucket else None
        self._checked: Callable[[str], str] = str if foreign else check_key
        self._probe = Probe()

    @classmethod
    def from_settings(cls, settings: Settings, *, patient: bool = False) -> Self:
        """Return a store as the `s3_*` settings say. Connects to nothing.

        `patient`: for callers that no client waits for.
        """
        return cls.with_access(Access(settings, patient=patient), settings)

    @classmethod
    def with_access(cls, access: Access, settings: Settings) -> Self:
        """Return a store that uses this access."""
        return cls(
            access.client,
            access.bucket,
            public_client=access.signer,
            create_bucket=settings.s3_create_bucket,
            retention_s=settings.retention_s,
        )

    def neighbour(self, bucket: str) -> S3Store:
        """Return a store of another bucket on the same server, never created by the service."""
        return S3Store(self._client, bucket, public_client=self._signer, foreign=True)

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write the object with one PUT, which S3 makes visible only when it is complete."""
        request = {
            "Bucket": self._bucket,
            "Key": self._checked(key),
            "ContentType": media_type,
            "Metadata": check_metadata(metadata),
        }

        def send() -> None:
            if body_size(data) > _IN_PARTS_BYTES and not isinstance(data, bytes):
                self._send_in_parts(data, request)
            else:
                self._client.put_object(Body=data, **request)

        with s3_errors(key):
            self._with_bucket(send)

    def _send_in_parts(self, data: BinaryIO, request: dict[str, Any]) -> None:
        """Send a multipart upload, which S3 makes visible only when it is completed.

        The server answers each part soon; the answer to one huge PUT may take longer than the
        timeout.
        """
        about = {name: request[name] for name in ("ContentType", "Metadata")}
        try:
            source = io.BufferedReader(KeptOpen(data))
            self._client.upload_fileobj(source, self._bucket, request["Key"], about, Config=_PARTS)
        except S3UploadFailedError as exc:
            raise StorageUnavailable("S3 did not take a large object") from exc

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        with s3_errors(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._checked(key))
            body: bytes = answer["Body"].read()
            return body

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes. Raises NotFound."""
        with s3_errors(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._checked(key))
        return io.BufferedReader(S3Body(key, answer["Body"]), 256 * 1024)

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        with s3_errors(key):
            answer = self._client.head_object(Bucket=self._bucket, Key=self._checked(key))
        return head_info(key, answer)

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix`, in pages.

        Each page starts after the last key seen: unlike continuation tokens, keys mean the same on
        every server and for ever.
        """
        truncated = True
        while truncated:
            with s3_errors(prefix):
                page = self._client.list_objects_v2(
                    Bucket=self._bucket, Prefix=prefix, StartAfter=start_after, MaxKeys=_PAGE
                )
            entries = page.get("Contents", ())
            for entry in entries:
                start_after = entry["Key"]
                yield listed_info(entry)
            truncated = bool(entries) and page.get("IsTruncated", False)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, a thousand per request; missing ones are fine."""
        checked = [self._checked(key) for key in keys]
        for start in range(0, len(checked), _PAGE):
            names = [{"Key": key} for key in checked[start : start + _PAGE]]
            with s3_errors("delete"):
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": names, "Quiet": True}
                )
            check_deleted(answer)

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """Return a URL that downloads the object as a file of that name. Sends nothing."""
        disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
        parameters = {
            "Bucket": self._bucket,
            "Key": self._checked(key),
            "ResponseContentDisposition": disposition,
        }
        with s3_errors(key):
            url: str = self._signer.generate_presigned_url(
                "get_object", Params=parameters, ExpiresIn=expires_s
            )
        return url

    def _with_bucket(self, call: Callable[[], object]) -> None:
        """Do `call`; where the bucket is missing and may be made, make it and call again."""
        if self._own_bucket is None:
            call()
        else:
            self._own_bucket.serve(call)

    def check(self) -> None:
        """Ask for the bucket, made if that is wanted; now and then use it as a job would."""
        with s3_errors("check"):
            try:
                self._with_bucket(lambda: self._client.head_bucket(Bucket=self._bucket))
            except ClientError as exc:
                code = error_code(exc)  # of a HEAD: its status
                if code in ("404", "NoSuchBucket"):
                    raise StorageRefused("S3 has no such bucket", refusal(code)) from exc
                raise
        self._probe.look(self)
