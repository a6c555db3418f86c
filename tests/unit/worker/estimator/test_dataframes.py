"""The data frames that docs/client.md names: its own code runs.

Daft is not among the locked packages, for it wants an older pyarrow than the worker has:
`uv pip install --target DIR --no-deps daft`, then run this file with PYTHONPATH=DIR.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

ROOT = Path(__file__).parents[4]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(), re.DOTALL)


@pytest.mark.skipif(find_spec("daft") is None, reason="daft is not installed")
def test_a_column_of_paths_becomes_a_column_of_depth_in_daft(tmp_path):
    (block,) = [block for block in BLOCKS if block.startswith("import daft\n")]
    for name, picture in (("cat", data.chelsea()), ("coffee", data.coffee())):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    paths = [str(tmp_path / "cat.png"), str(tmp_path / "coffee.png")] * 3
    script = f"""
{block}
frame = daft.from_pydict({{"path": {paths!r}}})
depths = Depths(engine="simulated", decode_processes=1)
frame = frame.with_column("depth", depths.of(frame["path"]))
print([(depth.shape, str(depth.dtype)) for depth in frame.to_pydict()["depth"]])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    expected = [((300, 451), "float32"), ((400, 600), "float32")] * 3
    assert done.stdout.splitlines()[-1] == str(expected)
