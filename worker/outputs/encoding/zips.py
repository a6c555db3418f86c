"""Entries of ZIP files without a date, so that the same content gives the same bytes."""

from __future__ import annotations

import zipfile

_FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # that ZIP knows


def entry(name: str, *, packed: bool = False) -> zipfile.ZipInfo:
    """Return an entry called `name`: stored as it is, or deflated if `packed`."""
    made = zipfile.ZipInfo(name, _FIRST_DATE)
    made.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return made
