"""A finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """The result of one check. `problem`: `depthq up` would not work well with it."""

    what: str
    level: Literal["ok", "note", "problem"]
    message: str
    remedy: str = ""
