"""What the front refuses by itself, before the application sees it."""

from __future__ import annotations

from waitress.utilities import Error


class Refusal(Error):  # type: ignore[misc]  # noqa: N818
    """Base of the front's refusals: a status, a code of contract.errors, and Retry-After."""

    kind = "invalid_request"
    retry_after_s: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


class KeyMissing(Refusal):
    """401: a body came without a valid key; none of it is stored."""

    code = 401
    reason = "Unauthorized"
    kind = "unauthorized"
    headers = (("WWW-Authenticate", "Bearer"),)


class LengthMissing(Refusal):
    """411: the front knows a body's size before it takes it."""

    code = 411
    reason = "Length Required"


class ContentTooLarge(Refusal):
    """413: larger than any accepted upload."""

    code = 413
    reason = "Content Too Large"
    kind = "image_too_large"


class TooManyUploads(Refusal):
    """429: the unfinished uploads use up the upload budget."""

    code = 429
    reason = "Too Many Requests"
    kind = "overloaded"
    retry_after_s = 5


class TooManyFailedLogins(Refusal):
    """429: too many wrong keys came from this address."""

    code = 429
    reason = "Too Many Requests"
    kind = "overloaded"

    def __init__(self, body: str, retry_after_s: int) -> None:
        super().__init__(body)
        self.retry_after_s = retry_after_s


class DiskFull(Refusal):
    """503: the disk for spooled uploads is full."""

    code = 503
    reason = "Service Unavailable"
    kind = "storage_unavailable"
    retry_after_s = 30


class VersionUnknown(Refusal):
    """505: neither HTTP/1.0 nor HTTP/1.1."""

    code = 505
    reason = "HTTP Version Not Supported"
