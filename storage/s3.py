"""Objects in any S3-compatible server. The only file that knows boto3."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from contract.errors import StorageRefused, StorageUnavailable
from contract.settings import Settings
from storage.objects import ObjectInfo, check_key, check_metadata
from storage.s3_answers import (
    Lent,
    S3Body,
    body_size,
    check_deleted,
    error_code,
    head_info,
    listed_info,
    refusal,
    s3_errors,
)
from storage.s3_bucket import OwnBucket

_PAGE = 1000  # the most keys that S3 lists or deletes in one request
# Two attempts at a frozen server, and the pause between, end within 10 s, the longest that an API
# request may take. Nobody waits for a worker: a store that is merely slow must not make it try for
# ever.
HURRIED_S, PATIENT_S = 3, 10
_IN_PARTS_BYTES = 64 * 1024 * 1024
_PARTS = TransferConfig(
    multipart_threshold=_IN_PARTS_BYTES, multipart_chunksize=16 * 1024 * 1024, use_threads=False
)


class S3Store:
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

        `retention_s`: a bucket that we make forgets jobs by itself a little later; 0: never.
        `foreign`: somebody else's bucket, whose keys may be any text.
        """
        self._client = client
        self._signer = public_client or client
        self._bucket = bucket
        self._own_bucket = OwnBucket(client, bucket, retention_s) if create_bucket else None
        self._checked: Callable[[str], str] = str if foreign else check_key

    @classmethod
    def from_settings(cls, settings: Settings, *, patient: bool = False) -> Self:
        """Return a store as the `s3_*` settings say. Connects to nothing.

        `patient`: for those whom no client waits for.

        A host name is part of a signature, so URLs for another name need a client of their own.
        """
        public_url = settings.s3_public_endpoint_url
        return cls(
            _open_client(settings, settings.s3_endpoint_url, patient=patient),
            settings.s3_bucket or "depthq",
            public_client=_open_client(settings, public_url) if public_url else None,
            create_bucket=settings.s3_create_bucket,
            retention_s=settings.retention_s,
        )

    def neighbour(self, bucket: str) -> S3Store:
        """Return a store of somebody else's bucket on the same server, never created by us."""
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

        A server answers each part soon; the end of one huge PUT may take longer than our timeout.
        """
        about = {name: request[name] for name in ("ContentType", "Metadata")}
        try:
            self._client.upload_fileobj(
                io.BufferedReader(Lent(data)), self._bucket, request["Key"], about, Config=_PARTS
            )
        except S3UploadFailedError as exc:
            raise StorageUnavailable(f"S3 did not take {request['Key']}: {exc}") from exc

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
        """Ask for the bucket, and make it if that is wanted."""
        with s3_errors("check"):
            try:
                self._with_bucket(lambda: self._client.head_bucket(Bucket=self._bucket))
            except ClientError as exc:
                code = error_code(exc)  # of a HEAD: its status
                if code in ("404", "NoSuchBucket"):
                    raise StorageRefused(f"no bucket {self._bucket}", refusal(code)) from exc
                raise


def _open_client(settings: Settings, endpoint_url: str | None, *, patient: bool = False) -> Any:
    key_id, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=key_id.get_secret_value() if key_id else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            signature_version="s3v4",  # else presigned URLs of custom endpoints are SigV2
            s3={"addressing_style": "path" if settings.s3_path_style else "virtual"},
            connect_timeout=2,
            read_timeout=PATIENT_S if patient else HURRIED_S,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=4 + max(settings.api_threads, settings.concurrency),
            # other servers and older MinIO do not know the newer default checksums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
