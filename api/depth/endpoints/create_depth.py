"""`POST /v1/depth`: an image in, one output as the answer's body, nothing kept."""

from __future__ import annotations

from flask import Request, Response, request

from api.answers.blueprint import JOBS, problems, v1
from api.callers.auth import caller
from api.depth.answer import answer_of
from api.depth.at_once import Wanted
from api.depth.openapi import CREATE_DEPTH, DEPTH_RESPONSES
from api.depth.options import wanted_options
from api.jobs.accept import check_header
from api.jobs.options import option_fields
from api.receiving.multipart import receive_form
from api.receiving.uploads import Upload, receive_raw
from api.services import Services, services
from contract.errors import DepthqError, InvalidRequest, Overloaded, UnsupportedMediaType
from contract.names.queues import Lane

BUSY_RETRY_S = 1


@v1.post(
    "/depth",
    tags=[JOBS],
    operation_id="create_depth",
    summary="Compute one output at once; keep nothing",
    responses={
        200: DEPTH_RESPONSES,
        **problems(400, 401, 403, 411, 413, 415, 422, 429, 501, 504),
    },
    openapi_extensions=CREATE_DEPTH,
)  # fmt: skip
def create_depth() -> Response:
    """Answer with the output's bytes.

    Neither the image nor the output is stored, and there is no job. If it cannot be done in time,
    or the worker ends meanwhile, the answer says so and the image is to be sent again.
    """
    parts = services()
    try:
        with parts.waits.slot(caller()) as taken:
            if not taken:
                raise Overloaded("Too many requests wait already; come back later.", BUSY_RETRY_S)
            return _answer(parts)
    except DepthqError as exc:
        parts.measures.refused.labels(exc.code).inc()
        raise


def _answer(parts: Services) -> Response:
    most = min(parts.settings.immediate_max_bytes, parts.settings.max_upload_bytes)
    with Upload(most) as upload:
        fields = _receive(request, upload)
        options, deadline_s = wanted_options(fields, parts.settings.immediate_deadline_s)
        parts.models.check(options.model, Lane.INTERACTIVE)
        parts.at_once.admit(options.model)
        check_header(upload, parts.settings.extra_formats, parts.settings.max_pixels)
        picture = upload.head(upload.size)
    gone = request.environ.get("waitress.client_disconnected", bool)
    given = options.model_dump(mode="json", exclude_unset=True)
    wanted = Wanted(picture, options.model, given, deadline_s, gone)
    reply, data = parts.at_once.depth_of(wanted)
    return answer_of(reply, data, options.outputs[0])


def _receive(incoming: Request, upload: Upload) -> list[tuple[str, str]]:
    """Fill `upload` and return the option fields, in whichever way they came."""
    kind = incoming.mimetype
    if kind == "multipart/form-data":
        if incoming.args:
            raise InvalidRequest(
                "With a multipart body the options are form fields, not in the URL."
            )
        return receive_form(incoming, upload)
    if kind.startswith("image/") or kind in ("application/octet-stream", ""):
        receive_raw(incoming, upload)
        return option_fields(incoming.args)
    raise UnsupportedMediaType(
        f"A body of type {kind[:60]!r} is not accepted; send multipart/form-data, image/* or "
        "application/octet-stream."
    )
