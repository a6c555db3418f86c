"""Errors that the caller can correct, or that pass with time."""

from __future__ import annotations

from contract.errors.base import DepthqError


class InvalidRequest(DepthqError):
    """The request does not fit the API."""

    code = "invalid_request"


class Conflict(InvalidRequest):
    """The request contradicts one made before (an idempotency key used twice, a finished job)."""

    code = "conflict"


class BucketRefused(InvalidRequest):
    """A bucket that a dataset reads or writes is gone, or the service may not use it."""

    code = "bucket_refused"


class Unauthorized(DepthqError):
    """The bearer key is missing or wrong."""

    code = "unauthorized"


class NotFound(DepthqError):
    """There is no such thing, or not any more."""

    code = "not_found"


class Overloaded(DepthqError):
    """The backlog is full; come back after `retry_after_s` seconds."""

    code = "overloaded"
    retryable = True

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelNotServed(DepthqError):
    """The model is known, and no live worker holds it."""

    code = "model_not_served"
    retryable = True
