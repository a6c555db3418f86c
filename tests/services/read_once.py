"""What two libraries read from disk anew for each client, read once in a test process.

httpx2 reads all certificates (40 ms of CPU), boto3 its descriptions of S3 (140 ms), and many tests
open a client of their own. What is read is the same each time.
"""

from __future__ import annotations

import os
from functools import cache
from ssl import SSLContext

import pytest


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Keep certificates and descriptions until `patch` is undone."""
    import botocore.session
    import httpcore2

    read = httpcore2.default_ssl_context

    @cache
    def certificates(trust_env: bool, *_: str | None) -> SSLContext:
        return read(_trust_env=trust_env)

    def default_ssl_context(*, _trust_env: bool = True) -> SSLContext:
        named = (os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
        return certificates(_trust_env, *named)

    patch.setattr(httpcore2, "default_ssl_context", default_ssl_context)
    create = cache(botocore.session.create_loader)
    patch.setattr(botocore.session, "create_loader", create)
