"""The base of all errors that depthq raises on purpose."""

from __future__ import annotations

from typing import ClassVar


class DepthqError(Exception):
    """Base of every error that depthq raises on purpose.

    `message` is written for the person who reads it: what is wrong and what to do.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
