"""One idempotent request as data, so that clients that block and clients that await share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx2

from client.errors import UnexpectedAnswer

T = TypeVar("T")


def json_of(response: httpx2.Response) -> Any:
    """Return the JSON of an answer. Raises UnexpectedAnswer if it is none."""
    try:
        return response.json()
    except ValueError as exc:
        raise UnexpectedAnswer(f"{response.url} did not answer with JSON") from exc


@dataclass(frozen=True)
class Call(Generic[T]):
    """What to ask, and what the answer means. The service may hold it for `held_s` seconds."""

    method: str
    url: str
    parse: Callable[[httpx2.Response], T]
    params: Mapping[str, Any] | None = None
    held_s: float = 0.0
    json: Any = None
    content: bytes | None = None  # the body as it is
