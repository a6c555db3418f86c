"""What the API's process carries."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "timm", "openvino", "onnxruntime", "cv2", "numpy", "PIL", "worker")


def test_the_api_starts_without_engines_pixels_or_workers():
    code = (
        "import sys, api.wsgi, api.__main__; from contract.settings import Settings;"
        "api.wsgi.app_from(Settings());"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
