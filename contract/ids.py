"""Ids of jobs and datasets: `yyyymmdd-` plus 128 random bits in lower-case base32 (RFC 4648).

Unguessable, sortable by day, and the storage path follows from the id alone.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import UTC, datetime

ID_PATTERN = r"^[0-9]{8}-[a-z2-7]{26}$"
_ID = re.compile(ID_PATTERN)


def new_id(now: datetime | None = None) -> str:
    """Return a fresh id for something created at `now` (UTC, default: the present)."""
    day = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d")
    random = base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()
    return f"{day}-{random}"


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of an id and names a real calendar day."""
    if not _ID.fullmatch(text):
        return False
    try:
        datetime.strptime(text[:8], "%Y%m%d")
    except ValueError:
        return False
    return True
