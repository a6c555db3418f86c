"""Reads the request headers that change how a submission is answered."""

from __future__ import annotations

import re

from flask import Request

from api.receiving.parameters import MAX_WAIT_S
from contract.errors import InvalidRequest

_WAIT = re.compile(r"(?:^|[,;\s])wait=\"?(\d{1,9})\"?(?=$|[,;\s])")
_KEY = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


def wait_preference(request: Request) -> int:
    """Return the seconds of `Prefer: wait=N` (RFC 7240), capped; 0 without. Others are ignored."""
    match = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(match[1]), MAX_WAIT_S) if match else 0


def idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key. Raises InvalidRequest unless it is 1 to 200 printable ASCII."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key: 1 to 200 printable ASCII characters.")
    return key
