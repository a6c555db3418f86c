"""`depthq up`, `submit` and `demo` as a person at a terminal uses them."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from client.local.samples import sample_photographs
from contract.models.own import own_folder
from contract.options import JobOptions
from contract.outputs.registry import own_outputs
from contract.settings import environment
from depthq import DepthClient, read_depth
from tests.photographs import crops
from tests.services.fake_api import fake_api
from tests.services.process import free_port
from tests.tiers import thorough
from tests.waits import PATIENT_S, wait_until

STOP_S = 60
# Asleep for 0.1 s an image, so that 40 are four seconds of work.
SLOW = 'input = 64\nmultiple = 32\nrule = "exact"\nimage_s = 0.1\n'


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-P", "-m", "client.start", *map(str, arguments)]


def family(pid: int) -> set[int]:
    """Return the ids of a process and all its descendants."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return {pid}.union(*(family(int(child)) for path in children for child in read_ids(path)))


def read_ids(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []  # the thread has ended meanwhile


def alive(pids: set[int]) -> set[int]:
    """Return which of the processes still run; zombies do not."""
    return {pid for pid in pids if _state(pid) not in ("Z", "X", "")}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


class Up:
    """A running `depthq up`."""

    def __init__(self, folder: Path, *arguments: object, **settings: object) -> None:
        self.port = free_port()
        self.folder = folder
        self.log = folder / "up.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command("up", "--port", self.port, "--data-dir", folder / "data", *arguments),
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(**settings),
                cwd=folder,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def await_ready(self) -> None:
        wait_until(lambda: "is ready" in self.log.read_text() or self._dead(), "it is ready")
        assert not self._dead(), self.log.read_text()

    def _dead(self) -> bool:
        return self.process.poll() is not None

    def family(self) -> set[int]:
        return family(self.process.pid)

    def end(self) -> None:
        if not self._dead():
            self.process.kill()  # the leash takes the rest down
        self.process.wait(STOP_S)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: object, **settings: object) -> Up:
        started.append(Up(tmp_path, *arguments, **settings))
        return started[-1]

    yield start
    for one in started:
        one.end()


@dataclass(frozen=True)
class Killed:
    """A stack that was killed without warning after it had accepted a job."""

    folder: Path
    processes: set[int]
    job_id: str


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    stack = Up(tmp_path_factory.mktemp("shared"), "--no-bulk", engine="simulated")
    try:
        stack.await_ready()
        submitted = program(stack.url, "submit", sample_photographs()["cat"])
        job_id = re.search(r"\d{8}-[a-z2-7]{26}", submitted)
        assert job_id is not None
        processes = stack.family()
    finally:
        stack.end()
    return Killed(stack.folder, processes, job_id[0])


@pytest.fixture(scope="module")
def shared(killed: Killed) -> Iterator[Up]:
    """A stack without a network, for tests that leave it as it was.

    It has the folder of the one that was killed, and a second model that takes its time.
    """
    wait_until(lambda: not alive(killed.processes), "all are gone")
    own = own_folder(killed.folder / "cache")
    own.mkdir(parents=True)
    (own / "slow_one.toml").write_text(SLOW)
    stack = Up(
        killed.folder,
        cache_dir=killed.folder / "cache",
        models="midas_small,slow_one",
        engine="simulated",
    )
    try:
        stack.await_ready()
        yield stack
    finally:
        stack.end()


def submit(url: str, out: Path, pictures: Sequence[Path]) -> None:
    subprocess.run(
        command("submit", *pictures, "--out", out),
        env=environment(url=url),
        check=True,
        timeout=2 * PATIENT_S,
    )


def test_up_submit_and_ctrl_c(up, tmp_path):
    # Given a stack that is up
    stack = up()
    stack.await_ready()
    # When two photographs are submitted
    photographs = sample_photographs()
    chosen = [photographs["cat"], photographs["motorcycle"]]
    submit(stack.url, tmp_path / "out", chosen)
    # Then their depth is there, as large as they are, and its numbers can be read
    for path in chosen:
        depth = read_depth(tmp_path / "out" / f"{path.stem}.depth.png")
        with Image.open(path) as picture:
            assert depth.values.shape == (picture.height, picture.width)
        assert np.ptp(depth.values) > 0
        assert (tmp_path / "out" / f"{path.stem}.heatmap.jpg").stat().st_size > 1000
    # And Ctrl-C ends every process, in order and cleanly
    processes = stack.family()
    assert len(processes) >= 5  # ourselves, Redis, the API, two workers
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(STOP_S) == 0, stack.log.read_text()
    assert alive(processes) == set()
    assert stack.log.read_text().rstrip().endswith("stopped")


def test_nothing_outlives_a_killed_parent(killed):
    wait_until(lambda: not alive(killed.processes), "all are gone")


def test_a_child_that_dies_is_started_again(shared, depthq, tmp_path):
    lines = [p for p in shared.family() if _is_interactive_worker(p)]
    os.kill(lines[0], signal.SIGKILL)
    wait_until(lambda: "was killed by signal 9" in shared.log.read_text(), "it is said")
    cat = sample_photographs()["cat"]
    run = depthq("submit", cat, "--out", tmp_path / "out", url=shared.url)
    assert run.returncode == 0, run.stderr


def _is_interactive_worker(pid: int) -> bool:
    line = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"\0worker\0" in line and b"bulk" not in line


def test_a_redis_killed_under_load_costs_nothing(shared, tmp_path):
    # Given a folder of photographs on its way, to a network that takes its time and no processor's
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, crop in enumerate(crops(40)):
        (pictures / f"{number}.jpg").write_bytes(crop)
    wish = ("--out", tmp_path / "out", "--size", "model", "--model", "slow_one", "--quiet")
    submission = subprocess.Popen(
        command("submit", pictures, *wish), env=environment(url=shared.url)
    )
    # When Redis is killed in the middle
    wait_until(lambda: any((tmp_path / "out").glob("*.png")), "the first result")
    redis = [p for p in shared.family() if "-server" in Path(f"/proc/{p}/comm").read_text()]
    os.kill(redis[0], signal.SIGKILL)
    # Then it comes back, and every photograph has its depth
    assert submission.wait(2 * PATIENT_S) == 0, shared.log.read_text()
    assert "redis was killed by signal 9" in shared.log.read_text()
    assert len(list((tmp_path / "out").glob("*.depth.png"))) == 40


def test_jobs_outlive_the_stack(killed, shared):
    # Given a job of a stack that was killed, when a stack starts on the same folder
    # Then the job comes to its end
    status = subprocess.run(
        command("status", killed.job_id, "--wait", PATIENT_S),
        env=environment(url=shared.url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "succeeded" in status.stdout


def program(url: str, *arguments: object) -> str:
    """Run a program that has to succeed; return what it says."""
    run = subprocess.run(
        command(*arguments), env=environment(url=url), capture_output=True, text=True, check=False,
        timeout=2 * PATIENT_S,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def zip_with_duplicates() -> bytes:
    names = ("a/x.jpg", "b/x.jpg", "a/x.jpg", "A/X.JPG", "a/x.png")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        for name, image in zip(names, crops(5), strict=True):
            file.writestr(name, image)
    return data.getvalue()


def test_every_picture_has_its_own_results_and_a_rerun_brings_none(shared, depthq, tmp_path):
    def said(*arguments: object) -> str:
        run = depthq(*arguments, url=shared.url)
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    # Given an archive with names used twice
    with DepthClient(shared.url) as client:
        made = client.datasets.transport.http.post(
            "/v1/datasets", files={"archive": ("a.zip", zip_with_duplicates())}
        ).json()
        assert client.datasets.wait(made["id"], PATIENT_S).counts["succeeded"] == 5
    # Then each item has its files, and the same command again brings none
    out = tmp_path / "zip"
    fetch = ("dataset", "download", made["id"], "--out", out)
    assert "10 files came, 0 were there already" in program(shared.url, *fetch)
    assert len([path for path in out.rglob("*") if path.is_file()]) == 10
    assert "0 files came, 10 were there already" in said(*fetch)
    # And a folder whose results go into itself stays one of three pictures
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    hard = ("3.10.00\u202fPM.jpg", os.fsdecode(b"deep/\xe9.jpg"), "日" * 80 + ".jpg")
    for name, image in zip(hard, crops(3), strict=True):
        (folder / name).write_bytes(image)
    run = ("dataset", "run", folder, "--out", folder)
    assert "3 pictures" in program(shared.url, *run)
    assert len(list(folder.rglob("*.depth.png"))) == 3
    assert (folder / "3.10.00\u202fPM.depth.png").exists()
    assert os.fsencode(next((folder / "deep").glob("*.png")).name) == b"\xe9.depth.png"
    *_, another = crops(4)
    (folder / "3.10.00\u202fAM.jpg").write_bytes(another)
    os.utime(folder / "3.10.00\u202fAM.jpg", (1, 1))
    assert "3 of 4 have results already" in said(*run)
    assert "every picture has its results" not in said(*run)  # it is that dataset
    assert len(list(folder.rglob("*.depth.png"))) == 4
    assert "4 pictures" in said(*run)


def test_a_taken_port_that_was_asked_for_is_refused(tmp_path):
    with fake_api() as other:
        port = other.url.rpartition(":")[2]
        run = subprocess.run(
            command("up", "--port", port, "--data-dir", tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENT_S,
        )
    assert run.returncode == 1
    assert f"port {port} is taken" in run.stderr


def test_two_stacks_cannot_share_a_folder(shared):
    run = subprocess.run(
        command("up", "--port", free_port(), "--data-dir", shared.folder / "data"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT_S,
    )
    assert run.returncode == 1
    assert "another `depthq up`" in run.stderr


@pytest.mark.parametrize("engine", ["simulated", thorough("openvino")])
def test_demo_writes_the_results_and_leaves_nothing_running(tmp_path, engine):
    cat = sample_photographs()["cat"]
    run = subprocess.run(
        command("demo", cat, "--out", tmp_path / "out"),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENT_S,
        env=environment(engine=engine) | {"COLUMNS": "200"},
    )
    assert run.returncode == 0, run.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["chelsea.depth.png", "chelsea.heatmap.jpg"]
    assert "451 x 300" in run.stdout
    with Image.open(tmp_path / "out" / "chelsea.depth.png") as depth:
        assert depth.mode.startswith("I;16")


def test_every_output_comes_to_the_command_line_as_a_file_of_its_type(shared, depthq, tmp_path):
    cat = sample_photographs()["cat"]
    program(shared.url, "submit", cat, "--outputs", "mesh,refocus", "--out", tmp_path / "two")
    made = sorted(path.name for path in (tmp_path / "two").iterdir())
    assert made == [f"{cat.stem}.mesh.glb", f"{cat.stem}.refocus.jpg"]
    outputs = [each for each in own_outputs() if each.name != "speech" or find_spec("hibari")]
    names = ",".join(each.name for each in outputs)
    run = depthq("submit", cat, "--outputs", names, "--out", tmp_path / "all", url=shared.url)
    assert run.returncode == 0, run.stderr
    wanted = {
        f"{cat.stem}.{each.name}.{each.file_type(JobOptions()).extension}" for each in outputs
    }
    assert {path.name for path in (tmp_path / "all").iterdir()} == wanted
