"""Translates errors into answers: code → HTTP status → problem details (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as RouteNotFound

from contract.documents import FieldProblem, Problem
from contract.errors import (
    ERROR_CODES,
    DepthqError,
    InvalidRequest,
    NotFound,
    NotInTime,
    Overloaded,
    StorageRefused,
)
from contract.wrong_fields import wrong_fields

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STORAGE_REFUSED = (
    "The object store refuses what the service asks of it. Trying again is vain until the "
    "service's operator has mended that; the log knows the request id."
)
WHOLE = "body"  # the field of a problem that no single field has
MAX_FIELD_PROBLEMS = 20  # named in one answer
RETRY_AFTER_S = 5  # Retry-After while Redis or the store is unavailable

# 413: the request itself is too large, in bytes or pixels. 415: not a format we read.
# 422: the format is right, the content is not.
STATUS: dict[str, int] = {
    "invalid_request": 400,
    "bucket_refused": 400,
    "unauthorized": 401,
    "url_forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "image_too_large": 413,
    "video_too_large": 413,
    "unsupported_media_type": 415,
    "image_corrupt": 422,
    "image_undecodable": 422,
    "video_undecodable": 422,
    "poisoned": 422,
    "url_unreachable": 422,
    "overloaded": 429,
    "internal": 500,
    "storage_refused": 500,
    "not_installed": 501,
    "not_in_time": 503,
    "model_not_served": 503,
    "storage_unavailable": 503,
    "worker_lost": 503,
    "deadline_exceeded": 504,
}
# What flask and werkzeug refuse themselves, by our codes; anything else is invalid_request.
_CODE_OF_STATUS = {
    401: "unauthorized",
    404: "not_found",
    413: "image_too_large",
    415: "unsupported_media_type",
}


class LengthRequired(InvalidRequest):
    """The body has no Content-Length, so that its size could not be checked beforehand."""


class Foreign(InvalidRequest):
    """The request's Host or Origin is not one of this service."""


class InvalidFields(InvalidRequest):
    """Fields of the request do not validate; `fields` names each."""

    def __init__(self, fields: list[FieldProblem]) -> None:
        super().__init__("; ".join(map(_sentence, fields)))
        self.fields = fields


_STATUS_OF_CLASS: dict[type[DepthqError], int] = {LengthRequired: 411, Foreign: 403}


def invalid_fields(error: ValidationError, model: type[BaseModel] | None = None) -> InvalidFields:
    """Translate a pydantic error; values are left out, names cut. `model` knows the right names."""
    return InvalidFields(
        [
            FieldProblem(field=".".join(map(str, each.place))[:60] or WHOLE, message=each.says)
            for each in wrong_fields(error, model)[:MAX_FIELD_PROBLEMS]
        ]
    )


def _sentence(each: FieldProblem) -> str:
    return each.message if each.field == WHOLE else f"{each.field}: {each.message}"


def problem(
    status: int, code: str, detail: str, fields: list[FieldProblem] | None = None
) -> Response:
    """Return the problem document of the present request as a response."""
    document = Problem(
        type=f"urn:depthq:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=ERROR_CODES[code],
        instance=request.path,
        request_id=g.get("request_id", ""),
        errors=fields or [],
    )
    return Response(
        document.model_dump_json(exclude_defaults=True), status=status, content_type=MEDIA_TYPE
    )


def register(app: Flask) -> None:
    """Install the handlers; the catch-all comes last."""
    app.register_error_handler(DepthqError, _on_own)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_unexpected)


def _on_own(error: DepthqError) -> Response:
    status = _STATUS_OF_CLASS.get(type(error), STATUS[error.code])
    fields = error.fields if isinstance(error, InvalidFields) else None
    detail = STORAGE_REFUSED if isinstance(error, StorageRefused) else error.message
    response = problem(status, error.code, detail, fields)
    if isinstance(error, Overloaded | NotInTime):
        response.headers["Retry-After"] = str(error.retry_after_s)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        log.warning("%s", error, extra={"action": "unavailable"})
    elif status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", error.message, exc_info=error, extra={"action": "internal_error"})
    return response


def _on_http(error: HTTPException) -> Response:
    if error.response is not None and error.code is None:
        return _on_own(NotFound("There is nothing here."))
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:  # werkzeug raises redirects as exceptions
        return Response(
            status=status, headers=[(k, v) for k, v in error.get_headers() if k == "Location"]
        )
    code = _CODE_OF_STATUS.get(status, "invalid_request" if status < 500 else "internal")
    response = problem(status, code, _detail(error, status))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _detail(error: HTTPException, status: int) -> str:
    """Return a sentence for API clients; werkzeug's own are for people with a browser."""
    if isinstance(error, RouteNotFound):
        return "There is no such path; /docs lists all that there are."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        allowed = ", ".join(sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"}))
        return f"{request.method} is not allowed here; allowed: {allowed}."
    return error.description or HTTPStatus(status).phrase


def _on_unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error, extra={"action": "internal_error"})
    return problem(
        500, "internal", "Something went wrong on our side; the log knows the request id."
    )
