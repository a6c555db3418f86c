"""The how-to's own code makes an output that is found everywhere; a broken one harms nothing."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.services.plugin import environment_with, install

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/howto/add-an-output.md").read_text()
BLOCKS = re.findall(r"```(?:python|toml)\n(.*?)```", TEXT, re.DOTALL)

EVERYWHERE = """
import base64, json, sys
import numpy as np
import pyarrow
from api.wsgi import app_from
from api.jobs.documents import job_document
from contract.ids import new_id
from contract.items import ItemResult
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult, ModelInfo, OutputInfo
from contract.options import JobOptions
from contract.settings import Settings
from contract.states import JobState
from types import SimpleNamespace
from worker.datasets import index
from worker.outputs.render import render
from worker.outputs.view import View

web = app_from(Settings(data_dir=sys.argv[1])).test_client()
options = JobOptions(outputs=("near_mask",), near_mask_from=0.5, size="model")
model = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(4, 8))
depth = np.repeat(np.arange(4, dtype=np.float32)[:, None], 8, axis=1)
(file,) = render(View(depth, options, 80, 40, model)).files
made = OutputInfo(key="k", media_type=file.media_type, width=file.width, height=file.height,
                  bytes=len(file.data), sha256="0" * 64)
about = InputInfo(media_type="image/jpeg", bytes=1, sha256="0" * 64, width=80, height=40)
request = JobRequest(id=new_id(), created_at=1, expires_at=2, options=options, input=about)
result = JobResult(id=request.id, state=JobState.SUCCEEDED, attempt=1, finished_at=1,
                   outputs={"near_mask": made})
record = JobRecord(request=request, state=JobState.SUCCEEDED, result=result)
parts = SimpleNamespace(settings=Settings())
plain = JobRequest(id=new_id(), created_at=1, expires_at=2, input=about)
refused = []
try:
    JobOptions(near_mask_from=2)
except ValueError as exc:
    refused.append(str(exc))
json.dump({
    "openapi": web.get("/openapi.json").text,
    "outputs": web.get("/v1/outputs").json,
    "document": job_document(parts, record).model_dump(mode="json"),
    "index": index._schema(pyarrow).names,
    "png": base64.b64encode(file.data).decode(),
    "name": f"{file.output}.{file.extension}",
    "plain": plain.model_dump_json(),
    "refused": refused,
}, sys.stdout)
"""


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment_with(folder, ROOT),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    code, project = BLOCKS[:2]
    entry = re.search(r'"depthq\.outputs"\]\n(\w+) = "(.*)"', project)
    assert entry
    install(folder, "depthq-near-mask", {"near_mask": code}, {entry[1]: entry[2]})
    return folder


@pytest.fixture(scope="module")
def seen(packages, tmp_path_factory) -> dict[str, Any]:
    return json.loads(run(packages, "-c", EVERYWHERE, str(tmp_path_factory.mktemp("data"))))


def test_openapi_names_the_output_and_its_option(seen):
    assert '"near_mask"' in seen["openapi"]
    assert "share of the depth's range from which on it is white" in seen["openapi"]


def test_the_list_of_outputs_has_it_with_its_option(seen):
    found = json.dumps(seen["outputs"])
    assert '"near_mask"' in found
    assert '"near_mask_from"' in found


def test_a_job_s_document_has_its_file_its_link_and_its_option(seen):
    document = seen["document"]
    assert document["outputs"]["near_mask"]["media_type"] == "image/png"
    assert document["links"]["outputs"]["near_mask"].endswith("/outputs/near_mask")
    assert document["options"]["outputs"] == ["near_mask"]


def test_a_dataset_s_index_has_its_columns(seen):
    assert {f"near_mask_{column}" for column in ("key", "member", "sha256", "bytes")} <= set(
        seen["index"]
    )


def test_it_renders_what_the_how_to_says(seen):
    import base64

    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(seen["png"]))))
    assert seen["name"] == "near_mask.png"
    np.testing.assert_array_equal(pixels, [[0] * 8] * 2 + [[255] * 8] * 2)


def test_its_option_is_checked_and_left_out_of_records_that_do_not_use_it(seen):
    assert "near_mask_from" in seen["refused"][0]
    assert "near_mask" not in seen["plain"]


def test_the_command_line_has_its_option(packages):
    help_text = run(packages, "-m", "client.cli", "submit", "--help")
    assert "--near-mask-from" in help_text
    assert re.search(r"by comma, or repeated: .*near_mask", " ".join(help_text.split()))


BROKEN = {
    "raises": "raise RuntimeError('no such luck')",
    "no_output": "OUTPUT = 7",
    "taken": "from contract.outputs.depth import OUTPUT",
    "odd_name": (
        "from contract.outputs.declaration import *\n"
        "OUTPUT = Output('Odd/Name', 'm:f', {'x': FileType('x', 'x/x')}, {'en': 'x'})"
    ),
    "same_option": (
        "from contract.outputs.declaration import *\n"
        "class Mine(OutputOptions):\n    colormap: int = option(1)\n"
        "OUTPUT = Output('same', 'm:f', {'x': FileType('x', 'x/x')}, {'en': 'x'}, (Mine,))"
    ),
    "quits": "raise SystemExit(3)",
    "odd_order": (
        "from contract.outputs.declaration import *\n"
        "OUTPUT = Output('late', 'm:f', {'x': FileType('x', 'x/x')}, {'en': 'x'}, order='late')"
    ),
    "odd_types": (
        "from contract.outputs.declaration import *\n"
        "OUTPUT = Output('listed', 'm:f', [FileType('x', 'x/x')], {'en': 'x'})"
    ),
    "near_mask": "from near_mask import OUTPUT",  # the same name of an entry, in another package
    "no_renderer": (
        "from contract.outputs.declaration import *\n"
        "OUTPUT = Output('no_renderer', 'gone:f', {'x': FileType('x', 'x/x')}, {'en': 'x'})"
    ),
}


def test_the_doctor_names_every_plug_in_and_what_is_wrong_with_the_broken_ones(packages, tmp_path):
    entries = {name: f"bad_{name}:OUTPUT" for name in BROKEN}
    install(tmp_path, "bad", {f"bad_{name}": text for name, text in BROKEN.items()}, entries)
    entries_of_good = {"near_mask": "near_mask:OUTPUT"}
    install(tmp_path, "depthq-near-mask", {"near_mask": BLOCKS[0]}, entries_of_good)
    code = (
        "import json\n"
        "from client.local.doctor_plugins import look_at_plugins\n"
        "from contract.options import JobOptions\n"
        "assert JobOptions(outputs=['near_mask']).colormap == 'inferno'\n"
        "print(json.dumps([vars(f) for f in look_at_plugins()]))"
    )
    told = json.loads(run(tmp_path, "-c", code))
    twice = {f["message"]: f["level"] for f in told if " near_mask of " in f["message"]}
    assert twice == {
        "output near_mask of bad 1.0": "ok",
        "output near_mask of depthq-near-mask 1.0 is left out: near_mask:OUTPUT: "
        "there is an output 'near_mask' already": "note",
    }
    found = {f["message"].split()[1]: f for f in told}
    reasons = {
        "raises": "no such luck",
        "no_output": "is no Output but int",
        "taken": "there is an output 'depth' already",
        "odd_name": "'Odd/Name' is no name",
        "same_option": "HeatmapOptions has the option 'colormap' already",
        "quits": "SystemExit(3)",
        "odd_order": "order: Input should be a valid integer",
        "odd_types": "types: Input should be",
        "no_renderer": "its renderer gone:f is not there",
    }
    for name, reason in reasons.items():
        assert found[name]["level"] == "note", name  # nothing that keeps the service from running
        assert reason in found[name]["message"]
        assert "bad 1.0" in found[name]["message"]
        assert found[name]["remedy"]


def test_without_plug_ins_the_doctor_says_that_there_are_none(tmp_path):
    code = (
        "from client.local.doctor_plugins import look_at_plugins\n"
        "print([found.message for found in look_at_plugins()])"
    )
    assert run(tmp_path, "-c", code).strip() == "['none are installed']"
