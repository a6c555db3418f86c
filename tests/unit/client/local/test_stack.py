"""The local stack refuses what cannot work, with the reason, and leaves nothing running."""

from __future__ import annotations

import socket
import sys

import pytest

from client.errors import LocalProblem
from client.local import stack as local
from client.local.ports import any_free
from client.local.stack import LocalStack, Plan
from contract.names.queues import Lane
from contract.settings import Settings
from contract.startup import WRONG_SETTINGS

LANES = (Lane.INTERACTIVE,)


@pytest.fixture
def said():
    return []


@pytest.fixture
def make(tmp_path, said):
    made = []

    def stack(*, port_chosen: bool = True, alone: bool = False, **settings: object) -> LocalStack:
        given = {"data_dir": tmp_path / "data", "port": any_free()} | settings
        plan = Plan(Settings(**given), port_chosen=port_chosen, lanes=LANES, alone=alone)
        made.append(LocalStack(plan, said.append, lambda name, line: None))
        return made[-1]

    yield stack
    for one in made:
        one.stop()


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_that_was_chosen_is_refused(make, taken):
    with pytest.raises(LocalProblem, match=f"port {taken} is taken"):
        make(port=taken)


def test_a_taken_port_that_was_not_chosen_is_replaced_and_it_says_so(make, said, taken):
    stack = make(port=taken, port_chosen=False)
    assert stack.port > taken
    assert said == [f"port {taken} is taken, so this is on {stack.port}"]


def test_the_url_is_one_that_a_person_can_open(make):
    assert make(host="0.0.0.0").url.startswith("http://127.0.0.1:")


def test_a_redis_that_was_named_must_answer(make):
    with pytest.raises(LocalProblem, match="DEPTHQ_REDIS_URL"):
        make(redis_url=f"redis://127.0.0.1:{any_free()}/0").start()


def test_a_folder_that_cannot_be_written_is_refused(make, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LocalProblem, match="cannot write"):
        make(data_dir=tmp_path / "file" / "below").start()


def test_a_part_that_keeps_ending_is_quoted(make, monkeypatch):
    dying = [sys.executable, "-c", "print('no such weights'); raise SystemExit(1)"]
    idle = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(local, "worker_command", lambda lane: dying)
    monkeypatch.setattr(local, "api_command", lambda: idle)
    stack = make()
    stack.start()
    with pytest.raises(LocalProblem, match=r"interactive keeps ending .*\n.*no such weights"):
        stack.await_ready(lambda: False)
    assert stack.stop()


def test_a_part_with_a_wrong_setting_is_not_started_again(make, monkeypatch, said):
    wrong = [sys.executable, "-c", f"print('api: wrong'); raise SystemExit({WRONG_SETTINGS})"]
    idle = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(local, "worker_command", lambda lane: idle)
    monkeypatch.setattr(local, "api_command", lambda: wrong)
    stack = make()
    stack.start()
    with pytest.raises(LocalProblem, match=r"api keeps ending .*\n.*api: wrong"):
        stack.await_ready(lambda: False)
    assert len([line for line in said if line.startswith("api ended")]) == 1


def test_being_asked_to_stop_ends_the_wait(make, monkeypatch):
    idle = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(local, "worker_command", lambda lane: idle)
    monkeypatch.setattr(local, "api_command", lambda: idle)
    stack = make()
    stack.start()
    assert stack.await_ready(lambda: True) is False


def test_what_the_children_are_told(make, monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTHQ_S3_BUCKET", "precious")
    monkeypatch.setenv("DEPTHQ_METRICS_PORT", "9000")
    told: list[dict[str, str]] = []

    def note(_self: LocalStack, name: str, _command: object, variables: dict[str, str]) -> None:
        if name == Lane.INTERACTIVE.value:
            told.append(variables)

    monkeypatch.setattr(LocalStack, "_start", note)
    monkeypatch.setattr(LocalStack, "_start_redis", lambda *_: "redis://x")
    make().start()
    make(alone=True, data_dir=tmp_path / "other").start()
    assert [variables.get("DEPTHQ_S3_BUCKET") for variables in told] == ["precious", None]
    assert told[0]["DEPTHQ_REDIS_URL"] == "redis://x"
    assert told[0]["DEPTHQ_DATA_DIR"] == str(tmp_path / "data")
    assert told[0]["DEPTHQ_METRICS_PORT"] == "9000"
    assert told[0]["DEPTHQ_LOG_FORMAT"] == "text"
