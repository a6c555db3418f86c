"""Address and credentials of S3, read once from the settings for both clients.

boto3 resolves the server's address and the credentials; obstore gets both and looks up nothing
itself. On its own it would read every AWS_* variable, and let an unrelated one (an endpoint, a
session token, a proxy) override what it was given.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from obstore.store import S3Store as RustStore

from contract.errors import StorageUnavailable
from contract.settings import Settings

# Two attempts at a frozen server, with the pause between, end within 10 s, the longest that an API
# request may take. A worker may wait longer: a slow store must not make it retry without end.
HURRIED_S, PATIENT_S = 3, 10
LONGEST_GET_S = 600  # of a large object over a slow line, never silent for longer than a timeout
_ASK_AGAIN = timedelta(minutes=5)  # credentials of a role change; boto3 knows when

_environment = threading.Lock()


class Access:
    """The two clients of one bucket. Connects to nothing."""

    def __init__(self, settings: Settings, *, patient: bool = False) -> None:
        """`patient`: for callers that no client waits for."""
        self._settings, self._patient = settings, patient
        self.bucket = settings.s3_bucket or "depthq"
        key_id, secret, token = (
            given.get_secret_value() if given else None
            for given in (
                settings.s3_access_key_id,
                settings.s3_secret_access_key,
                settings.s3_session_token,
            )
        )
        # without configured credentials, boto3 searches the usual places of AWS
        with _own_environment() if key_id else _environment:
            self._session = boto3.session.Session(
                aws_access_key_id=key_id,
                aws_secret_access_key=secret,
                aws_session_token=token,
                region_name=settings.s3_region,
            )
            self.client = self._boto(settings.s3_endpoint_url)
            public_url = settings.s3_public_endpoint_url
            # a host name is part of a signature, so URLs for another name need their own client
            self.signer = self._boto(public_url) if public_url else self.client

    def _boto(self, endpoint_url: str | None) -> Any:
        settings = self._settings
        return self._session.client(
            "s3",
            endpoint_url=endpoint_url,
            verify=str(settings.s3_ca_file) if settings.s3_ca_file else True,
            config=Config(
                ignore_configured_endpoint_urls=True,
                signature_version="s3v4",  # else presigned URLs of custom endpoints are SigV2
                s3={"addressing_style": "path" if settings.s3_path_style else "virtual"},
                connect_timeout=2,
                read_timeout=PATIENT_S if self._patient else HURRIED_S,
                retries={"mode": "standard", "total_max_attempts": 2},
                max_pool_connections=4 + max(settings.api_threads, settings.concurrency),
                # other servers and older MinIO do not support the newer default checksums
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def rust(self, *, unsigned_payload: bool, bucket: str | None = None) -> RustStore:
        """Return obstore's client of `bucket`, or the same one; same address and credentials."""
        bucket = bucket or self.bucket
        silence_s = PATIENT_S if self._patient else HURRIED_S
        whole_s = LONGEST_GET_S if self._patient else HURRIED_S
        ca_file = self._settings.s3_ca_file
        options: Any = {
            "allow_http": True,
            "connect_timeout": "2s",
            "read_timeout": f"{silence_s:g}s",
            "timeout": f"{whole_s:g}s",
            "pool_idle_timeout": "30s",
        }
        if ca_file:
            options["root_certificate"] = ca_file.read_bytes()
        with _own_environment():
            return RustStore(
                bucket,
                aws_endpoint_url_s3=self._bucket_url(bucket),
                region=self._settings.s3_region,
                credential_provider=_credentials_of(self._session),
                virtual_hosted_style_request=not self._settings.s3_path_style,
                unsigned_payload=unsigned_payload,
                client_options=options,
                # as many attempts as boto3's client makes; the worker's Patience comes on top
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

    def _bucket_url(self, bucket: str) -> str:
        """Return the address in obstore's form: with the bucket in the host name, or without."""
        url: str = self.client.meta.endpoint_url
        if self._settings.s3_path_style:
            return url
        parts = urlsplit(url)
        return parts._replace(netloc=f"{bucket}.{parts.netloc}").geturl()


def _credentials_of(session: Any) -> Callable[[], Any]:
    """Return a function that returns boto3's current credentials."""

    def say() -> dict[str, Any]:
        found = session.get_credentials()
        if found is None:
            raise StorageUnavailable("S3: no access key is set, and none was found")
        now = found.get_frozen_credentials()
        return {
            "access_key_id": now.access_key,
            "secret_access_key": now.secret_key,
            "token": now.token,
            "expires_at": datetime.now(UTC) + _ASK_AGAIN,
        }

    return say


@contextmanager
def _own_environment() -> Iterator[None]:
    """Hide every AWS_* variable while a client is built, so that only explicit settings count."""
    with _environment:
        hidden = {name: os.environ.pop(name) for name in list(os.environ) if name[:4] == "AWS_"}
        try:
            yield
        finally:
            os.environ.update(hidden)
