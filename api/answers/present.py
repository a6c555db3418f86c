"""The present request itself: Flask's `request` looks it up anew at each access, 40 a job."""

from __future__ import annotations

from typing import cast

from flask import Request, request


def present_request() -> Request:
    """Return the request that this thread answers, for as long as it does."""
    # what the proxy stands for, as Flask's documentation names it
    return cast("Request", request._get_current_object())  # type: ignore[attr-defined]
