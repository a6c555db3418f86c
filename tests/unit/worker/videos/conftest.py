from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Callable[[bytes], BinaryIO]]:
    """Write bytes to a file and open it."""
    with ExitStack() as opened:

        def write(data: bytes) -> BinaryIO:
            path = tmp_path / f"video-{len(list(tmp_path.iterdir()))}"
            path.write_bytes(data)
            return opened.enter_context(path.open("rb"))

        yield write
