"""The id of a request, in its answer and in the log."""

from __future__ import annotations

import re

from contract.ids import new_tag

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(given: str) -> str:
    """Return the client's id if it is valid, else a new one."""
    return given if _REQUEST_ID.fullmatch(given) else new_tag()
