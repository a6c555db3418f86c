"""The service's own bucket, created when it is first found missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from storage.objects.lifecycle import set_lifecycle
from storage.objects.s3_answers import error_code

_MISSING = ("NoSuchBucket", "404")
_ALREADY_CREATED = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class OwnBucket:
    """A bucket that may be created. Raises what boto raises."""

    def __init__(self, client: Any, name: str, retention_s: int) -> None:
        """`retention_s`: a bucket created here expires jobs a little later; 0: never."""
        self._client, self._name, self._retention_s = client, name, retention_s

    def serve(self, call: Callable[[], object]) -> None:
        """Do `call`; where the bucket is missing, make it and call again."""
        try:
            call()
        except ClientError as exc:
            if error_code(exc) not in _MISSING:
                raise
            self._make()
            call()

    def _make(self) -> None:
        region = self._client.meta.region_name
        # us-east-1 is the one region that must not be named (CreateBucket, S3 API reference)
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        extra = {"CreateBucketConfiguration": place} if place else {}
        try:
            self._client.create_bucket(Bucket=self._name, **extra)
        except ClientError as exc:
            if error_code(exc) not in _ALREADY_CREATED:
                raise
            return
        if self._retention_s:
            set_lifecycle(self._client, self._name, self._retention_s)
