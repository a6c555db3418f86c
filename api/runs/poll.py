"""Answers where a run stands: now, when it has ended, or when it is no longer as it was."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request
from pydantic import BaseModel

from api.answers.blueprint import document
from api.runs.documents import run_etag
from api.runs.find import Found, ended, wait_for_run
from api.services import Services


def poll_run(
    parts: Services, found: Found, wait_s: float, render: Callable[[Services, Found], BaseModel]
) -> Response:
    """Answer the document that `render` makes, held up to `wait_s` until the run has ended.

    With `If-None-Match`, 304 if it is as it was; then it is held until it has changed.
    """
    seen = request.if_none_match

    def changed(current: Found) -> bool:
        return not seen.contains_weak(run_etag(current[0])[3:-1])

    found = wait_for_run(parts, found, changed if seen else ended, wait_s)
    headers = {"ETag": run_etag(found[0]), "Cache-Control": "no-cache"}
    if seen and not changed(found):
        return Response(status=304, headers=headers)
    return document(render(parts, found), headers=headers)
