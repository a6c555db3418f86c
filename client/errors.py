"""Errors between the client and the service, in addition to those of contract.errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract.errors import DepthqError, InvalidRequest, Overloaded


class ServiceUnreachable(DepthqError):  # noqa: N818 - named like its siblings in contract.errors
    """Nothing answers at the service's address."""

    code = "service_unreachable"
    retryable = True


class UnexpectedAnswer(DepthqError):  # noqa: N818
    """Something answers, but not as depthq does."""

    code = "unexpected_answer"


class DownloadCorrupt(DepthqError):  # noqa: N818
    """The downloaded bytes are not those that the service announced."""

    code = "download_corrupt"
    retryable = True


class WaitedTooLong(DepthqError):  # noqa: N818
    """The job has not ended within the time the caller gave it; it goes on in the service."""

    code = "waited_too_long"
    retryable = True


class LocalProblem(DepthqError):  # noqa: N818
    """This machine lacks something that the command needs."""

    code = "local_problem"


def _tree(base: type[DepthqError]) -> Iterator[type[DepthqError]]:
    yield base
    for child in base.__subclasses__():
        yield from _tree(child)


def error_from(code: str, message: str, *, retry_after_s: float | None = None) -> DepthqError:
    """Return the exception that stands for a code of the service, most specific class first."""
    for kind in _tree(DepthqError):
        if kind is DepthqError or vars(kind).get("code") != code:
            continue
        if issubclass(kind, Overloaded):
            return kind(message, retry_after_s=max(1, round(retry_after_s or 1)))
        return kind(message)
    return UnexpectedAnswer(f"{message} (code {code})")


def error_from_problem(
    status: int, problem: Mapping[str, Any] | None, retry_after_s: float | None = None
) -> DepthqError:
    """Translate an error answer (RFC 9457 problem details, or anything else) into an exception."""
    if not problem or "code" not in problem:
        return _error_from_status(status)
    title = str(problem.get("title") or "")
    message = str(problem.get("detail") or title or f"the service answered {status}")
    return error_from(str(problem["code"]), message, retry_after_s=retry_after_s)


def _error_from_status(status: int) -> DepthqError:
    known = {401: "unauthorized", 404: "not_found", 413: "image_too_large", 429: "overloaded"}
    message = f"the service, or a proxy in front of it, answered {status} without saying why"
    if status in known:
        return error_from(known[status], message)
    if 400 <= status < 500:
        return InvalidRequest(message)
    return UnexpectedAnswer(message)
