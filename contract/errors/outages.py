"""What the service cannot do, now or at all."""

from __future__ import annotations

from contract.errors.base import DepthqError

MOST_OF_A_CAUSE = 300  # characters in a log line


class StorageUnavailable(DepthqError):
    """Redis or the object store does not answer as it should.

    `message` is safe to show to clients: it names no key, no address and quotes no server. As text
    the error also says what caused it, for logs.
    """

    code = "storage_unavailable"
    retryable = True

    def __str__(self) -> str:
        cause = self.__cause__
        if cause is None or isinstance(cause, DepthqError):
            return self.message
        said = " ".join(str(cause).split())[:MOST_OF_A_CAUSE]
        return f"{self.message} ({type(cause).__name__}: {said})"


class StorageRefused(StorageUnavailable):
    """The store answers, and refuses: no access, or no bucket.

    Workers wait as in an outage, for accepted work is kept; clients need not try again soon.
    `reason` is for clients: it names no key and no address.
    """

    code = "storage_refused"
    retryable = False

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotInstalled(DepthqError):
    """An output needs an optional part that this worker lacks; `message` says how to get it."""

    code = "not_installed"


class DeadlineExceeded(DepthqError):
    """The client's deadline passed before the work was done."""

    code = "deadline_exceeded"
    retryable = True


class NotInTime(DepthqError):
    """Depth at once cannot be had within its deadline; come back after `retry_after_s` seconds."""

    code = "not_in_time"
    retryable = True

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WorkerLost(DepthqError):
    """The worker that computed depth at once has ended; nothing was kept to try it again from."""

    code = "worker_lost"
    retryable = True


class Poisoned(DepthqError):
    """The job failed too often for a reason of its own and was set aside."""

    code = "poisoned"


class InternalError(DepthqError):
    """A fault of ours."""

    code = "internal"
    retryable = True


class DecoderCrashed(InternalError):
    """The decoding child process died on this image."""
