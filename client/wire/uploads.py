"""What can be submitted: a path, bytes, or an open binary file; sent anew on every try."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, cast

from client.files.steady import SteadyFile
from client.plain import visible

ImageSource = str | Path | bytes | BinaryIO


class Upload:
    """An image that can be opened as often as the request has to be tried."""

    def __init__(self, source: ImageSource) -> None:
        self._path: Path | None = None
        self._data = b""
        if isinstance(source, str | Path):
            self._path = Path(source)
        elif isinstance(source, bytes | bytearray | memoryview):
            self._data = bytes(source)
        else:
            self._data = source.read()

    @property
    def name(self) -> str:
        """The file name sent along; a label only."""
        return visible(self._path.name) if self._path else "image"

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open it for reading from its start; LocalProblem if it cannot be read, or changes."""
        if self._path is None:
            return nullcontext(io.BytesIO(self._data))
        return cast("AbstractContextManager[BinaryIO]", SteadyFile(self._path))


def form_fields(options: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Write job options as multipart fields; lists repeat the field, None is left out."""
    return {name: _as_field(value) for name, value in options.items() if value is not None}


def _as_field(value: Any) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return str(value)
