"""What boto3 reads of its own descriptions of S3, a megabyte of JSON, once for all its clients.

Each client reads them anew. A program of ours opens a few clients; a test process, hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def descriptions_are_read_once() -> Iterator[None]:
    """Let all clients that are opened in the block share what was read."""
    from botocore.loaders import Loader

    usual, read = Loader.__init__, {}

    def sharing(self: Loader, *arguments: object, **options: object) -> None:
        usual(self, *arguments, **options)
        self._cache = read

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "__init__", sharing)
        yield
