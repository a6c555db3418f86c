"""Fetching resumes, and keeps nothing that is not exactly what was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.models.declaration import Weights
from contract.models.midas_small import BUNDLED, PUBLISHED
from tests.services.file_server import FileServer, serving
from worker.weights.cli import main
from worker.weights.errors import WeightsError
from worker.weights.store import WeightsStore

DATA = np.random.default_rng(3).bytes(600_000)
KNOWN = replace(PUBLISHED, bytes=len(DATA), sha256=hashlib.sha256(DATA).hexdigest())


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as server:
        server.files[KNOWN.filename] = DATA
        yield server


@pytest.fixture
def store(tmp_path: Path, server: FileServer) -> WeightsStore:
    return WeightsStore(tmp_path, server.url)


def part_of(store: WeightsStore, weights: Weights = KNOWN) -> Path:
    return store.root / f"{weights.filename}.part"


def test_the_file_arrives_whole_and_progress_is_told(store: WeightsStore) -> None:
    seen: list[tuple[int, int]] = []
    path = store.fetch(KNOWN, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert list(store.root.iterdir()) == [path]


def test_what_is_here_is_not_fetched_again(store: WeightsStore, server: FileServer) -> None:
    store.fetch(KNOWN)
    store.fetch(KNOWN)
    assert len(server.ranges) == 1


def test_a_broken_download_goes_on_where_it_stopped(
    store: WeightsStore, server: FileServer
) -> None:
    # Given a connection that breaks after a third
    server.break_after = 200_000
    with pytest.raises(WeightsError, match="run it again to go on"):
        store.fetch(KNOWN)
    assert not store.has(KNOWN)
    kept = part_of(store).stat().st_size
    assert 0 < kept <= 200_000
    # When it is run again
    server.break_after = None
    path = store.fetch(KNOWN)
    # Then only the rest was asked for, and the whole is right
    assert server.ranges[-1] == f"bytes={kept}-"
    assert path.read_bytes() == DATA


def test_a_server_that_cannot_resume_sends_everything_anew(
    store: WeightsStore, server: FileServer
) -> None:
    server.can_resume = False
    store.root.mkdir(parents=True)
    part_of(store).write_bytes(b"x" * 1000)
    assert store.fetch(KNOWN).read_bytes() == DATA


def test_a_wrong_hash_is_refused_and_discarded(store: WeightsStore, server: FileServer) -> None:
    server.files[KNOWN.filename] = DATA[:-1] + b"?"
    with pytest.raises(WeightsError, match=r"SHA-256 is .* altered"):
        store.fetch(KNOWN)
    assert list(store.root.iterdir()) == []


def test_a_truncated_file_is_refused(store: WeightsStore, server: FileServer) -> None:
    server.files[KNOWN.filename] = DATA[:-1000]
    with pytest.raises(WeightsError, match="only 599,000 of 600,000 bytes"):
        store.fetch(KNOWN)
    assert not store.has(KNOWN)


def test_a_longer_file_is_refused_before_it_fills_the_disk(
    store: WeightsStore, server: FileServer
) -> None:
    server.files[KNOWN.filename] = DATA + b"more"
    with pytest.raises(WeightsError, match="sends more"):
        store.fetch(KNOWN)
    assert list(store.root.iterdir()) == []


def test_a_missing_file_and_an_absent_server_are_explained(
    store: WeightsStore, server: FileServer, tmp_path: Path
) -> None:
    server.files.clear()
    with pytest.raises(WeightsError, match="404"):
        store.fetch(KNOWN)
    with pytest.raises(WeightsError, match="broke off"):
        WeightsStore(tmp_path, "http://127.0.0.1:1").fetch(KNOWN)


def test_what_comes_with_depthq_is_not_fetched(store: WeightsStore) -> None:
    with pytest.raises(WeightsError, match="comes with depthq"):
        store.fetch(BUNDLED)


def test_a_hash_that_is_recorded_nowhere_is_pinned_at_the_first_download(
    store: WeightsStore, server: FileServer
) -> None:
    # Given weights of which neither size nor hash are recorded
    unknown = replace(KNOWN, bytes=None, sha256=None)
    assert store.sha256_of(unknown) is None
    # When they are fetched
    path = store.fetch(unknown)
    # Then what came is what must be there from now on
    assert path.read_bytes() == DATA
    assert store.sha256_of(unknown) == hashlib.sha256(DATA).hexdigest()
    assert store.has(unknown)


def test_a_broken_download_of_unknown_size_goes_on_too(
    store: WeightsStore, server: FileServer
) -> None:
    unknown = replace(KNOWN, bytes=None, sha256=None)
    server.break_after = 200_000
    with pytest.raises(WeightsError, match="run it again to go on"):
        store.fetch(unknown)
    server.break_after = None
    assert store.fetch(unknown).read_bytes() == DATA


@pytest.mark.parametrize(
    ("command", "taught"),
    [
        ("fetch", ["licence is shown first", "dpt_large_384           MIT", "--yes --json"]),
        ("convert", ["DEPTHQ_WEIGHTS=FILE", "depthq weights convert"]),
    ],
)
def test_the_help_teaches(command, taught, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    assert [words for words in taught if words not in said] == []
    assert "bundled" not in said  # nothing to be fetched
