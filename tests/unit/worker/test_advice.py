from __future__ import annotations

import json
import os

import pytest

from contract.settings import Settings
from worker.advice import Advice, advise, main
from worker.machine import cores_given


@pytest.mark.parametrize(
    ("cores", "advice"),
    [
        (1, Advice(cores=1, threads=1, streams=1, processes=1)),
        (2, Advice(cores=2, threads=2, streams=2, processes=1)),
        (8, Advice(cores=8, threads=8, streams=4, processes=1)),
        (32, Advice(cores=32, threads=32, streams=4, processes=4)),
    ],
)
def test_cores_are_divided_into_streams_that_the_task_threads_can_feed(cores, advice):
    assert advise(Settings(), cores) == advice


def test_what_the_settings_say_counts():
    assert advise(Settings(infer_streams=1), 4).streams == 1
    assert advise(Settings(infer_threads=1), 4).streams == 1
    assert advise(Settings(concurrency=4), 4).streams == 1


def test_it_can_be_read_by_programs_and_by_people(capsys):
    main(["--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["cores"] >= 1
    main([])
    assert "cores" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("machine", "quota", "advice"),
    [
        (64, "max 100000", Advice(cores=64, threads=64, streams=4, processes=8)),
        (64, "1600000 100000", Advice(cores=16, threads=16, streams=4, processes=2)),
        (16, "3200000 100000", Advice(cores=16, threads=16, streams=4, processes=2)),
        (64, "150000 100000", Advice(cores=2, threads=2, streams=2, processes=1)),
    ],
)
def test_many_cores_are_those_that_affinity_and_cgroup_give(
    monkeypatch, tmp_path, machine, quota, advice
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(machine)))
    (tmp_path / "own").write_text("0::/\n")
    (tmp_path / "cpu.max").write_text(quota)
    assert advise(Settings(), cores_given(tmp_path, tmp_path / "own")) == advice


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_processes_that_share_a_machine_divide_its_threads(processes):
    each = advise(Settings(infer_threads=64 // processes), 64)
    assert processes * each.threads == 64
    assert each.streams == 4
