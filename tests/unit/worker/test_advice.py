from __future__ import annotations

import json

import pytest

from contract.settings import Settings
from worker.advice import Advice, advise, main


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
