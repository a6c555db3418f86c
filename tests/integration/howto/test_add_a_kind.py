"""The how-to's own file makes a kind that is run by real workers; a broken one harms nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from client.kinds_table import DOCUMENT, render
from contract.ids import is_run_id
from contract.kinds.registry import BROKEN, KINDS
from contract.settings import Settings
from storage.ledger.connection import open_redis
from storage.objects.open import open_run_store
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.plugin import environment_with, install
from tests.waits import PATIENT_S

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/howto/add-a-kind.md").read_text()
CODE, PROJECT = re.findall(r"```(?:python|toml)\n(.*?)```", TEXT, re.DOTALL)[:2]
GROUP = "depthq.kinds"
BROKEN_KINDS = {
    "raises": "raise RuntimeError('no such luck')",
    "no_kind": "KIND = 7",
    "taken": "from contract.kinds.dataset import KIND",
    "odd_name": (
        "from contract.kinds.declaration import KindDeclaration\n"
        "KIND = KindDeclaration('Odd/Name', 'm:f', {'en': 'x'})"
    ),
    "of_a_queue": (
        "from contract.kinds.declaration import KindDeclaration\n"
        "KIND = KindDeclaration('steps', 'm:f', {'en': 'x'})"
    ),
    "without_code": (
        "from contract.kinds.declaration import KindDeclaration\n"
        "KIND = KindDeclaration('codeless', 'no.where:f', {'en': 'x'}, calls='no.where:g')"
    ),
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    entry = re.search(r'"depthq\.kinds"\]\n(\w+) = "(.*)"', PROJECT)
    assert entry
    install(folder, "depthq-texts", {"texts": CODE}, {entry[1]: entry[2]}, GROUP)
    for name, code in BROKEN_KINDS.items():
        install(folder, f"depthq-{name}", {name: code}, {name: f"{name}:KIND"}, GROUP)
    return folder


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment_with(folder, ROOT),
        cwd=folder,
    )
    assert done.stdout, done.stderr
    return done.stdout


class WithPackages:
    """A process of ours with the plug-ins installed."""

    packages: Path

    def environment(self):
        return {
            **super().environment(),
            "PYTHONPATH": environment_with(self.packages, ROOT)["PYTHONPATH"],
        }


class Api(WithPackages, ApiProcess):
    """The API."""


class Worker(WithPackages, WorkerProcess):
    """A worker."""


@pytest.fixture(scope="module")
def settings(valkey_session, tmp_path_factory) -> Settings:
    return Settings(
        redis_url=valkey_session.url,
        data_dir=tmp_path_factory.mktemp("data"),
        engine="simulated",
        simulation=True,
    )


@pytest.fixture(scope="module")
def api(settings, packages, tmp_path_factory):
    api = Api(settings, tmp_path_factory.mktemp("api"))
    worker = Worker(settings, tmp_path_factory.mktemp("bulk"), "bulk")
    api.packages = worker.packages = packages
    try:
        worker.start()
        api.start()
        yield api
    finally:
        api.stop()
        worker.stop()


def call(api: Api, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{api.url}{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENT_S) as answer:
        return json.load(answer)


def test_a_text_is_submitted_counted_and_finished(api, settings):
    made = call(api, "/v1/texts", {"text": "to be or not to procrastinate"})
    assert is_run_id(made["id"], "text")
    assert set(made) == {"id", "state", "counts", "longest"}
    whole = made
    while whole["state"] not in ("completed", "failed"):  # the test's own limit ends it
        whole = call(api, f"/v1/texts/{made['id']}?wait=20")
    assert (whole["state"], whole["longest"]) == ("completed", "procrastinate")
    assert whole["counts"]["succeeded"] == whole["counts"]["total"] == 6
    # and its record says what it is
    record = open_run_store(settings).get(made["id"])
    assert (record.kind, record.shards_total) == ("text", 1)
    assert open_redis(settings).zrange("depthq:runs:text", 0, -1) == []


def test_openapi_names_its_calls(api):
    paths = json.loads(api.get("/openapi.json"))["paths"]
    assert paths["/v1/texts"]["post"]["operationId"] == "create_text"
    assert paths["/v1/texts/{text_id}"]["get"]["summary"] == "See a text"


def test_datasets_know_nothing_of_it(api):
    made = call(api, "/v1/texts", {"text": "word"})
    assert made["id"] not in json.dumps(call(api, "/v1/datasets"))
    assert api.status(f"/v1/datasets/{made['id']}") == 404


def test_broken_kinds_are_left_out_and_named(packages):
    script = (
        "import json; from contract.kinds.registry import BROKEN, KINDS; "
        "print(json.dumps([BROKEN, list(KINDS)]))"
    )
    broken, kinds = json.loads(run(packages, "-c", script))
    assert kinds[0] == "dataset"
    assert {"text", "codeless"} <= set(kinds)
    broken = {name.partition(" ")[0]: why for name, why in broken.items()}
    assert set(broken) == set(BROKEN_KINDS) - {"without_code"}
    assert broken["raises"] == "raises:KIND: no such luck"
    assert broken["no_kind"] == "no_kind:KIND: is no KindDeclaration but int"
    assert broken["taken"] == "taken:KIND: there is a kind 'dataset' already"
    assert "'Odd/Name' is no name" in broken["odd_name"]
    assert "'steps' is no name" in broken["of_a_queue"]


def test_the_doctor_names_them(packages):
    told = " ".join(run(packages, "-m", "client.cli", "doctor").split())
    assert "kind text of depthq-texts 1.0" in told
    assert "kind taken of depthq-taken 1.0 is left out" in told
    assert "its opened_by no.where:f is not there" in told


def test_the_table_of_kinds_is_current():
    assert DOCUMENT.read_text("utf-8") == render(), "make it anew: python -m client.kinds_table"
    assert BROKEN == {}
    assert [kind.name for kind in KINDS.values() if {"en", "zh"} - set(kind.line)] == []
