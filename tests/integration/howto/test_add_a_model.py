"""The how-to's own code makes a model that is found everywhere and computes; a broken one harms
nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services.plugin import environment_with, install

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/howto/add-a-model.md").read_text()
BLOCKS = re.findall(r"```(?:python|toml)\n(.*?)```", TEXT, re.DOTALL)

EVERYWHERE = """
import json, sys
from pathlib import Path
import numpy as np
import pyarrow.parquet
from safetensors.numpy import save_file
from types import SimpleNamespace
from api.jobs.documents import job_document
from api.wsgi import app_from
from contract.ids import new_id
from contract.items import ItemResult
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult, ModelInfo
from contract.options import JobOptions
from contract.settings import Settings
from contract.states import JobState
from worker.datasets import index
from worker.engines.factory import build_engine
from worker.weights.resolve import resolve

folder = Path(sys.argv[1])
web = app_from(Settings(data_dir=folder)).test_client()
options = JobOptions(model="ground_plane")
about = InputInfo(media_type="image/jpeg", bytes=1, sha256="0" * 64, width=80, height=40)
request = JobRequest(id=new_id(), created_at=1, expires_at=2, options=options, input=about)
plain = JobRequest(id=new_id(), created_at=1, expires_at=2, input=about)
model = ModelInfo(
    name="ground_plane", weights_id="w", engine="e", precision="fp32", net_size=(64, 96)
)
result = JobResult(id=request.id, state=JobState.SUCCEEDED, attempt=1, finished_at=1, model=model)
record = JobRecord(request=request, state=JobState.SUCCEEDED, result=result)
item = ItemResult(id="i", uri="u", state="succeeded", model="ground_plane", weights_id="w")
with index.open_index() as writer:
    writer.write(0, [item])
    rows = pyarrow.parquet.read_table(writer.finish()).to_pylist()

save_file({"gain": np.full(1, 2, np.float32)}, folder / "ground_plane.safetensors")
settings = Settings(
    cache_dir=folder, engine="onnxruntime",
    weights=f"ground_plane={folder / 'ground_plane.safetensors'}",
)
artefact = resolve(settings, "ground_plane")
engine = build_engine(settings, artefact)
engine.load()
depth = engine.infer(np.zeros((2, 3, 64, 96), np.float32))
print("ANSWER " + json.dumps({
    "openapi": web.get("/openapi.json").text,
    "document": job_document(SimpleNamespace(settings=Settings()), record).model_dump(mode="json"),
    "known": [web.application.extensions["depthq"].models.declared()["ground_plane"].line["en"]],
    "plain": plain.model_dump_json(),
    "row": {name: rows[0][name] for name in ("model", "weights_id")},
    "shape": depth.shape,
    "column": depth[1, :3, 7].tolist(),
    "weights_id": artefact.weights_id,
}))
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
    entry = re.search(r'"depthq\.models"\]\n(\w+) = "(.*)"', project)
    assert entry
    install(
        folder, "depthq-ground-plane", {"ground_plane": code}, {entry[1]: entry[2]}, "depthq.models"
    )
    return folder


@pytest.fixture(scope="module")
def seen(packages, tmp_path_factory) -> dict[str, Any]:
    said = run(packages, "-c", EVERYWHERE, str(tmp_path_factory.mktemp("data")))
    return json.loads(said.partition("ANSWER ")[2])


def test_openapi_names_the_model(seen):
    assert '"ground_plane"' in seen["openapi"]


def test_the_list_of_models_which_pages_read_has_it_with_its_line(seen):
    assert seen["known"] == ["near is what is low in the picture"]


def test_a_job_s_document_names_it(seen):
    assert seen["document"]["options"]["model"] == "ground_plane"
    assert seen["document"]["model"]["name"] == "ground_plane"
    assert "ground_plane" not in seen["plain"], "records of other jobs say nothing of it"


def test_a_dataset_s_index_names_what_computed_each_row(seen):
    assert seen["row"] == {"model": "ground_plane", "weights_id": "w"}


def test_it_is_converted_and_computes_what_the_how_to_says(seen):
    assert seen["shape"] == [2, 64, 96]
    assert seen["column"] == [2.0, 4.0, 6.0]
    assert seen["weights_id"].startswith("file-")


def test_the_command_line_and_the_lists_have_it(packages):
    help_text = " ".join(run(packages, "-m", "client.cli", "submit", "--help").split())
    assert re.search(r"--model .*ground_plane", help_text)
    listed = run(packages, "-m", "client.cli", "models", "list")
    assert "near is what is low in the picture" in listed


BROKEN = {
    "raises": "raise RuntimeError('no such luck')",
    "no_model": "MODEL = 7",
    "taken": "from contract.models.midas_small import MODEL",
    "odd_name": (
        "from dataclasses import replace\nfrom contract.models.midas_small import MODEL as M\n"
        "MODEL = replace(M, name='Odd:Name')"
    ),
    "quits": "raise SystemExit(3)",
    "odd_warm_up": (
        "from dataclasses import replace\nfrom contract.models.midas_small import MODEL as M\n"
        "MODEL = replace(M, name='odd_warm_up', warm_up=(256, 256), order=None)"
    ),
    "no_network": (
        "from dataclasses import replace\nfrom contract.models.midas_small import MODEL as M\n"
        "MODEL = replace(M, name='no_network', network='gone:build')"
    ),
}


def test_the_doctor_names_every_plug_in_and_what_is_wrong_with_the_broken_ones(packages, tmp_path):
    entries = {name: f"bad_{name}:MODEL" for name in BROKEN}
    modules = {f"bad_{name}": text for name, text in BROKEN.items()}
    install(tmp_path, "bad", modules, entries, "depthq.models")
    install(
        tmp_path, "depthq-ground-plane", {"ground_plane": BLOCKS[0]},
        {"ground_plane": "ground_plane:MODEL"}, "depthq.models",
    )  # fmt: skip
    code = (
        "import json\n"
        "from client.local.doctor_plugins import look_at_plugins\n"
        "from contract.options import JobOptions\n"
        "assert JobOptions(model='midas_small').colormap == 'inferno'\n"
        "print(json.dumps([vars(f) for f in look_at_plugins()]))"
    )
    found = {f["message"].split()[1]: f for f in json.loads(run(tmp_path, "-c", code))}
    assert found["ground_plane"]["level"] == "ok"
    assert found["ground_plane"]["message"] == "model ground_plane of depthq-ground-plane 1.0"
    reasons = {
        "raises": "no such luck",
        "no_model": "is no ModelSpec but int",
        "taken": "there is a model 'midas_small' already",
        "odd_name": "'Odd:Name' is no name",
        "quits": "SystemExit(3)",
        "odd_warm_up": "warm_up.0: Input should be",
        "no_network": "its network gone:build is not there",
    }
    for name, reason in reasons.items():
        assert found[name]["level"] == "note", name  # nothing that keeps the service from running
        assert reason in found[name]["message"]
