"""What `import depthq` offers, and what it costs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import client
import depthq

HEAVY = ("httpx2", "cv2", "numpy", "PIL", "pydantic", "openvino", "onnxruntime", "worker", "client")


def loaded_after(code: str) -> list[str]:
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_depthq_loads_neither_http_nor_pixels_nor_an_engine():
    assert not set(HEAVY) & set(loaded_after("import depthq"))


def test_the_client_loads_no_engine_and_the_estimator_no_http():
    assert not {"worker", "cv2"} & set(loaded_after("from depthq import DepthClient"))
    assert "httpx2" not in loaded_after("from depthq import DepthEstimator")


@pytest.mark.parametrize("name", depthq.__all__)
def test_every_public_name_is_there_and_is_what_it_says(name):
    assert getattr(depthq, name).__name__ == name
    assert name in dir(depthq)


def test_the_names_promised_are_all_there():
    promised = {"DepthClient", "AsyncDepthClient", "read_depth", "DepthEstimator", "Depth"}
    assert promised <= set(depthq.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="DepthMachine"):
        depthq.DepthMachine  # noqa: B018


@pytest.mark.parametrize("name", ["Dataset", "DepthClient", "DepthMap", "Job", "read_depth"])
def test_the_old_place_still_gives_the_same_object_and_says_where_the_new_one_is(name):
    with pytest.warns(DeprecationWarning, match=f"from depthq import {name}") as caught:
        old = getattr(client, name)
    assert old is getattr(depthq, name)
    assert caught[0].filename == __file__


def test_submodules_of_the_client_are_imported_without_a_warning():
    assert importlib.import_module("client.console").OK == 0
    code = "import warnings; warnings.simplefilter('error')\nfrom client import console"
    assert "client.console" in loaded_after(code)
