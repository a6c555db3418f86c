"""How many threads the S3 client's runtime is given."""

from __future__ import annotations

import os

import pytest

from runtime.io_threads import NAME, keep_few_io_threads


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (2, "1"), (8, "2"), (64, "16")])
def test_one_thread_for_four_cores(monkeypatch, cores, threads):
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(cores)))
    keep_few_io_threads()
    assert os.environ[NAME] == threads


def test_what_an_operator_set_stays(monkeypatch):
    monkeypatch.setenv(NAME, "3")
    keep_few_io_threads()
    assert os.environ[NAME] == "3"
