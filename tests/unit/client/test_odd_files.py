"""Files, names, folders and terminals that are odd but ordinary: one never stops the others."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from client.errors import LocalProblem
from contract.settings import environment
from tests.services.fake_api import DEPTH, HEATMAP, FakeApi
from tests.tiers import thorough
from tests.waits import PATIENT_S

ROOT = Path(__file__).parents[3]
LONG = ["日" * 83 + ".jpg", "b" * 251 + ".jpg", "é" * 116 + ".png"]
LATIN = os.fsdecode(b"caf\xe9.jpg")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"a")
    return tmp_path / "in"


def made(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("name", LONG)
def test_a_name_as_long_as_can_be_has_results(depthq, api: FakeApi, folder, tmp_path, name):
    (folder / name).write_bytes(b"x")
    run = depthq("submit", folder, "--out", tmp_path / "out", url=api.url)
    assert (run.returncode, run.stderr) == (0, "")
    names = made(tmp_path / "out")
    assert len(names) == 4
    (depth,) = (n for n in names if n.endswith(".depth.png") and not n.startswith("a."))
    assert depth.startswith(Path(name).stem[:70])
    assert (tmp_path / "out" / depth).read_bytes() == DEPTH


def test_a_name_that_is_no_utf_8_is_submitted_and_kept(depthq, api: FakeApi, folder, tmp_path):
    (folder / LATIN).write_bytes(b"x")
    run = depthq("submit", folder, "--out", tmp_path / "out", url=api.url)
    assert (run.returncode, run.stderr) == (0, "")
    assert b"caf\xe9.depth.png" in map(os.fsencode, made(tmp_path / "out"))
    assert r"caf\udce9.jpg" in run.stdout
    run = depthq("submit", folder, "--json", url=api.url)
    assert len(run.stdout.splitlines()) == 2


@pytest.mark.parametrize("encoding", ["cp1252", thorough("ascii")])
def test_a_terminal_that_knows_few_letters_still_gets_the_job_s_id(api: FakeApi, folder, encoding):
    (folder / "日.jpg").write_bytes(b"x")
    run = subprocess.run(
        [sys.executable, "-P", "-m", "client.start", "submit", folder],
        env=environment(url=api.url) | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=PATIENT_S,
    )  # fmt: skip
    lines = run.stdout.decode(encoding).splitlines()
    assert (run.returncode, len(lines)) == (0, 2), run.stderr
    assert {line.split()[1] for line in lines} == set(api.jobs)
    assert any(line.startswith(rf"{folder}/\u65e5.jpg ") for line in lines)


def test_a_pipe_in_the_folder_is_left_out(depthq, api: FakeApi, folder):
    os.mkfifo(folder / "pipe.jpg")
    run = depthq("submit", folder, folder / "pipe.jpg", url=api.url)
    assert (run.returncode, len(api.jobs)) == (0, 1)
    assert run.stderr == "2 files left out (2 not a file)\n"


def test_a_file_that_cannot_be_read_fails_alone(depthq, api: FakeApi, folder, monkeypatch):
    (folder / "b.jpg").write_bytes(b"b")
    real = os.open

    def refuse(path: str, *arguments: object, **named: object) -> int:
        if str(path).endswith("a.jpg"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refuse)
    run = depthq("submit", folder, url=api.url)
    assert (run.returncode, len(api.jobs)) == (1, 1)
    assert run.stderr.splitlines()[0].endswith("Permission denied")


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written over"])
def test_a_file_that_changes_while_it_is_sent_is_that_file_s_failure(client, folder, change):
    path = folder / "a.jpg"
    path.write_bytes(b"a" * 1000)
    os.utime(path, (1, 1))
    contents = {"grows": b"a" * 5000, "shrinks": b"a", "is written over": b"b" * 1000}
    hooks = client._transport.http.event_hooks
    hooks["request"] = [lambda _: path.write_bytes(contents[change])]
    client._transport.http.event_hooks = hooks
    with pytest.raises(LocalProblem, match="changed while it was sent"):
        client.submit(path)
    client._transport.http.event_hooks = {}
    assert client.submit(path).id


@pytest.mark.parametrize(
    "command",
    [("submit", "FOLDER"), ("dataset", "run", "FOLDER"), ("dataset", "download", "x"),
     ("demo", "FOLDER")],
)  # fmt: skip
def test_a_folder_that_cannot_be_written_is_found_out_before_anything_is_asked(
    depthq, api: FakeApi, folder, tmp_path, monkeypatch, command
):
    monkeypatch.setattr("client.commands.demo.LocalStack", None)
    words = [str(folder) if word == "FOLDER" else word for word in command]
    run = depthq(*words, "--out", folder / "a.jpg" / "out", url=api.url)
    assert run.returncode == 1
    assert run.stderr == f"depthq: cannot write to {folder}/a.jpg/out: Not a directory\n"
    assert api.asked == []


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["submit", "x" * 5000], {}),
        (["submit", "FILE", "--out", "y" * 5000], {}),
        (["submit", "FILE"], {"api_key": "schlüssel"}),
        (["submit", "FILE"], {"url": "http://[::1"}),
        (["submit", "FILE"], {"url": "http://127.0.0.1:99999"}),
        (["submit", "FILE"], {"url": "http://a b/"}),
        (["submit", "FILE"], {"host": "::1", "port": "9"}),
        (["status", LATIN], {"url": "API"}),
        (["dataset", "status", LATIN], {"url": "API"}),
        (["dataset", "run", "x" * 5000, "--out", "o"], {}),
        (["dataset", "run", LATIN, "--out", "o"], {}),
    ],
)
def test_nothing_that_a_person_can_type_is_a_fault_of_ours(
    depthq, api: FakeApi, folder, arguments, settings
):
    words = [str(folder / "a.jpg") if word == "FILE" else word for word in arguments]
    named = {name: api.url if value == "API" else value for name, value in settings.items()}
    run = depthq(*words, **{"url": api.url, **named} if "host" not in named else named)
    assert run.returncode in (1, 2, 3)
    assert "fault of ours" not in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.strip()


ENTRY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["depthq"]


@pytest.mark.parametrize("entry", [ENTRY, "worker.weights.__main__:main"])
@pytest.mark.parametrize("part", ["pydantic", "typing"])
def test_ctrl_c_while_the_parts_are_loaded_is_quiet(part, entry):
    module, _, function = entry.partition(":")
    code = f"""
import sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "{part}":
            raise KeyboardInterrupt
sys.modules.pop("{part}", None)
sys.meta_path.insert(0, Interrupt())
from {module} import {function}
sys.exit({function}())
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENT_S,
        check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_ctrl_c_while_a_demo_starts_shows_no_table_of_failures(depthq, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "client.commands.demo._run", lambda *given: given[3].hear(2, None) or ({}, True)
    )
    ended = depthq("demo", "--out", tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "stopped at 0 of 5\n")


def test_the_heat_map_of_a_long_name_has_the_same_name(depthq, api: FakeApi, folder, tmp_path):
    (folder / LONG[0]).write_bytes(b"x")
    depthq("submit", folder / LONG[0], "--out", tmp_path / "out", url=api.url)
    depth, heatmap = made(tmp_path / "out")
    assert depth.removesuffix(".depth.png") == heatmap.removesuffix(".heatmap.jpg")
    assert (tmp_path / "out" / heatmap).read_bytes() == HEATMAP
