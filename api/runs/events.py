"""The progress of a run as server-sent events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response
from pydantic import BaseModel

from api.runs.find import Found, subject
from api.services import Services
from api.waiting.follow import View, follow

MIN_PAUSE_S = 0.5  # shards end more often than a reader can follow


def follow_run(parts: Services, found: Found, document: Callable[[Found], BaseModel]) -> Response:
    """Stream the document now and as it changes, at most twice a second; end with the run."""

    def view(current: Found) -> View:
        record = current[0]
        mark = f"{record.version}-{record.in_flight}"
        return View(mark, record.state.terminal, partial(document, current))

    record = found[0]
    return follow(parts, subject(parts, record.id, record.kind), found, view, MIN_PAUSE_S)
