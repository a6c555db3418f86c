"""A worker's reply → the HTTP answer: the output as its body, facts about it in headers."""

from __future__ import annotations

from flask import Response

from contract.immediate import Reply
from contract.jobs import Timings


def answer_of(reply: Reply, data: bytes, output: str) -> Response:
    """Return the output's bytes, never to be stored by anything between here and the client."""
    response = Response(data, content_type=reply.media_type)
    name = f"{output}.{reply.extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(_about(reply))
    return response


def _about(reply: Reply) -> dict[str, str]:
    found: dict[str, str] = {}
    if reply.model is not None:
        found["Depthq-Model"] = reply.model.name
        found["Depthq-Weights"] = reply.model.weights_id
    if reply.depth is not None:
        found["Depthq-Depth-Range"] = f"{reply.depth.min:.7g} {reply.depth.max:.7g}"
    if reply.downsampled_to is not None:
        found["Depthq-Downsampled-To"] = "{}x{}".format(*reply.downsampled_to)
    if reply.warnings:
        found["Depthq-Warnings"] = ", ".join(reply.warnings)
    if reply.timings is not None:
        found["Server-Timing"] = _server_timing(reply.timings)
    return found


def _server_timing(timings: Timings) -> str:
    """Return the stages as `Server-Timing` (W3C), in milliseconds, and the size of the batch."""
    stages = {
        "queued": timings.queued_ms,
        "fetch": timings.fetch_ms,
        "decode": timings.decode_ms,
        "wait": timings.wait_ms,
        "infer": timings.infer_ms,
        "render": timings.render_ms,
    }
    parts = [f"{name};dur={ms:.1f}" for name, ms in stages.items()]
    return ", ".join([*parts, f'batch;desc="{timings.batch_size}"'])
