"""Ids of jobs and runs: `yyyymmdd-` plus 128 random bits in lower-case base32 (RFC 4648).

Unguessable, sortable by day, and the storage path follows from the id alone. The id of a run of
another kind than `dataset` begins with its kind: `video-20260131-…`. So every key, queue and list
follows from the id, and a process that does not know the kind takes it for no id at all.
"""

from __future__ import annotations

import base64
import random
import re
import secrets
from datetime import UTC, datetime

ID_PATTERN = r"^[0-9]{8}-[a-z2-7]{26}$"
RUN_ID_PATTERN = r"^(?:[a-z][a-z0-9]{1,19}-)?[0-9]{8}-[a-z2-7]{26}$"
DATASET = "dataset"  # the first kind of run
_ID = re.compile(ID_PATTERN)
_KIND = re.compile(r"([a-z][a-z0-9]{1,19})-[0-9]{8}-")


def new_id(now: datetime | None = None) -> str:
    """Return a fresh id for something created at `now` (UTC, default: the present)."""
    day = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d")
    secret = base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()
    return f"{day}-{secret}"


def new_tag() -> str:
    """Return 16 hexadecimal digits that tell one call or message from another; no secret.

    The system's random bytes would cost a busy process a thread switch: reading them releases the
    interpreter's lock (docs/decisions/0170-the-lock-is-released-less-often.md).
    """
    return f"{random.getrandbits(64):016x}"  # not for what must not be guessed


def new_run_id(kind: str, now: datetime | None = None) -> str:
    """Return a fresh id for a run of `kind`."""
    return prefix_of(kind) + new_id(now)


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of an id and names a real calendar day."""
    if not _ID.fullmatch(text):
        return False
    try:
        datetime.strptime(text[:8], "%Y%m%d")
    except ValueError:
        return False
    return True


def is_run_id(text: str, kind: str | None = None) -> bool:
    """Tell whether `text` is the id of a run: of `kind`, or of any."""
    found = kind_of(text)
    return is_id(text.removeprefix(prefix_of(found))) and kind in (None, found)


def kind_of(run_id: str) -> str:
    """Return the kind of a run, from its id or from what begins with it."""
    found = _KIND.match(run_id)
    return found[1] if found else DATASET


def day_of(run_id: str) -> str:
    """Return the day of a run's acceptance (UTC), `yyyymmdd`."""
    return run_id.removeprefix(prefix_of(kind_of(run_id)))[:8]


def prefix_of(kind: str) -> str:
    """Return what the ids of `kind` begin with."""
    return "" if kind == DATASET else f"{kind}-"
