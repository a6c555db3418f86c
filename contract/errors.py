"""The one exception tree. Every class has a stable `code`, `retryable`, and whose fault it is.

DepthqError
├── InvalidRequest           invalid_request
│   ├── Conflict             conflict
│   └── BucketRefused        bucket_refused        (a dataset's bucket is gone or closed: final)
├── Unauthorized             unauthorized
├── NotFound                 not_found
├── Overloaded               overloaded            (retry after `retry_after_s`)
├── ModelNotServed           model_not_served      (no worker holds the model asked for)
├── InputError               the image's own fault: final at once
│   ├── UnsupportedMediaType unsupported_media_type
│   ├── ImageTooLarge        image_too_large
│   ├── ImageCorrupt         image_corrupt         (its header is broken)
│   ├── ImageUndecodable     image_undecodable     (its pixels cannot be read)
│   ├── VideoTooLarge        video_too_large       (frames, seconds or pixels)
│   ├── VideoUndecodable     video_undecodable     (no frame of it can be read)
│   ├── UrlForbidden         url_forbidden
│   └── UrlUnreachable       url_unreachable
├── StorageUnavailable       storage_unavailable   (infrastructure: retried for ever, never counted)
│   └── StorageRefused       storage_refused       (it says no, until its operator acts)
├── NotInstalled             not_installed         (an optional part of the worker: final)
├── DeadlineExceeded         deadline_exceeded
├── NotInTime                not_in_time           (depth at once: too many wait, or no worker)
├── WorkerLost               worker_lost           (depth at once: its worker is gone, and so is it)
├── Poisoned                 poisoned              (failed too often for a reason of its own)
└── InternalError            internal              (ours: retried a bounded number of times)
    └── DecoderCrashed       internal              (the decoding child died on this image)
"""

from __future__ import annotations

from typing import ClassVar

MOST_OF_A_CAUSE = 300  # characters in a log line


class DepthqError(Exception):
    """Base of every error that depthq raises on purpose.

    `message` is written for the person who reads it: what is wrong and what to do.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


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


class InputError(DepthqError):
    """The image is at fault; trying again cannot help."""


class UnsupportedMediaType(InputError):
    """The bytes are not an image of an accepted format."""

    code = "unsupported_media_type"


class ImageTooLarge(InputError):
    """The image has more bytes or pixels than the service accepts."""

    code = "image_too_large"


class ImageCorrupt(InputError):
    """The image's header is broken or lies."""

    code = "image_corrupt"


class ImageUndecodable(InputError):
    """The header is fine, the pixels cannot be read."""

    code = "image_undecodable"


class VideoTooLarge(InputError):
    """The video has more frames, seconds or pixels than the service accepts."""

    code = "video_too_large"


class VideoUndecodable(InputError):
    """The bytes are a video, or look like one, and no frame of it can be read."""

    code = "video_undecodable"


class UrlForbidden(InputError):
    """The source URL is not one the service may fetch."""

    code = "url_forbidden"


class UrlUnreachable(InputError):
    """The source URL gave no image."""

    code = "url_unreachable"
    retryable = True


class StorageUnavailable(DepthqError):
    """Redis or the object store does not answer as it should.

    `message` may be told to anybody: it names no key, no address and quotes no server. As text the
    error also says what caused it, for logs.
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
    """The store answers, and says no: no access, no bucket.

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


def _leaves(base: type[DepthqError]) -> list[type[DepthqError]]:
    return [base, *(leaf for sub in base.__subclasses__() for leaf in _leaves(sub))]


def error_of_code(code: str, message: str) -> DepthqError:
    """Return the exception that `code` stands for; InternalError for one of a later version."""
    kinds = (kind for kind in _leaves(DepthqError) if vars(kind).get("code") == code)
    return next(kinds, InternalError)(message)


# code → retryable, for documents and documentation
ERROR_CODES: dict[str, bool] = {
    error.code: error.retryable for error in reversed(_leaves(DepthqError)) if "code" in vars(error)
}
ERROR_CODES["internal"] = InternalError.retryable
