"""The answer to a POST that made something which ends later: 202, or 200 once it has ended."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel

from api.answers.blueprint import document


def accepted(body: BaseModel, place: str, wait_s: int, *, ended: bool) -> Response:
    """Answer `body` with its URL, `place`; 200 if it has `ended`. Sets `Preference-Applied`.

    `wait_s`: what `Prefer: wait=N` asked for, 0 without it.
    """
    headers = {"Location": place}
    if wait_s:
        headers["Preference-Applied"] = f"wait={wait_s}"
    return document(body, 200 if ended else 202, headers)
