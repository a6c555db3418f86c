"""Where node and the page's modules are."""

from __future__ import annotations

import shutil
from pathlib import Path

NODE = shutil.which("node")
HERE = Path(__file__).parent
WEB = HERE.parents[2] / "api" / "web"
