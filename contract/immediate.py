"""Messages between API and worker for depth at once: requests of which nothing is kept.

An *ask* waits in a Redis list and holds no picture. The worker that takes it names its channel, the
API publishes the picture there, and the worker publishes the answer on the API's channel.
"""

from __future__ import annotations

from typing import Any, Literal

from contract.jobs import DepthInfo, JobError, ModelInfo, Timings, Warnings
from contract.models.declaration import DEFAULT_MODEL
from contract.values import Value

FIELDS_OF_JOBS = ("outputs", "webhook_url")  # options that make no sense where nothing is kept


class Ask(Value):
    """One request that waits for a worker. The picture stays in the API until one has taken it."""

    v: Literal[1] = 1
    id: str
    answer_to: str  # a channel
    asked_at: float  # s since the epoch
    deadline_at: float
    model: str = DEFAULT_MODEL
    options: dict[str, Any]  # of JobOptions, those that were given


class Picture(Value):
    """Goes before the bytes of the picture."""

    id: str


class Reply(Value):
    """A worker's message: it has taken the ask, or how the ask ended, with the output's bytes."""

    id: str
    send_to: str | None = None  # the channel to publish the picture on; the only field if set
    error: JobError | None = None
    media_type: str = ""
    extension: str = ""
    width: int | None = None  # px, of the output where it is a picture
    height: int | None = None
    downsampled_to: tuple[int, int] | None = None
    warnings: Warnings = ()
    model: ModelInfo | None = None
    depth: DepthInfo | None = None
    timings: Timings | None = None


def pack(head: Value, body: bytes = b"") -> bytes:
    """Return one message: `head` as a line of JSON, then `body`."""
    return head.model_dump_json(exclude_defaults=True).encode() + b"\n" + body


def unpack(message: bytes) -> tuple[bytes, bytes]:
    """Return the JSON of the head, and the body."""
    head, _, body = message.partition(b"\n")
    return head, body
