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
│   └── StorageRefused       storage_refused       (access denied, until the operator acts)
├── NotInstalled             not_installed         (an optional part of the worker: final)
├── DeadlineExceeded         deadline_exceeded
├── NotInTime                not_in_time           (depth at once: too many wait, or no worker)
├── WorkerLost               worker_lost           (depth at once: its worker ended over it)
├── Poisoned                 poisoned              (failed too often for a reason of its own)
└── InternalError            internal              (ours: retried a bounded number of times)
    └── DecoderCrashed       internal              (the decoding child died on this image)
"""

from __future__ import annotations

from contract.errors.base import DepthqError
from contract.errors.calls import (
    BucketRefused,
    Conflict,
    InvalidRequest,
    ModelNotServed,
    NotFound,
    Overloaded,
    Unauthorized,
)
from contract.errors.inputs import (
    ImageCorrupt,
    ImageTooLarge,
    ImageUndecodable,
    InputError,
    UnsupportedMediaType,
    UrlForbidden,
    UrlUnreachable,
    VideoTooLarge,
    VideoUndecodable,
)
from contract.errors.outages import (
    DeadlineExceeded,
    DecoderCrashed,
    InternalError,
    NotInstalled,
    NotInTime,
    Poisoned,
    StorageRefused,
    StorageUnavailable,
    WorkerLost,
)

__all__ = [
    "ERROR_CODES",
    "BucketRefused",
    "Conflict",
    "DeadlineExceeded",
    "DecoderCrashed",
    "DepthqError",
    "ImageCorrupt",
    "ImageTooLarge",
    "ImageUndecodable",
    "InputError",
    "InternalError",
    "InvalidRequest",
    "ModelNotServed",
    "NotFound",
    "NotInTime",
    "NotInstalled",
    "Overloaded",
    "Poisoned",
    "StorageRefused",
    "StorageUnavailable",
    "Unauthorized",
    "UnsupportedMediaType",
    "UrlForbidden",
    "UrlUnreachable",
    "VideoTooLarge",
    "VideoUndecodable",
    "WorkerLost",
    "error_of_code",
]


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
